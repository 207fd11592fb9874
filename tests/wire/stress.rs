//! Many logins, under load: none is lost, and nothing goes out without one.

use crate::{
    client::{message, transport},
    server::{Server, logged_in, soap},
};
use hyperv_wsman::transport::Transport as _;
use std::sync::Arc;

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
