//! SOCKS 5 (RFC 1928), with a user name and a password (RFC 1929) where they are given.

use super::{ProxyLogin, Reason, Target, within};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::Instant,
};
use zeroize::Zeroizing;

const VERSION: u8 = 5;
/// Version of the exchange of user name and password.
const LOGIN_VERSION: u8 = 1;
/// No login.
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;
const NOTHING_SUITS: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;
const SUCCEEDED: u8 = 0;

/// Makes a connection to a proxy one to the target.
pub(super) async fn open(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    target: &Target,
    login: Option<&ProxyLogin>,
    deadline: Instant,
) -> Result<(), Reason> {
    within(deadline, stream.write_all(methods(login)), Reason::Greeted).await?;
    match (read::<2>(stream, deadline, Reason::Greeted).await?, login) {
        ([VERSION, NO_LOGIN], _) => {}
        ([VERSION, PASSWORD], Some(login)) => log_in(stream, login, deadline).await?,
        ([VERSION, NOTHING_SUITS | PASSWORD], None) => {
            return Err(Reason::LoginMissing { offered: Vec::new() });
        }
        ([VERSION, NOTHING_SUITS], Some(_)) => return Err(Reason::LoginUnsuited),
        _ => return Err(Reason::NotAProxy("SOCKS 5")),
    }
    let request = request(target).ok_or(Reason::LongName)?;
    within(deadline, stream.write_all(&request), Reason::Asked).await?;
    let [version, reply, _, kind] = read(stream, deadline, Reason::Asked).await?;
    if version != VERSION {
        return Err(Reason::NotAProxy("SOCKS 5"));
    }
    if reply != SUCCEEDED {
        return Err(Reason::Reply(reply));
    }
    skip_address(stream, kind, deadline).await
}

/// What we can log in with.
fn methods(login: Option<&ProxyLogin>) -> &'static [u8] {
    match login {
        None => &[VERSION, 1, NO_LOGIN],
        Some(_) => &[VERSION, 2, NO_LOGIN, PASSWORD],
    }
}

async fn log_in(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    login: &ProxyLogin,
    deadline: Instant,
) -> Result<(), Reason> {
    let texts = [login.user.expose(), login.password.expose()];
    let mut message = Zeroizing::new(Vec::with_capacity(3 + texts.map(str::len).iter().sum::<usize>()));
    message.push(LOGIN_VERSION);
    for text in texts {
        message.push(u8::try_from(text.len()).map_err(|_| Reason::LoginUnsuited)?);
        message.extend_from_slice(text.as_bytes());
    }
    within(deadline, stream.write_all(&message), Reason::Greeted).await?;
    match read(stream, deadline, Reason::Greeted).await? {
        [_, SUCCEEDED] => Ok(()),
        _ => Err(Reason::LoginRefused { offered: Vec::new() }),
    }
}

/// `None` for a name that is too long.
fn request(target: &Target) -> Option<Vec<u8>> {
    let mut request = vec![VERSION, CONNECT, 0];
    let port = match target {
        Target::Name(name, port) => {
            request.extend([NAME, u8::try_from(name.len()).ok()?]);
            request.extend_from_slice(name.as_bytes());
            *port
        }
        Target::Address(address) => {
            match address {
                SocketAddr::V4(address) => {
                    request.push(IPV4);
                    request.extend(address.ip().octets());
                }
                SocketAddr::V6(address) => {
                    request.push(IPV6);
                    request.extend(address.ip().octets());
                }
            }
            address.port()
        }
    };
    request.extend(port.to_be_bytes());
    Some(request)
}

/// The proxy's own end of the tunnel, of which nothing depends.
async fn skip_address(
    stream: &mut (impl AsyncRead + Unpin),
    kind: u8,
    deadline: Instant,
) -> Result<(), Reason> {
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(read::<1>(stream, deadline, Reason::Asked).await?[0]),
        _ => return Err(Reason::NotAProxy("SOCKS 5")),
    };
    let mut rest = vec![0; length + 2];
    within(deadline, stream.read_exact(&mut rest), Reason::Asked).await.map(|_| ())
}

async fn read<const LENGTH: usize>(
    stream: &mut (impl AsyncRead + Unpin),
    deadline: Instant,
    failed: fn(std::io::Error) -> Reason,
) -> Result<[u8; LENGTH], Reason> {
    let mut bytes = [0; LENGTH];
    within(deadline, stream.read_exact(&mut bytes), failed).await?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn name() -> Target {
        Target::Name("hv1".to_owned(), 5986)
    }

    fn login() -> ProxyLogin {
        ProxyLogin::parse("me:geheim").unwrap()
    }

    /// What comes of an answer, what was sent, and what is left of the answer.
    async fn answered(
        answer: &[u8],
        target: &Target,
        login: Option<&ProxyLogin>,
    ) -> (Result<(), Reason>, Vec<u8>, Vec<u8>) {
        let mut stream = tokio::io::join(answer, Vec::new());
        let opened = open(&mut stream, target, login, Instant::now() + Duration::from_secs(5)).await;
        let (rest, sent) = stream.into_inner();
        (opened, sent, rest.to_vec())
    }

    #[tokio::test]
    async fn a_name_is_left_to_the_proxy_and_an_address_is_sent_as_one() {
        let yes = [&[5, 0, 5, 0, 0, IPV4, 127, 0, 0, 1, 0, 80][..], b"x"].concat();
        let (opened, sent, rest) = answered(&yes, &name(), None).await;
        opened.unwrap();
        assert_eq!(sent, [&[5, 1, 0, 5, 1, 0, NAME, 3][..], b"hv1", &[0x17, 0x62]].concat());
        assert_eq!(rest, b"x");
        for (address, expected) in [
            ("192.0.2.1:5986", vec![5, 1, 0, IPV4, 192, 0, 2, 1, 0x17, 0x62]),
            ("[::1]:80", [&[5, 1, 0, IPV6][..], &[0; 15], &[1, 0, 80]].concat()),
        ] {
            assert_eq!(request(&Target::Address(address.parse().unwrap())).unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn user_and_password_are_sent_where_they_are_asked_for() {
        let yes = [5, 2, 1, 0, 5, 0, 0, NAME, 2, b'p', b'x', 0, 80];
        let (opened, sent, rest) = answered(&yes, &name(), Some(&login())).await;
        opened.unwrap();
        assert!(sent.starts_with(&[&[5, 2, 0, 2, 1, 2][..], b"me", &[6], b"geheim", &[5, 1, 0, 3]].concat()));
        assert!(rest.is_empty());
        let no_need = [&[5, 0, 5, 0, 0, IPV6][..], &[0; 18]].concat();
        let (opened, sent, _) = answered(&no_need, &name(), Some(&login())).await;
        opened.unwrap();
        assert!(!sent.windows(6).any(|part| part == b"geheim"));
    }

    #[tokio::test]
    async fn refusals_are_told_apart() {
        let refused = |answer: &'static [u8], login: Option<ProxyLogin>| async move {
            answered(answer, &name(), login.as_ref()).await.0.unwrap_err()
        };
        assert!(matches!(refused(&[5, 0xff], None).await, Reason::LoginMissing { .. }));
        assert!(matches!(refused(&[5, 2], None).await, Reason::LoginMissing { .. }));
        assert!(matches!(refused(&[5, 0xff], Some(login())).await, Reason::LoginUnsuited));
        assert!(matches!(refused(&[5, 2, 1, 1], Some(login())).await, Reason::LoginRefused { .. }));
        assert!(matches!(refused(&[5, 0, 5, 4, 0, 1], None).await, Reason::Reply(4)));
        for other in [
            &b"HTTP/1.1 400 Bad Request"[..],
            b"SSH-2.0-x",
            &[5, 7],
            &[5, 0, 4, 0, 0, 1],
            &[5, 0, 5, 0, 0, 9],
        ] {
            assert!(matches!(refused(other, None).await, Reason::NotAProxy("SOCKS 5")), "{other:?}");
        }
        assert!(matches!(refused(&[5], None).await, Reason::Greeted(_)));
        assert!(matches!(refused(&[5, 0, 5], None).await, Reason::Asked(_)));
    }

    #[tokio::test]
    async fn a_name_too_long_for_the_protocol_is_not_cut() {
        let long = Target::Name("x".repeat(256), 5986);
        let (opened, sent, _) = answered(&[5, 0], &long, None).await;
        assert!(matches!(opened.unwrap_err(), Reason::LongName));
        assert_eq!(sent, [5, 1, 0]);
    }

    proptest! {
        #[test]
        fn no_answer_panics_or_is_read_beyond(answer: Vec<u8>, with_login: bool) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let answer = [&[5, 0][..], &answer].concat();
            let login = with_login.then(login);
            let (opened, _, rest) = runtime.block_on(answered(&answer, &name(), login.as_ref()));
            prop_assert!(opened.is_err() || answer.len() - rest.len() <= 2 + 4 + 1 + 255 + 2);
        }
    }
}
