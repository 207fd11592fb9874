//! Logins through proxies: bound to the host's certificate in each tunnel, by two proxies that are not ours and by
//! those of the tests, which say what they heard.

use crate::{
    cells::{self, Binding, Cell, Peer, Proof, Way},
    matrix,
    proxies::{Protocol, Proxy, Rules},
    rig::Rig,
    way::{ALICE, RIGHT, send, settings, shown, transport, with_login},
};
use hyperv_wsman::transport::{AuthMechanism, Door, TransportErrorKind, knock};
use std::{fmt::Write as _, time::Duration};

/// The cells that a proxy could spoil: strict bindings, and sealed messages over plain HTTP.
fn cells(speaks_http: bool) -> Vec<Cell> {
    let asks_much = |cell: &Cell| match cell.way {
        Way::HttpSealed => !speaks_http && cell.binding == Binding::None,
        Way::HttpsPlain | Way::HttpsSealed => cell.binding == Binding::Strict,
    };
    cells::all()
        .into_iter()
        .filter(|cell| {
            cell.peer != Peer::Apache
                && cell.proof == Proof::Right
                && asks_much(cell)
                && cell.impossible().is_none()
        })
        .collect()
}

#[tokio::test]
async fn every_login_is_bound_to_the_host_through_every_proxy() {
    let Some(rig) = Rig::find() else { return };
    let connect = Proxy::start(Rules::new(Protocol::Connect)).await;
    let socks = Proxy::start(Rules::new(Protocol::Socks)).await;
    let mut table = String::new();
    let (mut passed, mut failed) = (0, 0);
    for (name, url) in [
        ("tinyproxy", format!("http://gate:Passw0rd@127.0.0.1:{}", rig.port("TINYPROXY"))),
        ("microsocks", format!("socks5h://gate:Passw0rd@127.0.0.1:{}", rig.port("MICROSOCKS"))),
        ("microsocks-local", format!("socks5://gate:Passw0rd@127.0.0.1:{}", rig.port("MICROSOCKS"))),
        ("connect", connect.url("")),
        ("socks", socks.url("")),
    ] {
        for cell in cells(url.starts_with("http")) {
            let outcome = match matrix::run(&rig, cell, Some((name, &url))).await {
                Ok(outcome) => {
                    passed += 1;
                    outcome.to_owned()
                }
                Err(what) => {
                    failed += 1;
                    format!("FAILED: {what}")
                }
            };
            writeln!(table, "{name:<16} | {cell} | {outcome}").unwrap();
        }
    }
    writeln!(table, "{passed} through proxies as they should, {failed} failed").unwrap();
    rig.print("proxies", &table);
    assert_eq!((passed, failed), (PASSED, 0));
    for heard in [connect.heard(), socks.heard()] {
        for secret in ["\r\nauthorization", "\r\nAuthorization", "<message/>"] {
            let in_the_clear = heard.bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            // Over plain HTTP the tokens are there to be seen; what they protect is not.
            assert!(!in_the_clear || heard.targets.iter().any(|target| is_plain(&rig, target)), "{secret}");
            assert!(!in_the_clear || secret != "<message/>");
        }
    }
}

fn is_plain(rig: &Rig, target: &str) -> bool {
    target.ends_with(&format!(":{}", rig.port("PLAIN")))
}

/// Eight logins, with TLS twice, straight and intercepted; through SOCKS over plain HTTP too.
const PASSED: i32 = 2 * 32 + 3 * 40;

#[tokio::test]
async fn proxies_that_are_not_ours_refuse_as_they_do() {
    let Some(rig) = Rig::find() else { return };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut told = String::new();
    for (scheme, proxy) in [("http", "TINYPROXY"), ("socks5h", "MICROSOCKS")] {
        for (login, port) in [
            ("", rig.port("DIRECT_STRICT")),
            ("gate:wrong@", rig.port("DIRECT_STRICT")),
            ("gate:Passw0rd@", closed),
        ] {
            let mut settings =
                with_login(settings(&rig, "DIRECT_STRICT", "/wsman"), AuthMechanism::Ntlm, ALICE, RIGHT);
            settings.url.set_port(Some(port)).unwrap();
            settings.proxy =
                Some(format!("{scheme}://{login}127.0.0.1:{}", rig.port(proxy)).parse().unwrap());
            let error = send(&transport(settings.clone()), "<message/>").await.unwrap_err();
            assert_eq!(error.kind == TransportErrorKind::Auth, port != closed, "{error}");
            let shown = shown(&error, &rig, "DIRECT_STRICT");
            told += &shown.replace(&closed.to_string(), "PORT").replace(&rig.port(proxy).to_string(), proxy);
            told += "\n";
            let door = knock(&settings.url, settings.proxy.as_ref(), Duration::from_secs(3)).await;
            let expected = if port == closed && scheme == "socks5h" { Door::Closed } else { Door::Unknown };
            assert_eq!(door, expected, "{shown}");
        }
    }
    insta::assert_snapshot!(told, @r"
        Auth NotSent: failed to connect to `localhost:PORT` through the proxy `http://127.0.0.1:TINYPROXY`: it asks for user and password, and none are given
          hint: give them in its URL, percent-encoded, by the environment: `HVCTL_PROXY=http://USER:PASSWORD@PROXY:PORT`, or `socks5h://…`
        Auth NotSent: failed to connect to `localhost:PORT` through the proxy `http://127.0.0.1:TINYPROXY`: it refuses user or password
          hint: check them, and that they are percent-encoded in its URL (`@` is `%40`)
        Connection NotSent: failed to connect to `localhost:PORT` through the proxy `http://127.0.0.1:TINYPROXY`: it fails (HTTP 500)
          hint: check that the proxy knows the host's name and has a way to it; check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)
        Auth NotSent: failed to connect to `localhost:PORT` through the proxy `socks5h://127.0.0.1:MICROSOCKS`: it asks for user and password, and none are given
          hint: give them in its URL, percent-encoded, by the environment: `HVCTL_PROXY=http://USER:PASSWORD@PROXY:PORT`, or `socks5h://…`
        Auth NotSent: failed to connect to `localhost:PORT` through the proxy `socks5h://127.0.0.1:MICROSOCKS`: it refuses user or password
          hint: check them, and that they are percent-encoded in its URL (`@` is `%40`)
        Connection NotSent: failed to connect to `localhost:PORT` through the proxy `socks5h://127.0.0.1:MICROSOCKS`: it finds the host's port closed (SOCKS reply 5)
          hint: check that WinRM has an HTTPS listener (`winrm enumerate winrm/config/listener` on the host; `winrm quickconfig -transport:https` makes one): its port is 5986, and 5985 is the one without TLS
    ");
}
