//! Ctrl-C: what goes on, what is unknown, what was never begun; and that nothing is waited for which need not end.
#![cfg(unix)]

use crate::{
    sim_host::SimHost,
    support::{Ran, arg, process},
};
use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Read, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Runs a command, sends it SIGINT when a line of its standard error contains `at`, and waits for its end.
fn interrupted(host: &SimHost, arguments: &[&str], at: &str) -> Ran {
    during(host, arguments, at, |process| signal("INT", process))
}

/// Sends a signal to a process.
pub(crate) fn signal(name: &str, process: u32) {
    let killed = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(killed.unwrap().success());
}

/// Runs a command, acts when a line of its standard error contains `at`, and waits for its end.
pub(crate) fn during(host: &SimHost, arguments: &[&str], at: &str, act: impl FnOnce(u32)) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hvctl"));
    command.args(arguments);
    watched(&mut hearing_hangup(command), host, at, act)
}

/// The same command, which hears SIGHUP even where whoever runs the tests has them outlive a terminal (`nohup`).
pub(crate) fn hearing_hangup(command: Command) -> Command {
    if !cfg!(target_os = "linux") {
        return command;
    }
    let mut hearing = Command::new("env");
    hearing.arg("--default-signal=HUP").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => hearing.env(name, value),
            None => hearing.env_remove(name),
        };
    }
    hearing
}

fn watched(command: &mut Command, host: &SimHost, at: &str, act: impl FnOnce(u32)) -> Ran {
    let mut child = command
        .envs(host.environment.iter().cloned())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut stderr = String::new();
    loop {
        let before = stderr.len();
        assert_ne!(lines.read_line(&mut stderr).unwrap(), 0, "ended before `{at}`: {stderr}");
        if stderr[before..].contains(at) {
            break;
        }
    }
    act(child.id());
    lines.read_to_string(&mut stderr).unwrap();
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().expect("ended by the signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr,
    }
}

const CREATE: &[&str] = &["snapshot", "create", "--group", "web-tier", "--type", "recovery", "-v"];

#[test]
fn while_waiting_the_job_goes_on_and_the_wait_can_be_taken_up() {
    let host = SimHost::with(&["--time-scale", "1"]);
    let ran = interrupted(&host, CREATE, "job ");
    assert_eq!(ran.code, 130, "{ran:?}");
    let command =
        ran.stderr.lines().find_map(|line| line.strip_prefix("hint: take up the wait with: ")).unwrap();
    let words = shlex::split(command).unwrap();
    assert_eq!(words[..3], ["hvctl", "job", "wait"]);
    let waited = crate::support::run(&mut host.hvctl(words[1..].iter().map(String::as_str)));
    assert_eq!(waited.code, 0, "{waited:?}");
}

#[test]
fn while_a_change_is_on_its_way_the_outcome_is_unknown() {
    let host = SimHost::with_rules(&["delay:30s@CreateSnapshot"]);
    let ran = interrupted(&host, CREATE, "> CreateSnapshot");
    assert_eq!(ran.code, 14, "{ran:?}");
    assert!(
        ran.stderr.contains("hint: before doing it again, look with: hvctl snapshot list --group "),
        "{ran:?}"
    );
}

#[test]
fn before_a_change_nothing_has_happened() {
    let host = SimHost::with_rules(&["delay:30s@Enumerate"]);
    let ran = interrupted(&host, CREATE, "> Enumerate");
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.stderr.contains("nothing was changed"), "{ran:?}");
}

#[test]
fn after_a_change_it_is_not_said_that_nothing_was_changed() {
    let host = SimHost::with_rules(&["sync@CreateSnapshot", "delay:30s@Get"]);
    let ran = interrupted(&host, CREATE, "> Get");
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.stderr.contains("the operation itself is finished"), "{ran:?}");
}

#[test]
fn an_enumeration_that_is_under_way_is_given_back() {
    let hangup = cfg!(target_os = "linux").then_some("HUP");
    for name in ["INT", "TERM"].into_iter().chain(hangup) {
        given_back_at(name);
    }
}

fn given_back_at(name: &str) {
    let folder = TempDir::new().unwrap();
    let inventory = folder.path().join("many-groups.toml");
    let mut lines: Vec<_> = (0..30).map(|number| format!("[[group]]\nname = \"group {number}\"\n")).collect();
    lines.push("[limits]\nmax_envelope_size = 8192\n".to_owned());
    std::fs::write(&inventory, lines.concat()).unwrap();
    let host = SimHost::with(&["--inventory", arg(&inventory), "--rule", "delay:500ms@Pull"]);
    let ran = during(&host, &["group", "list", "-v"], "> Pull", |process| signal(name, process));
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.stderr.contains("> Release"), "{ran:?}");
}

#[test]
fn a_host_that_does_not_take_back_an_enumeration_is_left_after_two_seconds() {
    let host =
        SimHost::with(&["--generate", "300", "--rule", "delay:500ms@Pull", "--rule", "delay:60s@Release"]);
    let line = ["enumerate", "Msvm_ConcreteJob", "--max-elements", "10", "-v"];
    let began = std::time::Instant::now();
    let ran = during(&host, &line, "> Pull", |process| signal("INT", process));
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.stderr.contains("> Release"), "{ran:?}");
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}

#[test]
fn the_command_that_looks_names_the_host_that_was_typed() {
    let host = SimHost::with_rules(&["delay:30s@CreateSnapshot"]);
    let url = host.value("HVCTL_HOST").to_owned();
    let line = [CREATE, &["--host", &url, "--output", "json"]].concat();
    let ran = interrupted(&host, &line, "> CreateSnapshot");
    assert_eq!(ran.code, 14, "{ran:?}");
    let error = &ran.json_error()["error"];
    let look = error["evidence"]["outcome"]["look"].as_str().unwrap();
    assert!(look.starts_with(&format!("hvctl --host {url} snapshot list")), "{look}");
    assert!(error["hint"].as_str().unwrap().contains(look), "{error}");
}

#[test]
fn a_service_manager_that_ends_the_wait_is_told_the_same() {
    let host = SimHost::with(&["--time-scale", "1"]);
    let ran = during(&host, CREATE, "job ", |process| signal("TERM", process));
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.stderr.contains("the job goes on") && ran.stderr.contains(" job wait "), "{ran:?}");
}

/// As `nohup` starts it.
#[test]
fn a_command_that_is_to_outlive_its_terminal_does() {
    let host = SimHost::with(&["--time-scale", "0.2"]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_hvctl")]).args(CREATE);
    let ran = watched(&mut command, &host, "job ", |process| signal("HUP", process));
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_simulated_host_ends_well_by_either_signal() {
    for name in ["INT", "TERM"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hvctl"))
            .args(["simulate", "--output", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut announced = BufReader::new(child.stdout.take().unwrap());
        while !announced.fill_buf().unwrap().starts_with(b"}") {
            announced.read_line(&mut String::new()).unwrap();
        }
        signal(name, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
    }
}

/// Longer than any test may take, so that only the interruption can end what waits for it.
const NEVER: &str = "1h";
/// How long anything is waited for.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Runs a command, interrupts it when `reached` has returned, and expects that nothing was changed.
fn ends_at_once<T>(command: &mut Command, reached: impl FnOnce() -> T) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _held = reached();
    signal("INT", child.id());
    let mut stderr = child.stderr.take().unwrap();
    let (ended, end) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut told = String::new();
        stderr.read_to_string(&mut told).unwrap();
        ended.send(told).unwrap();
    });
    let told = end.recv_timeout(DEADLINE);
    if told.is_err() {
        child.kill().unwrap();
    }
    let code = child.wait().unwrap().code();
    reader.join().unwrap();
    assert_eq!(told.unwrap(), "error: interrupted: nothing was changed\n");
    assert_eq!(code, Some(130));
}

/// A server that says nothing.
struct Silent(TcpListener);

impl Silent {
    fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// Waits until somebody has come, and keeps the connection.
    fn visited(&self) -> TcpStream {
        let (listener, (came, comes)) = (self.0.try_clone().unwrap(), mpsc::channel());
        thread::spawn(move || came.send(listener.accept().unwrap().0));
        comes.recv_timeout(DEADLINE).unwrap()
    }
}

#[test]
fn a_look_at_a_certificate_that_does_not_come() {
    let host = Silent::start();
    let url = format!("https://{}", host.address());
    ends_at_once(&mut process(["trust", &url, "--profile", "hv1", "--connect-timeout", NEVER]), || {
        host.visited()
    });
}

#[test]
fn a_handshake_that_does_not_go_on() {
    let host = Silent::start();
    let url = format!("https://{}", host.address());
    let line = ["identify", "--anonymous", "--host", &url, "--connect-timeout", NEVER];
    ends_at_once(&mut process(line), || host.visited());
}

#[test]
fn a_knock_that_nobody_answers() {
    let proxy = Silent::start();
    let url = format!("socks5h://{}", proxy.address());
    let line = [
        "identify",
        "--anonymous",
        "--host",
        "hv1.example.test",
        "--proxy",
        &url,
        "--connect-timeout",
        NEVER,
    ];
    ends_at_once(&mut process(line), || proxy.visited());
}

#[test]
fn a_proxy_that_does_not_answer() {
    for scheme in ["http", "socks5h"] {
        let proxy = Silent::start();
        let url = format!("{scheme}://{}", proxy.address());
        let host = "https://hv1.example.test";
        let line = ["identify", "--anonymous", "--host", host, "--proxy", &url, "--connect-timeout", NEVER];
        ends_at_once(&mut process(line), || proxy.visited());
    }
}

/// A file that is open for reading as long as nothing comes out of it.
struct Fifo {
    path: PathBuf,
    _directory: TempDir,
}

impl Fifo {
    fn make() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fifo");
        let made = Command::new("mkfifo").args(["-m", "600", arg(&path)]).status().unwrap();
        assert!(made.success());
        Self { path, _directory: directory }
    }

    /// Waits until somebody reads, and keeps them waiting.
    fn read(&self) -> File {
        let (path, (opened, open)) = (self.path.clone(), mpsc::channel());
        thread::spawn(move || opened.send(OpenOptions::new().write(true).open(path).unwrap()));
        open.recv_timeout(DEADLINE).unwrap()
    }
}

const ELSEWHERE: &[&str] =
    &["group", "list", "--host", "https://hv1.example.test", "--user", "EXAMPLE\\operator"];

#[test]
fn a_password_that_does_not_come() {
    let fifo = Fifo::make();
    let line = [ELSEWHERE, &["--password-file", arg(&fifo.path)]].concat();
    ends_at_once(&mut process(line), || fifo.read());
    let command = format!("cat {}", arg(&fifo.path));
    let line = [ELSEWHERE, &["--password-command", &command]].concat();
    ends_at_once(&mut process(line), || fifo.read());
}

#[test]
fn a_key_that_takes_minutes_to_decrypt() {
    let (files, key) = (concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/client/"), Fifo::make());
    let slow = std::fs::read(format!("{files}ec-slow.key")).unwrap();
    let certificate = format!("{files}ec.crt");
    let line = ["group", "list", "--host", "https://hv1.example.test", "--client-cert", &certificate];
    let line = [&line[..], &["--client-key", arg(&key.path)]].concat();
    ends_at_once(process(line).env("HVCTL_PASSWORD", "secret"), || key.read().write_all(&slow).unwrap());
}

#[test]
fn a_message_that_does_not_come() {
    let fifo = Fifo::make();
    ends_at_once(&mut process(["explain", arg(&fifo.path)]), || fifo.read());
}

/// A look for a ticket that hangs in the library, as at a KDC that says nothing: the thread that does it is left.
#[test]
#[cfg(target_os = "linux")]
fn a_look_for_a_ticket_that_does_not_end() {
    let line = ["group", "list", "--host", "https://hv1.example.test", "--kdc-timeout", NEVER];
    if crate::support::run(&mut crate::support::hvctl(line))
        .stderr
        .contains("failed to load a GSSAPI library")
    {
        return;
    }
    let settings = Fifo::make();
    ends_at_once(process(line).env("KRB5_CONFIG", &settings.path), || settings.read());
}
