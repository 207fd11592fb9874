//! `hvctl doctor`: what it says of a host that is ready, and of each that is not. The snapshots are what users see.

use crate::{
    local_host::LocalHost,
    odd_server::{OddServer, http},
    sim_host::SimHost,
    support::{Ran, arg, hvctl, run, without_times},
};
use assert_cmd::Command;
use serde_json::Value;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

const LOGIN: [(&str, &str); 2] = [("HVCTL_USER", r"EXAMPLE\operator"), ("HVCTL_PASSWORD", "geheim")];

/// The doctor on a host by URL, quick to give up, with a login that the host may not know.
fn doctor(host: &str) -> Command {
    let mut command = hvctl(["doctor", "--connect-timeout", "700ms", "--auth", "ntlm", "--host", host]);
    command.envs(LOGIN);
    command
}

/// A TCP server on loopback that does this with each connection. It ends with the process.
fn tcp_server(serve: impl Fn(&mut std::net::TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            serve(&mut stream);
        }
    });
    port
}

/// A port where nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An HTTP server without TLS that answers each request so.
fn http_server(answer: Vec<u8>) -> u16 {
    tcp_server(move |stream| {
        let _ = stream.read(&mut [0; 8192]).and_then(|_| stream.write_all(&answer));
    })
}

/// What users see, with what differs from run to run hidden.
fn seen(ran: &Ran, hide: &[(&str, &str)]) -> String {
    let mut shown = String::new();
    for line in without_hashes(&without_times(&ran.transcript(hide))).lines() {
        let line = match (line.find("logins are bound to sha"), line.find("round-trip  ")) {
            (Some(at), _) => format!("{}logins are bound to <hash>", &line[..at]),
            (_, Some(at)) if line.contains(" ms ") => format!("{}round-trip  <time>", &line[..at]),
            _ => line.to_owned(),
        };
        shown.push_str(&line);
        shown.push('\n');
    }
    shown
}

/// Of each fingerprint only the digits are hidden, not what stands behind it.
fn without_hashes(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut shown = parts.next().unwrap().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        shown.push_str(if digits == 64 { "<sha256>" } else { "sha256:" });
        shown.push_str(if digits == 64 { &part[64..] } else { part });
    }
    shown
}

fn port_of(url: &str) -> String {
    url.rsplit(':').next().unwrap().trim_end_matches("/wsman").to_owned()
}

/// The doctor on a simulated host with this inventory and these rules.
fn on_simulated(inventory: &str, rules: &[&str], more: &[&str]) -> (Ran, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("inventory.toml");
    fs::write(&file, inventory).unwrap();
    let mut arguments = vec!["--time-scale", "0", "--inventory", arg(&file)];
    for rule in rules {
        arguments.extend(["--rule", rule]);
    }
    let host = SimHost::with(&arguments);
    let line = [&["doctor", "--auth", "ntlm"], more].concat();
    let ran = run(&mut host.hvctl(line));
    let port = port_of(host.value("HVCTL_HOST"));
    let shown = seen(&ran, &[(&port, "PORT")]);
    (ran, shown)
}

const GROUP: &str = "[[vm]]\nname = \"a\"\n[[group]]\nname = \"g\"\nmembers = [\"a\"]\n";

/// The status of each step.
fn statuses(ran: &Ran) -> Vec<(String, String)> {
    let report = ran.json();
    let text = |step: &Value, key: &str| step[key].as_str().unwrap().to_owned();
    report["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (text(step, "step"), text(step, "status")))
        .collect()
}

#[test]
fn a_host_that_is_ready() {
    let (ran, shown) = on_simulated(GROUP, &[], &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    insta::assert_snapshot!("ready", shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_https_seals() {
    let server = LocalHost::serve_plain("127.0.0.1:0").await;
    let mut command = doctor(server.url().as_str());
    let ran = run(command.env("HVCTL_USER", server.user()).env("HVCTL_PASSWORD", server.password()));
    assert_eq!(ran.code, 0, "{ran:?}");
    let port = server.url().port().unwrap().to_string();
    insta::assert_snapshot!("ready_sealed", seen(&ran, &[(&port, "PORT")]));
}

#[test]
fn nobody_listens() {
    let port = closed_port();
    let ran = run(&mut doctor(&format!("127.0.0.1:{port}")));
    assert_eq!(ran.code, 5, "{ran:?}");
    insta::assert_snapshot!("closed_port", seen(&ran, &[(&port.to_string(), "PORT")]));
}

#[test]
fn no_such_name() {
    let ran = run(&mut doctor("no-such-host.invalid"));
    assert_eq!(ran.code, 5, "{ran:?}");
    // The words of the system differ.
    let shown = seen(&ran, &[]);
    let shown: String =
        shown.lines().filter(|line| !line.contains("failed to lookup")).collect::<Vec<_>>().join("\n");
    assert!(shown.contains("its name has no address"), "{shown}");
    assert!(shown.contains("here: getent hosts no-such-host.invalid"), "{shown}");
    assert!(shown.contains("skipped  round-trip  needs `name`, which failed"), "{shown}");
}

#[test]
fn a_server_that_says_nothing() {
    let open = std::sync::Mutex::new(Vec::new());
    let port = tcp_server(move |stream| open.lock().unwrap().push(stream.try_clone().unwrap()));
    for (scheme, name) in [("https", "silent_tls"), ("http", "silent_plain")] {
        let ran = run(&mut doctor(&format!("{scheme}://127.0.0.1:{port}")));
        assert_eq!(ran.code, 5, "{ran:?}");
        insta::assert_snapshot!(name, seen(&ran, &[(&port.to_string(), "PORT")]));
    }
}

#[test]
fn a_certificate_that_nobody_here_knows() {
    let (ran, _) = on_simulated(GROUP, &[], &["--fingerprint", &format!("sha256:{:064}", 0)]);
    assert_eq!(ran.code, 6, "{ran:?}");
    let host = SimHost::start();
    // The only root of this machine is somebody else's.
    let directory = tempfile::tempdir().unwrap();
    let roots = directory.path().join("roots.pem");
    fs::write(&roots, &OddServer::answering(Vec::new()).certificate).unwrap();
    let mut command = host.hvctl(["doctor", "--auth", "ntlm"]);
    let ran = run(command.env_remove("HVCTL_FINGERPRINT").env("SSL_CERT_FILE", arg(&roots)));
    assert_eq!(ran.code, 6, "{ran:?}");
    let port = port_of(host.value("HVCTL_HOST"));
    insta::assert_snapshot!("foreign_certificate", seen(&ran, &[(&port, "PORT")]));
}

#[test]
fn a_web_server() {
    let page = b"<html>It works!</html>";
    let apache =
        [&b"HTTP/1.1 200 OK\r\nServer: Apache/2.4.57\r\n"[..], &http("", "text/html", page)[11..]].concat();
    let server = OddServer::answering(apache);
    let mut command = doctor(&server.url());
    let ran = run(command.args(["--fingerprint", &server.fingerprint]));
    assert_eq!(ran.code, 9, "{ran:?}");
    insta::assert_snapshot!("web_server", seen(&ran, &[(&server.address.port().to_string(), "PORT")]));
}

#[test]
fn windows_http_service_without_winrm() {
    let answer = b"HTTP/1.1 404 Not Found\r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let port = http_server(answer.to_vec());
    let ran = run(&mut doctor(&format!("http://127.0.0.1:{port}")));
    assert_eq!(ran.code, 5, "{ran:?}");
    insta::assert_snapshot!("windows_without_winrm", seen(&ran, &[(&port.to_string(), "PORT")]));
}

#[test]
fn tls_and_plain_http_mixed_up() {
    let port = http_server(http("401 Unauthorized", "text/plain", b""));
    let ran = run(&mut doctor(&format!("https://127.0.0.1:{port}")));
    assert_eq!(ran.code, 9, "{ran:?}");
    assert!(ran.stdout.contains(&format!("here: hvctl doctor --host http://127.0.0.1:{port}")), "{ran:?}");

    let server = OddServer::answering(Vec::new());
    let port = server.address.port();
    let ran = run(&mut doctor(&format!("http://127.0.0.1:{port}")));
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains(&format!("here: hvctl doctor --host https://127.0.0.1:{port}")), "{ran:?}");
}

#[test]
fn a_gateway_that_is_not_winrm_is_a_warning_until_it_matters() {
    let answer =
        b"HTTP/1.1 401 Unauthorized\r\nServer: Apache/2.4.57\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
        Content-Length: 0\r\nConnection: close\r\n\r\n";
    let server = OddServer::answering(answer.to_vec());
    let mut command = doctor(&server.url());
    let ran = run(command.args(["--fingerprint", &server.fingerprint]));
    assert_eq!(ran.code, 7, "{ran:?}");
    insta::assert_snapshot!("other_schemes", seen(&ran, &[(&server.address.port().to_string(), "PORT")]));
}

#[test]
fn a_wrong_password_is_tried_once() {
    let host = SimHost::start();
    let ran = run(host.hvctl(["doctor", "--auth", "ntlm", "-v"]).env("HVCTL_PASSWORD", "wrong"));
    assert_eq!(ran.code, 7, "{ran:?}");
    // The anonymous one, and the one attempt.
    assert_eq!(ran.stderr.matches("> Identify").count(), 2, "{ran:?}");
    let port = port_of(host.value("HVCTL_HOST"));
    let ran = run(host.hvctl(["doctor", "--auth", "ntlm"]).env("HVCTL_PASSWORD", "wrong"));
    insta::assert_snapshot!("wrong_password", seen(&ran, &[(&port, "PORT")]));
}

#[test]
fn without_a_user_everything_before_the_login_is_looked_at() {
    let host = SimHost::start();
    let ran = run(host.hvctl(["doctor", "--auth", "ntlm", "--output", "json"]).env_remove("HVCTL_USER"));
    assert_eq!(ran.code, 2, "{ran:?}");
    let report = ran.json();
    assert_eq!(report["first_failure"], "login");
    let of = |name: &str| statuses(&ran).into_iter().find(|(step, _)| step == name).unwrap().1;
    assert_eq!([of("schemes"), of("login"), of("access")], ["ok", "failed", "skipped"], "{ran:?}");
}

#[test]
fn rights_that_lack_are_told_apart() {
    let table = [
        ("access_denied", "fault:5@Enumerate", r"EXAMPLE\operator", 11, "denied"),
        ("access_denied_local", "fault:5@Enumerate", "admin", 11, "local_account"),
        (
            "access_denied_wmi",
            "fault:2147749891:w:AccessDenied@Enumerate",
            r"EXAMPLE\operator",
            11,
            "namespace",
        ),
    ];
    for (name, rule, user, code, reason) in table {
        let inventory = format!("[auth]\nuser = '{user}'\n{GROUP}");
        let (ran, shown) = on_simulated(&inventory, &[rule], &[]);
        assert_eq!(ran.code, code, "{name}: {ran:?}");
        insta::assert_snapshot!(name, shown);
        let (ran, _) = on_simulated(&inventory, &[rule], &["--output", "json"]);
        let report = ran.json();
        let access = &report["steps"][11];
        assert_eq!(
            (&access["step"], &access["facts"]["reason"]),
            (&"access".into(), &reason.into()),
            "{ran:?}"
        );
    }
}

#[test]
fn a_user_who_is_shown_nothing() {
    let inventory = format!("[auth]\nsees_hyper_v = false\n{GROUP}");
    let (ran, shown) = on_simulated(&inventory, &[], &[]);
    assert_eq!(ran.code, 11, "{ran:?}");
    insta::assert_snapshot!("nothing_shown", shown);
}

#[test]
fn a_host_without_hyper_v() {
    for fault in ["fault:2150858778@Enumerate", "fault:2147749902@Enumerate"] {
        let (ran, shown) = on_simulated(GROUP, &[fault], &[]);
        assert_eq!(ran.code, 4, "{ran:?}");
        insta::allow_duplicates! { insta::assert_snapshot!("no_hyper_v", shown); }
    }
}

#[test]
fn a_host_without_groups() {
    let inventory = "[host]\ngroups = false\nbuild = \"6.3.9600\"\n[[vm]]\nname = \"a\"\n";
    let (ran, shown) = on_simulated(inventory, &[], &[]);
    assert_eq!(ran.code, 4, "{ran:?}");
    insta::assert_snapshot!("no_group_support", shown);
}

#[test]
fn whoever_may_not_read_the_quotas_is_told_the_defaults() {
    let inventory = format!("[auth]\nadministrator = false\n{GROUP}");
    let (ran, shown) = on_simulated(&inventory, &[], &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let quotas =
        shown.lines().skip_while(|line| !line.contains("quotas")).take(3).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(quotas, @r"
    skipped  quotas      only administrators may read winrm/config
                         by default: MaxEnvelopeSizekb 500, MaxTimeoutms 60000, MaxConcurrentOperationsPerUser 1500
                         WMI plug-in: 15 operations at the same time for each user, by default ([MS-WSMV] 3.1.4.1.34.3.1); not read: on the host, `Get-ChildItem 'WSMan:\localhost\Plugin\WMI Provider\Quotas'` shows it
    ");
}

#[test]
fn what_does_not_stop_the_main_job_is_a_warning() {
    let inventory = format!("[limits]\nmax_envelope_size = 102400\n{GROUP}");
    let (ran, shown) = on_simulated(&inventory, &[], &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(shown.contains("warning  quotas      MaxEnvelopeSizekb 100,"), "{shown}");
    assert!(
        shown.contains("ready: a snapshot of a group can be taken and exported (with one warning)"),
        "{shown}"
    );
}

#[test]
fn without_any_group_the_main_job_cannot_run() {
    let (ran, shown) = on_simulated("[[vm]]\nname = \"a\"\n", &[], &[]);
    assert_eq!(ran.code, 4, "{ran:?}");
    let groups = shown.lines().skip_while(|line| !line.contains("groups")).take(5);
    insta::assert_snapshot!(groups.collect::<Vec<_>>().join("\n"), @r"
        failed   groups      failed to find a group of virtual machines: groups are supported, and the host has none
                             cause: nobody has made one yet
                             on the host: New-VMGroup -Name web-tier -GroupType VMCollectionType
                             on the host: Add-VMGroupMember -Name web-tier -VM (Get-VM web1, web2)
        ok       quotas      MaxEnvelopeSizekb 500, MaxTimeoutms 60000, MaxConcurrentOperationsPerUser 1500, MaxBatchItems 32000, EnumerationTimeoutms 240000, MaxConnections 300
    ");
}

/// A server that asks for NTLM as WinRM does, and does this with the login.
fn at_login(meet: impl Fn(&mut std::net::TcpStream) + Send + 'static) -> u16 {
    const ASK: &[u8] = b"HTTP/1.1 401 X\r\nServer: Microsoft-HTTPAPI/2.0\r\nWWW-Authenticate: Negotiate\r\n\
        Content-Length: 0\r\nConnection: close\r\n\r\n";
    tcp_server(move |stream| {
        let mut request = [0; 8192];
        let length = stream.read(&mut request).unwrap_or_default();
        if String::from_utf8_lossy(&request[..length]).to_lowercase().contains("authorization: ") {
            meet(stream);
        } else {
            let _ = stream.write_all(ASK);
        }
    })
}

#[test]
fn a_login_that_is_cut_or_misused_is_not_taken_for_a_wrong_password() {
    let say = |answer: &'static [u8]| at_login(move |stream| drop(stream.write_all(answer)));
    let bad_challenge =
        b"HTTP/1.1 401 X\r\nWWW-Authenticate: Negotiate TlRMTVNTUAACAAAA\r\nContent-Length: 0\r\n\r\n";
    let open = std::sync::Mutex::new(Vec::new());
    let hang = at_login(move |stream| open.lock().unwrap().push(stream.try_clone().unwrap()));
    let mut told = String::new();
    for (port, code) in [
        (at_login(|_| {}), 5),
        (hang, 8),
        (say(bad_challenge), 7),
        (say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 9),
    ] {
        let mut command = doctor(&format!("http://127.0.0.1:{port}"));
        let ran = run(command.args(["--request-timeout", "1s"]));
        assert_eq!(ran.code, code, "{ran:?}");
        let shown = seen(&ran, &[(&port.to_string(), "PORT")]);
        let login = shown.lines().skip_while(|line| !line.starts_with("failed   login")).enumerate();
        let login = login.take_while(|(number, line)| *number == 0 || line.starts_with("     "));
        for (_, line) in login {
            told.push_str(line);
            told.push('\n');
        }
    }
    assert!(!told.contains("password is wrong"), "{told}");
    insta::assert_snapshot!(told, @r"
    failed   login       failed to log in to `127.0.0.1:PORT` by NTLM (token 1): the connection was cut
                         connection closed before message completed
                         cause: the WinRM service of the host was stopped or restarted, or something between here and the host cuts connections
                         on the host: Get-Service WinRM, HTTP | Format-Table Name, Status; Restart-Service WinRM
                         on the host: Get-WinEvent -LogName Microsoft-Windows-WinRM/Operational -MaxEvents 20 | Format-List TimeCreated, Message
    failed   login       failed to connect to `127.0.0.1:PORT` and log in by NTLM (token 1) in time
                         cause: the host may be busy: a longer request timeout waits longer (`--request-timeout`)
                         here: hvctl --host http://127.0.0.1:PORT --auth ntlm doctor --request-timeout 10m
                         on the host: Get-Service WinRM, Winmgmt, vmms | Format-Table Name, Status
    failed   login       failed to log in to `127.0.0.1:PORT` by NTLM as `EXAMPLE\operator`: it cannot go on
                         the peer's token cannot be read: insufficient minimum length for an internal item (expected at least 44, obtained 0)
                         cause: something else than WinRM answers there, or something between here and the host changes its tokens: reach the host directly
                         on the host: Get-WinEvent -LogName Microsoft-Windows-WinRM/Operational -MaxEvents 20 | Format-List TimeCreated, Message
    failed   login       failed to log in to `127.0.0.1:PORT`: expected WinRM to answer, got HTTP 200
                         cause: something else than WinRM answers there; its URLs are `https://HOST:5986/wsman` and `http://HOST:5985/wsman`
                         on the host: winrm enumerate winrm/config/listener
    ");
}

#[test]
fn a_listener_without_a_certificate_is_told_with_what_mends_it() {
    let port = tcp_server(|stream| drop(stream.read(&mut [0; 8192])));
    let ran = run(&mut doctor(&format!("https://127.0.0.1:{port}")));
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stdout.contains("CertificateThumbprint") && ran.stdout.contains("Remove-Item"), "{ran:?}");
}

/// What a login, or a recording, would end at is found before the network is asked anything.
#[test]
fn settings_that_do_not_go_together_are_a_report_too() {
    let directory = tempfile::tempdir().unwrap();
    let full = directory.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("notes.txt"), "mine").unwrap();
    let no_pem = directory.path().join("no.pem");
    fs::write(&no_pem, "no PEM").unwrap();
    let missing = directory.path().join("missing.pem");
    let pin = format!("sha256:{:064}", 0);
    let (plain, tls) = ("http://127.0.0.1:1", "https://127.0.0.1:1");
    let mut shown = String::new();
    let examine = |host: &str| {
        let mut command = hvctl(["doctor", "--host", host]);
        command.env("HVCTL_AUTH", "ntlm").envs(LOGIN);
        command
    };
    for (host, more, code) in [
        (plain, &["--auth", "basic"][..], 3),
        (plain, &["--fingerprint", &pin], 3),
        (plain, &["--tls", "require"], 3),
        (tls, &["--tls", "never"], 3),
        (tls, &["--cacert", arg(&missing)], 17),
        (tls, &["--cacert", arg(&no_pem)], 3),
        (tls, &["--record", arg(&full)], 17),
        (tls, &["--replay", arg(&missing)], 15),
        (tls, &["--replay", "a", "--record", "b"], 2),
    ] {
        let ran = run(examine(host).args(more));
        assert_eq!(ran.code, code, "{more:?}: {ran:?}");
        let text = seen(&ran, &[(arg(directory.path()), "DIR")]);
        let failed = text.lines().skip(2).take_while(|line| !line.starts_with("skipped"));
        // The words of the system differ.
        let failed: Vec<_> = failed.filter(|line| !line.contains("(os error ")).collect();
        shown += &failed.join("\n");
        shown.push('\n');
        assert_eq!(text.matches("needs `settings`, which failed").count(), 16, "{text}");
        let ran = run(examine(host).args(more).args(["--output", "json"]));
        let report = ran.json();
        assert_eq!((ran.code, &report["exit_code"]), (code, &code.into()), "{more:?}: {ran:?}");
        assert_eq!(
            (&report["first_failure"], &report["ready"]),
            (&"settings".into(), &false.into()),
            "{ran:?}"
        );
        assert_eq!(report["steps"].as_array().unwrap().len(), 17);
    }
    insta::assert_snapshot!(shown, @r"
    failed   settings    failed to use Basic: messages have to be sealed, for which it has no keys
                         hint: use the HTTPS listener, `https://HOST:5986/wsman`, or another mechanism
    failed   settings    failed to use an `http://` URL: there is no certificate that could be the trusted one
                         hint: use `https://HOST:5986/wsman`, or leave out fingerprint and CA
    failed   settings    failed to choose the way to the host: `--tls require` contradicts an `http://` URL
                         hint: name the HTTPS listener
    failed   settings    failed to choose the way to the host: `--tls never` contradicts an `https://` URL
                         hint: leave out `--tls`, or name the host alone
    failed   settings    failed to read `DIR/missing.pem`
    failed   settings    failed to read the CA certificates: expected PEM with `BEGIN CERTIFICATE`, found no certificate
                         hint: a DER file is converted by `openssl x509 -inform der -in FILE -out FILE.pem`
    failed   settings    failed to write recording `DIR/full`
                         hint: name a folder that does not exist or is empty
    failed   settings    failed to open cassette `DIR/missing.pem`: there is none (`cassette.json`)
                         hint: a cassette is a folder with a file `cassette.json`; `--record DIR` makes one
    failed   settings    --record and --replay exclude each other
                         hint: record against a host, replay afterwards; look at HVCTL_RECORD and HVCTL_REPLAY too
    ");
}

/// Each step that fails says more than that it has.
#[test]
fn every_failure_comes_with_advice_or_a_hint() {
    let json: &[&str] = &["--output", "json"];
    let mut reports = Vec::new();
    for rule in [
        "fault:2150858843@Enumerate",
        "fault:5@Enumerate",
        "cut:after@Enumerate",
        "cut:after@Identify#2",
        "garbage@Enumerate",
        "garbage@Identify#2",
        "html@Enumerate",
        "status:403@Identify#2",
        "status:503@Enumerate",
        "empty-500@Enumerate",
    ] {
        reports.push((rule.to_owned(), on_simulated(GROUP, &[rule], json).0));
    }
    let others = [
        on_simulated("[host]\ngroups = false\n[[vm]]\nname = \"a\"\n", &[], json).0,
        on_simulated("[[vm]]\nname = \"a\"\n", &[], json).0,
        run(doctor(&format!("127.0.0.1:{}", closed_port())).args(json)),
        run(doctor(&format!("http://127.0.0.1:{}", at_login(|_| {}))).args(json)),
        run(doctor("no-such-host.invalid").args(json)),
    ];
    reports.extend(others.into_iter().map(|ran| (String::new(), ran)));
    for (rule, ran) in reports {
        let report = ran.json();
        let failed = report["steps"].as_array().unwrap().iter().filter(|step| step["status"] == "failed");
        let failed: Vec<_> = failed.collect();
        assert!(!failed.is_empty(), "{rule}: {ran:?}");
        for step in failed {
            let is_explained = step["advice"].is_object() || step["error"]["hint"].is_string();
            assert!(is_explained, "{rule}: {step:#}");
        }
    }
}

#[test]
fn the_json_has_every_step_in_order_and_nothing_but_what_is_documented() {
    let steps = [
        "settings",
        "name",
        "ports",
        "tls",
        "winrm",
        "identify",
        "schemes",
        "kerberos",
        "ntlm",
        "login",
        "sealing",
        "access",
        "namespace",
        "services",
        "groups",
        "quotas",
        "round-trip",
    ];
    let (ready, _) = on_simulated(GROUP, &[], &["--output", "json"]);
    let closed = run(doctor(&format!("127.0.0.1:{}", closed_port())).args(["--output", "json"]));
    for (ran, code) in [(&ready, 0), (&closed, 5)] {
        let report = ran.json();
        let keys: Vec<_> = report.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["schema", "host", "url", "ready", "exit_code", "first_failure", "steps"]);
        assert_eq!((&report["schema"], &report["exit_code"]), (&1.into(), &code.into()));
        assert_eq!(ran.code, code, "{ran:?}");
        let names: Vec<_> = statuses(ran).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, steps);
        for step in report["steps"].as_array().unwrap() {
            let keys: Vec<_> = step.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["step", "status", "seen", "facts", "error", "blocked_by", "advice"]);
        }
    }
    assert_eq!(ready.stderr, "");
    let report = closed.json();
    let ports = &report["steps"][2];
    assert_eq!(ports["error"]["code"], 5);
    assert_eq!(ports["advice"]["commands"][0]["where"], "host");
    assert_eq!(report["steps"][9]["blocked_by"], "ports");
    assert_eq!(closed.json_error()["error"]["code"], 5);
}

#[test]
fn a_replay_has_the_answers_and_no_network() {
    let host = SimHost::start();
    let directory = tempfile::tempdir().unwrap();
    let cassette = directory.path().join("cassette");
    let ran = run(&mut host.hvctl(["doctor", "--auth", "ntlm", "--record", arg(&cassette)]));
    assert_eq!(ran.code, 0, "{ran:?}");
    let lint = run(&mut hvctl(["fixture", "lint", arg(directory.path())]));
    assert_eq!(lint.code, 0, "{lint:?}");
    let ran = run(&mut hvctl(["doctor", "--replay", arg(&cassette)]));
    assert_eq!(ran.code, 0, "{ran:?}");
    insta::assert_snapshot!("replayed", seen(&ran, &[]));
}

#[test]
#[cfg(unix)]
fn an_interruption_ends_it_and_nothing_was_changed() {
    let open = std::sync::Mutex::new(Vec::new());
    let port = tcp_server(move |stream| open.lock().unwrap().push(stream.try_clone().unwrap()));
    let url = format!("https://127.0.0.1:{port}");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_hvctl"))
        .args(["doctor", "--auth", "ntlm", "--connect-timeout", "60s", "--host", &url])
        .envs(LOGIN)
        .env("HVCTL_CONFIG", "/no/profiles.toml")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The second line says that it is at the handshake, which never ends.
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let ports = lines.by_ref().map(Result::unwrap).find(|line| line.contains("ports"));
    assert!(ports.is_some());
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "error: interrupted: nothing was changed\n");
}
