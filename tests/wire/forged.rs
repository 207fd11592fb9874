//! Somebody on the way answers in place of the host: nothing unsealed proves anything, and nothing that was
//! changed, repeated or sent back is believed.

use crate::{
    client::message,
    middle::{Hands, Middle, Passed, Raw},
    sealed::{IDENTIFY, SOAP, answered_by, cause, host, send, serve, transport},
};
use hyperv_wsman::{
    Client, ErrorKind,
    hyperv::{CreateSettings, HyperV},
    transport::{
        Answer, BoxFuture, Clock, Exchange, HttpTransport, Phase, Transport, TransportError,
        TransportErrorKind,
    },
};
use insta::assert_snapshot;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Waits for nothing but the network.
#[derive(Debug)]
struct Unhurried {
    inner: HttpTransport,
    clock: Arc<NoWait>,
}

/// Goes on by what is waited.
#[derive(Debug, Default)]
struct NoWait(Mutex<Duration>);

impl Transport for Unhurried {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        self.inner.exchange(exchange)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<NoWait>::clone(&self.clock)
    }
}

impl Clock for NoWait {
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        *self.0.lock().unwrap() += duration;
        Box::pin(async {})
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// A message that may be sent twice.
async fn read(transport: &HttpTransport, body: &'static str) -> Result<Answer, TransportError> {
    transport.exchange(Exchange { changes_host: false, ..message(body) }).await
}

#[tokio::test]
async fn unsealed_answers_prove_nothing() {
    let fault = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><s:Fault/></s:Body></s:Envelope>";
    for (status, headers, body) in [
        (200, SOAP, IDENTIFY),
        (200, "", ""),
        (302, "Location: http://127.0.0.1:1/\r\n", ""),
        (500, SOAP, fault),
        (500, "", ""),
        (502, "Content-Type: text/html\r\n", "<html>"),
    ] {
        let (answer, middle) = answered_by(move |_, _| Raw::new(status, headers, body)).await;
        let error = answer.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Protocol, Phase::MaybeSent), "{status}");
        let expected = format!("expected it sealed by NTLM, got HTTP {status} unsealed");
        assert!(error.message.ends_with(&expected), "{error}");
        assert_eq!(middle.messages(), 1);
    }
}

#[tokio::test]
async fn of_an_unsealed_refusal_only_the_status_is_passed_on() {
    for status in [400, 403, 404, 413, 503] {
        let (answer, middle) = answered_by(move |_, _| Raw::new(status, SOAP, IDENTIFY)).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.body.len(), answer.content_type), (status, 0, None));
        assert!(!answer.peer.sealed && !answer.peer.verified_tls);
        assert_eq!(middle.messages(), 1);
    }
}

#[tokio::test]
async fn a_forged_refusal_leaves_the_outcome_of_a_change_unknown() {
    let host = host();
    let server = serve(&host).await;
    // Each message runs on the host; then somebody says that it did not.
    for (status, headers) in [(401, "WWW-Authenticate: Negotiate\r\n"), (413, ""), (503, "")] {
        let before = host.invocations("CreateSnapshot");
        let watched = host.clone();
        let answer = move |passed: &Passed, _: &[Passed]| {
            let has_run = watched.invocations("CreateSnapshot") > before;
            if has_run && passed.answer.is_sealed() {
                Raw::new(status, headers, "")
            } else {
                passed.answer.clone()
            }
        };
        let middle =
            Middle::start(&server.url(), Hands { answer: Box::new(answer), ..Hands::default() }).await;
        let transport = Unhurried { inner: transport(&server, middle.url()), clock: Arc::default() };
        let hyperv = HyperV::new(Client::with_transport(middle.url(), Arc::new(transport)));
        let group = hyperv.group("web-tier").await.unwrap();
        let create = hyperv.collection_snapshots();
        let error = create.create(&group, &CreateSettings::recovery()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{status}: {error}");
        assert_eq!(host.invocations("CreateSnapshot"), before + 1, "{status}");
    }
}

#[tokio::test]
async fn a_401_to_a_message_that_changes_nothing_is_a_lost_login() {
    let answer = |passed: &Passed, _: &[Passed]| match (passed.connection, passed.index) {
        (1, 3) => Raw::new(401, "WWW-Authenticate: Negotiate\r\n", ""),
        _ => passed.answer.clone(),
    };
    let server = serve(&host()).await;
    let middle = Middle::start(&server.url(), Hands { answer: Box::new(answer), ..Hands::default() }).await;
    let transport = transport(&server, middle.url());
    read(&transport, IDENTIFY).await.unwrap();
    let answer = read(&transport, IDENTIFY).await.unwrap();
    assert_eq!((answer.peer.connection, answer.peer.handshakes), (2, 2));
}

#[tokio::test]
async fn a_401_to_a_message_that_changes_something_is_not_believed() {
    let (answer, middle) = answered_by(|_, _| Raw::new(401, "WWW-Authenticate: Negotiate\r\n", "")).await;
    let error = answer.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::MaybeSent), "{error}");
    assert_eq!(middle.messages(), 1);
}

#[tokio::test]
async fn answers_that_were_changed_on_the_way_are_not_believed() {
    type Change = fn(Vec<u8>) -> Vec<u8>;
    let changes: [(&str, Change); 7] = [
        ("a bit of the message", |mut body| {
            let at = body.len() - 40;
            body[at] ^= 1;
            body
        }),
        ("a bit of the signature", |mut body| {
            let at = body.windows(4).position(|window| window == [16, 0, 0, 0]).unwrap();
            body[at + 9] ^= 1;
            body
        }),
        ("the length", |body| replaced(&body, ";Length=", ";Length=1")),
        ("the boundary", |body| replaced(&body, "--Encrypted Boundary\r\n", "--Other Boundary\r\n")),
        ("cut before the last boundary", |mut body| {
            body.truncate(body.len() - 26);
            body
        }),
        ("cut within the message", |mut body| {
            body.truncate(body.len() / 2);
            body
        }),
        ("nothing left", |_| Vec::new()),
    ];
    for (what, change) in changes {
        let (answer, middle) = answered_by(move |passed, _| {
            let body = change(passed.answer.body.clone());
            passed.answer.clone().with_body(body)
        })
        .await;
        let error = answer.expect_err(what);
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Protocol, Phase::MaybeSent), "{what}");
        assert!(error.message.starts_with("failed to unseal the answer of"), "{what}: {error}");
        assert!(!cause(&error).is_empty(), "{what}");
        assert_eq!(middle.messages(), 1, "{what}");
    }
}

fn replaced(body: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = body.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    [&body[..at], to.as_bytes(), &body[at + from.len()..]].concat()
}

#[tokio::test]
async fn an_answer_is_not_believed_twice_nor_one_of_our_own() {
    let server = serve(&host()).await;
    let answer = |passed: &Passed, before: &[Passed]| match passed.index {
        3 => before.last().unwrap().answer.clone(),
        _ => passed.answer.clone(),
    };
    let middle = Middle::start(&server.url(), Hands { answer: Box::new(answer), ..Hands::default() }).await;
    let transport = transport(&server, middle.url());
    send(&transport, IDENTIFY).await.unwrap();
    let error = send(&transport, IDENTIFY).await.unwrap_err();
    assert_snapshot!(cause(&error), @"the signature is wrong: the message was changed, or is not the next one of its login");
    // Connection and context are given up: the next message has new ones.
    assert_eq!(send(&transport, IDENTIFY).await.unwrap().peer.connection, 2);

    let (answer, _) =
        answered_by(|passed, _| passed.answer.clone().with_body(passed.request.body.clone())).await;
    assert_eq!(answer.unwrap_err().phase, Phase::MaybeSent);
}
