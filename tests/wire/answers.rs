//! What becomes of a message: any status is an answer; every failure says whether it may have arrived.

use crate::{
    client::{hurried, send, settings, shown, transport},
    server::{Server, Step, http, logged_in, offer, soap},
};
use hyperv_wsman::transport::{HttpSettings, HttpTransport, Phase, Transport as _, TransportErrorKind};
use insta::assert_snapshot;
use std::time::{Duration, Instant};
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

#[tokio::test]
async fn any_status_is_an_answer_and_redirects_are_not_followed() {
    for status in [202, 302, 307, 400, 403, 404, 405, 413, 500, 503] {
        let script = move |_: &_| {
            Step::Answer(http(status, "Location: /elsewhere\r\nContent-Type: text/html\r\n", ""))
        };
        let server = Server::start(logged_in(script)).await;
        let answer = send(&transport(&server), "<message/>").await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (status, 0));
        assert_eq!(answer.content_type.as_deref(), Some("text/html"));
        assert_eq!(server.messages().len(), 1);
    }
}

#[tokio::test]
async fn answers_in_chunks_are_read_to_the_end() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<a>\r\n4\r\n</a>\r\n0\r\n\r\n";
    let server = Server::start(logged_in(move |_| Step::Answer(chunked.into()))).await;
    let transport = transport(&server);
    for _ in 0..2 {
        let answer = send(&transport, "<message/>").await.unwrap();
        assert_eq!((&answer.body[..], answer.peer.connection), (&b"<a></a>"[..], 1));
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_after_the_message_leaves_it_unknown_whether_it_ran() {
    let whole = http(200, "", "<answer/>");
    let mut steps = vec![Step::Close];
    steps.extend((1..whole.len()).map(|end| Step::AnswerAndClose(whole[..end].to_owned())));
    for step in steps {
        let shown_step = format!("{step:?}");
        let server = Server::start(logged_in(move |_| step.clone())).await;
        let error = send(&transport(&server), "<message/>").await.unwrap_err();
        assert_eq!(error.phase, Phase::MaybeSent, "{shown_step}: {error}");
        assert!(
            matches!(error.kind, TransportErrorKind::Connection | TransportErrorKind::Protocol),
            "{shown_step}"
        );
        assert_eq!(server.messages(), ["<message/>"], "{shown_step}");
    }
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced_with_a_new_login() {
    let closing = logged_in(|seen| match seen.connection {
        1 => Step::AnswerAndClose(http(200, "", &seen.body)),
        _ => soap(&seen.body),
    });
    let server = Server::start(closing).await;
    let transport = transport(&server);
    send(&transport, "<first/>").await.unwrap();
    let answer = send(&transport, "<second/>").await.unwrap();
    assert_eq!((answer.peer.connection, answer.peer.handshakes), (2, 2));
    assert_eq!(server.messages(), ["<first/>", "<second/>"]);
}

/// Whoever calls from code that blocks runs the runtime for a call alone: nothing looks at the connection in between.
#[test]
fn a_connection_closed_while_nobody_ran_the_runtime_is_replaced_before_anything_is_sent() {
    let elsewhere =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let closing = logged_in(|seen| Step::AnswerAndClose(http(200, "", &seen.body)));
    let server = elsewhere.block_on(Server::start(closing));
    let here = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let transport = transport(&server);
    for connection in 1..=10 {
        let answer = here.block_on(send(&transport, "<message/>")).unwrap();
        assert_eq!(answer.peer.connection, connection);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.messages().len(), 10);
}

#[tokio::test]
async fn an_announced_close_is_believed_at_once() {
    for answer in
        [http(200, "Connection: Foo, Close\r\n", "a"), "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na".into()]
    {
        let server = Server::start(logged_in(move |_| Step::AnswerAndClose(answer.clone()))).await;
        let transport = transport(&server);
        send(&transport, "<first/>").await.unwrap();
        let started = Instant::now();
        assert_eq!(send(&transport, "<second/>").await.unwrap().peer.connection, 2);
        assert!(started.elapsed() < Duration::from_millis(450), "waited for the old connection");
    }
}

#[tokio::test]
async fn no_answer_by_the_deadline_leaves_it_unknown_whether_it_ran() {
    let server = Server::start(logged_in(|_| Step::Hang)).await;
    let error = transport(&server).exchange(hurried("<message/>")).await.unwrap_err();
    assert_snapshot!(shown(&error, &server), @r"
    Timeout MaybeSent: failed to get an answer from `127.0.0.1:PORT` in time
      hint: the host may be busy: a longer request timeout waits longer (`--request-timeout`)
    ");
}

#[tokio::test]
async fn a_server_that_does_not_finish_the_handshake_ends_at_the_deadline_unsent() {
    let server = Server::start(|_| Step::Close).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(&server);
    settings.url.set_port(Some(silent.local_addr().unwrap().port())).unwrap();
    let error =
        HttpTransport::new(settings.clone()).unwrap().exchange(hurried("<message/>")).await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Timeout, Phase::NotSent));

    settings.connect_timeout = Duration::from_millis(100);
    let error = send(&HttpTransport::new(settings).unwrap(), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, Phase::NotSent));
    assert!(error.hint.unwrap().contains("firewall"));
}

#[tokio::test]
async fn a_dropped_exchange_takes_its_connection_with_it() {
    let server =
        Server::start(logged_in(|seen| if seen.body == "<slow/>" { Step::Hang } else { soap(&seen.body) }))
            .await;
    let transport = transport(&server);
    send(&transport, "<first/>").await.unwrap();
    let dropped = tokio::time::timeout(Duration::from_millis(200), send(&transport, "<slow/>")).await;
    assert!(dropped.is_err());
    let answer = send(&transport, "<next/>").await.unwrap();
    assert_eq!((&answer.body[..], answer.peer.connection), (&b"<next/>"[..], 2));
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused_while_it_is_read() {
    // The rest of what was announced never comes.
    let server = Server::start(logged_in(|_| {
        Step::Answer(format!("HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n{}", "x".repeat(2000)))
    }))
    .await;
    let mut settings = settings(&server);
    settings.max_body = 1000;
    let error = send(&HttpTransport::new(settings).unwrap(), "<message/>").await.unwrap_err();
    assert_snapshot!(shown(&error, &server), @"Protocol MaybeSent: failed to read the answer of `127.0.0.1:PORT`: it is longer than 1000 bytes");
}

#[tokio::test]
async fn a_401_proves_that_nothing_ran_even_if_its_body_is_too_long() {
    let server = Server::start(logged_in(|_| Step::Answer(http(401, "", &"x".repeat(70_000))))).await;
    let error = send(&transport(&server), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Protocol, Phase::NotSent));
}

#[tokio::test]
async fn what_is_not_http_is_not_an_answer() {
    let server = Server::start(logged_in(|_| Step::AnswerAndClose("SSH-2.0-OpenSSH\r\n\r\n".into()))).await;
    let error = send(&transport(&server), "<message/>").await.unwrap_err();
    assert_snapshot!(shown(&error, &server), @r"
        Protocol MaybeSent: failed to read the answer of `127.0.0.1:PORT`: expected HTTP
          caused by: invalid HTTP version parsed
          hint: something else than WinRM listens there; WinRM's HTTPS listener is at port 5986
    ");
}

#[tokio::test]
async fn a_port_without_tls_is_recognised() {
    let server = Server::start(|_| Step::Close).await;
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(&server);
    settings.url.set_port(Some(plain.local_addr().unwrap().port())).unwrap();
    let answering = tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    });
    let port = settings.url.port().unwrap().to_string();
    let error = send(&HttpTransport::new(settings).unwrap(), "<message/>").await.unwrap_err();
    assert_snapshot!(shown(&error, &server).replace(&port, "PORT"), @r"
        Protocol NotSent: failed to connect to `127.0.0.1:PORT`: expected TLS, got something else
          hint: 5985 is WinRM's port without TLS; its HTTPS listener is at 5986
    ");
    drop(answering.await);
}

#[tokio::test]
async fn a_closed_port_is_told_with_a_hint() {
    let server = Server::start(|_| Step::Close).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut settings = settings(&server);
    settings.url.set_port(Some(closed)).unwrap();
    let error = send(&HttpTransport::new(settings).unwrap(), "<message/>").await.unwrap_err();
    assert_snapshot!(shown(&error, &server).replace(&closed.to_string(), "PORT"), @r"
        Connection NotSent: failed to connect to `127.0.0.1:PORT`: the port is closed
          hint: check that WinRM has an HTTPS listener (`winrm enumerate winrm/config/listener` on the host; `winrm quickconfig -transport:https` makes one): its port is 5986, and 5985 is the one without TLS
    ");
}

#[tokio::test]
async fn a_name_that_no_host_can_have_is_refused() {
    let server = Server::start(|_| Step::Close).await;
    let mut settings = settings(&server);
    // A label is of at most 63 characters.
    settings.url.set_host(Some(&"a".repeat(64))).unwrap();
    let error = send(&HttpTransport::new(settings).unwrap(), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, Phase::NotSent));
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "invalid dns name");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    for url in ["ws://127.0.0.1:5985/wsman", "https://op:secret@127.0.0.1/wsman", "ftp://127.0.0.1/"] {
        let error = HttpTransport::new(HttpSettings::new(url.parse().unwrap())).unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Config, Phase::NotSent), "{url}");
        assert!(!error.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn a_later_401_without_any_offer_is_a_lost_login_too() {
    let server = Server::start(logged_in(|seen| match (seen.connection, seen.index) {
        (1, 3) => Step::Answer(http(401, "", "")),
        (2, 2) => offer("Negotiate"),
        _ => soap("<answer/>"),
    }))
    .await;
    let transport = transport(&server);
    send(&transport, "<first/>").await.unwrap();
    // Renewed once, not for ever.
    assert_eq!(send(&transport, "<second/>").await.unwrap_err().kind, TransportErrorKind::Auth);
    assert_eq!(server.messages(), ["<first/>", "<second/>", "<second/>"]);
}
