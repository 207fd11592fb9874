//! The name, the ports, TLS, and who answers.

use super::{Advice, LISTENERS};
use crate::{hyperv::shell, transport::Fingerprint};
use std::net::IpAddr;

const LOOK_UP: &str = if cfg!(target_os = "macos") {
    "dscacheutil -q host -a name"
} else if cfg!(windows) {
    "nslookup"
} else {
    "getent hosts"
};
const ALLOW_5985: &str = "Enable-NetFirewallRule -Name WINRM-HTTP-In-TCP";
const ALLOW_5986: &str = "New-NetFirewallRule -Name hvctl-winrm-https -DisplayName 'WinRM (HTTPS)' -Direction Inbound \
     -Protocol TCP -LocalPort 5986 -Action Allow -Profile Domain,Private";
/// So its documentation of the firewall has it (stealth mode); not tried on a host.
const STEALTH: &str = "Windows' firewall answers nothing at ports where nobody listens";
const REMOVE_HTTPS: &str = "Get-ChildItem WSMan:\\localhost\\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' } | Remove-Item \
     -Recurse";
const NEW_LISTENER: &str =
    "New-Item -Path WSMan:\\localhost\\Listener -Transport HTTPS -Address * -CertificateThumbPrint";

/// `name`: the host has no address.
pub(in super::super) fn no_address(host: &str) -> Advice {
    Advice::new("the name is misspelt, or this machine asks a name server that does not know it")
        .here(format!("{LOOK_UP} {}", shell::word(host)))
}

/// `ports`: nobody listens at any of them. While WinRM does not run, the other commands fail.
pub(in super::super) fn nobody_listens(wants_tls: bool, host: &str) -> Advice {
    let advice =
        Advice::new("WinRM does not run on the host, or has no listener there").host("winrm quickconfig");
    if wants_tls { advice.host(LISTENERS).host(https_listener(host)) } else { advice }
}

/// `ports`: no answer at all, neither by 5986 nor, if it may be taken, by 5985.
pub(in super::super) fn packets_are_dropped(may_do_without_tls: bool) -> Advice {
    Advice::new(format!("the host is down, a firewall drops the packets, or WinRM does not run ({STEALTH})"))
        .host("winrm quickconfig")
        .host(if may_do_without_tls { ALLOW_5985 } else { ALLOW_5986 })
}

/// `ports`: no route.
pub(in super::super) fn no_way() -> Advice {
    Advice::new("no network leads to the host from here: a VPN that is off, or a wrong address")
}

/// `ports`: there is a listener without TLS, and TLS is wanted.
pub(in super::super) fn only_without_tls(host: &str, sign: Option<&str>, is_silent: bool) -> Advice {
    let why = format!("and nothing else is tried because of {}", sign.unwrap_or("`--tls require`"));
    if !is_silent {
        return Advice::new(format!("the host has no HTTPS listener, {why}"))
            .host(https_listener(host))
            .host(ALLOW_5986);
    }
    Advice::new(format!(
        "the host has no HTTPS listener ({STEALTH}), or a firewall drops the packets to it; {why}"
    ))
    .host(LISTENERS)
    .host(https_listener(host))
    .host(ALLOW_5986)
}

/// `ports`: there is a listener for HTTPS, and `--tls never` leaves it out.
pub(in super::super) fn only_with_tls(typed: &str) -> Advice {
    Advice::new("the host listens for HTTPS alone, and that is not tried because of `--tls never`")
        .here(format!("hvctl doctor --host {} --tls require", shell::word(typed)))
}

/// `tls`: HTTP, and no TLS.
pub(in super::super) fn plain_behind_tls_port(host: &str, port: u16) -> Advice {
    Advice::new("HTTP without TLS answers at this port")
        .here(format!("hvctl doctor --host {}", shell::word(&format!("http://{host}:{port}"))))
}

/// `tls`: connects, and says nothing.
pub(in super::super) fn silent_listener() -> Advice {
    Advice::new(
        "something else than WinRM accepts connections there, or something on the way accepts them for it",
    )
    .host(LISTENERS)
}

/// `tls`: hangs up in the handshake.
pub(in super::super) fn listener_without_certificate(host: &str) -> Advice {
    Advice::new("the HTTPS listener has no certificate any more, or one whose key it cannot read")
        .host("Get-ChildItem WSMan:\\localhost\\Listener -Recurse | Where-Object Name -eq CertificateThumbprint")
        .host(format!("{REMOVE_HTTPS}; {}", https_listener(host)))
}

/// `tls`: the certificate is not trusted; `typed` is the host as typed.
pub(in super::super) fn not_trusted(typed: &str, shown: &Fingerprint, cause: &str) -> Advice {
    Advice::new(cause)
        .host("Get-ChildItem Cert:\\LocalMachine\\My | ForEach-Object { $_.GetCertHashString('SHA256') }")
        .here(format!(
            "hvctl trust {} --fingerprint {shown}  # if the host says the same",
            shell::word(typed)
        ))
}

/// `tls`: it will not be valid for long. A listener keeps its certificate, so another one takes its place.
pub(in super::super) fn renew(host: &str, is_self_signed: bool) -> Advice {
    if is_self_signed {
        return Advice::new("the certificate has to be replaced; a pin has to be replaced with it")
            .host(format!("{REMOVE_HTTPS}; {}", https_listener(host)));
    }
    Advice::new("the certificate has to be renewed by who has issued it; a pin has to be renewed with it")
        .host("Get-ChildItem Cert:\\LocalMachine\\My | Format-List Subject, NotAfter, Thumbprint")
        .host(format!("{REMOVE_HTTPS}; {NEW_LISTENER} THUMBPRINT -Force  # that of the renewed certificate"))
}

/// `winrm`: TLS where HTTP was expected.
pub(in super::super) fn tls_behind_plain_port(host: &str, port: u16) -> Advice {
    Advice::new("TLS answers at this port")
        .here(format!("hvctl doctor --host {}", shell::word(&format!("https://{host}:{port}"))))
}

/// `winrm`: Windows' HTTP service answers, and WinRM is not behind it.
pub(in super::super) fn winrm_is_not_there() -> Advice {
    Advice::new("the HTTP service of Windows answers, and WinRM does not serve this URL: it is stopped, or has another prefix")
        .host("Get-Service WinRM; winrm get winrm/config/service")
        .host("Start-Service WinRM; Set-Service WinRM -StartupType Automatic")
}

/// `winrm`: some other server.
pub(in super::super) fn another_server() -> Advice {
    Advice::new("another server listens at this port; WinRM's ports are 5986 (HTTPS) and 5985 (HTTP)")
        .host(LISTENERS)
}

/// `winrm`: a proxy.
pub(in super::super) fn proxy_wants_login() -> Advice {
    Advice::new("a proxy stands between here and the host").here("env | grep -i _proxy")
}

fn https_listener(host: &str) -> String {
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let name = if is_address {
        "([Net.Dns]::GetHostEntry('').HostName)".to_owned()
    } else {
        format!("'{}'", host.replace('\'', "''"))
    };
    format!(
        "$c = New-SelfSignedCertificate -DnsName {name} -CertStoreLocation Cert:\\LocalMachine\\My; {NEW_LISTENER} \
         $c.Thumbprint -Force"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(advice: &Advice) -> String {
        advice.commands.iter().map(|(_, command)| command.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// New-Item does not take the place of a listener that is there.
    #[test]
    fn a_renewed_certificate_takes_the_place_of_the_old_one() {
        insta::assert_snapshot!(commands(&renew("hv1.corp.example", true)), @r"Get-ChildItem WSMan:\localhost\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' } | Remove-Item -Recurse; $c = New-SelfSignedCertificate -DnsName 'hv1.corp.example' -CertStoreLocation Cert:\LocalMachine\My; New-Item -Path WSMan:\localhost\Listener -Transport HTTPS -Address * -CertificateThumbPrint $c.Thumbprint -Force");
        let of_a_ca = commands(&renew("hv1.corp.example", false));
        assert!(!of_a_ca.contains("New-SelfSignedCertificate"), "{of_a_ca}");
        insta::assert_snapshot!(of_a_ca, @r"
        Get-ChildItem Cert:\LocalMachine\My | Format-List Subject, NotAfter, Thumbprint
        Get-ChildItem WSMan:\localhost\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' } | Remove-Item -Recurse; New-Item -Path WSMan:\localhost\Listener -Transport HTTPS -Address * -CertificateThumbPrint THUMBPRINT -Force  # that of the renewed certificate
        ");
    }
}
