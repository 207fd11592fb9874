//! One client and many tasks, on a host that takes only some requests at a time.

use hyperv_wsman::{Client, cim::Epr, sim, wsman::EnumerationMode};
use std::{future::IntoFuture, time::Duration};

const MACHINES: &str = "Msvm_ComputerSystem";

/// A host that takes three operations of a user at a time, each of which lasts.
fn narrow_host() -> sim::Host {
    let mut settings = sim::Settings::default();
    settings.inventory =
        sim::Inventory::from_toml("[[vm]]\nname = \"db\"\n[limits]\noperations_per_user = 3").unwrap();
    settings.rules.push("delay:200ms@Get".parse().unwrap());
    settings.rules.push("delay:200ms@Pull".parse().unwrap());
    sim::Host::new(settings)
}

fn client(host: &sim::Host) -> Client {
    Client::with_transport("https://hv01.example.test:5986/wsman".parse().unwrap(), host.transport())
}

#[tokio::test(start_paused = true)]
async fn tasks_that_exceed_the_quota_of_the_host_wait_until_they_are_taken() {
    let host = narrow_host();
    let client = client(&host);
    let class = Epr::class_of(MACHINES, "root/virtualization/v2");
    let machines = client.enumerate(&class).mode(EnumerationMode::Epr).await.unwrap();
    let machine = machines.into_iter().find_map(|item| item.epr).unwrap();
    let before = host.requests();
    let tasks: Vec<_> = (0..12).map(|_| tokio::spawn(client.get(&machine).into_future())).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap().class(), MACHINES);
    }
    assert!(host.requests() - before > 12, "some were refused and sent again");
}

#[tokio::test(start_paused = true)]
async fn enumerations_that_exceed_the_quota_of_the_host_take_turns() {
    let host = narrow_host();
    let client = client(&host);
    let class = Epr::class_of(MACHINES, "root/virtualization/v2");
    let tasks: Vec<_> =
        (0..6).map(|_| tokio::spawn(client.enumerate(&class).max_elements(1).into_future())).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap().len(), 2, "the host and its machine");
    }
    client.close(Duration::from_secs(2)).await.unwrap();
    assert_eq!(host.open_contexts(), 0);
}
