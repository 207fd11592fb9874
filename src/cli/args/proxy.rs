//! The value of `--proxy`. It may hold a password where nobody else can read it: in the environment, never on a
//! command line or in a profile. No error repeats it.

use crate::transport::Proxy;
use clap::{
    Arg, Command,
    builder::TypedValueParser,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};
use std::ffi::OsStr;

/// What connections go through.
#[derive(Debug, Clone)]
pub(crate) enum ProxyChoice {
    /// Nothing.
    None,
    /// What the environment names, as it does for curl.
    Environment,
    /// This one.
    Proxy(Proxy),
}

/// Reads a [`ProxyChoice`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProxyParser;

impl TypedValueParser for ProxyParser {
    type Value = ProxyChoice;

    /// From where nothing is known of the place: as from a command line.
    fn parse_ref(
        &self,
        command: &Command,
        option: Option<&Arg>,
        value: &OsStr,
    ) -> Result<ProxyChoice, clap::Error> {
        self.parse_ref_(command, option, value, ValueSource::CommandLine)
    }

    fn parse_ref_(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<ProxyChoice, clap::Error> {
        read(value, source == ValueSource::EnvVariable).map_err(|reason| {
            let message = format!("--proxy (HVCTL_PROXY): {reason}\n");
            let mut error = clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command);
            error.insert(ContextKind::Custom, ContextValue::String(reason));
            error
        })
    }
}

fn read(value: &OsStr, is_private: bool) -> Result<ProxyChoice, String> {
    let text = value.to_str().ok_or("expected UTF-8")?;
    match text.trim() {
        "" | "none" => return Ok(ProxyChoice::None),
        "env" => return Ok(ProxyChoice::Environment),
        _ => {}
    }
    let proxy: Proxy = text.parse().map_err(|error: crate::transport::TransportError| {
        let hint = error.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{}{hint}", error.message)
    })?;
    if proxy.has_login() && !is_private {
        return Err(
            "user and password of a proxy come from the environment alone (`HVCTL_PROXY`, or `env`), \
            as others can read command lines, and a profile holds no password"
                .to_owned(),
        );
    }
    Ok(ProxyChoice::Proxy(proxy))
}

/// The URL of a proxy as it can be shown.
pub(crate) fn harmless(value: &str) -> String {
    match read(OsStr::new(value), true) {
        Ok(ProxyChoice::None) => "none".to_owned(),
        Ok(ProxyChoice::Environment) => "env".to_owned(),
        Ok(ProxyChoice::Proxy(proxy)) => proxy.to_string(),
        Err(_) => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_read_from_the_environment_alone_and_never_shown() {
        let url = OsStr::new("socks5h://me:geheim@gate.example.org");
        let ProxyChoice::Proxy(proxy) = read(url, true).unwrap() else { panic!() };
        assert!(proxy.has_login());
        let reason = read(url, false).unwrap_err();
        assert!(reason.contains("HVCTL_PROXY") && !reason.contains("geheim"), "{reason}");
        assert_eq!(harmless("socks5h://me:geheim@gate.example.org"), "socks5h://gate.example.org:1080");
        assert_eq!(harmless("me:geheim"), "…");
        assert_eq!((harmless(" env "), harmless("")), ("env".to_owned(), "none".to_owned()));
    }
}
