//! How a login by Kerberos fails, the whole way: what a caller is told, and what to do about it.

use crate::{
    rig::Rig,
    way::{PRINCIPAL, RIGHT, case, send, settings, shown, with_login},
};
use hyperv_wsman::transport::{AuthMechanism, HttpSettings, HttpTransport};
use insta::assert_snapshot;

/// What a caller is told; `special` sets what is wrong. Nothing of the message may have left.
async fn told(rig: &Rig, listener: &str, target: &str, special: impl FnOnce(&mut HttpSettings)) -> String {
    let target = format!("{target}&{}", case(std::thread::current().name().unwrap()));
    let mut settings = settings(rig, listener, &target);
    settings.mechanism = AuthMechanism::Kerberos;
    special(&mut settings);
    let error = match HttpTransport::new(settings) {
        Ok(transport) => send(&transport, "<message/>").await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(rig.counts(&target).messages, 0, "{error}");
    shown(&error, rig, listener)
}

fn password(user: &str) -> impl FnOnce(&mut HttpSettings) {
    move |settings| *settings = with_login(settings.clone(), AuthMechanism::Kerberos, user, RIGHT)
}

fn cache<'a>(rig: &'a Rig, name: &'a str) -> impl FnOnce(&mut HttpSettings) + 'a {
    move |settings| {
        settings.kerberos.cache = Some(format!("FILE:{}", rig.folder().join(name).display()));
    }
}

fn keytab<'a>(rig: &'a Rig, name: &'a str, principal: &'a str) -> impl FnOnce(&mut HttpSettings) + 'a {
    move |settings| {
        settings.kerberos.keytab = Some(rig.folder().join(name));
        settings.kerberos.principal = Some(principal.to_owned());
    }
}

fn spn_host(name: &str) -> impl FnOnce(&mut HttpSettings) {
    move |settings| settings.kerberos.host = Some(name.to_owned())
}

const USUAL: &str = "/wsman?by=mit";

#[tokio::test]
async fn an_expired_ticket() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, cache(&rig, "ccache-expired")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to get a ticket for `HTTP/localhost`: Ticket expired
          hint: `kinit USER@REALM` gets a new ticket; `klist` shows the old one
    ");
}

#[tokio::test]
async fn no_ticket_cache() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, cache(&rig, "ccache-none")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to find a Kerberos ticket in `FILE:RIG/ccache-none`: No credentials cache found
          hint: `kinit USER@REALM` gets a ticket; a job that nobody attends uses `--keytab FILE --principal USER@REALM`
    ");
}

#[tokio::test]
async fn a_file_that_is_no_ticket_cache() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, cache(&rig, "krb5.conf")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to find a Kerberos ticket in `FILE:RIG/krb5.conf`: Unsupported credentials cache format version number (filename: RIG/krb5.conf)
          hint: `kinit USER@REALM` gets a ticket; a job that nobody attends uses `--keytab FILE --principal USER@REALM`
    ");
}

#[tokio::test]
async fn the_tickets_of_somebody_else() {
    let Some(rig) = Rig::find() else { return };
    let somebody_else = |settings: &mut HttpSettings| {
        cache(&rig, "ccache-bob")(settings);
        settings.kerberos.principal = Some(PRINCIPAL.to_owned());
    };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, somebody_else).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to find a Kerberos ticket in `FILE:RIG/ccache-bob`: Principal in credential cache does not match desired name
          hint: `kinit alice@TEST.LOCAL` gets a ticket; a job that nobody attends uses `--keytab FILE --principal alice@TEST.LOCAL`
    ");
}

#[tokio::test]
async fn a_user_whom_the_kdc_does_not_know() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, password("nobody@TEST.LOCAL")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to get a ticket for `nobody@TEST.LOCAL`: Client 'nobody@TEST.LOCAL' not found in Kerberos database
          hint: check the name `nobody@TEST.LOCAL`: the realm is the domain's DNS name in upper case, the user that of the account (`sAMAccountName`), which may differ from the mail address
    ");
}

#[tokio::test]
async fn a_wrong_password() {
    let Some(rig) = Rig::find() else { return };
    let wrong = |settings: &mut HttpSettings| {
        *settings = with_login(settings.clone(), AuthMechanism::Kerberos, "jane@TEST.LOCAL", "passw0rd!");
    };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, wrong).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to get a ticket for `jane@TEST.LOCAL`: Preauthentication failed
          hint: not tried again, which could lock the account; `kinit jane@TEST.LOCAL` tries the password by hand
    ");
}

#[tokio::test]
async fn an_account_that_is_disabled() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, password("erin@TEST.LOCAL")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to get a ticket for `erin@TEST.LOCAL`: Client's credentials have been revoked
          hint: `erin@TEST.LOCAL` is disabled, locked or expired, or its password is: `net user /domain USER` on a machine of the domain tells
    ");
}

#[tokio::test]
async fn a_password_that_has_to_be_changed() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, password("dave@TEST.LOCAL")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to get a ticket for `dave@TEST.LOCAL`: Password has expired
          hint: `dave@TEST.LOCAL` is disabled, locked or expired, or its password is: `net user /domain USER` on a machine of the domain tells
    ");
}

#[tokio::test]
async fn a_kdc_that_is_down() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, password("alice@DOWN.LOCAL")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to get a ticket for `alice@DOWN.LOCAL`: Cannot contact any KDC for realm 'DOWN.LOCAL'
          hint: expected a domain controller on port 88: `host -t SRV _kerberos._tcp.down.local` lists them; check VPN, firewall, and `kdc =` in /etc/krb5.conf
    ");
}

#[tokio::test]
async fn a_realm_that_nobody_knows() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, password("alice@NOWHERE.LOCAL")).await, @r#"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to get a ticket for `alice@NOWHERE.LOCAL`: Cannot find KDC for realm "NOWHERE.LOCAL"
          hint: the realm is the domain's DNS name in upper case; `host -t SRV _kerberos._tcp.nowhere.local` must list its domain controllers, or /etc/krb5.conf name them under `[realms]`
    "#);
}

#[tokio::test]
async fn a_user_without_a_realm() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, password(r"TEST\alice")).await, @"Config NotSent: failed to log in to `localhost:PORT` by Kerberos: the domain name `TEST` does not tell the realm; write `user@REALM`, or give `--realm`");
}

#[tokio::test]
async fn a_service_that_the_kdc_does_not_know() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, spn_host("nobody.test.local")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to get a ticket for `HTTP/nobody.test.local`: Server HTTP/nobody.test.local@TEST.LOCAL not found in Kerberos database
          hint: use the host's full DNS name; `setspn -Q HTTP/nobody.test.local` on a machine of the domain tells whether it is registered, `setspn -Q WSMAN/nobody.test.local` whether `--spn-service WSMAN` would do; `--spn-host` names the host differently
    ");
}

/// The account that the service's name belongs to is not the one that WinRM runs as.
#[tokio::test]
async fn a_service_of_another_account() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, spn_host("foreign.test.local")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to verify the answer of `HTTP/foreign.test.local`: The ticket isn't for us
          hint: `HTTP/foreign.test.local` belongs to another account than the one WinRM runs as, or to two: `setspn -Q HTTP/foreign.test.local` and `setspn -X` on a machine of the domain tell; `--spn-service WSMAN` may be free of it; on Linux, `kdestroy` and `kinit` drop stale tickets
    ");
}

/// The same where the host has a key of that number, but another one.
#[tokio::test]
async fn a_service_with_another_key() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, spn_host("rekeyed.test.local")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to verify the answer of `HTTP/rekeyed.test.local`: Decrypt integrity check failed
          hint: `HTTP/rekeyed.test.local` belongs to another account than the one WinRM runs as, or to two: `setspn -Q HTTP/rekeyed.test.local` and `setspn -X` on a machine of the domain tell; `--spn-service WSMAN` may be free of it; on Linux, `kdestroy` and `kinit` drop stale tickets
    ");
}

#[tokio::test]
async fn a_host_whose_clock_is_an_hour_ahead() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "SKEWED_PLAIN", USUAL, |_| {}).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to verify the answer of `HTTP/localhost`: Clock skew too great
          hint: more than five minutes apart: `timedatectl` here and `w32tm /query /status` on `localhost` tell which clock is wrong
    ");
}

#[tokio::test]
async fn a_login_bound_to_another_certificate() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "INTERCEPTED_STRICT", "/wsman?by=pyspnego", |_| {}).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to verify the answer of `HTTP/localhost`: Generic error (see e-text)
          hint: the host does not tell more: its System log may (`Get-WinEvent -LogName System` on `localhost`); over https, something between here and the host may end TLS and show another certificate
    ");
}

#[tokio::test]
async fn an_address_instead_of_a_name() {
    let Some(rig) = Rig::find() else { return };
    let address = |settings: &mut HttpSettings| settings.url.set_host(Some("127.0.0.1")).unwrap();
    assert_snapshot!(told(&rig, "PLAIN", USUAL, address).await, @r"
        Config NotSent: failed to log in to `127.0.0.1:PORT` by Kerberos: failed to name the service `HTTP/127.0.0.1`: Kerberos has no tickets for addresses
          hint: use the host's DNS name, or give it by `--spn-host NAME`
    ");
}

#[tokio::test]
async fn a_keytab_that_is_not_there() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, keytab(&rig, "none.keytab", "frank@TEST.LOCAL")).await, @r"
        Config NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to log in with the keytab `RIG/none.keytab`: No such file or directory (os error 2)
          hint: `klist -kte RIG/none.keytab` lists the keys in it; expected one of `frank@TEST.LOCAL`, of the newest version
    ");
}

#[tokio::test]
async fn a_file_that_is_no_keytab() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, keytab(&rig, "krb5.conf", "frank@TEST.LOCAL")).await, @r"
        Config NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to log in with the keytab `RIG/krb5.conf`: expected a keytab with a key of `frank@TEST.LOCAL`
          hint: `klist -kte RIG/krb5.conf` lists the keys in it; expected one of `frank@TEST.LOCAL`, of the newest version
    ");
}

#[tokio::test]
async fn a_keytab_without_the_key() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, keytab(&rig, "frank.keytab", PRINCIPAL)).await, @r"
        Config NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to log in with the keytab `RIG/frank.keytab`: expected a keytab with a key of `alice@TEST.LOCAL`
          hint: `klist -kte RIG/frank.keytab` lists the keys in it; expected one of `alice@TEST.LOCAL`, of the newest version
    ");
}

#[tokio::test]
async fn a_keytab_from_before_a_change_of_the_password() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, keytab(&rig, "stale.keytab", "stale@TEST.LOCAL")).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to log in with the keytab `RIG/stale.keytab`: Preauthentication failed
          hint: the password of `stale@TEST.LOCAL` was changed since the keytab was made: make it again; `kinit -k -t RIG/stale.keytab stale@TEST.LOCAL` tries it
    ");
}

#[tokio::test]
async fn a_keytab_without_a_principal() {
    let Some(rig) = Rig::find() else { return };
    let nobody = |settings: &mut HttpSettings| {
        settings.kerberos.keytab = Some(rig.folder().join("frank.keytab"));
    };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, nobody).await, @r"
        Config NotSent: failed to use the keytab: expected the principal that it is for
          hint: give it by `--principal USER@REALM`; `klist -kt FILE` lists those that the keytab has keys of
    ");
}

#[tokio::test]
async fn a_host_that_offers_nothing_of_the_kind() {
    let Some(rig) = Rig::find() else { return };
    assert_snapshot!(told(&rig, "PLAIN", "/wsman?offer=NTLM,Basic", |_| {}).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT`: expected the host to offer Kerberos or Negotiate, it offers NTLM, Basic
          hint: `Set-Item WSMan:\localhost\Service\Auth\Kerberos $true` on the host enables it; or use what it offers by `--auth ntlm`
    ");
    assert_snapshot!(told(&rig, "PLAIN", "/wsman?offer=Basic", |_| {}).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT`: expected the host to offer Kerberos or Negotiate, it offers Basic
          hint: `Set-Item WSMan:\localhost\Service\Auth\Kerberos $true` on the host enables it
    ");
}

/// Nor by `negotiate`, without a password for NTLM.
#[tokio::test]
async fn negotiate_without_ticket_and_password() {
    let Some(rig) = Rig::find() else { return };
    let negotiate = |settings: &mut HttpSettings| {
        cache(&rig, "ccache-none")(settings);
        settings.mechanism = AuthMechanism::Negotiate;
    };
    assert_snapshot!(told(&rig, "PLAIN", USUAL, negotiate).await, @r"
        Auth NotSent: failed to log in to `localhost:PORT` by Kerberos: failed to find a Kerberos ticket in `FILE:RIG/ccache-none`: SPNEGO cannot find mechanisms to negotiate
          hint: `kinit USER@REALM` gets a ticket; a job that nobody attends uses `--keytab FILE --principal USER@REALM`; or give user and password, for NTLM
    ");
}
