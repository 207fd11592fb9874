//! A transport that answers from a script, and the messages it answers with.

pub(crate) mod soap;

use hyperv_wsman::{
    Client, Options,
    cim::Text,
    hyperv::{Group, HyperV},
    transport::{Answer, BoxFuture, Exchange, Peer, Phase, Transport, TransportError, TransportErrorKind},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// What the peer does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// HTTP 200 with a SOAP body; `{id}` stands for the request's `MessageID`.
    Soap(String),
    /// HTTP 500 with a SOAP fault.
    Fault(String),
    /// Any other answer.
    Http { status: u16, content_type: Option<&'static str>, body: String, verified_tls: bool },
    /// The connection fails before a byte is sent.
    NotSent,
    /// The connection is cut after the request may have left.
    Cut,
    /// Any other failure of the transport.
    Fails(TransportErrorKind, Phase),
    /// Nothing ever comes.
    Silence,
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) body: String,
    pub(crate) lane: u32,
    pub(crate) anonymous: bool,
    pub(crate) changes_host: bool,
    pub(crate) at: tokio::time::Instant,
}

/// A transport that answers from a script, strictly in order.
#[derive(Debug, Default)]
pub(crate) struct Script {
    steps: Mutex<VecDeque<(&'static str, Reply)>>,
    sent: Mutex<Vec<Sent>>,
}

impl Script {
    /// Each step: the name of the request that must come, and what happens to it.
    pub(crate) fn new(steps: impl IntoIterator<Item = (&'static str, Reply)>) -> Arc<Self> {
        Arc::new(Self { steps: Mutex::new(steps.into_iter().collect()), sent: Mutex::default() })
    }
    pub(crate) fn client(self: &Arc<Self>) -> Client {
        let url = url::Url::parse("https://hv01.example.test:5986/wsman").unwrap();
        let transport: Arc<Self> = Arc::clone(self);
        Client::with_transport(url, transport)
    }
    pub(crate) fn client_with(self: &Arc<Self>, change: impl FnOnce(&mut Options)) -> Client {
        let mut options = Options::default();
        change(&mut options);
        self.client().with_options(options)
    }
    pub(crate) fn hyperv(self: &Arc<Self>) -> HyperV {
        HyperV::new(self.client())
    }
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
    /// The requests with this name.
    pub(crate) fn bodies(&self, name: &str) -> Vec<String> {
        self.sent().into_iter().filter(|sent| sent.name == name).map(|sent| sent.body).collect()
    }
    /// Every step of the script was used.
    pub(crate) fn assert_done(&self) {
        assert!(self.steps.lock().unwrap().is_empty(), "not asked for: {:?}", self.steps.lock().unwrap());
    }
}

impl Transport for Script {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        let body = String::from_utf8(exchange.body.to_vec()).unwrap();
        let id = soap::message_id(&body).unwrap_or_default();
        let next = self.steps.lock().unwrap().pop_front();
        self.sent.lock().unwrap().push(Sent {
            name: exchange.name.clone(),
            body,
            lane: exchange.lane,
            anonymous: exchange.anonymous,
            changes_host: exchange.changes_host,
            at: tokio::time::Instant::now(),
        });
        let (expected, reply) =
            next.unwrap_or_else(|| panic!("`{}` is sent after the end of the script", exchange.name));
        assert_eq!(exchange.name, expected, "the script expects another request");
        Box::pin(async move {
            let answer = |status, content_type: Option<&str>, body: &str, verified_tls| {
                let mut peer = Peer::default();
                peer.verified_tls = verified_tls;
                Answer {
                    status,
                    content_type: content_type.map(Into::into),
                    body: body.replace("{id}", &id).into(),
                    peer,
                }
            };
            let failure = |kind, phase| TransportError {
                kind,
                phase,
                message: "failed to talk to hv01.example.test:5986".into(),
                hint: None,
                source: None,
            };
            match reply {
                Reply::Soap(body) => Ok(answer(200, Some("application/soap+xml;charset=UTF-8"), &body, true)),
                Reply::Fault(body) => {
                    Ok(answer(500, Some("application/soap+xml;charset=UTF-8"), &body, true))
                }
                Reply::Http { status, content_type, body, verified_tls } => {
                    Ok(answer(status, content_type, &body, verified_tls))
                }
                Reply::NotSent => Err(failure(TransportErrorKind::Connection, Phase::NotSent)),
                Reply::Cut => Err(failure(TransportErrorKind::Connection, Phase::MaybeSent)),
                Reply::Fails(kind, phase) => Err(failure(kind, phase)),
                Reply::Silence => std::future::pending().await,
            }
        })
    }
}

/// An HTTP answer without a SOAP message, over verified TLS.
pub(crate) fn http(status: u16) -> Reply {
    Reply::Http { status, content_type: None, body: String::new(), verified_tls: true }
}

pub(crate) fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

/// The group of most tests, as `HyperV::group` gives it.
pub(crate) async fn web_tier() -> Group {
    let script = Script::new([("Enumerate", soap::last_page(&[soap::group("G1", "web-tier")]))]);
    script.hyperv().group("web-tier").await.unwrap()
}
