//! The connection is cut at every byte: TLS, each leg of the login, each message, each answer.

use hyperv_wsman::{
    Client,
    cim::{Epr, Text},
    hyperv::HyperV,
    sim::Server,
    transport::{Credentials, Secret, Trust},
};
use tokio::task::JoinSet;

use crate::{
    operations::{ALL, Operation, judge},
    proxy::{Proxy, Way},
};

fn client(server: &Server, proxy: &Proxy) -> HyperV {
    let mut url = server.url();
    url.set_port(Some(proxy.address.port())).unwrap();
    let mut trust = Trust::default();
    trust.fingerprint = Some(server.fingerprint().parse().unwrap());
    let credentials = Credentials::new(server.user(), Secret::new(server.password().to_owned())).unwrap();
    let client = Client::builder(url).credentials(credentials).trust(trust);
    #[cfg(feature = "reqwest")]
    if std::env::var_os("TEST_BY_REQWEST").is_some() {
        return HyperV::new(client.carrier(hyperv_wsman::transport::HttpCarrier::Reqwest).build().unwrap());
    }
    HyperV::new(client.build().unwrap())
}

/// Runs the operation with a cut after `bytes` one way, on a connection that is logged in or, with
/// `login`, on a fresh client, so that the cut may fall into TLS and the legs of NTLM.
/// Gives the bytes that passed that way.
async fn run(operation: Operation, way: Way, bytes: Option<u64>, login: bool) -> u64 {
    let host = operation.host();
    let server = host.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let port = server.url().port().unwrap();
    let proxy = Proxy::start(([127, 0, 0, 1], port).into()).await;
    let mut hyperv = client(&server, &proxy);
    let prepared = operation.prepare(&hyperv).await;
    if login {
        hyperv = client(&server, &proxy);
    }
    let before = host.invocations(operation.method());
    let passed = proxy.passed(way);
    if let Some(bytes) = bytes {
        proxy.cut_after(way, bytes);
    }
    let outcome = prepared.run(&hyperv).await;
    proxy.disarm();
    let runs = host.invocations(operation.method()) - before;
    judge(operation, &format!("cut {way:?} after {bytes:?} bytes, login {login}"), runs, &outcome);
    if bytes.is_none() {
        outcome.unwrap();
    }
    proxy.passed(way) - passed
}

/// Every `step`th byte of the exchange; the cuts are independent of each other and run side by side.
async fn sweep(operation: Operation, way: Way, login: bool, step: usize) {
    let total = run(operation, way, None, login).await;
    assert!(total > 1000, "a whole exchange passed: {total} bytes");
    let mut running = JoinSet::new();
    for bytes in (1..=total).step_by(step) {
        if running.len() == 32 {
            running.join_next().await.unwrap().unwrap();
        }
        running.spawn(async move { run(operation, way, Some(bytes), login).await });
    }
    while let Some(finished) = running.join_next().await {
        finished.unwrap();
    }
}

/// CreateSnapshot alone, on a connection that is logged in, cut at each of its bytes.
async fn sweep_one_message(way: Way) {
    let host = Operation::Create.host();
    let server = host.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let proxy = Proxy::start(([127, 0, 0, 1], server.url().port().unwrap()).into()).await;
    let group = client(&server, &proxy).group("web-tier").await.unwrap();
    let service = Epr::class_of("Msvm_CollectionSnapshotService", "root/virtualization/v2")
        .with("CreationClassName", "Msvm_CollectionSnapshotService")
        .unwrap();
    let mut cut = None;
    let mut total = u64::MAX;
    while cut.unwrap_or(0) <= total {
        let client = client(&server, &proxy).client().clone();
        client.identify().await.unwrap();
        let (before, passed) = (host.invocations("CreateSnapshot"), proxy.passed(way));
        if let Some(bytes) = cut {
            proxy.cut_after(way, bytes);
        }
        let outcome = client
            .invoke(&service, "CreateSnapshot")
            .argument("Collection", &group.epr)
            .argument("SnapshotSettings", Text::default())
            .argument("SnapshotType", 1_u16)
            .await
            .map(|output| assert_eq!(output.return_value(), 4096));
        proxy.disarm();
        judge(
            Operation::Create,
            &format!("cut {way:?} after {cut:?} bytes of one message"),
            host.invocations("CreateSnapshot") - before,
            &outcome,
        );
        match cut {
            None => total = proxy.passed(way) - passed,
            Some(bytes) if bytes < total / 2 => {
                assert!(outcome.is_err(), "cut after {bytes} of {total} bytes");
            }
            Some(_) => {}
        }
        cut = Some(cut.map_or(1, |bytes| bytes + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_cut_at_every_byte_of_its_request_is_never_done_twice() {
    sweep_one_message(Way::ToHost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_cut_at_every_byte_of_its_answer_is_never_done_twice() {
    sweep_one_message(Way::ToClient).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_cut_in_any_leg_or_message_is_never_done_twice() {
    for operation in ALL {
        for way in [Way::ToHost, Way::ToClient] {
            sweep(operation, way, true, 251).await;
            sweep(operation, way, false, 397).await;
        }
    }
}
