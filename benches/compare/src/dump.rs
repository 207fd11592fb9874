//! The pages that the responder has dumped, as a host without a network.

use crate::{Result, messages};
use bytes::Bytes;
use hyperv_wsman::{
    Client,
    transport::{Answer, BoxFuture, Exchange, Peer, Transport, TransportError},
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// One page after the other, whatever is asked for.
pub struct Dump {
    pages: Vec<Bytes>,
    next: AtomicUsize,
}

impl Dump {
    pub fn read(file: &str) -> Result<Self> {
        let pages = Bytes::from(std::fs::read(file)?);
        let pages = pages
            .split(|byte| *byte == b'\n')
            .filter(|page| !page.is_empty())
            .map(|page| pages.slice_ref(page));
        Ok(Self { pages: pages.collect(), next: AtomicUsize::new(0) })
    }

    /// A client of this host. Enumerate is answered with a context alone, as every page is an answer to Pull.
    pub fn client(self) -> Result<Client> {
        Ok(Client::with_transport("https://127.0.0.1:5986/wsman".parse()?, Arc::new(self)))
    }

    fn answer(&self, request: &str) -> Option<Bytes> {
        let id = messages::text_of(request, "MessageID")?;
        if messages::text_of(request, "Action")?.ends_with("/Enumerate") {
            let context = "<n:EnumerateResponse><n:EnumerationContext>uuid:context-0</n:EnumerationContext>\
                           </n:EnumerateResponse>";
            let action = format!("{}/EnumerateResponse", messages::ENUMERATION);
            let (head, tail) = messages::answer(&action, context);
            return Some([head.as_str(), id, tail.as_str()].concat().into());
        }
        let page = self.pages.get(self.next.fetch_add(1, Ordering::Relaxed))?;
        let (head, tail) = std::str::from_utf8(page).ok()?.split_once("uuid:0<")?;
        Some([head, id, "<", tail].concat().into())
    }
}

impl Transport for Dump {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, std::result::Result<Answer, TransportError>> {
        let answer = std::str::from_utf8(&exchange.body).ok().and_then(|request| self.answer(request));
        Box::pin(async move {
            Ok(Answer {
                status: if answer.is_some() { 200 } else { 404 },
                content_type: Some("application/soap+xml;charset=UTF-8".to_owned()),
                body: answer.unwrap_or_default(),
                peer: Peer::default(),
            })
        })
    }
}

impl fmt::Debug for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dump").field("pages", &self.pages.len()).finish_non_exhaustive()
    }
}
