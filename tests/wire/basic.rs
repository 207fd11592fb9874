//! Basic: the password goes with each message, and only over TLS.

use crate::{
    client::{basic, send, shown},
    server::{Server, http, offer, soap},
};
use hyperv_wsman::transport::{Phase, TransportErrorKind};
use insta::{allow_duplicates, assert_snapshot};

#[tokio::test]
async fn each_message_carries_the_header_without_being_asked() {
    let server = Server::start(|_| soap("<answer/>")).await;
    let transport = basic(&server);
    for _ in 0..2 {
        assert_eq!(send(&transport, "<message/>").await.unwrap().peer.mechanism, "basic");
    }
    for seen in server.seen() {
        assert_eq!(
            (seen.connection, seen.header("authorization")),
            (1, Some("Basic TEFCXG9wOmNvcnJlY3QgaG9yc2U="))
        );
    }
}

#[tokio::test]
async fn a_refused_password_is_tried_once_by_any_number_of_exchanges() {
    let server = Server::start(|_| offer("Basic realm=\"WSMAN\"")).await;
    let transport = basic(&server);
    let (a, b) = tokio::join!(send(&transport, "a"), send(&transport, "b"));
    for error in [a, b, send(&transport, "c").await].map(Result::unwrap_err) {
        allow_duplicates! {
            assert_snapshot!(shown(&error, &server), @r"
            Auth NotSent: failed to log in to `127.0.0.1:PORT` by Basic as `LAB\op`: the host refuses user name or password
              hint: not tried again, which could lock the account; Basic is only for accounts of the host itself, and off by default: `Set-Item WSMan:\localhost\Service\Auth\Basic $true` on the host turns it on
            ");
        }
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_password_that_was_accepted_and_is_refused_later_is_not_tried_again() {
    let server = Server::start(|seen| if seen.index == 0 { soap("<answer/>") } else { offer("Basic") }).await;
    let transport = basic(&server);
    send(&transport, "a").await.unwrap();
    for _ in 0..2 {
        let error = send(&transport, "b").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent));
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_host_without_basic_is_told_what_it_offers() {
    let server = Server::start(|_| offer("Negotiate, Kerberos")).await;
    let error = send(&basic(&server), "<message/>").await.unwrap_err();
    assert_snapshot!(shown(&error, &server), @r"
        Auth NotSent: failed to log in to `127.0.0.1:PORT` as `LAB\op`: expected the host to offer Basic, it offers Negotiate, Kerberos
          hint: `Set-Item WSMan:\localhost\Service\Auth\Basic $true` on the host enables it; or use what it offers by `--auth negotiate`
    ");
}

#[tokio::test]
async fn a_fault_is_an_answer() {
    let server = Server::start(|_| crate::server::Step::Answer(http(500, "", ""))).await;
    assert_eq!(send(&basic(&server), "<message/>").await.unwrap().status, 500);
}

/// The message left with the password.
#[tokio::test]
async fn a_status_that_judges_nothing_does_not_claim_that_nothing_ran() {
    for (status, phase) in [(404, Phase::MaybeSent), (302, Phase::MaybeSent), (503, Phase::NotSent)] {
        let server = Server::start(move |_| crate::server::Step::Answer(http(status, "", ""))).await;
        let transport = basic(&server);
        let error = send(&transport, "<message/>").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, phase), "{status} {error}");
        assert!(send(&transport, "<message/>").await.is_err());
        assert_eq!(server.seen().len(), 1);
    }
}
