//! The least HTTP client that a recording needs: one connection, answers with a length.

use super::session::{Exchange, Message};
use crate::auth::sealing::Sealer;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

/// A connection to an acceptor.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    /// Of its login.
    scheme: &'static str,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    /// Of `WWW-Authenticate` for the scheme.
    pub(super) token: Option<Vec<u8>>,
    pub(super) body: Vec<u8>,
}

impl Connection {
    pub(super) fn open(port: u16, scheme: &'static str) -> Self {
        Self { stream: BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap()), scheme }
    }

    /// A leg of a login.
    pub(super) fn token(&mut self, token: &[u8]) -> Answer {
        self.post(&format!("Authorization: {} {}", self.scheme, STANDARD.encode(token)), b"")
    }

    /// A message, and what was answered.
    pub(super) fn exchange(&mut self, sealer: &mut Sealer, plain: &str) -> Exchange {
        let content_type = sealer.content_type();
        let body = sealer.seal(plain.as_bytes()).unwrap();
        let answer = self.post(&format!("Content-Type: {content_type}"), &body);
        let opened = sealer.unseal(&answer.content_type, &answer.body).unwrap();
        Exchange {
            request: Message { content_type, body, plain: plain.into() },
            status: answer.status,
            answer: Message { content_type: answer.content_type, body: answer.body, plain: opened.body },
        }
    }

    fn post(&mut self, header: &str, body: &[u8]) -> Answer {
        let head = format!(
            "POST /wsman HTTP/1.1\r\nHost: localhost\r\n{header}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.stream.get_mut().write_all(&[head.as_bytes(), body].concat()).unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Answer {
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, content_type: String::new(), token: None, body: Vec::new() };
        loop {
            let line = self.line();
            match line.split_once(": ") {
                None => break,
                Some(("Content-Type", value)) => value.clone_into(&mut answer.content_type),
                Some(("Content-Length", value)) => answer.body.resize(value.parse().unwrap(), 0),
                Some(("WWW-Authenticate", value)) => {
                    let token = value.strip_prefix(self.scheme).and_then(|rest| rest.strip_prefix(' '));
                    answer.token = token.map(|token| STANDARD.decode(token).unwrap());
                }
                Some(_) => {}
            }
        }
        self.stream.read_exact(&mut answer.body).unwrap();
        answer
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
