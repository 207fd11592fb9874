//! We are the acceptor, as in the simulated host: pypsrp logged in, sealed its messages and read our answers.

use super::*;
use crate::auth::{
    acceptor::{BindingPolicy, NtlmAcceptor},
    sealing::{Protocol, Sealer},
};
use session::{Exchange, Login, Message, hex, unhex};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

const NAME: &str = "ntlm-pypsrp";

/// Requests of the client with our answers: short and long both ways.
fn messages() -> [(String, String); 4] {
    let long = |letter: &str| letter.repeat(70_000);
    [
        ("<one/>".to_owned(), "<answer>ü</answer>".to_owned()),
        (long("x"), "<short/>".to_owned()),
        ("<short/>".to_owned(), long("y")),
        ("<last/>".to_owned(), "<s:Fault/>".to_owned()),
    ]
}

/// `tests/rig/sealed_client.py`.
struct Pypsrp {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Pypsrp {
    fn start(rig: &Path) -> Self {
        let mut process = Command::new(rig.join("venv/bin/python"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rig/sealed_client.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, input, output: BufReader::new(output) }
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    fn seal(&mut self, plain: &str) -> Message {
        let answer = self.ask(&format!("seal {}", hex(plain.as_bytes())));
        let (body, content_type) = answer.split_once(' ').unwrap();
        Message { content_type: content_type.to_owned(), body: unhex(body), plain: plain.into() }
    }
}

impl Drop for Pypsrp {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The versions of the peers in the rig.
pub(super) fn versions(rig: &Path) -> String {
    Pypsrp::start(rig).ask("versions")
}

fn record(rig: &Path) -> Session {
    let mut client = Pypsrp::start(rig);
    let peer = client.ask("versions");
    let negotiate = unhex(&client.ask(&format!("login {USER} {PASSWORD}")));
    let mut acceptor = NtlmAcceptor::new(None, BindingPolicy::Relaxed);
    let challenge = acceptor.challenge(&negotiate).unwrap();
    let authenticate = unhex(&client.ask(&format!("token {}", hex(&challenge))));
    let mut sealer = accept(acceptor, &authenticate);
    let exchange = |(request, answer): (String, String)| {
        let request = client.seal(&request);
        sealer.unseal(&request.content_type, &request.body).unwrap();
        let body = sealer.seal(answer.as_bytes()).unwrap();
        assert_eq!(unhex(&client.ask(&format!("open {}", hex(&body)))), answer.as_bytes());
        let content_type = sealer.content_type();
        Exchange { request, status: 200, answer: Message { content_type, body, plain: answer.into() } }
    };
    let exchanges = messages().map(exchange).into();
    let about = "a sealed session: NTLM; the client is not ours, the acceptor is";
    let login = Login { fixed: None, negotiate, challenge, authenticate };
    Session { about: about.to_owned(), peer, login: Some(login), exchanges }
}

/// Our end of the connection of whom the acceptor lets in.
fn accept(mut acceptor: NtlmAcceptor, authenticate: &[u8]) -> Sealer {
    let accepted = acceptor.verify(authenticate, &password).unwrap();
    assert_eq!(accepted.user, USER);
    Sealer::new(Protocol::Spnego, accepted.session.unwrap())
}

/// Plays the acceptor's part again and compares everything.
fn replay(session: &Session) {
    let login = session.login.as_ref().unwrap();
    let acceptor = NtlmAcceptor::with_challenge(BindingPolicy::Relaxed, &login.negotiate, &login.challenge);
    let mut sealer = accept(acceptor, &login.authenticate);
    for (Exchange { request, answer, .. }, given) in session.exchanges.iter().zip(messages()) {
        assert!((given.0.as_bytes(), given.1.as_bytes()) == (&request.plain[..], &answer.plain[..]));
        let opened = sealer.unseal(&request.content_type, &request.body).unwrap();
        assert!(opened.body == request.plain, "another request");
        assert!(sealer.seal(&answer.plain).unwrap() == answer.body, "another answer");
    }
}

#[test]
fn what_pypsrp_sealed_opens_and_our_answers_are_the_ones_that_it_read() {
    let session = Session::read(&sessions().join(NAME));
    assert_eq!(session.exchanges.len(), messages().len());
    replay(&session);
}

#[test]
fn a_session_recorded_now_opens_too() {
    let Some(rig) = rig() else { return };
    let (folder, _temp) = destination(NAME);
    record(&rig).write(&folder);
    replay(&Session::read(&folder));
}
