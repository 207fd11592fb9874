//! What mends it: the likeliest cause of each failure, and the exact commands for the host or for here.
//!
//! Commands for the host are PowerShell, as an administrator. They use no names that Windows translates.

use super::login::Account;
use crate::{hyperv::shell, transport::Fingerprint};
use serde_json::{Value, json};
use std::{net::IpAddr, path::Path};

/// The likeliest cause, and what mends it.
#[derive(Debug)]
pub(super) struct Advice {
    pub(super) cause: String,
    pub(super) commands: Vec<(Place, String)>,
}

/// Where a command is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On the Hyper-V host, in PowerShell as an administrator.
    Host,
    /// On this machine, in a shell.
    Here,
}

impl Advice {
    pub(super) fn new(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), commands: Vec::new() }
    }

    pub(super) fn host(self, command: impl Into<String>) -> Self {
        self.with(Place::Host, command)
    }

    pub(super) fn here(self, command: impl Into<String>) -> Self {
        self.with(Place::Here, command)
    }

    fn with(mut self, place: Place, command: impl Into<String>) -> Self {
        self.commands.push((place, command.into()));
        self
    }

    pub(super) fn to_json(&self) -> Value {
        let commands = self.commands.iter().map(|(place, command)| {
            json!({ "where": if *place == Place::Host { "host" } else { "client" }, "command": command })
        });
        json!({ "cause": self.cause, "commands": commands.collect::<Vec<_>>() })
    }
}

const ALLOW_5985: &str = "Enable-NetFirewallRule -Name WINRM-HTTP-In-TCP";
const ALLOW_5986: &str = "New-NetFirewallRule -Name hvctl-winrm-https -DisplayName 'WinRM (HTTPS)' -Direction Inbound \
     -Protocol TCP -LocalPort 5986 -Action Allow -Profile Domain,Private";
/// The last login that Windows has refused.
const LAST_REFUSAL: &str = "Get-WinEvent -FilterHashtable @{LogName='Security'; Id=4625} -MaxEvents 1 | \
     Format-List TimeCreated, Message";
/// What WinRM has to say of its last requests.
const SERVICE_LOG: &str = "Get-WinEvent -LogName Microsoft-Windows-WinRM/Operational -MaxEvents 20 | Format-List TimeCreated, Message";
const LISTENERS: &str = "winrm enumerate winrm/config/listener";

/// `name`: the host has no address.
pub(super) fn no_address(host: &str) -> Advice {
    Advice::new("the name is misspelt, or this machine asks a name server that does not know it")
        .here(format!("getent hosts {}", shell::word(host)))
}

/// `ports`: nobody listens at any of them.
pub(super) fn nobody_listens(wants_tls: bool, host: &str) -> Advice {
    let advice = Advice::new("WinRM does not run on the host, or has no listener there");
    if wants_tls {
        advice.host(LISTENERS).host(https_listener(host))
    } else {
        advice.host("winrm quickconfig")
    }
}

/// `ports`: no answer at all.
pub(super) fn packets_are_dropped(wants_tls: bool) -> Advice {
    Advice::new("a firewall drops the packets, or the host is down").host(if wants_tls {
        ALLOW_5986
    } else {
        ALLOW_5985
    })
}

/// `ports`: no route.
pub(super) fn no_way() -> Advice {
    Advice::new("no network leads to the host from here: a VPN that is off, or a wrong address")
}

/// `ports`: there is a listener without TLS, and TLS is wanted.
pub(super) fn only_without_tls(host: &str, sign: Option<&str>) -> Advice {
    let why = sign.unwrap_or("`--tls require`");
    Advice::new(format!("the host has no HTTPS listener, and nothing else is tried because of {why}"))
        .host(https_listener(host))
        .host(ALLOW_5986)
}

/// `tls`: HTTP, and no TLS.
pub(super) fn plain_behind_tls_port(host: &str, port: u16) -> Advice {
    Advice::new("HTTP without TLS answers at this port")
        .here(format!("hvctl doctor --host {}", shell::word(&format!("http://{host}:{port}"))))
}

/// `tls`: connects, and says nothing.
pub(super) fn silent_listener() -> Advice {
    Advice::new(
        "something else than WinRM accepts connections there, or something on the way accepts them for it",
    )
    .host(LISTENERS)
}

/// `tls`: hangs up in the handshake.
pub(super) fn listener_without_certificate(host: &str) -> Advice {
    Advice::new("the HTTPS listener has no certificate any more, or one whose key it cannot read")
        .host("Get-ChildItem WSMan:\\localhost\\Listener -Recurse | Where-Object Name -eq CertificateThumbprint")
        .host("Get-ChildItem WSMan:\\localhost\\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' } | Remove-Item \
             -Recurse; ".to_owned() + &https_listener(host))
}

/// `tls`: the certificate is not trusted; `typed` is the host as typed.
pub(super) fn not_trusted(typed: &str, shown: &Fingerprint, cause: &str) -> Advice {
    Advice::new(cause)
        .host("Get-ChildItem Cert:\\LocalMachine\\My | ForEach-Object { $_.GetCertHashString('SHA256') }")
        .here(format!(
            "hvctl trust {} --fingerprint {shown}  # if the host says the same",
            shell::word(typed)
        ))
}

/// `tls`: it will not be valid for long.
pub(super) fn renew(host: &str) -> Advice {
    Advice::new("the certificate has to be renewed; a pin has to be renewed with it")
        .host(https_listener(host))
}

/// `winrm`: TLS where HTTP was expected.
pub(super) fn tls_behind_plain_port(host: &str, port: u16) -> Advice {
    Advice::new("TLS answers at this port")
        .here(format!("hvctl doctor --host {}", shell::word(&format!("https://{host}:{port}"))))
}

/// `winrm`: Windows' HTTP service answers, and WinRM is not behind it.
pub(super) fn winrm_is_not_there() -> Advice {
    Advice::new("the HTTP service of Windows answers, and WinRM does not serve this URL: it is stopped, or has another prefix")
        .host("Get-Service WinRM; winrm get winrm/config/service")
        .host("Start-Service WinRM; Set-Service WinRM -StartupType Automatic")
}

/// `winrm`: some other server.
pub(super) fn another_server() -> Advice {
    Advice::new("another server listens at this port; WinRM's ports are 5986 (HTTPS) and 5985 (HTTP)")
        .host(LISTENERS)
}

/// `winrm`: a proxy.
pub(super) fn proxy_wants_login() -> Advice {
    Advice::new("a proxy stands between here and the host").here("env | grep -i _proxy")
}

/// `schemes`: what is wanted is not offered.
pub(super) fn not_offered(setting: &str, prefix: &str, other: Option<&str>) -> Advice {
    let advice = Advice::new(format!("`{setting}` is switched off on the host"))
        .host(format!(r"Set-Item WSMan:\localhost\Service\Auth\{setting} $true"));
    match other {
        Some(other) => advice.here(format!("{prefix} doctor --auth {other}")),
        None => advice,
    }
}

/// `kerberos`: no library.
pub(super) fn no_gssapi() -> Advice {
    Advice::new("the GSSAPI library of MIT or Heimdal is not installed here")
        .here("apt-get install libgssapi-krb5-2  # Debian, Ubuntu; elsewhere `dnf install krb5-libs`")
}

/// `kerberos`: no ticket in the cache, or too old.
pub(super) fn no_ticket(user: Option<&str>) -> Advice {
    let user = user.filter(|user| user.contains('@')).unwrap_or("USER@REALM");
    Advice::new("there is no valid ticket in the cache")
        .here(format!("kinit {}", shell::word(user)))
        .here("klist")
}

/// `kerberos`: the file of keys.
pub(super) fn bad_keytab(file: Option<&Path>) -> Advice {
    let file = file.map(|file| shell::word(&file.to_string_lossy())).unwrap_or_default();
    Advice::new("the keytab cannot be read, or has no key of this principal")
        .here(format!("klist -kte {file}"))
}

/// `kerberos`: nobody, or somebody else, owns the name of the service.
pub(super) fn bad_service(service: &str, unknown: bool) -> Advice {
    let cause = if unknown {
        "the domain does not know the service: the host is not in it, or is registered under another name"
    } else {
        "the service is registered for another account than the host's"
    };
    Advice::new(cause)
        .host(format!("setspn -Q {service}"))
        .host(format!("setspn -S {service} $env:COMPUTERNAME"))
}

/// `kerberos`: clocks.
pub(super) fn clocks() -> Advice {
    Advice::new("the clocks of this machine and of the domain differ by more than five minutes")
        .host("w32tm /resync")
        .here("timedatectl set-ntp true")
}

/// `kerberos`: the domain's servers.
pub(super) fn no_kdc() -> Advice {
    Advice::new("this machine does not know, or does not reach, a domain controller (port 88)")
        .here("dig +short SRV _kerberos._tcp.DOMAIN")
        .here("KRB5_TRACE=/dev/stderr kinit USER@REALM")
}

/// `kerberos`: an address.
pub(super) fn no_name() -> Advice {
    Advice::new("Kerberos has no tickets for addresses: name the host as the domain does")
}

/// `kerberos`: the domain does not take user name or password.
pub(super) fn refused_by_kdc(user: &str) -> Advice {
    let name = user.split('@').next().unwrap_or(user).replace('\'', "''");
    let look = "-Properties LockedOut, Enabled, PasswordExpired, AccountExpirationDate";
    Advice::new("the domain refuses the user or the password. Not tried again, which could lock the account")
        .host(format!("Get-ADUser '{name}' {look}  # on a domain controller"))
}

/// `login`: nobody to log in.
pub(super) fn no_user(prefix: &str) -> Advice {
    Advice::new("nothing says who logs in").here(format!(r"{prefix} doctor --user 'DOMAIN\user'"))
}

/// `login`: the host does not let it in. What the transport has said of it is the cause, here and below.
pub(super) fn refused(said: Option<&str>) -> Advice {
    match said {
        Some(said) => Advice::new(said).host(LAST_REFUSAL),
        None => Advice::new(
            "nobody has judged a password: the host ends the login before that, or something on the way answers in its place",
        )
        .host(SERVICE_LOG),
    }
}

/// `login`: Basic was refused.
pub(super) fn basic_refused(said: Option<&str>) -> Advice {
    Advice::new(said.unwrap_or("Basic is for accounts of the host alone"))
        .host("Get-LocalUser | Format-Table Name, Enabled, PasswordExpires")
}

/// `login`: an answer that WinRM does not give.
pub(super) fn breaks_the_protocol(said: Option<&str>) -> Advice {
    Advice::new(said.unwrap_or(
        "it is no WinRM that answers, or something between here and the host changes or replaces its answers",
    ))
    .host(LISTENERS)
}

/// `login`: no answer, as the connection ended.
pub(super) fn cut(said: Option<&str>) -> Advice {
    Advice::new(said.unwrap_or(
        "WinRM was stopped or restarted, or a gateway or firewall between here and the host ended the connection",
    ))
    .host("Get-Service WinRM, HTTP | Format-Table Name, Status; Restart-Service WinRM")
    .host(SERVICE_LOG)
}

/// `login`: no answer in time.
pub(super) fn slow(said: Option<&str>, prefix: &str) -> Advice {
    Advice::new(said.unwrap_or(
        "the host is busy, or a gateway or firewall between here and the host holds the messages back",
    ))
    .here(format!("{prefix} doctor --request-timeout 10m"))
    .host("Get-Service WinRM, Winmgmt, vmms | Format-Table Name, Status")
}

/// Any step: nothing more is known.
pub(super) fn look_at_the_log() -> Advice {
    Advice::new("nothing more is known of it here; the host's own log may say why").host(SERVICE_LOG)
}

/// `access`: refused with an access denied.
pub(super) fn denied(account: &Account) -> Advice {
    if account.is_local {
        return Advice::new(
            "an account of the host itself, other than the built-in Administrator: UAC takes its rights away when it \
             comes over the network",
        )
        .host(LOCAL_TOKENS)
        .host(groups(account));
    }
    Advice::new("the account is in neither of the groups that may use WinRM and Hyper-V")
        .host(groups(account))
}

/// `access`: WMI refused.
pub(super) fn denied_by_wmi(account: &Account) -> Advice {
    Advice::new("the account may use WinRM, and the WMI namespace does not let it in (Remote Enable)")
        .host(groups(account))
        .host("wmimgmt.msc  # Properties, Security, root\\virtualization\\v2: Execute Methods, Enable Account, Remote Enable")
}

/// `access`: no refusal, and nothing to see.
pub(super) fn nothing_shown(account: &Account) -> Advice {
    let advice = Advice::new(
        "the account is not in Hyper-V Administrators (Hyper-V shows nothing rather than refuse), or the service vmms \
         is stopped",
    )
    .host(groups(account))
    .host("Get-Service vmms");
    if account.is_local { advice.host(LOCAL_TOKENS) } else { advice }
}

/// `namespace`: there is none.
pub(super) fn no_hyper_v() -> Advice {
    Advice::new("Hyper-V is not installed on this host, or it is not the host that is meant")
        .host("Get-WindowsFeature Hyper-V")
        .host("Install-WindowsFeature Hyper-V -IncludeManagementTools -Restart")
}

/// `services`: one is stopped.
pub(super) fn stopped() -> Advice {
    Advice::new("the service of Hyper-V has not started all its parts").host("Restart-Service vmms")
}

/// `groups`: too old.
pub(super) fn too_old() -> Advice {
    Advice::new("groups of virtual machines came with Windows Server 2016; this host is older")
        .host("(Get-CimInstance Win32_OperatingSystem).Version")
}

/// `groups`: none there.
pub(super) fn no_groups() -> Advice {
    Advice::new("nobody has made one yet")
        .host("New-VMGroup -Name web-tier -GroupType VMCollectionType")
        .host("Add-VMGroupMember -Name web-tier -VM (Get-VM web1, web2)")
}

/// `quotas`: smaller than what is asked for.
pub(super) fn small_envelopes() -> Advice {
    Advice::new("the host's messages are smaller than this tool asks for: long lists come in more pages")
        .host(r"Set-Item WSMan:\localhost\MaxEnvelopeSizekb 500")
}

const LOCAL_TOKENS: &str = r"New-ItemProperty -Path HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System -Name LocalAccountTokenFilterPolicy -PropertyType DWord -Value 1 -Force";

/// By their well-known identifiers: Hyper-V Administrators, Remote Management Users.
fn groups(account: &Account) -> String {
    let user = account.name();
    let user = user.strip_prefix(r".\").unwrap_or(user).replace('\'', "''");
    format!(
        "'S-1-5-32-578','S-1-5-32-580' | ForEach-Object {{ Add-LocalGroupMember -SID $_ -Member '{user}' }}"
    )
}

fn https_listener(host: &str) -> String {
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let name = if is_address {
        "([Net.Dns]::GetHostEntry('').HostName)".to_owned()
    } else {
        format!("'{}'", host.replace('\'', "''"))
    };
    format!(
        "$c = New-SelfSignedCertificate -DnsName {name} -CertStoreLocation Cert:\\LocalMachine\\My; New-Item -Path \
         WSMan:\\localhost\\Listener -Transport HTTPS -Address * -CertificateThumbPrint $c.Thumbprint -Force"
    )
}
