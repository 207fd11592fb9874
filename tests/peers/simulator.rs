//! The simulated host against pypsrp's `WSMan` class, a client that is not ours, with NTLM over HTTPS and over
//! HTTP with sealed messages.

use crate::rig::Rig;
use hyperv_wsman::sim::{Host, Inventory, Settings};
use std::ffi::OsStr;
use url::Url;

/// Runs `pypsrp_simulator.py` against the host; `way` is what it is given behind the port.
async fn pypsrp(rig: &Rig, host: &Host, url: &Url, login: (&str, &str), way: &[&OsStr]) {
    let output = tokio::process::Command::new(rig.folder().join("venv/bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/pypsrp_simulator.py"))
        .arg(url.port().unwrap().to_string())
        .args(way)
        .env("HVCTL_USER", login.0)
        .env("HVCTL_PASSWORD", login.1)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{url} {way:?}:\n{said}{complaint}");
    assert!(said.contains("ok: a wrong password is refused"), "it came to its end:\n{said}");
    assert_eq!((host.snapshots().len(), host.exports().len()), (1, 1), "it ran the main job");
    assert_eq!(host.open_contexts(), 0, "pypsrp read every enumeration to its end");
}

/// A host whose policy for channel bindings is this one.
fn host(binding: &str) -> Host {
    let mut settings = Settings::default();
    let inventory = include_str!("../../src/sim/inventory/default.toml");
    let policy = "channel_binding = \"relaxed\"";
    assert!(inventory.contains(policy), "the default inventory names its policy");
    settings.inventory =
        Inventory::from_toml(&inventory.replace(policy, &format!("channel_binding = \"{binding}\"")))
            .unwrap();
    settings.time_scale = Some(0.1);
    Host::new(settings)
}

#[tokio::test]
async fn pypsrp_enumerates_reads_and_takes_a_snapshot() {
    let Some(rig) = Rig::find() else { return };
    for (binding, sealed) in [("none", false), ("relaxed", false), ("strict", false), ("strict", true)] {
        let host = host(binding);
        let server = host.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("host.pem");
        std::fs::write(&certificate, server.certificate_pem()).unwrap();
        let mut way = vec![certificate.as_os_str()];
        way.extend(sealed.then_some(OsStr::new("sealed")));
        pypsrp(&rig, &host, &server.url(), (server.user(), server.password()), &way).await;
    }
}

#[tokio::test]
async fn pypsrp_does_so_over_plain_http_with_sealed_messages() {
    let Some(rig) = Rig::find() else { return };
    let host = host("strict");
    let server = host.serve_plain("127.0.0.1:0".parse().unwrap()).await.unwrap();
    pypsrp(&rig, &host, &server.url(), (server.user(), server.password()), &[]).await;
}
