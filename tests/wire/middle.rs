//! Somebody between us and a host: sees all that passes over plain HTTP, and may change it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// A request or an answer.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    /// First line and headers, with the empty line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A request with its answer.
#[derive(Debug, Clone)]
pub(crate) struct Passed {
    /// Which connection, from 1.
    pub(crate) connection: usize,
    /// How many requests came before it on this connection.
    pub(crate) index: usize,
    /// As it came from the client.
    pub(crate) request: Raw,
    /// As it came from the host.
    pub(crate) answer: Raw,
}

/// Makes an answer of what passes now and what passed before.
type Answering = Box<dyn Fn(&Passed, &[Passed]) -> Raw + Send + Sync>;

/// What is done to everything that passes.
pub(crate) struct Hands {
    pub(crate) request: Box<dyn Fn(Raw) -> Raw + Send + Sync>,
    pub(crate) answer: Answering,
}

/// At work until the test's runtime ends.
pub(crate) struct Middle {
    address: SocketAddr,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Raw {
    pub(crate) fn new(status: u16, headers: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status} X\r\n{headers}\r\n");
        Self { head, body: body.into() }.with_length()
    }

    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.with_length()
    }

    pub(crate) fn with_head(self, change: impl FnOnce(String) -> String) -> Self {
        Self { head: change(self.head), body: self.body }
    }

    /// Puts the length of the body into the headers.
    fn with_length(self) -> Self {
        let length = format!("content-length: {}", self.body.len());
        let others = self.head.trim_end().lines().filter(|line| content_length(line).is_none());
        let head = others.map(str::to_owned).chain([length]).map(|line| line + "\r\n").collect::<String>();
        Self { head: head + "\r\n", body: self.body }
    }

    pub(crate) fn is_sealed(&self) -> bool {
        self.head.contains("multipart/encrypted")
    }
}

impl Default for Hands {
    /// Only looks.
    fn default() -> Self {
        Self { request: Box::new(|raw| raw), answer: Box::new(|passed, _| passed.answer.clone()) }
    }
}

impl Middle {
    pub(crate) async fn start(host: &Url, hands: Hands) -> Self {
        let host = host.socket_addrs(|| None).unwrap()[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let passed = Arc::new(Mutex::new(Vec::new()));
        let (hands, log) = (Arc::new(hands), Arc::clone(&passed));
        tokio::spawn(async move {
            for connection in 1.. {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(pass(connection, client, host, Arc::clone(&hands), Arc::clone(&log)));
            }
        });
        Self { address, passed }
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}/wsman", self.address).parse().unwrap()
    }

    /// Everything so far.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.passed.lock().unwrap().clone()
    }

    /// Requests with a message in them.
    pub(crate) fn messages(&self) -> usize {
        self.passed().iter().filter(|passed| !passed.request.body.is_empty()).count()
    }
}

async fn pass(
    connection: usize,
    mut client: TcpStream,
    host: SocketAddr,
    hands: Arc<Hands>,
    log: Arc<Mutex<Vec<Passed>>>,
) -> Option<()> {
    let mut host = TcpStream::connect(host).await.ok()?;
    for index in 0.. {
        let request = read(&mut client).await?;
        write(&mut host, (hands.request)(request.clone())).await?;
        let answer = read(&mut host).await?;
        let passed = Passed { connection, index, request, answer };
        let before = log.lock().unwrap().clone();
        log.lock().unwrap().push(passed.clone());
        write(&mut client, (hands.answer)(&passed, &before)).await?;
    }
    None
}

async fn read(stream: &mut TcpStream) -> Option<Raw> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut body = vec![0; head.lines().find_map(content_length).unwrap_or_default()];
    stream.read_exact(&mut body).await.ok()?;
    Some(Raw { head, body })
}

async fn write(stream: &mut TcpStream, raw: Raw) -> Option<()> {
    stream.write_all(&[raw.head.as_bytes(), &raw.body].concat()).await.ok()
}

fn content_length(line: &str) -> Option<usize> {
    let (name, value) = line.split_once(':')?;
    name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
}
