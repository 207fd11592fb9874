//! The legs of an NTLM login, and what a login that fails says.

use crate::{
    client::{hurried, message, send, settings, shown, transport},
    server::{CHALLENGE, Seen, Server, Step, http, logged_in, offer, soap},
};
use hyperv_wsman::{
    Client, Options,
    transport::{AuthMechanism, Exchange, HttpTransport, Phase, Transport as _, TransportErrorKind},
};
use insta::{allow_duplicates, assert_snapshot};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

#[tokio::test]
async fn the_legs_ride_on_empty_bodies_and_the_message_follows_on_the_same_connection() {
    let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
    let answer = send(&transport(&server), "<message/>").await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"<answer/>"[..]));
    assert_eq!(answer.content_type.as_deref(), Some("application/soap+xml;charset=UTF-8"));
    assert_eq!((answer.peer.mechanism.as_str(), answer.peer.handshakes), ("ntlm", 1));
    assert!(answer.peer.verified_tls && !answer.peer.sealed);

    let seen = server.seen();
    assert_eq!(
        seen.iter().map(|seen| (seen.connection, seen.body.as_str())).collect::<Vec<_>>(),
        [(1, ""), (1, ""), (1, "<message/>")]
    );
    for (seen, length) in seen.iter().zip(["0", "0", "10"]) {
        assert!(seen.head.starts_with("POST /wsman HTTP/1.1\r\n"), "{}", seen.head);
        assert_eq!(seen.header("content-type"), Some("application/soap+xml;charset=UTF-8"));
        assert_eq!(seen.header("content-length"), Some(length));
        assert_eq!(seen.header("accept-encoding"), Some("identity"));
        assert!(seen.header("user-agent").unwrap().starts_with("hyperv-wsman/"));
        assert_eq!((seen.header("transfer-encoding"), seen.header("expect")), (None, None));
    }
    // NEGOTIATE is the same each time; AUTHENTICATE begins like every NTLM message, with its number.
    let tokens: Vec<_> = seen.iter().map(|seen| seen.header("authorization")).collect();
    assert_eq!(tokens[0], Some("Negotiate TlRMTVNTUAABAAAAFYKI4gAAAAAoAAAAAAAAACgAAAAKAAAAAAAADw=="));
    assert!(tokens[1].unwrap().starts_with("Negotiate TlRMTVNTUAADAAAA"));
    assert_eq!(tokens[2], None);
}

#[tokio::test]
async fn one_login_serves_many_messages() {
    let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
    let transport = transport(&server);
    for _ in 0..5 {
        let answer = send(&transport, "<message/>").await.unwrap();
        assert_eq!((answer.peer.connection, answer.peer.handshakes), (1, 1));
    }
    assert_eq!(server.seen().len(), 2 + 5);
}

#[tokio::test]
async fn a_host_where_negotiate_is_off_is_asked_by_the_name_of_ntlm() {
    let server = Server::start(|seen| match (seen.index, seen.header("authorization")) {
        (0, _) => Step::Answer(http(401, "WWW-Authenticate: Basic realm=\"a\", NTLM\r\n", "")),
        (1, Some(token)) if token.starts_with("NTLM ") => offer(&format!("NTLM {CHALLENGE}")),
        (2, Some(token)) if token.starts_with("NTLM ") => Step::Answer(http(200, "", "")),
        _ => soap("<answer/>"),
    })
    .await;
    send(&transport(&server), "<message/>").await.unwrap();
}

#[tokio::test]
async fn a_refused_password_is_tried_once_by_any_number_of_exchanges() {
    let server = Server::start(|seen| match seen.index {
        0 => offer(&format!("Negotiate {CHALLENGE}")),
        _ => offer("Negotiate"),
    })
    .await;
    let transport = transport(&server);
    let (a, b, c) = tokio::join!(send(&transport, "a"), send(&transport, "b"), send(&transport, "c"));
    for error in [a, b, c, send(&transport, "d").await].map(Result::unwrap_err) {
        allow_duplicates! {
            assert_snapshot!(shown(&error, &server), @r"
            Auth NotSent: failed to log in to `127.0.0.1:PORT` by NTLM as `LAB\op`: the host refuses user name or password
              hint: not tried again, which could lock the account; check both, and the form of the name: `DOMAIN\user`, or `.\user` for an account of the host itself. If they are right: NTLM may be off by policy, the account may not be allowed to log on over the network, or something between here and the host ends TLS
            ");
        }
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_host_without_ntlm_is_told_what_it_offers() {
    for (offered, expected) in [
        ("Kerberos, Basic realm=\"WSMAN\"", "it offers Kerberos, Basic"),
        ("Negotiate", "it offers Negotiate"),
        ("Digest nonce=\"a, b\"", "it offers Digest"),
    ] {
        let server = Server::start(move |_| offer(offered)).await;
        let error = send(&transport(&server), "<message/>").await.unwrap_err();
        assert!(error.message.ends_with(expected), "{error}");
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent));
        if offered.contains("Basic") {
            allow_duplicates! {
                assert_snapshot!(error.hint.unwrap(), @r"`Set-Item WSMan:\localhost\Service\Auth\Negotiate $true` on the host enables it; or use what it offers by `--auth basic`");
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_a_challenge_ends_the_login() {
    for (answer, kind) in [
        (http(200, "Content-Type: text/html\r\n", "<html>"), TransportErrorKind::Protocol),
        (http(302, "Location: https://127.0.0.1:1/\r\n", ""), TransportErrorKind::Protocol),
        (http(404, "", ""), TransportErrorKind::Protocol),
        (http(500, "", ""), TransportErrorKind::Protocol),
        (http(503, "", ""), TransportErrorKind::Connection),
        (http(401, "WWW-Authenticate: Negotiate !!\r\n", ""), TransportErrorKind::Auth),
        (http(401, "WWW-Authenticate: Negotiate YQ\r\n", ""), TransportErrorKind::Protocol),
        (http(401, "WWW-Authenticate: Negotiate YIIB\r\n", ""), TransportErrorKind::Auth),
        (
            http(401, &format!("WWW-Authenticate: Negotiate {}\r\n", "A".repeat(140_000)), ""),
            TransportErrorKind::Protocol,
        ),
        (
            http(401, &format!("WWW-Authenticate: Negotiate {CHALLENGE}\r\nConnection: close\r\n"), ""),
            TransportErrorKind::Protocol,
        ),
        (
            http(401, &format!("WWW-Authenticate: Negotiate {CHALLENGE}\r\n"), &"x".repeat(65_537)),
            TransportErrorKind::Protocol,
        ),
    ] {
        let step = Step::Answer(answer.clone());
        let server = Server::start(move |_| step.clone()).await;
        let error = send(&transport(&server), "<message/>").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (kind, Phase::NotSent), "{} {error}", &answer[..40]);
        assert_eq!(server.seen().len(), 1);
    }
}

/// The challenge above without extended session security.
const WEAK: &str = "TlRMTVNTUAACAAAAAgACADgAAAAVgoLiASNFZ4mrze8AAAAAAAAAABYAFgA6AAAACgAAAAAAAA9TAAIAAgBEAAcACAAAwIPtiknaAQAAAAA=";

#[tokio::test]
async fn a_downgraded_challenge_gets_no_answer() {
    let server = Server::start(|_| offer(&format!("Negotiate {WEAK}"))).await;
    let error = send(&transport(&server), "<message/>").await.unwrap_err();
    assert_snapshot!(shown(&error, &server), @r"
    Auth NotSent: failed to log in to `127.0.0.1:PORT` by NTLM as `LAB\op`: it cannot go on
      caused by: the peer does not offer extended session security: refusing a weaker login
      hint: the host, or something between here and it, asks for less than any Windows of today does: look at `Network security: LAN Manager authentication level` and `Minimum session security` in its policy, or use HTTPS
    ");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_connection_that_is_cut_during_the_login_never_saw_the_message() {
    for (cut, kind) in [(0, TransportErrorKind::Connection), (1, TransportErrorKind::Auth)] {
        let server =
            Server::start(
                move |seen| if seen.index == cut { Step::Close } else { logged_in(|_| Step::Close)(seen) },
            )
            .await;
        let error = send(&transport(&server), "<message/>").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (kind, Phase::NotSent), "{error}");
        assert_eq!(server.messages().len(), 0);
    }
}

/// What comes to a password, first and later: lost, refused by a gateway, never there. A client tries reading calls
/// again, and must not try the password again.
#[tokio::test]
async fn a_password_that_nobody_has_judged_is_sent_once() {
    type Reaction = fn() -> Step;
    let reactions: [Reaction; 4] = [
        || Step::Close,
        || Step::Answer(http(503, "", "")),
        || Step::Answer(http(302, "Location: /elsewhere\r\n", "")),
        || Step::Hang,
    ];
    for reaction in reactions {
        for proof in ["Negotiate TlRMTVNTUAADAAAA", "Basic "] {
            let server = Server::start(move |seen| match seen.header("authorization") {
                Some(token) if token.starts_with(proof) => reaction(),
                _ => offer(&format!("Negotiate {CHALLENGE}")),
            })
            .await;
            let mut settings = settings(&server);
            if proof == "Basic " {
                settings.mechanism = AuthMechanism::Basic;
            }
            let url = settings.url.clone();
            let client = Client::with_transport(url, Arc::new(HttpTransport::new(settings).unwrap()));
            let mut hurried = Options::default();
            hurried.request_timeout = Some(Duration::from_millis(300));
            let client = client.with_options(hurried);
            assert!(client.identify().await.is_err());
            let is_proof =
                |seen: &Seen| seen.header("authorization").is_some_and(|token| token.starts_with(proof));
            assert_eq!(server.seen().iter().filter(|seen| is_proof(seen)).count(), 1, "{proof}");
        }
    }
}

#[tokio::test]
async fn a_password_that_nobody_has_judged_is_told_and_stays_untried() {
    let server = Server::start(|seen| match seen.index {
        0 => offer(&format!("Negotiate {CHALLENGE}")),
        _ => Step::Close,
    })
    .await;
    let transport = transport(&server);
    let error = send(&transport, "<message/>").await.unwrap_err();
    assert_snapshot!(shown(&error, &server), @r"
    Auth NotSent: failed to log in to `127.0.0.1:PORT` by NTLM as `LAB\op`: expected an answer to the password, got none that judges it
      caused by: failed to log in to `127.0.0.1:PORT` by NTLM (token 2): the connection was cut
      caused by: peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html#unexpected-eof
      hint: not tried again, which could lock the account if the password is wrong; check that the WinRM service of the host is well, and nothing in between cuts connections, then start anew
    ");
    let seen = server.seen().len();
    assert_eq!(send(&transport, "<message/>").await.unwrap_err().kind, TransportErrorKind::Auth);
    assert_eq!(server.seen().len(), seen);
}

#[tokio::test]
async fn a_login_without_an_answer_ends_at_the_deadline() {
    let mut told = String::new();
    for silent in 0..2 {
        let server =
            Server::start(
                move |seen| if seen.index == silent { Step::Hang } else { logged_in(|_| Step::Close)(seen) },
            )
            .await;
        let error = transport(&server).exchange(hurried("<message/>")).await.unwrap_err();
        told = format!("{told}{}\n", shown(&error, &server));
    }
    assert_snapshot!(told, @r"
    Timeout NotSent: failed to connect to `127.0.0.1:PORT` and log in by NTLM (token 1) in time
      hint: the host may be busy: a longer request timeout waits longer (`--request-timeout`)
    Timeout NotSent: failed to log in to `127.0.0.1:PORT` by NTLM (token 2) in time
      hint: the host may be busy: a longer request timeout waits longer (`--request-timeout`)
    ");
}

#[tokio::test]
async fn a_login_that_the_host_forgot_is_renewed_and_the_message_sent_again() {
    let forgotten = AtomicBool::new(false);
    let server = Server::start(logged_in(move |seen| {
        if seen.index == 3 && !forgotten.swap(true, Ordering::SeqCst) {
            offer("Negotiate")
        } else {
            soap(&seen.body)
        }
    }))
    .await;
    let transport = transport(&server);
    send(&transport, "<first/>").await.unwrap();
    let answer = send(&transport, "<second/>").await.unwrap();
    assert_eq!((answer.peer.connection, answer.peer.handshakes), (2, 2));
    assert_eq!(&answer.body[..], b"<second/>");
    assert_eq!(server.messages(), ["<first/>", "<second/>", "<second/>"]);
}

#[tokio::test]
async fn no_other_answer_on_a_connection_that_is_logged_in_sends_the_message_again() {
    for status in [200, 307, 400, 403, 404, 407, 413, 500, 503] {
        let server = Server::start(logged_in(move |seen| match seen.body.as_str() {
            "<second/>" => Step::Answer(http(status, "", "")),
            other => soap(other),
        }))
        .await;
        let transport = transport(&server);
        send(&transport, "<first/>").await.unwrap();
        assert_eq!(send(&transport, "<second/>").await.unwrap().status, status);
        assert_eq!(server.messages(), ["<first/>", "<second/>"], "HTTP {status}");
    }
}

#[tokio::test]
async fn a_message_refused_right_after_the_login_is_not_sent_again() {
    let server = Server::start(logged_in(|_| offer("Negotiate"))).await;
    let error = send(&transport(&server), "<message/>").await.unwrap_err();
    assert_snapshot!(shown(&error, &server), @r"
        Auth NotSent: failed to log in to `127.0.0.1:PORT`: the host accepts the login, and refuses the message that follows it
          hint: a proxy or gateway on the way is not made for such logins; reach the host directly
    ");
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn a_gateway_that_dislikes_the_empty_message_still_logs_in() {
    let server = Server::start(|seen| match seen.index {
        0 => offer(&format!("Negotiate {CHALLENGE}")),
        1 => Step::Answer(http(500, "", "")),
        _ => soap("<answer/>"),
    })
    .await;
    assert_eq!(send(&transport(&server), "<message/>").await.unwrap().status, 200);
}

#[tokio::test]
async fn identify_without_a_login_says_so_and_sends_no_credentials() {
    let server = Server::start(|_| soap("<identity/>")).await;
    let answer =
        transport(&server).exchange(Exchange { anonymous: true, ..message("<identify/>") }).await.unwrap();
    assert_eq!((answer.peer.mechanism.as_str(), answer.peer.handshakes), ("none", 0));
    let seen = &server.seen()[0];
    assert_eq!(seen.header("wsmanidentify"), Some("unauthenticated"));
    assert_eq!(seen.header("authorization"), None);
}

#[tokio::test]
async fn without_a_user_only_an_anonymous_identify_is_possible() {
    let server = Server::start(|_| soap("<identity/>")).await;
    let mut settings = settings(&server);
    settings.credentials = None;
    let transport = HttpTransport::new(settings).unwrap();
    let error = send(&transport, "<message/>").await.unwrap_err();
    assert_snapshot!(shown(&error, &server), @r"
        Config NotSent: failed to log in to `127.0.0.1:PORT`: no user is given
          hint: give one by `--user`; without, only an anonymous Identify is possible
    ");
    assert!(transport.exchange(Exchange { anonymous: true, ..message("<identify/>") }).await.is_ok());
}
