//! Which port a bare host name means. Loopback has more addresses than one on Linux alone, and the port is WinRM's own.
#![cfg(target_os = "linux")]

use crate::support::{arg, hvctl, run};
use assert_cmd::Command;
use hyperv_wsman::sim::{Host, PlainServer, Settings};
use std::{fs, net::SocketAddr};
use tempfile::TempDir;

/// A profile of a bare host name, and nothing that says TLS.
fn home(host: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("config.toml"), format!("[profile.p]\nhost = \"{host}\"\n")).unwrap();
    home
}

fn identify(home: &TempDir) -> Command {
    with_profile(home, &["identify", "--anonymous"])
}

fn with_profile(home: &TempDir, line: &[&str]) -> Command {
    let mut command = hvctl(line.iter().copied());
    command.args(["--profile", "p"]).env("HVCTL_CONFIG", home.path().join("config.toml"));
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_taken_where_it_is_and_nothing_else_from_then_on() {
    let address: SocketAddr = "127.0.59.86:5986".parse().unwrap();
    let server = Host::new(Settings::default()).serve(address).await.unwrap();
    let home = home("127.0.59.86");
    let roots = home.path().join("roots.pem");
    fs::write(&roots, server.certificate_pem()).unwrap();
    let ran = run(identify(&home).env("SSL_CERT_FILE", arg(&roots)));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("`127.0.59.86`: TLS, port 5986"), "{ran:?}");
    let text = fs::read_to_string(home.path().join("config.toml")).unwrap();
    assert_eq!(text, "[profile.p]\nhost = \"127.0.59.86\"\ntls-used = true\n");

    drop(server);
    let ran = run(identify(&home).env("SSL_CERT_FILE", arg(&roots)));
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("127.0.59.86:5986") && !ran.stderr.contains("using port 5985"), "{ran:?}");
    let told = "port 5985 was not tried because of a profile that has used TLS before (`tls-used`): to go without TLS, \
                take `tls-used` out of the profile";
    assert!(ran.stderr.contains(told), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_tls_has_worked_is_remembered_whatever_came_of_the_command_and_whichever_way_it_went() {
    let address: SocketAddr = "127.0.59.91:5986".parse().unwrap();
    let server = Host::new(Settings::default()).serve(address).await.unwrap();
    let password = server.password().to_owned();
    for (line, password, code, remembered) in [
        (&["snapshot", "list", "--group", "nobody"][..], password.as_str(), 4, true),
        (&["group", "list", "--tls", "require"], &password, 0, true),
        (&["doctor"], &password, 0, true),
        // Neither a login nor an answer.
        (&["group", "list"], "wrong", 7, false),
    ] {
        let home = home("127.0.59.91");
        let roots = home.path().join("roots.pem");
        fs::write(&roots, server.certificate_pem()).unwrap();
        let mut command = with_profile(&home, line);
        command.args(["--auth", "ntlm"]).env("SSL_CERT_FILE", arg(&roots));
        let ran = run(command.env("HVCTL_USER", server.user()).env("HVCTL_PASSWORD", password));
        assert_eq!(ran.code, code, "{line:?}: {ran:?}");
        let text = fs::read_to_string(home.path().join("config.toml")).unwrap();
        assert_eq!(text.contains("tls-used = true"), remembered, "{line:?}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_trusted_is_no_reason_for_the_other_port() {
    let address: SocketAddr = "127.0.59.87:5986".parse().unwrap();
    let _server = Host::new(Settings::default()).serve(address).await.unwrap();
    let other = Host::new(Settings::default()).serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let home = home("127.0.59.87");
    let roots = home.path().join("roots.pem");
    fs::write(&roots, other.certificate_pem()).unwrap();
    let ran = run(identify(&home).env("SSL_CERT_FILE", arg(&roots)));
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(!ran.stderr.contains("using port 5985"), "{ran:?}");
}

/// What logs in at a simulated host over plain HTTP.
fn sealed_login(server: &PlainServer) -> [(&'static str, &str); 2] {
    [("HVCTL_USER", server.user()), ("HVCTL_PASSWORD", server.password())]
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_listens_the_other_port_is_taken_and_told() {
    let address: SocketAddr = "127.0.59.88:5985".parse().unwrap();
    let server = Host::new(Settings::default()).serve_plain(address).await.unwrap();
    let home = home("127.0.59.88");
    let list = |policy: &[&str]| {
        let mut command = with_profile(&home, &["group", "list"]);
        run(command.args(policy).envs(sealed_login(&server)))
    };
    let told = "port 5986 of `127.0.59.88` is closed: using port 5985";
    let ran = list(&[]);
    assert!(ran.code == 0 && ran.stdout.contains("web-tier") && ran.stderr.contains(told), "{ran:?}");
    let text = fs::read_to_string(home.path().join("config.toml")).unwrap();
    assert!(!text.contains("tls-used"), "{text}");

    let ran = list(&["--tls", "never"]);
    assert!(ran.code == 0 && !ran.stderr.contains("5986"), "{ran:?}");
    for policy in [&["--tls", "require"][..], &["--auth", "basic"]] {
        let ran = list(policy);
        assert!(ran.code == 5 && !ran.stderr.contains("using port 5985"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_without_tls_is_taken_as_it_is_unless_tls_is_required() {
    let server = Host::new(Settings::default()).serve_plain("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let list = |policy| {
        let url = server.url();
        run(hvctl(["group", "list", "--host", url.as_str(), "--tls", policy])
            .envs(sealed_login(&server))
            .env("HVCTL_AUTH", "ntlm"))
    };
    for policy in ["prefer", "never"] {
        let ran = list(policy);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{policy}: {ran:?}");
    }
    let ran = list("require");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("`--tls require` contradicts an `http://` URL"), "{ran:?}");
}
