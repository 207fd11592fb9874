//! A proxy that speaks HTTP CONNECT or SOCKS 5, as strictly as this crate has to be with it, and remembers every byte
//! that it was sent.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
};

/// What it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Connect,
    Socks,
}

/// What it does.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) protocol: Protocol,
    /// Whom it lets in; `None`: everybody.
    pub(crate) login: Option<(&'static str, &'static str)>,
    pub(crate) conduct: Conduct,
    /// Where every name leads, in place of asking for its address.
    pub(crate) names: Option<SocketAddr>,
}

/// What it does with who was let in.
#[derive(Debug, Clone)]
pub(crate) enum Conduct {
    /// Connects.
    Pass,
    /// Answers these bytes when it was asked for a host.
    Say(Vec<u8>),
    /// Says these bytes at once, whatever it is sent.
    Greet(Vec<u8>),
    /// Says that it is connected, and closes.
    CloseAfterSuccess,
    /// Does not answer when it was asked for a host.
    Hang,
    /// Does not answer at all.
    Silence,
}

/// A running proxy; it ends with the test's runtime.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    rules: Rules,
    heard: Arc<Mutex<Heard>>,
}

/// What a proxy was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// How often somebody connected.
    pub(crate) connections: usize,
    /// The hosts that it was asked for, `name:port`.
    pub(crate) targets: Vec<String>,
    /// How often somebody was refused for what he said he is.
    pub(crate) refused: usize,
    /// Every byte of every client.
    pub(crate) bytes: Vec<u8>,
}

impl Rules {
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self { protocol, login: None, conduct: Conduct::Pass, names: None }
    }

    pub(crate) fn conduct(protocol: Protocol, conduct: Conduct) -> Self {
        Self { conduct, ..Self::new(protocol) }
    }
}

impl Proxy {
    pub(crate) async fn start(rules: Rules) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let proxy = Self { address, rules: rules.clone(), heard: Arc::clone(&heard) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                heard.lock().unwrap().connections += 1;
                let client = Client { stream, rules: rules.clone(), heard: Arc::clone(&heard) };
                tokio::spawn(client.serve());
            }
        });
        proxy
    }

    /// As `--proxy` names it, with this in front of the host: `user:password@`.
    pub(crate) fn url(&self, login: &str) -> String {
        let scheme = match self.rules.protocol {
            Protocol::Connect => "http",
            Protocol::Socks => "socks5h",
        };
        format!("{scheme}://{login}{}", self.address)
    }

    pub(crate) fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }
}

struct Client {
    stream: TcpStream,
    rules: Rules,
    heard: Arc<Mutex<Heard>>,
}

impl Client {
    async fn serve(mut self) -> Option<()> {
        match self.rules.conduct.clone() {
            Conduct::Greet(bytes) => {
                self.stream.write_all(&bytes).await.ok()?;
                return self.listen().await;
            }
            Conduct::Silence => return self.listen().await,
            _ => {}
        }
        let target = match self.rules.protocol {
            Protocol::Connect => self.connect().await?,
            Protocol::Socks => self.socks().await?,
        };
        self.heard.lock().unwrap().targets.push(target.clone());
        let yes = match self.rules.protocol {
            Protocol::Connect => &b"HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n"[..],
            Protocol::Socks => &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
        };
        match self.rules.conduct.clone() {
            Conduct::Say(bytes) => {
                self.stream.write_all(&bytes).await.ok()?;
                self.listen().await
            }
            Conduct::CloseAfterSuccess => self.stream.write_all(yes).await.ok(),
            Conduct::Hang => self.listen().await,
            _ => {
                let host = match self.rules.names {
                    Some(address) => TcpStream::connect(address).await,
                    None => TcpStream::connect(&target).await,
                };
                match host {
                    Ok(host) => {
                        self.stream.write_all(yes).await.ok()?;
                        self.relay(host).await
                    }
                    Err(_) => self.stream.write_all(self.unreachable()).await.ok(),
                }
            }
        }
    }

    fn unreachable(&self) -> &'static [u8] {
        match self.rules.protocol {
            Protocol::Connect => b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\nsorry",
            Protocol::Socks => &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0],
        }
    }

    async fn connect(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.read::<1>().await?[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.strip_prefix("CONNECT ")?.split_once(" HTTP/1.1\r\n")?.0.to_owned();
        assert!(head.contains(&format!("\r\nHost: {target}\r\n")), "{head}");
        let Some((user, password)) = self.rules.login else { return Some(target) };
        let expected =
            format!("\r\nProxy-Authorization: Basic {}\r\n", base64(&format!("{user}:{password}")));
        if head.contains(&expected) {
            return Some(target);
        }
        self.heard.lock().unwrap().refused += 1;
        let page =
            "HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 5\r\n\r\nlogin";
        self.stream.write_all(page.as_bytes()).await.ok()?;
        None
    }

    async fn socks(&mut self) -> Option<String> {
        let [5, count] = self.read().await? else { return None };
        let mut methods = Vec::new();
        for _ in 0..count {
            methods.push(self.read::<1>().await?[0]);
        }
        let method = if self.rules.login.is_some() { 2 } else { 0 };
        let suits = methods.contains(&method);
        self.stream.write_all(&[5, if suits { method } else { 0xff }]).await.ok()?;
        if !suits {
            return None;
        }
        if let Some((user, password)) = self.rules.login {
            let [1] = self.read().await? else { return None };
            let said = (self.text().await?, self.text().await?);
            let right = said == (user.to_owned(), password.to_owned());
            self.stream.write_all(&[1, u8::from(!right)]).await.ok()?;
            if !right {
                self.heard.lock().unwrap().refused += 1;
                return None;
            }
        }
        let [5, 1, 0, kind] = self.read().await? else { return None };
        let host = match kind {
            1 => std::net::Ipv4Addr::from(self.read::<4>().await?).to_string(),
            3 => self.text().await?,
            4 => format!("[{}]", std::net::Ipv6Addr::from(self.read::<16>().await?)),
            _ => return None,
        };
        Some(format!("{host}:{}", u16::from_be_bytes(self.read().await?)))
    }

    async fn text(&mut self) -> Option<String> {
        let [length] = self.read().await?;
        let mut bytes = Vec::new();
        for _ in 0..length {
            bytes.push(self.read::<1>().await?[0]);
        }
        String::from_utf8(bytes).ok()
    }

    async fn read<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let mut bytes = [0; LENGTH];
        self.stream.read_exact(&mut bytes).await.ok()?;
        self.heard.lock().unwrap().bytes.extend_from_slice(&bytes);
        Some(bytes)
    }

    /// Until the client goes away.
    async fn listen(&mut self) -> Option<()> {
        loop {
            self.read::<1>().await?;
        }
    }

    async fn relay(self, host: TcpStream) -> Option<()> {
        let (mut from_client, mut to_client) = self.stream.into_split();
        let (mut from_host, mut to_host): (_, OwnedWriteHalf) = host.into_split();
        let back = tokio::spawn(async move { tokio::io::copy(&mut from_host, &mut to_client).await });
        let mut buffer = [0; 4096];
        loop {
            match from_client.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(length) => {
                    self.heard.lock().unwrap().bytes.extend_from_slice(&buffer[..length]);
                    to_host.write_all(&buffer[..length]).await.ok()?;
                }
            }
        }
        drop(to_host);
        back.await.ok()?.ok().map(drop)
    }
}

fn base64(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}
