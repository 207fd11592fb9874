//! Enumerations: pages, contexts, starting again.

use crate::support::{Reply, Script, soap, text};
use hyperv_wsman::{Client, EnumerateCall, Error, ErrorKind, cim::Epr};
use std::time::Duration;

pub(crate) fn call(client: &Client) -> EnumerateCall {
    client.enumerate(&Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2"))
}

pub(crate) async fn ids(client: &Client) -> Result<Vec<String>, Error> {
    let instances = call(client).instances().await?;
    Ok(instances.iter().map(|job| job.str("InstanceID").unwrap().to_owned()).collect())
}

pub(crate) fn jobs(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| soap::job(id, 4, 198)).collect()
}

#[tokio::test]
async fn pages_are_pulled_until_the_end_with_each_ones_own_context() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&jobs(&["A", "B"]), "C1")),
        ("Pull", soap::pulled(&jobs(&["C"]), "C2")),
        ("Pull", soap::pulled_last(&jobs(&["D"]))),
    ]);
    let client = script.client_with(|options| options.max_elements = 2);
    assert_eq!(ids(&client).await.unwrap(), ["A", "B", "C", "D"]);
    let pulls = script.bodies("Pull");
    assert!(pulls[0].contains("uuid:C1") && pulls[1].contains("uuid:C2"));
    assert!(script.sent().iter().all(|sent| sent.body.contains("MaxElements>2<")));
    assert_eq!(client.requests(), 3);
}

#[tokio::test]
async fn a_query_goes_to_all_classes_of_its_namespace() {
    let script = Script::new([("Enumerate", soap::last_page(&[]))]);
    let query = text("SELECT * FROM Msvm_ConcreteJob WHERE InstanceID='<&'");
    assert!(script.client().query("root/virtualization/v2", query).await.unwrap().is_empty());
    let body = &script.sent()[0].body;
    assert!(body.contains("/wmi/root/virtualization/v2/*<"), "{body}");
    assert!(body.contains("InstanceID='&lt;&amp;'"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_pull_that_timed_out_on_the_host_is_pulled_again() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&jobs(&["A"]), "C1")),
        ("Pull", soap::fault(soap::TIMED_OUT, "w:TimedOut")),
        ("Pull", soap::pulled_last(&jobs(&["B"]))),
    ]);
    assert_eq!(ids(&script.client()).await.unwrap(), ["A", "B"]);
    assert!(script.bodies("Pull").iter().all(|body| body.contains("uuid:C1")));
}

#[tokio::test(start_paused = true)]
async fn an_enumeration_that_expired_or_lost_a_page_begins_anew_and_yields_each_item_once() {
    let lost = [
        (soap::fault(soap::INVALID_CONTEXT, "n:InvalidEnumerationContext"), false),
        (Reply::Cut, true),
        (Reply::Soap("<half>".into()), true),
    ];
    for (failure, still_open) in lost {
        let mut steps = vec![
            ("Enumerate", soap::first_page(&jobs(&["A"]), "C1")),
            ("Pull", failure),
            ("Enumerate", soap::last_page(&jobs(&["A", "B"]))),
        ];
        if still_open {
            steps.push(("Release", soap::released()));
        }
        let script = Script::new(steps);
        let client = script.client();
        assert_eq!(ids(&client).await.unwrap(), ["A", "B"]);
        client.close(Duration::from_secs(1)).await.unwrap();
        script.assert_done();
    }
}

#[tokio::test]
async fn pages_that_do_not_fit_the_envelope_are_asked_for_smaller() {
    let too_large = || soap::fault(soap::ENCODING_LIMIT, "w:EncodingLimit");
    let script = Script::new([
        ("Enumerate", too_large()),
        ("Enumerate", too_large()),
        ("Enumerate", soap::last_page(&jobs(&["A"]))),
    ]);
    let client = script.client_with(|options| options.max_elements = 8);
    assert_eq!(ids(&client).await.unwrap(), ["A"]);
    for (body, expected) in script.bodies("Enumerate").iter().zip([8, 4, 2]) {
        assert!(body.contains(&format!("MaxElements>{expected}<")), "{body}");
    }
    let script = Script::new([("Enumerate", too_large())]);
    let client = script.client_with(|options| options.max_elements = 1);
    assert_eq!(ids(&client).await.unwrap_err().kind(), ErrorKind::Fault);
}
