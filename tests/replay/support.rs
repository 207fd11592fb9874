//! Messages, and a host that answers from a script.

use hyperv_wsman::transport::{
    Answer, BoxFuture, Exchange, Peer, Phase, Record, RecordSettings, Transport, TransportError,
    TransportErrorKind,
};
use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex},
};

pub(crate) const SESSION: &str = "5C1E2AD0-3D0F-4E26-9C6A-9B1F7A4D2E11";

/// A request as the client writes it, with a message id of its own.
pub(crate) fn request(name: &str, message: u32, body: &str) -> Exchange {
    let body = format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" \
         xmlns:m=\"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd\"><s:Header>\
         <a:To>https://hv1.corp.local:5986/wsman</a:To>\
         <w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ConcreteJob</w:ResourceURI>\
         <a:MessageID>uuid:{}</a:MessageID><m:SessionId>uuid:{SESSION}</m:SessionId></s:Header>\
         <s:Body>{body}</s:Body></s:Envelope>",
        message_id(message)
    );
    Exchange {
        body: body.into(),
        name: name.to_owned(),
        changes_host: name == "CreateSnapshot",
        anonymous: false,
        lane: 1,
        deadline: None,
    }
}

pub(crate) fn message_id(number: u32) -> String {
    format!("A0B1C2D3-0000-4000-8000-AAAAAAAA{number:04}")
}

/// An answer that relates to that message.
pub(crate) fn answer(message: u32, body: &str) -> Answer {
    let body = format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\"><s:Header>\
         <a:RelatesTo>uuid:{}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>",
        message_id(message)
    );
    raw_answer(200, body)
}

pub(crate) fn raw_answer(status: u16, body: impl Into<bytes::Bytes>) -> Answer {
    Answer {
        status,
        content_type: Some("application/soap+xml;charset=UTF-8".to_owned()),
        body: body.into(),
        peer: Peer::default(),
    }
}

/// What Identify answers.
pub(crate) fn identity(vendor: &str, version: &str) -> Answer {
    raw_answer(
        200,
        format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\
             <i:IdentifyResponse xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\">\
             <i:ProductVendor>{vendor}</i:ProductVendor><i:ProductVersion>{version}</i:ProductVersion>\
             </i:IdentifyResponse></s:Body></s:Envelope>"
        ),
    )
}

pub(crate) fn real_host() -> Answer {
    identity("Microsoft Corporation", "OS: 10.0.20348 SP: 0.0 Stack: 3.0")
}

pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// Answers what the script says, whatever it is asked. It answers Identify as a host of
/// Microsoft's, beside the script.
#[derive(Debug)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Result<Answer, TransportError>>>,
    pub(crate) identity: Answer,
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Result<Answer, TransportError>>) -> Arc<Self> {
        Self::by(real_host(), answers)
    }

    pub(crate) fn by(
        identity: Answer,
        answers: impl IntoIterator<Item = Result<Answer, TransportError>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            identity,
            asked: Mutex::default(),
        })
    }
}

impl Transport for Script {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        self.asked.lock().unwrap().push(exchange.name.clone());
        let answer = if exchange.name == "Identify" {
            Ok(self.identity.clone())
        } else {
            self.answers.lock().unwrap().pop_front().expect("no more answers in the script")
        };
        Box::pin(async move { answer })
    }
}

pub(crate) fn failure(phase: Phase) -> TransportError {
    TransportError {
        kind: TransportErrorKind::Connection,
        phase,
        message: "failed to read the answer of `hv1.corp.local`: connection reset".to_owned(),
        hint: Some("look at hv1.corp.local".to_owned()),
        source: Some("reset by peer".into()),
    }
}

pub(crate) fn settings() -> RecordSettings {
    let mut settings = RecordSettings::default();
    "a test".clone_into(&mut settings.about);
    settings
}

/// Records these requests over that host; each outcome, as the caller saw it.
pub(crate) async fn record(
    directory: &Path,
    host: Arc<Script>,
    requests: &[Exchange],
) -> Vec<Result<Answer, TransportError>> {
    let record = Record::start(host, directory, settings()).unwrap();
    let mut outcomes = Vec::new();
    for request in requests {
        outcomes.push(record.exchange(request.clone()).await);
    }
    record.finish().unwrap();
    outcomes
}
