//! Many logins, under load: none is lost, and nothing goes out without one.

use crate::{
    client::{carried, hurried, message, settings, transport},
    server::{Server, Step, http, logged_in, soap},
};
use futures_core::Stream as _;
use hyperv_wsman::{
    Client,
    cim::Epr,
    sim::{Host, Settings},
    transport::{
        AuthMechanism, Credentials, Exchange, HttpSettings, HttpTransport, Phase, Secret, Transport as _,
        TransportErrorKind, Trust,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    num::NonZeroUsize,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Barrier, Semaphore};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_logins_none_is_lost() {
    let server = Server::start(logged_in(|seen| soap(&seen.body))).await;
    for _ in 0..200 {
        let transport = transport(&server);
        for body in ["<first/>", "<second/>"] {
            let answer = transport.exchange(message(body)).await.unwrap();
            assert_eq!((&answer.body[..], answer.peer.connection), (body.as_bytes(), 1));
        }
    }
    assert_eq!(server.seen().len(), 200 * 4);
}

/// The server holds its answers until four messages are there at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_grow_with_the_messages_under_way_until_there_are_four() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let server = Server::start(logged_in(move |seen| match seen.body.as_str() {
        "<held/>" => Step::AnswerAfter(Arc::clone(&held), http(200, "", "<answer/>")),
        _ => soap("<answer/>"),
    }))
    .await;
    let transport = Arc::new(transport(&server));
    let alone = transport.exchange(message("<alone/>")).await.unwrap();
    assert_eq!((alone.peer.connection, alone.peer.handshakes), (1, 1));

    let four: Vec<_> = (0..4)
        .map(|_| {
            let transport = Arc::clone(&transport);
            tokio::spawn(async move { transport.exchange(message("<held/>")).await.unwrap() })
        })
        .collect();
    let all_there = async {
        while server.messages().len() < 1 + 4 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all_there).await.expect("four messages under way at once");
    // A fifth waits for one of the four: nobody logs in for it, and it is not sent.
    let error = transport.exchange(hurried("<fifth/>")).await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Timeout, Phase::NotSent));
    assert!(error.message.ends_with("in time: all connections are busy"), "{error}");

    gate.add_permits(4);
    let mut connections = BTreeSet::new();
    for answer in four {
        connections.insert(answer.await.unwrap().peer.connection);
    }
    assert_eq!(connections, BTreeSet::from([1, 2, 3, 4]));
    let next = transport.exchange(message("<next/>")).await.unwrap();
    assert!(connections.contains(&next.peer.connection) && next.peer.handshakes == 4, "{:?}", next.peer);
    let legs = server.seen().into_iter().filter(|seen| seen.body.is_empty()).count();
    assert_eq!((legs, server.messages().len()), (4 * 2, 1 + 4 + 1), "four logins, and no message twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_messages_share_at_most_four_connections() {
    let server = Server::start(logged_in(|seen| soap(&seen.body))).await;
    let transport = Arc::new(transport(&server));
    let sending: Vec<_> = (0..8)
        .map(|_| {
            let transport = Arc::clone(&transport);
            tokio::spawn(async move {
                for _ in 0..50 {
                    assert_eq!(transport.exchange(message("<message/>")).await.unwrap().status, 200);
                }
            })
        })
        .collect();
    for task in sending {
        task.await.unwrap();
    }
    let seen = server.seen();
    let connections = seen.iter().map(|seen| seen.connection).max().unwrap();
    assert!(connections <= 4, "{connections}");
    assert_eq!(seen.len(), 8 * 50 + 2 * connections);
}

/// Eight are open at once, and each has as many items as one that is alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn enumerations_run_side_by_side_over_at_most_four_connections() {
    const STREAMS: usize = 8;
    let host = Host::new(Settings::default());
    let server = host.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut settings = HttpSettings::new(server.url());
    settings.credentials =
        Some(Credentials::new(server.user(), Secret::new(server.password().into())).unwrap());
    settings.trust = Trust::pinned(server.fingerprint().parse().unwrap());
    settings.mechanism = AuthMechanism::Ntlm;
    let logins = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&logins);
    settings.on_login = Some(Arc::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    }));
    let transport = Arc::new(HttpTransport::new(carried(settings)).unwrap());
    let client = Client::with_transport(server.url(), transport);
    // More than one, one on a page.
    let machines = Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2");
    let all = client.enumerate(&machines).max_elements(1).instances().await.unwrap().len();

    let open = Arc::new(Barrier::new(STREAMS + 1));
    let watched = Arc::new(Barrier::new(STREAMS + 1));
    let reading: Vec<_> = (0..STREAMS)
        .map(|_| {
            let mut stream = client.enumerate(&machines).max_elements(1).stream();
            let (open, watched) = (Arc::clone(&open), Arc::clone(&watched));
            tokio::spawn(async move {
                let mut count = 0;
                while let Some(item) = poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await {
                    item.unwrap();
                    count += 1;
                    if count == 1 {
                        open.wait().await;
                        watched.wait().await;
                    }
                }
                count
            })
        })
        .collect();
    open.wait().await;
    assert_eq!(host.open_contexts(), STREAMS);
    watched.wait().await;
    for stream in reading {
        assert_eq!(stream.await.unwrap(), all);
    }
    assert_eq!(host.open_contexts(), 0);
    assert!(logins.load(Ordering::Relaxed) <= 4, "{logins:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_connections_are_open_than_were_allowed() {
    for allowed in [1, 2] {
        let server = Server::start(logged_in(|seen| soap(&seen.body))).await;
        let mut settings = settings(&server);
        settings.max_connections = NonZeroUsize::new(allowed).unwrap();
        let transport = Arc::new(HttpTransport::new(settings).unwrap());
        let sending: Vec<_> = (0..8)
            .map(|_| {
                let transport = Arc::clone(&transport);
                tokio::spawn(async move { transport.exchange(message("<message/>")).await.unwrap() })
            })
            .collect();
        for task in sending {
            assert!((1..=allowed).contains(&usize::try_from(task.await.unwrap().peer.connection).unwrap()));
        }
    }
}

/// One task sends as fast as it can, eight messages at a time, over one connection. In one thread, so that nothing
/// comes between the count and the message.
#[tokio::test]
async fn who_sends_without_end_does_not_keep_others_waiting() {
    let server = Server::start(logged_in(|seen| soap(&seen.body))).await;
    let mut settings = settings(&server);
    settings.max_connections = NonZeroUsize::MIN;
    let transport = Arc::new(HttpTransport::new(settings).unwrap());
    let greedy: Vec<_> = (0..8)
        .map(|_| {
            let transport = Arc::clone(&transport);
            tokio::spawn(async move {
                loop {
                    transport.exchange(message("<greedy/>")).await.unwrap();
                }
            })
        })
        .collect();
    while server.messages().len() < 20 {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        let before = server.messages().len();
        transport.exchange(message("<modest/>")).await.unwrap();
        let at = server.messages().iter().rposition(|body| body == "<modest/>").unwrap();
        // Those that were there already: the one under way, and those waiting.
        assert!(at - before <= 8, "{} others came first", at - before);
    }
    greedy.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Each answer races the next message against the end of the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_keeps_closing_never_gets_a_message_twice() {
    let server = Server::start(logged_in(|seen| Step::AnswerAndClose(http(200, "", &seen.body)))).await;
    let sending: Vec<_> = (0..50)
        .map(|task| {
            let transport = transport(&server);
            tokio::spawn(async move {
                let mut arrived = Vec::new();
                for number in 0..4 {
                    let body = format!("<message task='{task}' number='{number}'/>");
                    let exchange = Exchange { body: body.clone().into(), ..message("") };
                    match transport.exchange(exchange).await {
                        Ok(answer) => {
                            assert_eq!(answer.body, body);
                            arrived.push(body);
                        }
                        // A new connection that fails before it is used would be a login lost.
                        Err(error) => assert_eq!(error.phase, Phase::MaybeSent, "{error}"),
                    }
                }
                arrived
            })
        })
        .collect();
    let mut answered = Vec::new();
    for task in sending {
        answered.extend(task.await.unwrap());
    }
    let mut seen = BTreeMap::new();
    for body in server.messages() {
        *seen.entry(body).or_insert(0) += 1;
    }
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
    assert!(answered.iter().all(|body| seen.contains_key(body)));
}
