//! The client's end of `tests/rig/gss_acceptor.py`.

use super::super::{GssClient, KerberosError};
use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
};

/// A connection to an acceptor.
pub(super) struct Acceptor {
    stream: BufReader<TcpStream>,
    /// Whom it let in, and how.
    pub(super) peer: Option<Peer>,
}

/// What the acceptor knows of the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) user: String,
    pub(super) bound: bool,
    pub(super) delegated: bool,
}

/// How a login came to nothing.
#[derive(Debug)]
pub(super) enum Refusal {
    /// On our side.
    Client(KerberosError),
    /// By the acceptor, with the token it has for us.
    Acceptor { token: Option<Vec<u8>>, reason: String },
}

impl Acceptor {
    pub(super) fn connect(port: u16, who: &str, binding: Option<&[u8]>) -> Self {
        let stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap());
        let mut acceptor = Self { stream, peer: None };
        assert_eq!(
            acceptor.ask(&format!("accept {who} {}", hex(binding.unwrap_or_default()))),
            ["accepting"]
        );
        acceptor
    }

    /// Carries tokens to and fro until both sides are content.
    pub(super) fn log_in(&mut self, client: &mut GssClient) -> Result<(), Refusal> {
        let mut answer = None;
        loop {
            let step = client.step(answer.as_deref()).map_err(Refusal::Client)?;
            if let Some(token) = &step.token {
                answer = self.token(token)?;
            } else {
                assert!(step.done, "neither a token nor an end");
                answer = None;
            }
            if step.done && answer.is_none() {
                assert!(self.peer.is_some(), "the acceptor waits for more");
                return Ok(());
            }
        }
    }

    pub(super) fn token(&mut self, token: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        let answer = self.ask(&format!("token {}", hex(token)));
        let words: Vec<&str> = answer.iter().map(String::as_str).collect();
        match words[..] {
            ["token", token, complete, user, bound, delegated] => {
                let user = user.to_owned();
                let peer = Peer { user, bound: bound == "1", delegated: delegated == "1" };
                self.peer = (complete == "1").then_some(peer);
                Ok(Some(unhex(token)).filter(|token| !token.is_empty()))
            }
            ["refused", token, ..] => {
                let token = Some(unhex(token)).filter(|token| !token.is_empty());
                Err(Refusal::Acceptor { token, reason: words[2..].join(" ") })
            }
            _ => panic!("{answer:?}"),
        }
    }

    /// What it opens of a sealed text; `None` when it refuses.
    pub(super) fn unseal(&mut self, header: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        let answer = self.ask(&format!("unseal {} {}", hex(header), hex(data)));
        (answer[0] == "plain").then(|| unhex(&answer[1]))
    }

    /// A text sealed by it, as WinRM has it: header, data with padding.
    pub(super) fn seal(&mut self, plain: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let answer = self.ask(&format!("seal {}", hex(plain)));
        assert_eq!(answer[0], "sealed", "{answer:?}");
        (unhex(&answer[1]), [unhex(&answer[2]), unhex(&answer[3])].concat())
    }

    /// A text in one piece, not rotated: sealed (`wrap`) or only signed (`sign`).
    pub(super) fn whole(&mut self, verb: &str, plain: &[u8]) -> Vec<u8> {
        let answer = self.ask(&format!("{verb} {}", hex(plain)));
        assert_eq!(answer[0], "wrapped", "{answer:?}");
        unhex(&answer[1])
    }

    fn ask(&mut self, line: &str) -> Vec<String> {
        self.stream.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.stream.read_line(&mut answer).unwrap();
        answer.split_whitespace().map(str::to_owned).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
    let text = if text == "-" { "" } else { text };
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
