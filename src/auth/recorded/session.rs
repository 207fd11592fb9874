//! A recorded session as files: `session.json`, the tokens and bodies as they were on the wire (`.bin`), and
//! what was in them (`.txt`).

use serde_json::{Value, json};
use std::{fs, path::Path};

/// The messages of one connection in their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) about: String,
    /// Who the peer is, with its versions.
    pub(super) peer: String,
    /// By NTLM; a login by Kerberos cannot be played again.
    pub(super) login: Option<Login>,
    pub(super) exchanges: Vec<Exchange>,
}

/// A login by NTLM.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Login {
    /// For sessions in which we are the client.
    pub(super) fixed: Option<Fixed>,
    pub(super) negotiate: Vec<u8>,
    pub(super) challenge: Vec<u8>,
    pub(super) authenticate: Vec<u8>,
}

/// What a client takes from the clock and from chance otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fixed {
    pub(super) time: [u8; 8],
    pub(super) client_challenge: [u8; 8],
    pub(super) exported_session_key: [u8; 16],
}

/// A request with its answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) request: Message,
    pub(super) status: u16,
    pub(super) answer: Message,
}

/// A message, sealed and open.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
    pub(super) plain: Vec<u8>,
}

impl Session {
    pub(super) fn read(folder: &Path) -> Self {
        let index: Value = serde_json::from_slice(&file(folder, "session.json")).unwrap();
        let exchanges =
            index["exchanges"].as_array().unwrap().iter().zip(1..).map(|(exchange, n)| Exchange {
                request: message(folder, n, "request", &exchange["request"]),
                status: exchange["status"].as_u64().unwrap().try_into().unwrap(),
                answer: message(folder, n, "answer", &exchange["answer"]),
            });
        Self {
            about: text(&index["about"]),
            peer: text(&index["origin"]["product"]),
            login: folder.join("negotiate.bin").exists().then(|| Login {
                fixed: index.get("fixed").map(|fixed| Fixed {
                    time: bytes(&fixed["time"]),
                    client_challenge: bytes(&fixed["client_challenge"]),
                    exported_session_key: bytes(&fixed["exported_session_key"]),
                }),
                negotiate: file(folder, "negotiate.bin"),
                challenge: file(folder, "challenge.bin"),
                authenticate: file(folder, "authenticate.bin"),
            }),
            exchanges: exchanges.collect(),
        }
    }

    pub(super) fn write(&self, folder: &Path) {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).unwrap();
        let exchanges: Vec<Value> = self
            .exchanges
            .iter()
            .map(|exchange| {
                let (request, answer) = (&exchange.request.content_type, &exchange.answer.content_type);
                json!({ "request": request, "status": exchange.status, "answer": answer })
            })
            .collect();
        let mut index = json!({
            "about": self.about,
            "origin": { "kind": "simulated", "product": self.peer },
        });
        if let Some(fixed) = self.login.as_ref().and_then(|login| login.fixed.as_ref()) {
            index["fixed"] = json!({
                "time": hex(&fixed.time),
                "client_challenge": hex(&fixed.client_challenge),
                "exported_session_key": hex(&fixed.exported_session_key),
            });
        }
        index["exchanges"] = exchanges.into();
        let write = |name: &str, content: &[u8]| fs::write(folder.join(name), content).unwrap();
        write("session.json", format!("{index:#}\n").as_bytes());
        if let Some(login) = &self.login {
            write("negotiate.bin", &login.negotiate);
            write("challenge.bin", &login.challenge);
            write("authenticate.bin", &login.authenticate);
        }
        for (exchange, n) in self.exchanges.iter().zip(1..) {
            for (what, message) in [("request", &exchange.request), ("answer", &exchange.answer)] {
                write(&name(n, what, "bin"), &message.body);
                write(&name(n, what, "txt"), &message.plain);
            }
        }
    }
}

fn message(folder: &Path, n: usize, what: &str, content_type: &Value) -> Message {
    Message {
        content_type: text(content_type),
        body: file(folder, &name(n, what, "bin")),
        plain: file(folder, &name(n, what, "txt")),
    }
}

fn name(n: usize, what: &str, extension: &str) -> String {
    format!("{n:02}-{what}.{extension}")
}

fn file(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    unhex(value.as_str().unwrap()).try_into().unwrap()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|half| char::from(b"0123456789abcdef"[usize::from(half)]))
        .collect()
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap()).collect()
}
