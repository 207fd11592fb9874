//! The answer arrives and is not what it should be: truncated at every byte, altered, replaced.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use hyperv_wsman::{
    Client, ErrorKind, Result,
    cim::{Epr, Text},
    hyperv::{Group, HyperV},
    sim::Host,
    transport::{Answer, BoxFuture, Exchange, Phase, Transport, TransportError, TransportErrorKind},
    wsman::Output,
};
use url::Url;

use crate::operations::{ALL, Operation, judge};

/// What happens to the first exchange that changes the host.
#[derive(Debug, Clone)]
enum Damage {
    /// The answer ends after this many bytes.
    Truncate(usize),
    /// This answer comes instead.
    Replace(u16, &'static str, &'static [u8]),
    /// The first text becomes the second.
    Rewrite(&'static str, &'static str),
    /// The host never sees the request; nobody can know.
    LostOnTheWay,
    /// The host answers; nobody hears it.
    AnswerLost,
    /// Nothing left this machine.
    NotSent,
}

#[derive(Debug)]
struct Damaged {
    inner: Arc<dyn Transport>,
    damage: Damage,
    /// Changing exchanges so far; only the first is damaged.
    seen: AtomicU64,
    /// Length of the damaged answer.
    length: AtomicU64,
}

impl Damaged {
    fn new(host: &Host, damage: Damage) -> Self {
        Self { inner: host.transport(), damage, seen: AtomicU64::new(0), length: AtomicU64::new(0) }
    }

    fn length(&self) -> usize {
        usize::try_from(self.length.load(Ordering::SeqCst)).unwrap()
    }
}

fn url() -> Url {
    Url::parse("https://hv01.example.test:5986/wsman").unwrap()
}

fn lost(phase: Phase) -> TransportError {
    TransportError {
        kind: TransportErrorKind::Connection,
        phase,
        message: "the connection was cut".into(),
        hint: None,
        source: None,
    }
}

impl Transport for Damaged {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move {
            if !exchange.changes_host || self.seen.fetch_add(1, Ordering::SeqCst) > 0 {
                return self.inner.exchange(exchange).await;
            }
            match self.damage {
                Damage::LostOnTheWay => return Err(lost(Phase::MaybeSent)),
                Damage::NotSent => return Err(lost(Phase::NotSent)),
                _ => {}
            }
            let mut answer = self.inner.exchange(exchange).await?;
            self.length.store(u64::try_from(answer.body.len()).unwrap(), Ordering::SeqCst);
            match self.damage {
                Damage::Truncate(length) => answer.body.truncate(length),
                Damage::Replace(status, content_type, body) => {
                    answer.status = status;
                    answer.content_type = Some(content_type.to_owned());
                    answer.body = Bytes::from_static(body);
                }
                Damage::Rewrite(from, to) => {
                    let text = String::from_utf8(answer.body.to_vec()).unwrap();
                    assert!(text.contains(from), "the answer holds `{from}`: {text}");
                    answer.body = text.replace(from, to).into();
                }
                Damage::AnswerLost => return Err(lost(Phase::MaybeSent)),
                Damage::LostOnTheWay | Damage::NotSent => unreachable!("handled above"),
            }
            Ok(answer)
        })
    }
}

/// Runs the operation with the damage; gives the error kind, if any, and the answer's length.
async fn run(operation: Operation, damage: Damage) -> (Option<ErrorKind>, usize) {
    let host = operation.host();
    let prepared = operation.prepare(&HyperV::new(Client::with_transport(url(), host.transport()))).await;
    let before = host.invocations(operation.method());
    let damaged = Arc::new(Damaged::new(&host, damage.clone()));
    let outcome = prepared.run(&HyperV::new(Client::with_transport(url(), damaged.clone()))).await;
    judge(operation, &format!("{damage:?}"), host.invocations(operation.method()) - before, &outcome);
    (outcome.err().map(|error| error.kind()), damaged.length())
}

/// Calls CreateSnapshot alone with the damage; gives what the client says and the answer's length.
async fn call(host: &Host, group: &Group, damage: Damage) -> (Result<Output>, usize) {
    let before = host.invocations("CreateSnapshot");
    let damaged = Arc::new(Damaged::new(host, damage));
    let service = Epr::class_of("Msvm_CollectionSnapshotService", "root/virtualization/v2")
        .with("CreationClassName", "Msvm_CollectionSnapshotService")
        .unwrap();
    let outcome = Client::with_transport(url(), damaged.clone())
        .invoke(&service, "CreateSnapshot")
        .argument("Collection", &group.epr)
        .argument("SnapshotSettings", Text::default())
        .argument("SnapshotType", 1_u16)
        .await;
    assert_eq!(host.invocations("CreateSnapshot") - before, 1);
    (outcome, damaged.length())
}

#[tokio::test(start_paused = true)]
async fn an_answer_cut_at_every_byte_leaves_the_outcome_unknown() {
    let host = Operation::Create.host();
    let group = HyperV::new(Client::with_transport(url(), host.transport())).group("web-tier").await.unwrap();
    let (outcome, length) = call(&host, &group, Damage::Truncate(usize::MAX)).await;
    assert_eq!(outcome.unwrap().return_value(), 4096);
    for at in 0..length {
        let (outcome, _) = call(&host, &group, Damage::Truncate(at)).await;
        let error = outcome.expect_err("a part of an answer is no answer");
        assert!(error.is_outcome_unknown(), "cut after {at} of {length} bytes: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_whose_answer_is_cut_is_success_or_unknown() {
    for operation in ALL {
        let (kind, length) = run(operation, Damage::Truncate(usize::MAX)).await;
        assert_eq!(kind, None, "{operation:?} undamaged");
        assert!(length > 300, "{operation:?}: {length} bytes of answer");
        for at in (0..length).step_by(11) {
            let (kind, _) = run(operation, Damage::Truncate(at)).await;
            assert!(
                matches!(kind, None | Some(ErrorKind::OutcomeUnknown)),
                "{operation:?} at {at}: {kind:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_one_is_success_or_unknown() {
    let soap = "application/soap+xml;charset=UTF-8";
    for operation in ALL {
        for damage in [
            Damage::Replace(500, soap, b""),
            Damage::Replace(200, soap, b""),
            Damage::Replace(200, "text/html", b"<html><body>It works!</body></html>"),
            Damage::Replace(502, "text/html", b"<html>Bad gateway</html>"),
            Damage::Replace(302, "text/html", b""),
            Damage::Replace(200, soap, b"<!DOCTYPE x><x/>"),
            Damage::Replace(200, soap, b"\xFF\xFE\xFD"),
            Damage::Rewrite("RelatesTo>uuid:", "RelatesTo>uuid:0"),
            Damage::Rewrite("ReturnValue>", "SomethingElse>"),
            Damage::Rewrite("ReturnValue>", "ReturnValue>x"),
            Damage::AnswerLost,
            Damage::LostOnTheWay,
        ] {
            let (kind, _) = run(operation, damage.clone()).await;
            assert!(
                matches!(kind, None | Some(ErrorKind::OutcomeUnknown)),
                "{operation:?}, {damage:?}: {kind:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_left_is_sent_again_and_done_once() {
    for operation in ALL {
        assert_eq!(run(operation, Damage::NotSent).await.0, None, "{operation:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_lost_on_the_way_is_never_taken_for_done() {
    for operation in ALL {
        let (kind, _) = run(operation, Damage::LostOnTheWay).await;
        assert_eq!(
            kind,
            Some(ErrorKind::OutcomeUnknown),
            "{operation:?}: absence is no proof, and nothing is resent"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_a_create_is_found_by_looking() {
    assert_eq!(
        run(Operation::Create, Damage::AnswerLost).await.0,
        None,
        "one new snapshot of this group: adopted"
    );
}
