//! The words of errors.

use crate::support::{Reply, Script, http, soap};
use hyperv_wsman::{Error, cim::Epr};

/// The error of a Get that meets this reply.
async fn error(reply: Reply) -> Error {
    let script = Script::new([("Get", reply)]);
    let epr = Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2").with("InstanceID", "J1").unwrap();
    script.client_with(|options| options.attempts = 1).get(&epr).await.unwrap_err()
}

fn chain(error: &Error) -> String {
    let mut lines = vec![format!("error: {error}")];
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        lines.push(format!("caused by: {cause}"));
        next = cause.source();
    }
    lines.extend(error.hint().map(|hint| format!("hint: {hint}")));
    lines.join("\n")
}

#[tokio::test]
async fn faults_say_what_the_code_means_then_what_the_host_said() {
    insta::assert_snapshot!(chain(&error(soap::fault(5, "w:AccessDenied")).await), @r"
    error: failed to read `Msvm_ConcreteJob`: fault 5 (0x00000005) ERROR_ACCESS_DENIED: the account was authenticated but is not allowed to do this
    caused by: the host says: Der Vorgang schlug fehl.
    hint: the account needs to be in Administrators, or in Hyper-V Administrators and Remote Management Users; a local account other than Administrator also needs LocalAccountTokenFilterPolicy=1
    ");
    insta::assert_snapshot!(chain(&error(soap::fault(4_000_000_000, "w:Strange")).await), @r"
    error: failed to read `Msvm_ConcreteJob`: the host answered with fault 4000000000 (0xEE6B2800)
    caused by: the host says: Der Vorgang schlug fehl.
    ");
}

#[tokio::test]
async fn foreign_answers_show_status_and_first_bytes() {
    insta::assert_snapshot!(chain(&error(http(404)).await), @r"
    error: failed to read `Msvm_ConcreteJob`: this is not a WS-Management endpoint (HTTP 404)
    hint: check host, port and path: WinRM listens at https://HOST:5986/wsman and http://HOST:5985/wsman
    ");
    let page = Reply::Http {
        status: 200,
        content_type: Some("text/html"),
        body: "<html><body>Welcome to the router</body></html>".into(),
        verified_tls: true,
    };
    insta::assert_snapshot!(chain(&error(page).await), @r"
    error: failed to read `Msvm_ConcreteJob`: expected a SOAP message, got HTTP 200 with text/html: `<html><body>Welcome to the router</body></html>`
    hint: check host, port and path: WinRM listens at https://HOST:5986/wsman and http://HOST:5985/wsman
    ");
}

#[tokio::test]
async fn damaged_answers_name_the_damage() {
    let half = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>";
    insta::assert_snapshot!(chain(&error(Reply::Soap(half.into())).await), @r"
    error: failed to read `Msvm_ConcreteJob`: the answer cannot be used
    caused by: the message is not readable XML
    caused by: the document ends inside an element at byte 70
    ");
    let other = error(Reply::Fault(soap::fault_text("uuid:other", 5, "w:AccessDenied"))).await;
    assert!(chain(&other).contains("the answer relates to message `uuid:other`, expected `uuid:"));
}

#[tokio::test]
async fn an_unknown_outcome_says_so_and_why() {
    let script = Script::new([("ApplySnapshot", Reply::Cut)]);
    let service = Epr::class_of("Msvm_CollectionSnapshotService", "root/virtualization/v2");
    let error = script.client().invoke(&service, "ApplySnapshot").await.unwrap_err();
    insta::assert_snapshot!(chain(&error), @r"
    error: failed to call `ApplySnapshot` of `Msvm_CollectionSnapshotService`: the outcome is unknown, it may or may not have happened
    caused by: failed to talk to hv01.example.test:5986
    hint: look at the host before repeating it
    ");
}

#[tokio::test]
async fn an_operation_in_doubt_says_so_once() {
    let script = Script::new([
        ("Get", soap::got(&soap::snapshot("S1"))),
        ("ApplySnapshot", Reply::Cut),
        ("Enumerate", soap::last_page(&[])),
    ]);
    let snapshots = script.hyperv().collection_snapshots();
    let snapshot = snapshots.find("S1").await.unwrap();
    insta::assert_snapshot!(chain(&snapshots.apply(&snapshot).await.unwrap_err()), @r"
    error: failed to apply snapshot `S1`: the outcome is unknown, it may or may not have happened
    caused by: failed to talk to hv01.example.test:5986
    hint: nothing was repeated; look at the host before you do: hvctl job list
    ");
}
