//! Tickets.

use super::Advice;
use crate::hyperv::shell;
use std::path::Path;

const INSTALL: &str = if cfg!(target_os = "macos") {
    "brew install krb5"
} else {
    "apt-get install libgssapi-krb5-2  # Debian, Ubuntu; elsewhere `dnf install krb5-libs`"
};
const SET_CLOCK: &str = if cfg!(target_os = "macos") {
    "sudo systemsetup -setusingnetworktime on"
} else if cfg!(windows) {
    "w32tm /resync"
} else {
    "timedatectl set-ntp true"
};

/// `kerberos`: no library.
pub(in super::super) fn no_gssapi() -> Advice {
    Advice::new("the GSSAPI library of MIT or Heimdal is not installed here").here(INSTALL)
}

/// `kerberos`: not the library that was named.
pub(in super::super) fn other_gssapi() -> Advice {
    Advice::new("HVCTL_GSSAPI_LIBRARY names something that is no GSSAPI library, or not for this machine")
        .here("unset HVCTL_GSSAPI_LIBRARY")
}

/// `kerberos`: no ticket in the cache, or too old.
pub(in super::super) fn no_ticket(principal: Option<&str>) -> Advice {
    Advice::new("there is no valid ticket in the cache")
        .here(format!("kinit {}", shell::word(principal.unwrap_or("USER@REALM"))))
        .here("klist")
}

/// `kerberos`: the file of keys.
pub(in super::super) fn bad_keytab(file: Option<&Path>) -> Advice {
    let file = file.map(|file| shell::word(&file.to_string_lossy())).unwrap_or_default();
    Advice::new("the keytab cannot be read, or has no key of this principal")
        .here(format!("klist -kte {file}"))
}

/// `kerberos`: nobody owns the name of the service.
pub(in super::super) fn unknown_service(service: &str) -> Advice {
    Advice::new(
        "the domain does not know the service: the host is not in it, or is registered under another name",
    )
    .host(format!("setspn -Q {service}"))
    .host(format!("setspn -S {service} $env:COMPUTERNAME"))
}

/// `kerberos`: somebody else owns the name of the service.
pub(in super::super) fn foreign_service(service: &str, prefix: &str) -> Advice {
    let advice = Advice::new("the service is registered for another account than the host's, or for two")
        .host(format!("setspn -Q {service}; setspn -X"))
        .host(format!("setspn -D {service} OTHER  # OTHER is the account that is not the host's"));
    if service.starts_with("WSMAN/") {
        return advice;
    }
    advice.here(format!("{prefix} doctor --spn-service WSMAN  # if OTHER needs the name"))
}

/// `kerberos`: the clocks of this machine and of somebody else.
pub(in super::super) fn clocks(whose: &str) -> Advice {
    Advice::new(format!("the clocks of this machine and of {whose} differ by more than five minutes"))
        .host("w32tm /resync")
        .here(SET_CLOCK)
}

/// `kerberos`: the domain's servers.
pub(in super::super) fn no_kdc(principal: Option<&str>) -> Advice {
    Advice::new("no domain controller answers (port 88): a firewall, a VPN that is off, or a wrong `kdc =` of krb5.conf")
        .here(controllers(principal))
        .here(trace(principal))
}

/// `kerberos`: nothing leads to the domain's servers.
pub(in super::super) fn unknown_realm(principal: Option<&str>) -> Advice {
    let realm = realm(principal).unwrap_or("REALM");
    Advice::new(format!(
        "the realm `{realm}` is misspelt, or neither DNS nor `[realms]` of krb5.conf names its domain controllers"
    ))
    .here(controllers(principal))
    .here(trace(principal))
}

fn realm(principal: Option<&str>) -> Option<&str> {
    principal?.rsplit_once('@').map(|(_, realm)| realm)
}

fn controllers(principal: Option<&str>) -> String {
    let domain = realm(principal).map_or_else(|| "DOMAIN".to_owned(), str::to_lowercase);
    format!("host -t SRV {}", shell::word(&format!("_kerberos._tcp.{domain}")))
}

fn trace(principal: Option<&str>) -> String {
    format!("KRB5_TRACE=/dev/stderr kinit {}", shell::word(principal.unwrap_or("USER@REALM")))
}

/// `kerberos`: an address.
pub(in super::super) fn no_name() -> Advice {
    Advice::new("Kerberos has no tickets for addresses: name the host as the domain does")
}

/// `kerberos`: the domain does not take user name or password.
pub(in super::super) fn refused_by_kdc(user: &str) -> Advice {
    let name = user.split('@').next().unwrap_or(user).replace('\'', "''");
    let look = "-Properties LockedOut, Enabled, PasswordExpired, AccountExpirationDate";
    Advice::new("the domain refuses the user or the password. Not tried again, which could lock the account")
        .host(format!("Get-ADUser '{name}' {look}  # on a domain controller"))
}
