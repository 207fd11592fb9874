//! The simulated host against pypsrp's `WSMan` class, a client that is not ours, over HTTPS and NTLM.

use crate::rig::Rig;
use hyperv_wsman::sim::{Host, Inventory, Settings};
use std::process::Output;

/// Runs `pypsrp_simulator.py` against a host whose policy for channel bindings is this one.
async fn pypsrp(rig: &Rig, binding: &str) -> Output {
    let mut settings = Settings::default();
    let inventory = include_str!("../../src/sim/inventory/default.toml");
    let policy = "channel_binding = \"relaxed\"";
    assert!(inventory.contains(policy), "the default inventory names its policy");
    settings.inventory =
        Inventory::from_toml(&inventory.replace(policy, &format!("channel_binding = \"{binding}\"")))
            .unwrap();
    settings.time_scale = Some(0.1);
    let host = Host::new(settings);
    let server = host.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("host.pem");
    std::fs::write(&certificate, server.certificate_pem()).unwrap();
    let output = tokio::process::Command::new(rig.folder().join("venv/bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/pypsrp_simulator.py"))
        .arg(server.url().port().unwrap().to_string())
        .arg(&certificate)
        .env("HVCTL_USER", server.user())
        .env("HVCTL_PASSWORD", server.password())
        .output()
        .await
        .unwrap();
    assert_eq!(host.open_contexts(), 0, "pypsrp read every enumeration to its end");
    output
}

#[tokio::test]
async fn pypsrp_enumerates_reads_and_takes_a_snapshot() {
    let Some(rig) = Rig::find() else { return };
    for binding in ["none", "relaxed", "strict"] {
        let output = pypsrp(&rig, binding).await;
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "channel binding {binding}:\n{said}{complaint}");
        assert!(said.contains("ok: a wrong password is refused"), "it came to its end:\n{said}");
    }
}
