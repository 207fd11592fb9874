//! Which port a bare host name means. Loopback has more addresses than one on Linux alone, and the port is WinRM's own.
#![cfg(target_os = "linux")]

use crate::{
    local_host::LocalHost,
    support::{arg, hvctl, run},
};
use assert_cmd::Command;
use hyperv_wsman::sim::PlainServer;
use std::fs;
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
    let server = LocalHost::serve("127.0.59.86:5986").await;
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
    let server = LocalHost::serve("127.0.59.91:5986").await;
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
async fn the_doctor_writes_nothing_but_that_tls_has_worked_and_the_recording_that_is_asked_for() {
    let server = LocalHost::serve("127.0.59.97:5986").await;
    let home = home("127.0.59.97");
    let roots = tempfile::NamedTempFile::new().unwrap();
    fs::write(roots.path(), server.certificate_pem()).unwrap();
    let files = || {
        let entries = fs::read_dir(home.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let examine = |more: &[&str]| {
        let mut command = with_profile(&home, &["doctor", "--auth", "ntlm"]);
        command.args(more).env("SSL_CERT_FILE", arg(roots.path())).current_dir(home.path());
        run(command.env("HVCTL_USER", server.user()).env("HVCTL_PASSWORD", server.password()))
    };
    let ran = examine(&[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let text = fs::read_to_string(home.path().join("config.toml")).unwrap();
    assert_eq!(text, "[profile.p]\nhost = \"127.0.59.97\"\ntls-used = true\n");
    assert_eq!(files(), ["config.toml", "config.toml.lock"]);
    let ran = examine(&["--record", "session"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(files(), ["config.toml", "config.toml.lock", "session"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_trusted_is_no_reason_for_the_other_port() {
    let _server = LocalHost::serve("127.0.59.87:5986").await;
    let other = LocalHost::serve("127.0.0.1:0").await;
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
    let server = LocalHost::serve_plain("127.0.59.88:5985").await;
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
    let server = LocalHost::serve_plain("127.0.0.1:0").await;
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

/// What the doctor says of the ports of this host, and which way it took.
fn doctor_on(host: &str, policy: &str) -> (i32, String) {
    let mut command = hvctl(["doctor", "--auth", "ntlm", "--connect-timeout", "700ms", "--tls", policy]);
    command.args(["--host", host]).env("HVCTL_USER", r"EXAMPLE\operator").env("HVCTL_PASSWORD", "geheim");
    let ran = run(&mut command);
    let ports = ran.stdout.lines().skip_while(|line| !line.contains("  ports  ")).enumerate();
    let ports = ports.take_while(|(number, line)| *number == 0 || line.starts_with("     "));
    (ran.code, ports.map(|(_, line)| line).collect::<Vec<_>>().join("\n"))
}

/// A port that answers nothing: its queue is full, so that the system drops whatever else comes.
async fn silent(address: &str) -> (tokio::net::TcpListener, Vec<tokio::net::TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address.parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let mut queue = Vec::new();
    let moment = std::time::Duration::from_millis(200);
    let address = listener.local_addr().unwrap();
    while let Ok(stream) = tokio::time::timeout(moment, tokio::net::TcpStream::connect(address)).await {
        queue.push(stream.unwrap());
    }
    (listener, queue)
}

fn open(address: &str) -> std::net::TcpListener {
    std::net::TcpListener::bind(address).unwrap()
}

#[test]
fn the_doctor_starts_winrm_first_where_both_ports_are_closed() {
    for policy in ["prefer", "require"] {
        let (code, shown) = doctor_on("127.0.59.92", policy);
        assert_eq!(code, 5, "{shown}");
        insta::allow_duplicates! { insta::assert_snapshot!(shown, @r"
        failed   ports       failed to reach `127.0.59.92`: 5986 closed, 5985 closed
                             cause: WinRM does not run on the host, or has no listener there
                             on the host: winrm quickconfig
                             on the host: winrm enumerate winrm/config/listener
                             on the host: $c = New-SelfSignedCertificate -DnsName ([Net.Dns]::GetHostEntry('').HostName) -CertStoreLocation Cert:\LocalMachine\My; New-Item -Path WSMan:\localhost\Listener -Transport HTTPS -Address * -CertificateThumbPrint $c.Thumbprint -Force
        "); }
    }
    insta::assert_snapshot!(doctor_on("127.0.59.92", "never").1, @r"
    failed   ports       failed to reach `127.0.59.92`: 5985 closed, 5986 closed
                         cause: WinRM does not run on the host, or has no listener there
                         on the host: winrm quickconfig
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_takes_a_silent_port_beside_an_open_one_for_one_without_a_listener() {
    let _tls = silent("127.0.59.93:5986").await;
    let _plain = open("127.0.59.93:5985");
    let (code, shown) = doctor_on("127.0.59.93", "require");
    assert_eq!(code, 5, "{shown}");
    insta::assert_snapshot!(shown, @r"
    failed   ports       failed to reach `127.0.59.93`: 5986 silent, 5985 open
                         cause: the host has no HTTPS listener (Windows' firewall answers nothing at ports where nobody listens), or a firewall drops the packets to it; and nothing else is tried because of `--tls require`
                         on the host: winrm enumerate winrm/config/listener
                         on the host: $c = New-SelfSignedCertificate -DnsName ([Net.Dns]::GetHostEntry('').HostName) -CertStoreLocation Cert:\LocalMachine\My; New-Item -Path WSMan:\localhost\Listener -Transport HTTPS -Address * -CertificateThumbPrint $c.Thumbprint -Force
                         on the host: New-NetFirewallRule -Name hvctl-winrm-https -DisplayName 'WinRM (HTTPS)' -Direction Inbound -Protocol TCP -LocalPort 5986 -Action Allow -Profile Domain,Private
    ");
    let (_, shown) = doctor_on("127.0.59.93", "prefer");
    insta::assert_snapshot!(shown, @r"
    warning  ports       5986 silent, 5985 open: sealed messages at 5985, without a certificate that shows who the host is
                         `--tls require` refuses this way
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_opens_the_usual_port_of_a_host_that_says_nothing() {
    let _both = (silent("127.0.59.94:5986").await, silent("127.0.59.94:5985").await);
    let (code, shown) = doctor_on("127.0.59.94", "prefer");
    assert_eq!(code, 5, "{shown}");
    insta::assert_snapshot!(shown, @r"
    failed   ports       failed to reach `127.0.59.94`: 5986 silent, 5985 silent
                         cause: the host is down, a firewall drops the packets, or WinRM does not run (Windows' firewall answers nothing at ports where nobody listens)
                         on the host: winrm quickconfig
                         on the host: Enable-NetFirewallRule -Name WINRM-HTTP-In-TCP
    ");
    insta::assert_snapshot!(doctor_on("127.0.59.94", "require").1, @r"
    failed   ports       failed to reach `127.0.59.94`: 5986 silent, 5985 silent
                         cause: the host is down, a firewall drops the packets, or WinRM does not run (Windows' firewall answers nothing at ports where nobody listens)
                         on the host: winrm quickconfig
                         on the host: New-NetFirewallRule -Name hvctl-winrm-https -DisplayName 'WinRM (HTTPS)' -Direction Inbound -Protocol TCP -LocalPort 5986 -Action Allow -Profile Domain,Private
    ");
}

#[test]
fn the_doctor_says_what_leaves_out_the_port_that_is_open() {
    let plain = open("127.0.59.95:5985");
    let (code, shown) = doctor_on("127.0.59.95", "require");
    assert_eq!(code, 5, "{shown}");
    insta::assert_snapshot!(shown, @r"
    failed   ports       failed to reach `127.0.59.95`: 5986 closed, 5985 open
                         cause: the host has no HTTPS listener, and nothing else is tried because of `--tls require`
                         on the host: $c = New-SelfSignedCertificate -DnsName ([Net.Dns]::GetHostEntry('').HostName) -CertStoreLocation Cert:\LocalMachine\My; New-Item -Path WSMan:\localhost\Listener -Transport HTTPS -Address * -CertificateThumbPrint $c.Thumbprint -Force
                         on the host: New-NetFirewallRule -Name hvctl-winrm-https -DisplayName 'WinRM (HTTPS)' -Direction Inbound -Protocol TCP -LocalPort 5986 -Action Allow -Profile Domain,Private
    ");
    drop(plain);
    let _tls = open("127.0.59.96:5986");
    let (code, shown) = doctor_on("127.0.59.96", "never");
    assert_eq!(code, 5, "{shown}");
    insta::assert_snapshot!(shown, @r"
    failed   ports       failed to reach `127.0.59.96`: 5985 closed, 5986 open
                         cause: the host listens for HTTPS alone, and that is not tried because of `--tls never`
                         here: hvctl doctor --host 127.0.59.96 --tls require
    ");
}
