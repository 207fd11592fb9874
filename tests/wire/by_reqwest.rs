//! Connections that reqwest makes. Where `TEST_BY_REQWEST` is set, as the gate does once, the other tests here go by reqwest
//! too, but those of proxies and of client certificates at the simulated host.

use crate::{
    client::{message, settings},
    proxies::{Protocol, Proxy, Rules},
    server::{Server, soap},
};
use hyperv_wsman::transport::{
    AuthMechanism, HttpCarrier, HttpTransport, Transport as _, TransportErrorKind,
};

#[tokio::test]
async fn it_is_not_taken_where_it_cannot_do_what_is_asked() {
    let server = Server::start(|_| soap("<answer/>")).await;
    let proxy = Proxy::start(Rules::new(Protocol::Connect)).await;
    let mut proxied = settings(&server);
    proxied.proxy = Some(proxy.url("").parse().unwrap());
    let mut preemptive = settings(&server);
    (preemptive.mechanism, preemptive.auth_preemptive) = (AuthMechanism::Negotiate, true);
    for mut settings in [proxied, preemptive] {
        settings.carrier = HttpCarrier::Reqwest;
        let error = HttpTransport::new(settings).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Config);
        assert!(error.to_string().starts_with("failed to use reqwest together with a"), "{error}");
    }
}

/// The bytes are the same, so that a host cannot answer one and refuse the other.
#[tokio::test]
async fn both_ways_write_the_same_headers() {
    let server = Server::start(|_| soap("<answer/>")).await;
    let mut settings = settings(&server);
    settings.mechanism = AuthMechanism::Basic;
    for carrier in [HttpCarrier::Hyper, HttpCarrier::Reqwest] {
        settings.carrier = carrier;
        HttpTransport::new(settings.clone()).unwrap().exchange(message("<message/>")).await.unwrap();
    }
    let heads: Vec<_> = server
        .seen()
        .into_iter()
        .map(|seen| {
            let mut lines: Vec<_> = seen.head.trim_end().lines().map(str::to_lowercase).collect();
            lines.sort();
            lines
        })
        .collect();
    assert_eq!(heads[0], heads[1]);
}
