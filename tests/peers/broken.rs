//! Logins by Kerberos to a server of ours that answers wrongly, or not at all. The tickets are real ones,
//! and so is what the server knows of them: it asks the rig's acceptor.

use crate::{
    rig::Rig,
    server::{Seen, Server, Step, http, offer, soap},
    way::{PRINCIPAL, RIGHT, chain, send, transport, with_login},
};
use hyperv_wsman::transport::{
    AuthMechanism, Exchange, Fingerprint, HttpSettings, HttpTransport, Phase, Transport as _,
    TransportErrorKind as Kind, Trust,
};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Mutex,
};
use tokio::time::{Duration, Instant};

const SCHEMES: [&str; 2] = ["Negotiate", "Kerberos"];

/// By tickets that are there already.
fn settings(server: &Server) -> HttpSettings {
    let url = format!("https://localhost:{}/wsman", server.address.port());
    let mut settings = HttpSettings::new(url.parse().unwrap());
    settings.mechanism = AuthMechanism::Kerberos;
    settings.trust = Trust::pinned(Fingerprint::of(&server.certificate));
    settings
}

fn by_tickets(server: &Server) -> HttpTransport {
    transport(settings(server))
}

/// What an acceptor answers to a token: its own, in the header that carries it.
fn accepted(port: u16, seen: &Seen) -> String {
    let authorization = seen.header("authorization").unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = "POST /wsman?by=mit HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n";
    write!(stream, "{head}Authorization: {authorization}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let header = answer.lines().find(|line| line.starts_with("WWW-Authenticate: ")).unwrap();
    format!("{header}\r\n")
}

/// Offers one scheme, accepts a token, and goes on with `script`.
fn logged_in(
    rig: &Rig,
    scheme: &'static str,
    script: impl Fn(&Seen) -> Step + Send + Sync + 'static,
) -> impl Fn(&Seen) -> Step + Send + Sync + 'static {
    let port = rig.port("PLAIN");
    move |seen| match seen.index {
        0 => offer(scheme),
        1 => Step::Answer(http(200, &accepted(port, seen), "")),
        _ => script(seen),
    }
}

#[tokio::test]
async fn the_token_rides_on_an_empty_body_and_the_message_follows_on_the_same_connection() {
    let Some(rig) = Rig::find() else { return };
    for scheme in SCHEMES {
        let server = Server::start(logged_in(&rig, scheme, |_| soap("<answer/>"))).await;
        let transport = by_tickets(&server);
        for _ in 0..2 {
            let answer = send(&transport, "<message/>").await.unwrap();
            assert_eq!((answer.status, &answer.body[..]), (200, &b"<answer/>"[..]));
            assert_eq!((answer.peer.mechanism.as_str(), answer.peer.handshakes), ("kerberos", 1));
        }
        let seen = server.seen();
        let bodies: Vec<_> = seen.iter().map(|seen| (seen.connection, seen.body.as_str())).collect();
        assert_eq!(bodies, [(1, ""), (1, ""), (1, "<message/>"), (1, "<message/>")]);
        let tokens: Vec<_> = seen.iter().map(|seen| seen.header("authorization")).collect();
        assert!(tokens[0].is_none() && tokens[2].is_none() && tokens[3].is_none());
        assert!(tokens[1].unwrap().starts_with(&format!("{scheme} YII")));
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_during_the_login_never_saw_the_message() {
    let Some(rig) = Rig::find() else { return };
    for scheme in SCHEMES {
        for cut in 0..2 {
            let login = logged_in(&rig, scheme, |_| soap("<answer/>"));
            let server =
                Server::start(move |seen| if seen.index == cut { Step::Close } else { login(seen) }).await;
            let error = send(&by_tickets(&server), "<message/>").await.unwrap_err();
            assert_eq!((error.kind, error.phase), (Kind::Connection, Phase::NotSent), "{error}");
            assert_eq!(server.messages().len(), 0);
        }
    }
}

#[tokio::test]
async fn a_login_without_an_answer_ends_at_the_deadline() {
    let Some(rig) = Rig::find() else { return };
    for silent in 0..2 {
        let login = logged_in(&rig, "Negotiate", |_| soap("<answer/>"));
        let server =
            Server::start(move |seen| if seen.index == silent { Step::Hang } else { login(seen) }).await;
        let exchange = Exchange {
            body: "<message/>".into(),
            name: "Invoke".into(),
            changes_host: true,
            anonymous: false,
            lane: 0,
            deadline: Some(Instant::now() + Duration::from_millis(500)),
        };
        let error = by_tickets(&server).exchange(exchange).await.unwrap_err();
        assert_eq!((error.kind, error.phase), (Kind::Timeout, Phase::NotSent), "{error}");
        assert_eq!(server.messages().len(), 0);
    }
}

/// What comes for the token, what it proves, and a part of what is told.
fn wrong_answers(scheme: &str) -> Vec<(String, Kind, &'static str)> {
    let with =
        |status: u16, token: &str| http(status, &format!("WWW-Authenticate: {scheme} {token}\r\n"), "");
    vec![
        (http(200, "", ""), Kind::Auth, "the host does not prove who it is: it sent no token"),
        (http(404, "", ""), Kind::Auth, "the host does not prove who it is: it sent no token"),
        (http(500, "", ""), Kind::Auth, "the host does not prove who it is: it sent no token"),
        (with(200, "!!"), Kind::Auth, "the host does not prove who it is: it sent no token"),
        (with(200, "YQ"), Kind::Protocol, "(token 1): the host's token is not Base64"),
        (with(200, "YWFh"), Kind::Auth, "failed to verify the answer of `HTTP/localhost`"),
        (with(200, "YIIBAAA="), Kind::Auth, "failed to verify the answer of `HTTP/localhost`"),
        (with(401, "YIIBAAA="), Kind::Auth, "failed to verify the answer of `HTTP/localhost`"),
        // NTLM's second message.
        (with(401, "TlRMTVNTUAACAAAA"), Kind::Auth, "failed to verify the answer of `HTTP/localhost`"),
        (with(200, &"A".repeat(100_000)), Kind::Auth, "failed to verify the answer of `HTTP/localhost`"),
        (
            with(200, &"A".repeat(140_000)),
            Kind::Protocol,
            "(token 1): the host's token is longer than 131072 characters",
        ),
        (with(401, ""), Kind::Auth, "the host refuses the ticket"),
        (http(403, "", ""), Kind::Auth, "the host forbids it (HTTP 403)"),
        (http(302, "Location: https://localhost:1/\r\n", ""), Kind::Protocol, "got HTTP 302"),
        (http(503, "", ""), Kind::Connection, "the service is not available (HTTP 503)"),
    ]
}

#[tokio::test]
async fn what_does_not_prove_the_host_ends_the_login() {
    let Some(_rig) = Rig::find() else { return };
    for scheme in SCHEMES {
        for (answer, kind, part) in wrong_answers(scheme) {
            let step = Step::Answer(answer.clone());
            let server =
                Server::start(move |seen| if seen.index == 0 { offer(scheme) } else { step.clone() }).await;
            let error = send(&by_tickets(&server), "<message/>").await.unwrap_err();
            let case = answer.get(..60).unwrap_or(&answer);
            let told = chain(&error);
            assert_eq!((error.kind, error.phase), (kind, Phase::NotSent), "{case:?}: {told}");
            assert!(told.contains(part), "{case:?}: {told}");
            assert_eq!((server.seen().len(), server.messages().len()), (2, 0), "{case:?}");
        }
    }
}

/// A host that wants a login with each message: what comes to the message decides whether it may have run.
#[tokio::test]
async fn a_message_that_goes_with_a_token_may_have_run_unless_it_is_refused() {
    let Some(rig) = Rig::find() else { return };
    let port = rig.port("PLAIN");
    let token = |token: &str| format!("WWW-Authenticate: Negotiate {token}\r\nConnection: close\r\n");
    for (answer, kind, phase) in [
        (http(200, "Connection: close\r\n", ""), Kind::Auth, Phase::MaybeSent),
        (http(200, &token("YQ"), ""), Kind::Protocol, Phase::MaybeSent),
        (http(200, &token("YIIBAAA="), ""), Kind::Auth, Phase::MaybeSent),
        (http(403, "", ""), Kind::Auth, Phase::MaybeSent),
        (http(302, "Location: /elsewhere\r\n", ""), Kind::Protocol, Phase::MaybeSent),
        (http(503, "", ""), Kind::Connection, Phase::NotSent),
        (http(401, "", ""), Kind::Auth, Phase::NotSent),
    ] {
        let step = Step::Answer(answer.clone());
        let server = Server::start(move |seen| match (seen.connection, seen.index) {
            (1, 1) => Step::Answer(http(200, &accepted(port, seen), "")),
            (_, 0) | (1, _) => offer("Negotiate"),
            _ => step.clone(),
        })
        .await;
        let error = send(&by_tickets(&server), "<message/>").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (kind, phase), "{answer:?}: {}", chain(&error));
        assert_eq!(server.messages().len(), 2, "{answer:?}");
    }
    let server = Server::start(move |seen| match (seen.connection, seen.index) {
        (1, 1) => Step::Answer(http(200, &accepted(port, seen), "")),
        (_, 0) | (1, _) => offer("Negotiate"),
        _ => {
            let headers = format!("{}Connection: close\r\n", accepted(port, seen));
            Step::AnswerAndClose(http(200, &headers, "<answer/>"))
        }
    })
    .await;
    let answer = send(&by_tickets(&server), "<message/>").await.unwrap();
    assert_eq!((&answer.body[..], answer.peer.mechanism.as_str()), (&b"<answer/>"[..], "kerberos"));
}

#[tokio::test]
async fn a_right_token_on_a_connection_that_closes_is_no_login() {
    let Some(rig) = Rig::find() else { return };
    let port = rig.port("PLAIN");
    let server = Server::start(move |seen| match seen.index {
        0 => offer("Negotiate"),
        _ => Step::Answer(http(200, &format!("{}Connection: close\r\n", accepted(port, seen)), "")),
    })
    .await;
    let error = send(&by_tickets(&server), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (Kind::Protocol, Phase::NotSent));
    assert!(error.message.ends_with("it closes the connection, to which logins belong"), "{error}");
}

#[tokio::test]
async fn the_answer_to_another_login_is_refused() {
    let Some(rig) = Rig::find() else { return };
    for scheme in SCHEMES {
        let port = rig.port("PLAIN");
        let first = Mutex::new(None);
        let server = Server::start(move |seen| match (seen.connection, seen.index) {
            (_, 0) => offer(scheme),
            // Its message is not answered, so that there is a second login.
            (1, 2) => Step::Close,
            _ => {
                let mut first = first.lock().unwrap();
                let answer = first.get_or_insert_with(|| accepted(port, seen));
                Step::Answer(http(200, answer, ""))
            }
        })
        .await;
        let transport = by_tickets(&server);
        let error = send(&transport, "<first/>").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (Kind::Connection, Phase::MaybeSent), "{error}");
        let error = send(&transport, "<second/>").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (Kind::Auth, Phase::NotSent), "{error}");
        assert!(chain(&error).contains("failed to verify the answer of `HTTP/localhost`"), "{error}");
        assert_eq!(server.messages(), ["<first/>"]);
    }
}

#[tokio::test]
async fn a_ticket_that_is_refused_without_a_reason_is_not_shown_again() {
    let Some(_rig) = Rig::find() else { return };
    let server = Server::start(|_| offer("Negotiate, NTLM")).await;
    let transport = transport(with_login(settings(&server), AuthMechanism::Negotiate, PRINCIPAL, RIGHT));
    for _ in 0..2 {
        let error = send(&transport, "<message/>").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (Kind::Auth, Phase::NotSent), "{error}");
        assert!(error.message.ends_with("the host refuses the ticket"), "{error}");
        // Nor is NTLM tried.
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn once_kerberos_has_worked_nothing_less_will_do() {
    let Some(rig) = Rig::find() else { return };
    let login = logged_in(&rig, "Negotiate", |_| Step::Close);
    let server =
        Server::start(move |seen| if seen.connection == 1 { login(seen) } else { offer("NTLM") }).await;
    let transport = transport(with_login(settings(&server), AuthMechanism::Negotiate, PRINCIPAL, RIGHT));
    let error = send(&transport, "<first/>").await.unwrap_err();
    assert_eq!(error.phase, Phase::MaybeSent, "{error}");
    let error = send(&transport, "<second/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (Kind::Auth, Phase::NotSent), "{error}");
    let tokens: Vec<_> =
        server.seen().iter().filter_map(|seen| seen.header("authorization").map(str::to_owned)).collect();
    assert_eq!(tokens.len(), 1, "no token of NTLM: {tokens:?}");
    assert_eq!(server.messages(), ["<first/>"]);
}

#[tokio::test]
async fn a_login_that_the_host_forgot_is_renewed_and_the_message_sent_again() {
    let Some(rig) = Rig::find() else { return };
    let script = |seen: &Seen| match (seen.connection, seen.index) {
        (1, 3) => offer("Negotiate"),
        _ => soap(&seen.body),
    };
    let server = Server::start(logged_in(&rig, "Negotiate", script)).await;
    let transport = by_tickets(&server);
    send(&transport, "<first/>").await.unwrap();
    let answer = send(&transport, "<second/>").await.unwrap();
    assert_eq!((answer.peer.connection, answer.peer.handshakes), (2, 2));
    assert_eq!(server.messages(), ["<first/>", "<second/>", "<second/>"]);
}
