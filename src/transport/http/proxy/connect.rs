//! HTTP CONNECT (RFC 9110, 9.3.6): asks a proxy for a tunnel, and reads its answer to the last byte and no further.

use super::{ProxyLogin, Reason, Target, within};
use crate::{auth::basic, transport::http::challenges};
use std::io;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::Instant,
};
use zeroize::Zeroizing;

/// Longest head of an answer.
const MAX_HEAD: usize = 16 * 1024;

/// What a proxy answers to CONNECT.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Values of `Proxy-Authenticate`, and of `WWW-Authenticate`.
    challenges: Vec<String>,
}

/// Makes a connection to a proxy one to the target.
pub(super) async fn open(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    target: &Target,
    login: Option<&ProxyLogin>,
    deadline: Instant,
) -> Result<(), Reason> {
    let request = request(target, login);
    within(deadline, stream.write_all(request.as_bytes()), Reason::Asked).await?;
    let head = loop {
        let head = read_head(stream, deadline).await?;
        // An interim answer says nothing.
        if !(100..200).contains(&head.status) {
            break head;
        }
    };
    match head.status {
        200..300 => Ok(()),
        // 401 is the host's word, but tinyproxy says so of a wrong password; and no host was asked yet.
        401 | 407 if login.is_none() => Err(Reason::LoginMissing { offered: schemes(&head.challenges) }),
        401 | 407 => Err(Reason::LoginRefused { offered: schemes(&head.challenges) }),
        status => Err(Reason::Status(status)),
    }
}

fn request(target: &Target, login: Option<&ProxyLogin>) -> Zeroizing<String> {
    let authorization = login.map(|login| basic::header(login.user.expose(), login.password.expose()));
    let authorization = authorization.as_ref().map(|value| ["Proxy-Authorization: ", value.expose(), "\r\n"]);
    let target = target.to_string();
    let parts = ["CONNECT ", &target, " HTTP/1.1\r\nHost: ", &target, "\r\n"];
    let parts = parts.into_iter().chain(authorization.into_iter().flatten()).chain(["\r\n"]);
    // Room for all of it: a text that moves while it grows leaves a copy behind that is not wiped.
    let mut request = Zeroizing::new(String::with_capacity(parts.clone().map(str::len).sum()));
    parts.for_each(|part| request.push_str(part));
    request
}

/// Byte by byte: what follows the head belongs to the host.
async fn read_head(stream: &mut (impl AsyncRead + Unpin), deadline: Instant) -> Result<Head, Reason> {
    let reading = async {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() == MAX_HEAD {
                return Err(io::ErrorKind::InvalidData.into());
            }
            head.push(stream.read_u8().await?);
            let start = head.iter().zip(VERSION).all(|(got, expected)| got == expected);
            if !start {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(head)
    };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData => Reason::NotAProxy("HTTP"),
        _ => Reason::Asked(error),
    };
    let head = within(deadline, reading, failed).await?;
    parse(&head).ok_or(Reason::NotAProxy("HTTP"))
}

const VERSION: &[u8] = b"HTTP/1.";
const CHALLENGES: [&str; 2] = ["Proxy-Authenticate", "WWW-Authenticate"];

fn parse(head: &[u8]) -> Option<Head> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    words.next().filter(|version| ["HTTP/1.0", "HTTP/1.1"].contains(version))?;
    let status = words.next().filter(|status| status.len() == 3)?.parse().ok()?;
    let fields = lines.filter_map(|line| line.split_once(':'));
    let challenges = fields
        .filter(|(name, _)| CHALLENGES.iter().any(|known| name.eq_ignore_ascii_case(known)))
        .map(|(_, value)| value.trim().to_owned());
    Some(Head { status, challenges: challenges.collect() })
}

/// What the proxy can be logged in with, by name.
fn schemes(values: &[String]) -> Vec<String> {
    let found = values.iter().flat_map(|value| challenges::schemes(value));
    let is_name = |scheme: &String| scheme.len() <= 32 && scheme.chars().all(|c| c.is_ascii_graphic());
    found.filter(is_name).take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn login() -> ProxyLogin {
        ProxyLogin::parse("backup:p%40ss").unwrap()
    }

    /// What comes of an answer, and what is left of it for whoever reads next.
    async fn answered(answer: &[u8], login: Option<&ProxyLogin>) -> (Result<(), Reason>, String) {
        let mut stream = tokio::io::join(answer, tokio::io::sink());
        let target = Target::Name("hv1".to_owned(), 5986);
        let opened = open(&mut stream, &target, login, Instant::now() + Duration::from_secs(5)).await;
        let (rest, _) = stream.into_inner();
        (opened, String::from_utf8_lossy(rest).into_owned())
    }

    #[test]
    fn the_request_names_the_target_and_who_asks() {
        let target = Target::Address("[2001:db8::1]:5986".parse().unwrap());
        assert_eq!(
            *request(&target, None),
            "CONNECT [2001:db8::1]:5986 HTTP/1.1\r\nHost: [2001:db8::1]:5986\r\n\r\n"
        );
        let target = Target::Name("hv1".to_owned(), 5986);
        assert_eq!(
            *request(&target, Some(&login())),
            "CONNECT hv1:5986 HTTP/1.1\r\nHost: hv1:5986\r\nProxy-Authorization: Basic YmFja3VwOnBAc3M=\r\n\r\n"
        );
    }

    #[tokio::test]
    async fn what_follows_the_answer_is_the_hosts() {
        let (opened, rest) = answered(b"HTTP/1.1 200 Established\r\nVia: p\r\n\r\n\x16\x03", None).await;
        opened.unwrap();
        assert_eq!(rest, "\u{16}\u{3}");
        let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 x\r\n\r\n";
        assert!(answered(interim, None).await.0.is_ok());
    }

    #[tokio::test]
    async fn refusals_are_told_apart() {
        let status = |line: &'static str| async move { answered(line.as_bytes(), None).await.0.unwrap_err() };
        assert!(matches!(status("HTTP/1.1 403 Forbidden\r\n\r\n").await, Reason::Status(403)));
        assert!(matches!(status("HTTP/1.1 502 x\r\nContent-Length: 9\r\n\r\n").await, Reason::Status(502)));
        let asks = "HTTP/1.1 407 x\r\nproxy-authenticate: Negotiate, NTLM\r\nProxy-Authenticate: Basic realm=\"a, b\"\r\n\r\n";
        let Reason::LoginMissing { offered } = status(asks).await else { panic!() };
        assert_eq!(offered, ["Negotiate", "NTLM", "Basic"]);
        let refused = answered(asks.as_bytes(), Some(&login())).await.0.unwrap_err();
        assert!(matches!(refused, Reason::LoginRefused { .. }));
    }

    #[tokio::test]
    async fn something_else_is_noticed_at_its_first_bytes() {
        for answer in
            ["SSH-2.0-OpenSSH_9.2\r\n", "\u{15}\u{3}", "HTTP/2.0 200 x\r\n\r\n", "HTTP/1.1 20 x\r\n\r\n"]
        {
            let reason = answered(answer.as_bytes(), None).await.0.unwrap_err();
            assert!(matches!(reason, Reason::NotAProxy("HTTP")), "{answer:?}: {reason:?}");
        }
        let endless = format!("HTTP/1.1 200 {}", "x".repeat(MAX_HEAD));
        let reason = answered(endless.as_bytes(), None).await.0.unwrap_err();
        assert!(matches!(reason, Reason::NotAProxy("HTTP")), "{reason:?}");
        let cut = answered(b"HTTP/1.1 200 Est", None).await.0.unwrap_err();
        assert!(matches!(&cut, Reason::Asked(error) if error.kind() == io::ErrorKind::UnexpectedEof));
    }

    proptest! {
        #[test]
        fn no_answer_panics(head: Vec<u8>) {
            let head = [b"HTTP/1.1 ".as_slice(), &head].concat();
            if let Some(head) = parse(&head) {
                prop_assert!(schemes(&head.challenges).len() <= 8);
            }
        }
    }
}
