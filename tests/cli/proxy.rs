//! `--proxy`: which proxy is taken, what is told of it, and that its password stays where it is.

use crate::{
    local_host::LocalHost,
    proxies::{Conduct, Protocol, Proxy, Rules},
    support::{arg, hvctl, run},
};
use assert_cmd::Command;
use hyperv_wsman::sim::Server;
use std::fs;
use tempfile::TempDir;

const LOGIN: (&str, &str) = ("gate", "geheim");

async fn served() -> LocalHost<Server> {
    LocalHost::serve("127.0.0.1:0").await
}

/// `hvctl` at a served host, as its user.
fn at(server: &Server, line: &[&str]) -> Command {
    let mut command = hvctl(line.iter().copied());
    command
        .env("HVCTL_HOST", server.url().as_str())
        .env("HVCTL_USER", server.user())
        .env("HVCTL_AUTH", "ntlm");
    command.env("HVCTL_PASSWORD", server.password()).env("HVCTL_FINGERPRINT", server.fingerprint());
    command
}

fn list(server: &Server) -> Command {
    at(server, &["group", "list"])
}

fn home(profile: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("config.toml"), profile).unwrap();
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_that_was_said_is_taken_in_silence() {
    let server = served().await;
    for protocol in [Protocol::Connect, Protocol::Socks] {
        let proxy = Proxy::start(Rules::new(protocol)).await;
        let ran = run(list(&server).args(["--proxy", &proxy.url("")]));
        assert!(ran.code == 0 && ran.stdout.contains("web-tier") && ran.stderr.is_empty(), "{ran:?}");
        assert_eq!(proxy.heard().connections, 1);

        let text = format!("[profile.p]\nproxy = \"{}\"\n", proxy.url(""));
        let home = home(&text);
        let file = home.path().join("config.toml");
        let ran = run(list(&server).args(["--profile", "p"]).env("HVCTL_CONFIG", arg(&file)));
        assert_eq!((ran.code, proxy.heard().connections), (0, 2), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_is_looked_at_only_when_asked_and_what_it_names_is_told() {
    let server = served().await;
    let proxy = Proxy::start(Rules { login: Some(LOGIN), ..Rules::new(Protocol::Connect) }).await;
    let with = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = list(&server);
        command.args(arguments).env("HTTPS_PROXY", proxy.url("gate:geheim@"));
        run(command.envs(variables.iter().copied()))
    };
    let ran = with(&[], &[]);
    assert_eq!((ran.code, ran.stderr.as_str(), proxy.heard().connections), (0, "", 0), "{ran:?}");
    let ran = with(&["--proxy", "env"], &[]);
    assert_eq!((ran.code, proxy.heard().connections), (0, 1), "{ran:?}");
    assert_eq!(ran.stderr, format!("`127.0.0.1`: through the proxy `{}` (HTTPS_PROXY)\n", proxy.url("")));
    let ran = with(&["--proxy", "env"], &[("NO_PROXY", "127.0.0.0/8")]);
    assert_eq!((ran.code, proxy.heard().connections), (0, 1), "{ran:?}");
    assert_eq!(ran.stderr, "`127.0.0.1`: no proxy, as NO_PROXY says\n");
    let ran = with(&[], &[("HVCTL_PROXY", &proxy.url("gate:geheim@"))]);
    assert_eq!((ran.code, ran.stderr.as_str(), proxy.heard().connections), (0, "", 2), "{ran:?}");
}

#[test]
fn a_password_on_the_command_line_or_in_a_profile_is_refused_and_not_repeated() {
    let url = "http://gate:geheim@gate.example.org:3128";
    let home = home(&format!("[profile.p]\nproxy = \"{url}\"\n"));
    let file = home.path().join("config.toml");
    let typed = run(&mut hvctl(["group", "list", "--host", "hv1", "--proxy", url]));
    let added =
        run(hvctl(["profile", "add", "q", "--host", "hv1", "--proxy", url]).env("HVCTL_CONFIG", arg(&file)));
    let stored = run(hvctl(["group", "list", "--profile", "p"]).env("HVCTL_CONFIG", arg(&file)));
    assert_eq!((typed.code, added.code, stored.code), (2, 2, 3), "{typed:?} {added:?} {stored:?}");
    for ran in [typed, added, stored] {
        assert!(ran.stderr.contains("come from the environment alone (`HVCTL_PROXY`"), "{ran:?}");
        assert!(!ran.stderr.contains("geheim"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_output_shows_the_password_of_a_proxy() {
    let server = served().await;
    let proxy = Proxy::start(Rules { login: Some(LOGIN), ..Rules::new(Protocol::Socks) }).await;
    let recording = tempfile::tempdir().unwrap();
    let cassette = recording.path().join("cassette");
    for (line, password, code) in [
        (&["config", "show", "--origin"][..], "geheim", 0),
        (&["help"], "geheim", 0),
        (&["group", "list", "-vv", "--record", arg(&cassette)], "geheim", 0),
        (&["group", "list", "-vv"], "geheim-and-wrong", 7),
    ] {
        let ran = run(at(&server, line).env("HVCTL_PROXY", proxy.url(&format!("gate:{password}@"))));
        assert_eq!(ran.code, code, "{line:?}: {ran:?}");
        assert!(!ran.stdout.contains("geheim") && !ran.stderr.contains("geheim"), "{line:?}: {ran:?}");
    }
    for file in fs::read_dir(&cassette).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("geheim") && !text.contains("socks5h"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_looked_at_through_the_proxy() {
    let server = served().await;
    let proxy = Proxy::start(Rules::new(Protocol::Socks)).await;
    let home = home("");
    let mut command = hvctl(["trust", server.url().as_str(), "--profile", "p", "--proxy", &proxy.url("")]);
    let ran = run(command
        .args(["--fingerprint", &server.fingerprint(), "--yes"])
        .env("HVCTL_CONFIG", arg(&home.path().join("config.toml"))));
    assert_eq!((ran.code, proxy.heard().connections), (0, 1), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_goes_through_the_proxy_and_says_when_it_is_what_is_in_the_way() {
    let server = served().await;
    for protocol in [Protocol::Connect, Protocol::Socks] {
        let proxy = Proxy::start(Rules { login: Some(LOGIN), ..Rules::new(protocol) }).await;
        let examine = |login: &str| run(at(&server, &["doctor"]).env("HVCTL_PROXY", proxy.url(login)));
        let ran = examine("gate:geheim@");
        assert!(
            ran.code == 0 && ran.stdout.contains(&format!("through the proxy `{}`", proxy.url(""))),
            "{ran:?}"
        );
        let straight = proxy.heard().targets.iter().all(|target| target.starts_with("127.0.0.1:"));
        assert!(straight && proxy.heard().refused == 0, "{:?}", proxy.heard().targets);
        let ran = examine("gate:geheim-and-wrong@");
        assert!(ran.code != 0 && ran.stdout.contains("it refuses user or password"), "{ran:?}");
        assert!(!ran.stdout.contains("geheim") && !ran.stderr.contains("geheim"), "{ran:?}");
        assert_eq!(proxy.heard().refused, 1);
    }
}

/// By the knock at each port, by the login, and by every other look at the host together.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_the_proxy_refuses_is_sent_once_for_each_command() {
    for line in [&["identify", "--anonymous"][..], &["identify"], &["doctor", "--auth", "ntlm"]] {
        for environment in [true, false] {
            let proxy = Proxy::start(Rules { login: Some(LOGIN), ..Rules::new(Protocol::Socks) }).await;
            let (url, mut command) = (proxy.url("gate:wrong@"), hvctl(line.iter().copied()));
            if environment {
                command.args(["--proxy", "env"]).env("https_proxy", &url).env("http_proxy", &url);
            } else {
                command.env("HVCTL_PROXY", &url);
            }
            command.env("HVCTL_USER", r"EXAMPLE\operator").env("HVCTL_PASSWORD", "geheim");
            let ran = run(command.args(["--host", "127.0.59.92"]));
            assert_eq!((ran.code, proxy.heard().refused), (7, 1), "{line:?}: {ran:?}");
        }
    }
}

/// Loopback has more addresses than one on Linux alone, and the ports are WinRM's own.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_bare_name_is_tried_at_both_ports_through_socks_and_with_tls_alone_through_http() {
    let server = LocalHost::serve_plain("127.0.59.90:5985").await;
    let list = |proxy: &Proxy, more: &[&str]| {
        let mut command = hvctl(["group", "list", "--host", "127.0.59.90", "--proxy", &proxy.url("")]);
        command.args(more).env("HVCTL_USER", server.user()).env("HVCTL_PASSWORD", server.password());
        run(&mut command)
    };
    let targets = |proxy: &Proxy| proxy.heard().targets.join(" ");
    let socks = Proxy::start(Rules::new(Protocol::Socks)).await;
    let ran = list(&socks, &[]);
    let told = "port 5986 of `127.0.59.90` is closed: using port 5985";
    assert!(ran.code == 0 && ran.stdout.contains("web-tier") && ran.stderr.contains(told), "{ran:?}");
    assert_eq!(targets(&socks), "127.0.59.90:5986 127.0.59.90:5985");

    let http = Proxy::start(Rules::new(Protocol::Connect)).await;
    let ran = list(&http, &[]);
    assert_eq!(ran.code, 5, "{ran:?}");
    let told = format!("TLS, port 5986; the proxy `{}` carries nothing else", http.url(""));
    assert!(
        ran.stderr.contains(&told) && ran.stderr.contains("it cannot reach the host (HTTP 502)"),
        "{ran:?}"
    );
    assert!(!targets(&http).contains("5985"));
    let ran = list(&http, &["--tls", "never"]);
    assert!(ran.code == 3 && ran.stderr.contains("a SOCKS proxy (`socks5h://"), "{ran:?}");

    // What is wrong with the proxy is no reason for the port without TLS.
    let broken =
        Proxy::start(Rules::conduct(Protocol::Socks, Conduct::Greet(b"SSH-2.0-x\r\n".to_vec()))).await;
    let ran = list(&broken, &[]);
    assert!(ran.code == 9 && !ran.stderr.contains("using port 5985"), "{ran:?}");
}
