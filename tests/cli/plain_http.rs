//! Hosts without an HTTPS listener.

use crate::{
    local_host::LocalHost,
    sim_host::SimHost,
    support::{hvctl, run},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_https_is_reached_by_its_url() {
    let server = LocalHost::serve_plain("127.0.0.1:0").await;
    let create = ["snapshot", "create", "--group", "web-tier", "--type", "recovery"];
    let login = [("HVCTL_USER", server.user()), ("HVCTL_PASSWORD", server.password())];
    let ran = run(hvctl(create).env("HVCTL_HOST", server.url().as_str()).envs(login));
    assert_eq!((ran.code, server.host.invocations("CreateSnapshot")), (0, 1), "{ran:?}");

    let ran =
        run(hvctl(["group", "list", "--auth", "basic"]).env("HVCTL_HOST", server.url().as_str()).envs(login));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("messages have to be sealed"), "{ran:?}");
}

#[test]
fn simulate_serves_plain_http_and_prints_all_that_a_shell_needs_for_it() {
    let host = SimHost::with(&["--time-scale", "0", "--plain"]);
    assert!(host.value("HVCTL_HOST").starts_with("http://127.0.0.1:"), "{:?}", host.environment);
    let names: Vec<_> = host.environment.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["HVCTL_HOST", "HVCTL_USER", "HVCTL_PASSWORD", "HVCTL_AUTH"]);
    let ran = run(&mut host.hvctl(["snapshot", "create", "--group", "web-tier", "--type", "recovery"]));
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = run(host.hvctl(["group", "list"]).env("HVCTL_PASSWORD", "wrong"));
    assert_eq!(ran.code, 7, "{ran:?}");
}
