//! From what a user types to the URL of one of WinRM's listeners.

use crate::transport::TransportError;
use std::net::Ipv6Addr;
use url::Url;

/// Port of WinRM's HTTPS listener.
const HTTPS_PORT: u16 = 5986;
/// Port of WinRM's HTTP listener.
const HTTP_PORT: u16 = 5985;
/// Path of WinRM.
const PATH: &str = "/wsman";

/// The endpoint URL for a host name, an address, `host:port`, or a whole URL. HTTPS, port 5986 (5985 for
/// HTTP) and path `/wsman` are taken where none is given.
///
/// ```
/// use hyperv_wsman::transport::endpoint;
///
/// assert_eq!(endpoint("hv1.example.org")?.as_str(), "https://hv1.example.org:5986/wsman");
/// assert_eq!(endpoint("https://gate.example.org:443/hv1")?.as_str(), "https://gate.example.org/hv1");
/// # Ok::<(), hyperv_wsman::transport::TransportError>(())
/// ```
///
/// # Errors
/// Kind `Config`: not a host, neither `https` nor `http`, or with a password in it.
pub fn endpoint(host_or_url: &str) -> Result<Url, TransportError> {
    let text = host_or_url.trim();
    let whole = if text.contains("://") {
        text.to_owned()
    } else if text.parse::<Ipv6Addr>().is_ok() {
        format!("https://[{text}]")
    } else if text.contains(['/', '?', '#', '@', '\\']) || text.contains(char::is_whitespace) {
        return Err(TransportError::config(format!(
            "failed to read host `{}`: expected a host, `host:port` or a URL",
            shown(text)
        )));
    } else {
        format!("https://{text}")
    };
    let mut url = Url::parse(&whole).map_err(|error| {
        TransportError::config(format!("failed to read host `{}`", shown(text))).with_source(error)
    })?;
    check(&url)?;
    if matches!(url.path(), "" | "/") {
        url.set_path(PATH);
    }
    // `Url` forgets a port that is the scheme's own.
    let (own, usual) = if url.scheme() == "http" { (":80", HTTP_PORT) } else { (":443", HTTPS_PORT) };
    if url.port().is_none() && !authority(&whole).ends_with(own) {
        // Fails only for URLs without a host, which `check` has refused.
        let _ = url.set_port(Some(usual));
    }
    Ok(url)
}

/// Whether a URL is one that messages may be sent to.
pub(super) fn check(url: &Url) -> Result<(), TransportError> {
    match url.scheme() {
        "https" | "http" => {}
        other => {
            return Err(TransportError::config(format!(
                "failed to use the URL: expected scheme `https` or `http`, got `{other}`"
            )));
        }
    }
    // An `@` further behind is a password with a `/` in it: no listener of WinRM has one in its path.
    if !url.username().is_empty() || url.password().is_some() || url.as_str().contains('@') {
        return Err(TransportError::config("failed to use the URL: it holds a user name or a password")
            .with_hint("give the user by `--user`, the password by `HVCTL_PASSWORD` or at the prompt"));
    }
    if url.fragment().is_some() {
        return Err(TransportError::config("failed to use the URL: expected none of `#…`"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(TransportError::config("failed to use the URL: it names no host"));
    }
    Ok(())
}

/// `host:port` for messages.
pub(super) fn host_and_port(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// What was typed, without control characters and without a password before an `@`.
fn shown(text: &str) -> String {
    let text = text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, host)| format!("…@{host}"));
    text.escape_debug().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportErrorKind;

    #[test]
    fn port_and_path_are_filled_in() {
        for (typed, url) in [
            ("hv1", "https://hv1:5986/wsman"),
            (" hv1.example.org ", "https://hv1.example.org:5986/wsman"),
            ("hv1:15986", "https://hv1:15986/wsman"),
            ("hv1:443", "https://hv1/wsman"),
            ("192.0.2.1", "https://192.0.2.1:5986/wsman"),
            ("2001:db8::1", "https://[2001:db8::1]:5986/wsman"),
            ("[2001:db8::1]:7000", "https://[2001:db8::1]:7000/wsman"),
            ("https://hv1", "https://hv1:5986/wsman"),
            ("https://hv1/", "https://hv1:5986/wsman"),
            ("HTTPS://hv1:443", "https://hv1/wsman"),
            ("https://hv1:5987/a/b?c=d", "https://hv1:5987/a/b?c=d"),
            ("http://hv1", "http://hv1:5985/wsman"),
            ("http://[2001:db8::1]/", "http://[2001:db8::1]:5985/wsman"),
            ("http://hv1:80", "http://hv1/wsman"),
            ("http://hv1:443", "http://hv1:443/wsman"),
        ] {
            assert_eq!(endpoint(typed).unwrap().as_str(), url, "{typed}");
        }
    }

    #[test]
    fn what_is_not_a_host_is_refused() {
        for typed in [
            "",
            "a b",
            "hv1/wsman",
            "user@hv1",
            "ftp://hv1",
            "https://",
            "hv1:99999",
            "https://hv1/#x",
            "\\\\hv1",
        ] {
            let error = endpoint(typed).unwrap_err();
            assert_eq!(error.kind, TransportErrorKind::Config, "{typed}");
        }
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_shown() {
        for typed in [
            "https://op:hunter2@hv1/",
            "op:hunter2@hv1",
            "https://op:hunter2/x@hv1",
            "https://op:12/hunter2@hv1",
            "https://op:12?hunter2@hv1",
            "https://op:1#hunter2@hv1",
        ] {
            let error = endpoint(typed).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
    #[test]
    fn settings_do_not_show_the_password_of_a_url() {
        let url = Url::parse("https://op:hunter2@hv1:5986/wsman").unwrap();
        let settings = crate::transport::HttpSettings::new(url);
        assert!(!format!("{settings:?}").contains("hunter2"));
        let error = crate::transport::HttpTransport::new(settings).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
