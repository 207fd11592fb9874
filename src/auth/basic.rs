//! Basic (RFC 7617), over TLS only: who calls this has made sure of it.

use super::{Credentials, Secret};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// Value of the `Authorization` header. RFC 7617 has no way to write a colon in the user name; the
/// parser of user names refuses it.
#[cfg(feature = "http")]
pub(crate) fn authorization(credentials: &Credentials) -> Secret {
    header(&credentials.user().to_string(), credentials.password.expose())
}

/// Value of an `Authorization` or `Proxy-Authorization` header. The user has no colon.
#[cfg(feature = "http")]
pub(crate) fn header(user: &str, password: &str) -> Secret {
    // Room for all of it: a text that moves while it grows leaves a copy behind that is not wiped.
    let mut pair = Zeroizing::new(String::with_capacity(user.len() + 1 + password.len()));
    for part in [user, ":", password] {
        pair.push_str(part);
    }
    let mut header = String::with_capacity(SCHEME.len() + pair.len().div_ceil(3) * 4);
    header.push_str(SCHEME);
    STANDARD.encode_string(pair.as_bytes(), &mut header);
    Secret::new(header)
}

#[cfg(feature = "http")]
const SCHEME: &str = "Basic ";

/// User name and password of an `Authorization` header's value, or `None` if it does not read.
#[cfg(feature = "sim")]
pub(crate) fn accept(authorization: &str) -> Option<Credentials> {
    let (scheme, token) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let pair = Zeroizing::new(STANDARD.decode(token.trim()).ok()?);
    let (user, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    Credentials::new(user, Secret::new(password.to_owned())).ok()
}

#[cfg(test)]
#[cfg(all(feature = "http", feature = "sim"))]
mod tests {
    use super::*;

    /// The example of RFC 7617, 2.
    #[test]
    fn the_header_is_that_of_the_standard() {
        let credentials = Credentials::new("Aladdin", Secret::new("open sesame".into())).unwrap();
        assert_eq!(authorization(&credentials).expose(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn what_was_written_is_read_back() {
        let credentials = Credentials::new(r"CORP\op", Secret::new("pä:ss".into())).unwrap();
        let read = accept(authorization(&credentials).expose()).unwrap();
        assert_eq!(read.user(), credentials.user());
        assert_eq!(read.password.expose(), "pä:ss");
    }

    #[test]
    fn headers_that_do_not_read_give_nobody() {
        for value in ["", "Basic", "Basic !", "Basic YQ==", "Basic YTo=", "Negotiate YTpi"] {
            assert!(accept(value).is_none(), "{value}");
        }
    }
}
