//! Connections that reqwest makes. All tests beside these, but those of proxies, run by reqwest too where
//! `TEST_BY_REQWEST` is set; the gate does that.

use crate::{
    client::{message, send, settings},
    proxies::{Protocol, Proxy, Rules},
    server::{Server, Step, http, logged_in, soap},
};
use hyperv_wsman::transport::{
    AuthMechanism, HttpTransport, ReqwestSetup, Transport as _, TransportErrorKind,
};
use std::{sync::Arc, time::Duration};

#[tokio::test]
async fn what_is_set_up_holds_and_what_a_login_needs_is_not_touched() {
    let server = Server::start(logged_in(|seen| match seen.body.as_str() {
        "<moved/>" => Step::Answer(http(307, "Location: /elsewhere\r\n", "")),
        _ => soap(&seen.body),
    }))
    .await;
    let mut settings = settings(&server);
    let address = server.address;
    settings.url.set_host(Some("hv1.example.test")).unwrap();
    settings.reqwest = Some(Arc::new(move |builder| {
        builder
            .resolve("hv1.example.test", address)
            .redirect(reqwest::redirect::Policy::limited(3))
            .proxy(reqwest::Proxy::all("http://127.0.0.1:9").unwrap())
            .pool_idle_timeout(Duration::ZERO)
            .user_agent("another")
    }));
    let transport = HttpTransport::new(settings).unwrap();
    assert_eq!(send(&transport, "<moved/>").await.unwrap().status, 307);
    let answer = send(&transport, "<message/>").await.unwrap();
    assert_eq!((&answer.body[..], answer.peer.connection), (&b"<message/>"[..], 1));
    for seen in server.seen() {
        assert!(seen.header("User-Agent").unwrap().starts_with("hyperv-wsman/"), "{seen:?}");
        assert!(seen.header("Host").unwrap().starts_with("hv1.example.test:"), "{seen:?}");
    }
}

#[tokio::test]
async fn it_is_not_taken_where_it_cannot_do_what_is_asked() {
    let server = Server::start(|_| soap("<answer/>")).await;
    let proxy = Proxy::start(Rules::new(Protocol::Connect)).await;
    let mut proxied = settings(&server);
    proxied.proxy = Some(proxy.url("").parse().unwrap());
    let mut preemptive = settings(&server);
    (preemptive.mechanism, preemptive.auth_preemptive) = (AuthMechanism::Negotiate, true);
    for mut settings in [proxied, preemptive] {
        settings.reqwest = Some(Arc::new(|builder| builder));
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
    let untouched: ReqwestSetup = Arc::new(|builder| builder);
    for setup in [None, Some(untouched)] {
        settings.reqwest = setup;
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
