//! Hosts without an HTTPS listener.

use crate::support::{hvctl, run};
use hyperv_wsman::sim::{Host, Settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_https_is_reached_by_its_url() {
    let mut settings = Settings::default();
    settings.time_scale = Some(0.0);
    let host = Host::new(settings);
    let server = host.serve_plain("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let create = ["snapshot", "create", "--group", "web-tier", "--type", "recovery"];
    let login = [("HVCTL_USER", server.user()), ("HVCTL_PASSWORD", server.password())];
    let ran = run(hvctl(create).env("HVCTL_HOST", server.url().as_str()).envs(login));
    assert_eq!((ran.code, host.invocations("CreateSnapshot")), (0, 1), "{ran:?}");

    let ran =
        run(hvctl(["group", "list", "--auth", "basic"]).env("HVCTL_HOST", server.url().as_str()).envs(login));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("messages have to be sealed"), "{ran:?}");
}
