//! The least HTTP client that a recording needs: one connection, answers with a length.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

/// A connection to an acceptor.
pub(super) struct Connection(BufReader<TcpStream>);

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    /// Of `WWW-Authenticate: Negotiate`.
    pub(super) token: Option<Vec<u8>>,
    pub(super) body: Vec<u8>,
}

impl Connection {
    pub(super) fn open(port: u16) -> Self {
        Self(BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap()))
    }

    /// A leg of a login.
    pub(super) fn token(&mut self, token: &[u8]) -> Answer {
        self.post(&format!("Authorization: Negotiate {}", STANDARD.encode(token)), b"")
    }

    /// A message.
    pub(super) fn body(&mut self, content_type: &str, body: &[u8]) -> Answer {
        self.post(&format!("Content-Type: {content_type}"), body)
    }

    fn post(&mut self, header: &str, body: &[u8]) -> Answer {
        let head = format!(
            "POST /wsman HTTP/1.1\r\nHost: localhost\r\n{header}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.0.get_mut().write_all(&[head.as_bytes(), body].concat()).unwrap();
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
                    let token = value.strip_prefix("Negotiate ");
                    answer.token = token.map(|token| STANDARD.decode(token).unwrap());
                }
                Some(_) => {}
            }
        }
        self.0.read_exact(&mut answer.body).unwrap();
        answer
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
