//! Reading the URL of a proxy. What is refused is never repeated: it may hold a password.

use super::{Protocol, Proxy, ProxyLogin};
use crate::{auth::Secret, transport::TransportError};
use ::url::Host;
use percent_encoding::percent_decode_str;
use std::{str::FromStr, sync::Arc};

impl FromStr for Proxy {
    type Err = TransportError;

    /// Reads the URL of a proxy.
    ///
    /// # Errors
    /// Kind `Config`. The text is never part of it: it may hold a password.
    fn from_str(text: &str) -> Result<Self, TransportError> {
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(|| {
            wrong("expected a URL").with_hint("as `http://HOST:PORT` or `socks5h://HOST:PORT`")
        })?;
        let protocol = protocol(scheme)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        // A password that is not encoded, with such a character in it, is cut here too.
        if rest.contains(['/', '?', '#', '\\'])
            || rest.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return Err(wrong("expected nothing but user, password, host and port").with_hint(ENCODE));
        }
        let login = login.map(ProxyLogin::parse).transpose()?;
        let (host, port) = split_port(place)?;
        let host = Host::parse(host)
            .map_err(|error| wrong("expected the name or address of a host").with_source(error))?;
        let port = match (port, protocol) {
            (Some(port), _) => port,
            (None, Protocol::Http) => {
                return Err(wrong("it names no port").with_hint("3128 and 8080 are common for HTTP"));
            }
            (None, Protocol::Socks5 | Protocol::Socks5h) => SOCKS_PORT,
        };
        Ok(Self { protocol, host, port, login })
    }
}

fn protocol(scheme: &str) -> Result<Protocol, TransportError> {
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok(Protocol::Http),
        "socks5" => Ok(Protocol::Socks5),
        "socks5h" | "socks" => Ok(Protocol::Socks5h),
        "https" => Err(wrong("TLS to the proxy itself is not supported")
            .with_hint("`http://HOST:PORT` is enough: what passes through it to the host is TLS of its own")),
        "socks4" | "socks4a" => {
            Err(wrong("SOCKS 4 is not supported")
                .with_hint("use `socks5h://HOST:PORT`, if it speaks SOCKS 5"))
        }
        // Not named: of `user:password@http://…` it would be the password.
        _ => Err(wrong("expected scheme `http`, `socks5h` or `socks5`, got another one")),
    }
}

fn split_port(place: &str) -> Result<(&str, Option<u16>), TransportError> {
    // Not within the brackets of an address of IPv6.
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => return Ok((place, None)),
    };
    match port.parse() {
        Ok(0) | Err(_) => Err(wrong("expected a port between 1 and 65535")),
        Ok(port) => Ok((host, Some(port))),
    }
}

impl ProxyLogin {
    pub(super) fn parse(text: &str) -> Result<Self, TransportError> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let (user, password) = (decode(user)?, decode(password)?);
        if user.expose().is_empty() {
            return Err(wrong("it has a password and no user"));
        }
        if user.expose().contains(':') {
            return Err(wrong("expected a user without a colon"));
        }
        Ok(Self { user, password, refused: Arc::default() })
    }
}

fn decode(text: &str) -> Result<Secret, TransportError> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded
        .map(|text| Secret::new(text.into_owned()))
        .map_err(|_| wrong("expected user and password in UTF-8"))?;
    if decoded.expose().len() > LONGEST {
        return Err(wrong(&format!("expected user and password of at most {LONGEST} bytes each")));
    }
    if decoded.expose().contains(char::is_control) {
        return Err(wrong("expected user and password without control characters"));
    }
    Ok(decoded)
}

fn wrong(reason: &str) -> TransportError {
    TransportError::config(format!("failed to read the URL of the proxy: {reason}"))
}

/// Port of SOCKS, as registered.
const SOCKS_PORT: u16 = 1080;
/// Longest user or password (RFC 1929).
const LONGEST: usize = 255;
const ENCODE: &str =
    "other characters in user and password are percent-encoded: `@` is `%40`, `/` is `%2F`, `#` is `%23`";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Phase, TransportErrorKind};
    use proptest::prelude::*;

    fn read(text: &str) -> Proxy {
        text.parse().unwrap()
    }

    fn refused(text: &str) -> String {
        let error = text.parse::<Proxy>().unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Config, Phase::NotSent));
        let hint = error.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        error.message.replace("failed to read the URL of the proxy: ", "") + &hint
    }

    #[test]
    fn each_protocol_is_named_by_its_scheme() {
        for (text, shown, speaks_http) in [
            ("http://gate.example.org:3128", "http://gate.example.org:3128", true),
            ("HTTP://Gate.example.org:80/", "http://gate.example.org:80", true),
            ("socks5://192.0.2.1:1081", "socks5://192.0.2.1:1081", false),
            ("socks5h://gate", "socks5h://gate:1080", false),
            (" socks://[2001:db8::1]/ ", "socks5h://[2001:db8::1]:1080", false),
            ("http://[::1]:8080", "http://[::1]:8080", true),
        ] {
            let proxy = read(text);
            assert_eq!((proxy.to_string().as_str(), proxy.speaks_http()), (shown, speaks_http), "{text}");
            assert!(!proxy.has_login());
        }
    }

    #[test]
    fn user_and_password_are_decoded_and_never_shown() {
        let proxy = read("http://us%40er:p%2Fa%3Ass%C3%A9@gate:3128");
        let login = proxy.login.as_ref().unwrap();
        assert_eq!((login.user.expose(), login.password.expose()), ("us@er", "p/a:ss\u{e9}"));
        for shown in [proxy.to_string(), format!("{proxy:?}"), format!("{proxy:#?}")] {
            assert!(!shown.contains("us@") && !shown.contains("us%") && !shown.contains("p/a"), "{shown}");
        }
        assert_eq!(read("socks5h://user@gate").login.unwrap().password.expose(), "");
        // As every client reads it: the last `@` is the one.
        assert_eq!(read("http://user:p@ss@gate:1").login.unwrap().password.expose(), "p@ss");
    }

    #[test]
    fn what_is_no_url_of_a_proxy_is_refused_with_what_was_expected() {
        let cases = [
            "gate:3128",
            "https://gate:3128",
            "socks4://gate",
            "ftp://gate",
            "http://gate",
            "http://gate:0",
            "http://gate:port",
            "http://:3128",
            "http://gate:3128/path",
            "http://user:pa/ss@gate:3128",
            "http://user:geheim\u{7}@gate:3128",
            "http://:geheim@gate:3128",
            "http://user%3a:geheim@gate:3128",
            "http://user:%ff@gate:3128",
            "socks5h://::1",
            "socks5h://a b",
        ];
        insta::assert_snapshot!(cases.map(|text| format!("{}: {}", text.escape_debug(), refused(text))).join("\n"), @r"
            gate:3128: expected a URL (as `http://HOST:PORT` or `socks5h://HOST:PORT`)
            https://gate:3128: TLS to the proxy itself is not supported (`http://HOST:PORT` is enough: what passes through it to the host is TLS of its own)
            socks4://gate: SOCKS 4 is not supported (use `socks5h://HOST:PORT`, if it speaks SOCKS 5)
            ftp://gate: expected scheme `http`, `socks5h` or `socks5`, got another one
            http://gate: it names no port (3128 and 8080 are common for HTTP)
            http://gate:0: expected a port between 1 and 65535
            http://gate:port: expected a port between 1 and 65535
            http://:3128: expected the name or address of a host
            http://gate:3128/path: expected nothing but user, password, host and port (other characters in user and password are percent-encoded: `@` is `%40`, `/` is `%2F`, `#` is `%23`)
            http://user:pa/ss@gate:3128: expected nothing but user, password, host and port (other characters in user and password are percent-encoded: `@` is `%40`, `/` is `%2F`, `#` is `%23`)
            http://user:geheim\u{7}@gate:3128: expected nothing but user, password, host and port (other characters in user and password are percent-encoded: `@` is `%40`, `/` is `%2F`, `#` is `%23`)
            http://:geheim@gate:3128: it has a password and no user
            http://user%3a:geheim@gate:3128: expected a user without a colon
            http://user:%ff@gate:3128: expected user and password in UTF-8
            socks5h://::1: expected the name or address of a host
            socks5h://a b: expected nothing but user, password, host and port (other characters in user and password are percent-encoded: `@` is `%40`, `/` is `%2F`, `#` is `%23`)
        ");
    }

    proptest! {
        #[test]
        fn any_login_survives_its_encoding(user in "[^:\\p{C}]{1,50}", password in "\\P{C}{0,50}", host in "[a-z]{1,9}") {
            use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
            let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let proxy = read(&format!("http://{}:{}@{host}:1", encode(&user), encode(&password)));
            prop_assert_eq!(proxy.to_string(), format!("http://{host}:1"));
            let login = proxy.login.unwrap();
            prop_assert_eq!((login.user.expose(), login.password.expose()), (user.as_str(), password.as_str()));
        }

        #[test]
        fn no_text_panics_and_what_is_read_is_shown_without_a_login(text in "(http|socks5|socks5h)://\\PC{0,60}") {
            match text.parse::<Proxy>() {
                Ok(proxy) => {
                    prop_assert!(!proxy.to_string().contains('@'));
                    prop_assert_eq!(proxy.to_string(), read(&proxy.to_string()).to_string());
                }
                Err(error) => prop_assert_eq!(error.kind, TransportErrorKind::Config),
            }
        }
    }
}
