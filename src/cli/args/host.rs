//! The value of `--host`. A URL may hold a password, which nothing keeps and no error repeats: who types one is told
//! before anything else sees the value.

use crate::transport::endpoint;
use clap::{
    Arg, Command,
    builder::TypedValueParser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::{error::Error as _, ffi::OsStr};

/// Reads a host as it was typed, if it leads to an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostParser;

impl TypedValueParser for HostParser {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        option: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        read(value).map_err(|reason| {
            let name = match option.and_then(Arg::get_long) {
                Some(_) => "--host (HVCTL_HOST)",
                None => "HOST",
            };
            let message = format!("{name}: {reason}\n");
            let mut error = clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command);
            error.insert(ContextKind::Custom, ContextValue::String(reason));
            error
        })
    }
}

fn read(value: &OsStr) -> Result<String, String> {
    let text = value.to_str().ok_or("expected UTF-8")?;
    if text.trim().is_empty() {
        return Err("expected a host, got nothing".to_owned());
    }
    let text = super::values::printable(text)?;
    match endpoint(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            let hint = error.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            Err(format!("{error}{cause}{hint}"))
        }
    }
}

/// A host as it can be shown.
pub(crate) fn harmless(value: &str) -> String {
    if endpoint(value).is_ok() { value.to_owned() } else { "…".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_to_an_endpoint_is_kept_as_it_was_typed() {
        for host in ["hv1", " hv1.example.org ", "2001:db8::1", "hv1:443", "https://gate.example.org/hv1"] {
            assert_eq!(read(OsStr::new(host)).unwrap(), host);
            assert_eq!(harmless(host), host);
        }
    }

    #[test]
    fn a_password_in_a_host_is_neither_kept_nor_shown() {
        for host in ["https://me:geheim@hv1", "me:geheim@hv1", "http://me:a/geheim@hv1"] {
            let reason = read(OsStr::new(host)).unwrap_err();
            assert!(!reason.contains("geheim"), "{reason}");
            assert_eq!(harmless(host), "…");
        }
        insta::assert_snapshot!(
            read(OsStr::new("https://me:geheim@hv1")).unwrap_err(),
            @"failed to use the URL: it holds a user name or a password; give the user by `--user`, the password by `HVCTL_PASSWORD` or at the prompt"
        );
        insta::assert_snapshot!(
            read(OsStr::new("hv1:99999")).unwrap_err(),
            @"failed to read host `hv1:99999`: invalid port number"
        );
    }
}
