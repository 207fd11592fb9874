//! The connection is cut at every byte: TLS, each leg of the login, each message, each answer.

use hyperv_wsman::{
    Client,
    hyperv::HyperV,
    sim::Server,
    transport::{Credentials, Secret, Trust},
};

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
    HyperV::new(Client::builder(url).credentials(credentials).trust(trust).build().unwrap())
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

/// Every `step`th byte of the exchange.
async fn sweep(operation: Operation, way: Way, login: bool, step: usize) {
    let total = run(operation, way, None, login).await;
    assert!(total > 1000, "a whole exchange passed: {total} bytes");
    for bytes in (1..=total).step_by(step) {
        run(operation, way, Some(bytes), login).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_cut_at_every_byte_of_its_requests_is_never_done_twice() {
    sweep(Operation::Create, Way::ToHost, false, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_cut_at_every_byte_of_its_answers_is_never_done_twice() {
    sweep(Operation::Create, Way::ToClient, false, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_cut_in_any_leg_or_message_is_never_done_twice() {
    for operation in ALL {
        for way in [Way::ToHost, Way::ToClient] {
            sweep(operation, way, true, 97).await;
        }
    }
}
