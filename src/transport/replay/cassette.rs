//! The format: a folder with `cassette.json` and one file for each message.

use super::{Origin, files, lexical};
use crate::transport::{Answer, Phase, TransportError, TransportErrorKind};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Component, Path},
};

/// The version that this build writes, and the newest that it reads.
pub(super) const VERSION: u32 = 1;
/// The longest body that a transport accepts, with white space or in base64.
const LONGEST_MESSAGE: u64 = 128 * 1024 * 1024;
const LONGEST_INDEX: u64 = 64 * 1024 * 1024;
/// The file that makes a folder a cassette.
pub(super) const INDEX: &str = "cassette.json";

/// `cassette.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Index {
    pub(super) version: u32,
    pub(super) about: String,
    pub(super) origin: Origin,
    /// Endpoint, pseudonymised.
    pub(super) url: String,
    /// Whether `ElementName` and `Notes` are those of the host.
    pub(super) names_kept: bool,
    /// Conversations, numbered in the order in which they began.
    pub(super) lanes: u32,
    /// Texts in these files that stand for others. A live request may have any text in the place
    /// of one, the same throughout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) pseudonyms: Vec<String>,
    pub(super) exchanges: Vec<Entry>,
}

/// One exchange.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// 1-based, in the order in which the requests were sent.
    pub(super) n: u32,
    pub(super) lane: u32,
    /// Operation: `Get`, `CreateSnapshot`.
    pub(super) name: String,
    pub(super) request: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<Response>,
    /// What happened instead of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure>,
    /// Milliseconds from the beginning of the recording to the request.
    pub(super) at_ms: u64,
    /// Milliseconds from the request to the answer or the failure.
    pub(super) took_ms: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) changes_host: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) anonymous: bool,
}

/// An answer, its body in a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Response {
    pub(super) file: String,
    pub(super) status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) sealed: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) verified_tls: bool,
}

/// A failure of the transport.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    /// Whether a byte of the request may have reached the host.
    pub(super) maybe_sent: bool,
    pub(super) message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
    /// The texts of the causes, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) causes: Vec<String>,
}

/// [`TransportErrorKind`] as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FailureKind {
    Connection,
    Trust,
    Auth,
    Timeout,
    Protocol,
    Cassette,
    Io,
    Config,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Response {
    pub(super) fn new(file: String, answer: &Answer) -> Self {
        Self {
            file,
            status: answer.status,
            content_type: answer.content_type.clone(),
            sealed: answer.peer.sealed,
            verified_tls: answer.peer.verified_tls,
        }
    }
}

impl Failure {
    pub(super) fn new(error: &TransportError) -> Self {
        let first = std::error::Error::source(error);
        let causes = std::iter::successors(first, |cause| cause.source()).map(ToString::to_string).collect();
        Self {
            kind: FailureKind::from(error.kind),
            maybe_sent: error.phase == Phase::MaybeSent,
            message: error.message.clone(),
            hint: error.hint.clone(),
            causes,
        }
    }

    /// The same failure in other words.
    pub(super) fn with_texts(&self, mut change: impl FnMut(&str) -> String) -> Self {
        Self {
            kind: self.kind,
            maybe_sent: self.maybe_sent,
            message: change(&self.message),
            hint: self.hint.as_deref().map(&mut change),
            causes: self.causes.iter().map(|cause| change(cause)).collect(),
        }
    }

    /// The failure as it was.
    pub(super) fn to_error(&self) -> TransportError {
        let mut source: Option<Box<dyn std::error::Error + Send + Sync>> = None;
        for message in self.causes.iter().rev() {
            source = Some(Box::new(Cause { message: message.clone(), source }));
        }
        TransportError {
            kind: self.kind.into(),
            phase: if self.maybe_sent { Phase::MaybeSent } else { Phase::NotSent },
            message: self.message.clone(),
            hint: self.hint.clone(),
            source,
        }
    }
}

/// A recorded cause.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Cause {
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl From<TransportErrorKind> for FailureKind {
    fn from(kind: TransportErrorKind) -> Self {
        match kind {
            TransportErrorKind::Connection => Self::Connection,
            TransportErrorKind::Trust => Self::Trust,
            TransportErrorKind::Auth => Self::Auth,
            TransportErrorKind::Timeout => Self::Timeout,
            TransportErrorKind::Protocol => Self::Protocol,
            TransportErrorKind::Cassette => Self::Cassette,
            TransportErrorKind::Io => Self::Io,
            TransportErrorKind::Config => Self::Config,
        }
    }
}

impl From<FailureKind> for TransportErrorKind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Connection => Self::Connection,
            FailureKind::Trust => Self::Trust,
            FailureKind::Auth => Self::Auth,
            FailureKind::Timeout => Self::Timeout,
            FailureKind::Protocol => Self::Protocol,
            FailureKind::Cassette => Self::Cassette,
            FailureKind::Io => Self::Io,
            FailureKind::Config => Self::Config,
        }
    }
}

/// Writes the index; a reader sees the old or the new one, never half of one.
pub(super) fn write_index(directory: &Path, index: &Index) -> io::Result<()> {
    let mut json = serde_json::to_string_pretty(index)?;
    json.push('\n');
    files::write_private(&directory.join(INDEX), json.as_bytes())
}

/// Writes a message as `STEM.xml`, `.txt` or `.bin`, by what it is; the name of the file.
pub(super) fn write_body(directory: &Path, stem: &str, body: &[u8]) -> io::Result<String> {
    let (extension, content) = as_file(body);
    let name = format!("{stem}.{extension}");
    files::write_private(&directory.join(&name), &content)?;
    Ok(name)
}

/// The extension and the content of the file that holds a message.
pub(super) fn as_file(body: &[u8]) -> (&'static str, Vec<u8>) {
    match std::str::from_utf8(body) {
        Ok(text) => match lexical::pretty(text) {
            Some(pretty) if lexical::compact(&pretty) == text => ("xml", pretty.into_bytes()),
            Some(_) => ("xml", body.to_vec()),
            None => ("txt", body.to_vec()),
        },
        Err(_) => ("bin", STANDARD.encode(body).into_bytes()),
    }
}

/// The message in such a file.
pub(super) fn of_file(extension: &str, content: Vec<u8>) -> Result<Bytes, base64::DecodeError> {
    match (extension, std::str::from_utf8(&content)) {
        ("bin", _) => STANDARD.decode(content.trim_ascii()).map(Bytes::from),
        ("xml", Ok(text)) => Ok(Bytes::from(lexical::compact(text).into_owned())),
        _ => Ok(Bytes::from(content)),
    }
}

/// Reads the index of a cassette.
pub(super) fn read_index(directory: &Path) -> Result<Index, TransportError> {
    let path = directory.join(INDEX);
    let read = files::read_regular(&path, LONGEST_INDEX).and_then(|content| {
        String::from_utf8(content)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
    });
    let text = read.map_err(|source| {
        let problem = match source.kind() {
            io::ErrorKind::NotFound => "there is none",
            _ => "its index cannot be read",
        };
        let mut error = broken(directory, &format!("{problem} (`{INDEX}`)"));
        error.hint = Some(format!("a cassette is a folder with a file `{INDEX}`; `--record DIR` makes one"));
        error.source = Some(Box::new(source));
        error
    })?;
    parse_index(directory, &text)
}

/// Reads the text of an index.
pub(super) fn parse_index(directory: &Path, text: &str) -> Result<Index, TransportError> {
    let json: serde_json::Value =
        serde_json::from_str(text).map_err(|source| not_readable(directory, source))?;
    let version = json.get("version").and_then(serde_json::Value::as_u64);
    if let Some(version) = version.filter(|version| *version > u64::from(VERSION)) {
        let mut error =
            broken(directory, &format!("expected version {VERSION} or older, got version {version}"));
        error.hint = Some("it was recorded by a newer release: update this one".to_owned());
        return Err(error);
    }
    serde_json::from_value(json).map_err(|source| not_readable(directory, source))
}

/// How much may still be read of a cassette: its files are held in memory, and one may be named often.
#[derive(Debug)]
pub(super) struct Budget(u64);

impl Default for Budget {
    fn default() -> Self {
        Self(1024 * 1024 * 1024)
    }
}

/// Reads a message file.
pub(super) fn read_body(directory: &Path, name: &str, budget: &mut Budget) -> Result<Bytes, TransportError> {
    let mut parts = Path::new(name).components();
    if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
        return Err(broken(directory, &format!("expected the name of a file in its folder, got `{name}`")));
    }
    let content =
        files::read_regular(&directory.join(name), LONGEST_MESSAGE.min(budget.0)).map_err(|source| {
            let mut error = broken(directory, &format!("its file `{name}` cannot be read"));
            error.source = Some(Box::new(source));
            error
        })?;
    budget.0 = budget.0.saturating_sub(u64::try_from(content.len()).unwrap_or(u64::MAX));
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    of_file(extension, content).map_err(|source| {
        let mut error = broken(directory, &format!("its file `{name}` is not base64"));
        error.source = Some(Box::new(source));
        error
    })
}

fn not_readable(directory: &Path, source: serde_json::Error) -> TransportError {
    let mut error = broken(directory, &format!("its `{INDEX}` is not that of a cassette"));
    error.source = Some(Box::new(source));
    error
}

/// `failed to open cassette …`.
pub(super) fn broken(directory: &Path, reason: &str) -> TransportError {
    TransportError {
        kind: TransportErrorKind::Cassette,
        phase: Phase::NotSent,
        message: format!("failed to open cassette `{}`: {reason}", directory.display()),
        hint: None,
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_outside_the_folder_are_not_read() {
        let temp = tempfile::tempdir().unwrap();
        let directory = temp.path().join("cassette");
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(temp.path().join("secret"), "x").unwrap();
        for name in ["../secret", "/etc/passwd", "a/../../secret", ".", "..", "", "sub/file"] {
            let error = read_body(&directory, name, &mut Budget::default()).unwrap_err();
            assert!(error.message.contains("expected the name of a file in its folder"), "{name}: {error}");
        }
    }

    #[test]
    fn a_file_that_is_named_again_and_again_is_not_read_for_ever() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("a.txt"), "12345").unwrap();
        let mut budget = Budget(12);
        let mut read = || read_body(temp.path(), "a.txt", &mut budget).map(|body| body.len());
        assert_eq!((read().unwrap(), read().unwrap()), (5, 5));
        let error = read().unwrap_err();
        assert!(error.message.ends_with("its file `a.txt` cannot be read"), "{error}");
        insta::assert_snapshot!(error.source.unwrap(), @"expected at most 2 bytes");
    }
}
