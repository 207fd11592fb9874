//! What messages cost without a network: an Invoke up to the transport, and a Get, a fault and a page from the transport
//! on.
//!
//!     cargo bench --bench messages
//!
//! The transport answers at once, from memory. A call is the request and its answer together; `request/…` is the request
//! alone, as the transport refuses it, and is to be taken off.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, missing_docs, reason = "a bench")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hyperv_wsman::{
    Client,
    cim::{Epr, Instance, Value},
    transport::{Answer, BoxFuture, Exchange, Peer, Phase, Transport, TransportError, TransportErrorKind},
};
use std::{fmt::Write as _, future::Future, hint::black_box, sync::Arc};

const NAMESPACE: &str = "root/virtualization/v2";
const CLASS: &str =
    "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem";
const ROWS: usize = 500;

/// Answers with one body, or refuses.
#[derive(Debug)]
struct Canned {
    status: u16,
    /// Before and after the id of the request.
    body: Option<(String, String)>,
}

impl Transport for Canned {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move {
            let Some((head, tail)) = &self.body else {
                let (kind, message) = (TransportErrorKind::Config, "refused".to_owned());
                return Err(TransportError {
                    kind,
                    phase: Phase::NotSent,
                    message,
                    hint: None,
                    source: None,
                });
            };
            let request = std::str::from_utf8(&exchange.body).unwrap();
            let id = request.split_once("MessageID>").unwrap().1.split('<').next().unwrap();
            Ok(Answer {
                status: self.status,
                content_type: Some("application/soap+xml;charset=UTF-8".to_owned()),
                body: [head.as_str(), id, tail.as_str()].concat().into(),
                peer: Peer::default(),
            })
        })
    }
}

fn client(status: u16, body: Option<&str>) -> Client {
    let body = body.map(|body| {
        let head = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
                    xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
                    xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" \
                    xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\"><s:Header><a:RelatesTo>";
        (head.to_owned(), format!("</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"))
    });
    let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    Client::with_transport(url, Arc::new(Canned { status, body }))
}

fn machine(number: usize) -> String {
    format!(
        "<p:Msvm_ComputerSystem xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:p=\"{CLASS}\" \
         xmlns:cim=\"http://schemas.dmtf.org/wbem/wscim/1/common\" xsi:type=\"p:Msvm_ComputerSystem_Type\">\
         <p:Caption>Virtual Machine</p:Caption><p:CreationClassName>Msvm_ComputerSystem</p:CreationClassName>\
         <p:ElementName>vm-{number:06} &amp; lab</p:ElementName><p:EnabledState>2</p:EnabledState>\
         <p:InstallDate><cim:Datetime>2026-08-01T12:00:00Z</cim:Datetime></p:InstallDate>\
         <p:Name>7B2A6C5E-0000-4000-8000-{number:012X}</p:Name><p:OnTimeInMilliseconds>1000</p:OnTimeInMilliseconds>\
         <p:OperationalStatus>2</p:OperationalStatus><p:OperationalStatus>32768</p:OperationalStatus>\
         <p:Owner xsi:nil=\"true\"/><p:RequestedState>12</p:RequestedState></p:Msvm_ComputerSystem>"
    )
}

fn fault() -> &'static str {
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:InvalidSelectors</s:Value></s:Subcode></s:Code>\
     <s:Reason><s:Text xml:lang=\"en-US\">The selectors are not those of an instance.</s:Text></s:Reason><s:Detail>\
     <f:WSManFault xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\" Code=\"2150858843\" \
     Machine=\"hv01.example.test\"><f:Message>The selectors are not those of an instance.</f:Message></f:WSManFault>\
     </s:Detail></s:Fault>"
}

fn messages(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let run =
        |future: &mut dyn FnMut() -> std::pin::Pin<Box<dyn Future<Output = ()>>>| runtime.block_on(future());
    let service = Epr::class_of("Msvm_CollectionSnapshotService", NAMESPACE);
    let service = service.with("CreationClassName", "Msvm_CollectionSnapshotService").unwrap();
    let group = Epr::class_of("Msvm_VirtualSystemCollection", NAMESPACE);
    let group = group.with("CollectionID", "5D1F0B0C-8F0E-4C55-9F3C-6A2F4F6F0A11").unwrap();
    let settings = Instance::new("Msvm_VirtualSystemSnapshotSettingData").with("ConsistencyLevel", 1_u8);
    let settings = Value::from(settings);
    let one = Epr::class_of("Msvm_ComputerSystem", NAMESPACE);
    let one = one.with("CreationClassName", "Msvm_ComputerSystem").unwrap().with("Name", "HV01").unwrap();
    let class = Epr::class_of("Msvm_ComputerSystem", NAMESPACE);

    let refusing = client(200, None);
    criterion.bench_function("request/invoke", |bencher| {
        bencher.iter(|| {
            run(&mut || {
                let call = refusing.invoke(&service, "CreateSnapshot");
                let call = call.argument("Collection", &group).argument("SnapshotSettings", settings.clone());
                let call = call.argument("SnapshotType", 2_u16);
                Box::pin(async move { drop(black_box(call.await.unwrap_err())) })
            });
        });
    });
    criterion.bench_function("request/get", |bencher| {
        bencher.iter(|| {
            run(&mut || {
                let call = refusing.get(&one);
                Box::pin(async move { drop(black_box(call.await.unwrap_err())) })
            });
        });
    });

    let answering = client(200, Some(&machine(7)));
    criterion.bench_function("call/get", |bencher| {
        bencher.iter(|| {
            run(&mut || {
                let call = answering.get(&one);
                Box::pin(async move { drop(black_box(call.await.unwrap())) })
            });
        });
    });
    let faulting = client(500, Some(fault()));
    criterion.bench_function("call/fault", |bencher| {
        bencher.iter(|| {
            run(&mut || {
                let call = faulting.get(&one);
                Box::pin(async move { drop(black_box(call.await.unwrap_err())) })
            });
        });
    });

    let mut page = String::from("<n:EnumerateResponse><n:EnumerationContext/><w:Items>");
    for number in 0..ROWS {
        let _ = write!(page, "{}", machine(number));
    }
    page.push_str("</w:Items><w:EndOfSequence/></n:EnumerateResponse>");
    let paging = client(200, Some(&page));
    let mut group = criterion.benchmark_group("call/page");
    group.throughput(Throughput::Bytes(u64::try_from(page.len()).unwrap()));
    group.bench_function("500 instances", |bencher| {
        bencher.iter(|| {
            run(&mut || {
                let call = paging.enumerate(&class).instances();
                Box::pin(async move { assert_eq!(black_box(call.await.unwrap()).len(), ROWS) })
            });
        });
    });
    group.finish();
}

criterion_group!(benches, messages);
criterion_main!(benches);
