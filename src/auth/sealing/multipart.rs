//! Bodies of type `multipart/encrypted` ([MS-WSMV] 2.2.9.1.1): what WinRM calls multipart and MIME is not.
//! Headers begin with a tab, no empty line ends them, and nothing separates the encrypted bytes from the
//! delimiter behind them:
//!
//! ```text
//! --Encrypted Boundary
//! \tContent-Type: application/HTTP-SPNEGO-session-encrypted
//! \tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=1234
//! --Encrypted Boundary
//! \tContent-Type: application/octet-stream
//! <length of the header, 32 bits, little end first><header><data>--Encrypted Boundary--
//! ```
//!
//! The reader takes what servers in the field send besides: no tabs, a space behind the dashes (Exchange),
//! line ends before and behind the last delimiter, names in any case, several parts. Encrypted bytes may
//! look like anything, so where they end is told by the lengths, and at most by the end of the body.

use super::{Protocol, Sealed};
use crate::auth::AuthError;
use std::str;

/// The boundary that Windows writes.
const BOUNDARY: &str = "Encrypted Boundary";
/// Type of the messages inside.
const SOAP: &str = "application/soap+xml;charset=UTF-8";
/// Longest line of headers (chosen; Windows writes lines of under 100 bytes).
const MAX_LINE: usize = 1024;
/// Most header lines of a section (chosen; Windows writes two).
const MAX_LINES: usize = 16;
/// Longest header of sealed data (chosen; NTLM has 16 bytes, Kerberos 60 or so).
const MAX_HEADER: usize = 4096;
/// RFC 2046, 5.1.1.
const MAX_BOUNDARY: usize = 70;

/// One sealed message, or piece of one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Type of what is sealed.
    pub(super) content_type: &'a str,
    /// Its length, padding included.
    pub(super) length: usize,
    pub(super) header: &'a [u8],
    pub(super) data: &'a [u8],
}

pub(super) fn content_type(protocol: Protocol) -> String {
    format!("multipart/encrypted;protocol=\"{}\";boundary=\"{BOUNDARY}\"", protocol.media_type())
}

/// Writes a body exactly as Windows does: acceptors that compare line by line exist.
pub(super) fn write(protocol: Protocol, length: usize, sealed: &Sealed) -> Result<Vec<u8>, AuthError> {
    let protocol = protocol.media_type();
    let length = length.saturating_add(sealed.padding);
    let header_length = u32::try_from(sealed.header.len())
        .map_err(|_| AuthError::Sealing("the header of the sealed message is too long".to_owned()))?;
    let head = format!(
        "--{BOUNDARY}\r\n\tContent-Type: {protocol}\r\n\tOriginalContent: type={SOAP};Length={length}\r\n\
         --{BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n"
    );
    let tail = format!("--{BOUNDARY}--\r\n");
    Ok([head.as_bytes(), &header_length.to_le_bytes(), &sealed.header, &sealed.data, tail.as_bytes()]
        .concat())
}

/// Whether the media type is one of the two that sealed bodies have.
pub(super) fn is_encrypted(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    ["multipart/encrypted", "multipart/x-multi-encrypted"]
        .iter()
        .any(|encrypted| media_type.eq_ignore_ascii_case(encrypted))
}

/// Reads a body of this type. There is at least one part.
pub(super) fn read<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, AuthError> {
    let mut reader = Reader { rest: body, boundary: boundary(content_type)? };
    reader.skip_line_ends();
    if reader.delimiter()? != Some(Delimiter::Next) {
        return Err(malformed("expected it to begin with its boundary"));
    }
    let mut parts = Vec::new();
    loop {
        let (part, behind) = reader.part()?;
        parts.push(part);
        if behind == Delimiter::Last {
            reader.skip_line_ends();
            return match reader.rest {
                [] => Ok(parts),
                _ => Err(malformed("expected nothing behind the last boundary")),
            };
        }
    }
}

/// The parameter `boundary`, quoted or not.
fn boundary(content_type: &str) -> Result<&str, AuthError> {
    if !is_encrypted(content_type) {
        return Err(malformed("expected the type `multipart/encrypted`"));
    }
    let mut parameters = parameters(content_type).skip(1);
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim())
    });
    let value = value.ok_or_else(|| malformed("expected a boundary in its type"))?;
    let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value).trim_end();
    if value.is_empty() || value.len() > MAX_BOUNDARY || value.contains(['"', '\\']) {
        return Err(malformed("expected a boundary of 1 to 70 characters in its type"));
    }
    Ok(value)
}

/// What stands between semicolons that are not in quotes.
fn parameters(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    value.split(move |c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delimiter {
    /// Another section follows.
    Next,
    /// The body ends.
    Last,
}

/// What is left of a body.
#[derive(Debug)]
struct Reader<'a, 'b> {
    rest: &'a [u8],
    boundary: &'b str,
}

impl<'a> Reader<'a, '_> {
    /// What follows a delimiter: description, delimiter, data, and the delimiter behind that.
    fn part(&mut self) -> Result<(Part<'a>, Delimiter), AuthError> {
        let (content_type, length) = self.description()?;
        let (name, value) = header(self.line()?)?;
        if !name.eq_ignore_ascii_case("Content-Type") || !is_octet_stream(value) {
            return Err(malformed("expected sealed data as `application/octet-stream`"));
        }
        let header = self.data_header()?;
        let (data, behind) = self.data(length)?;
        Ok((Part { content_type, length, header, data }, behind))
    }

    /// The lines that say what is sealed, with the delimiter behind them.
    fn description(&mut self) -> Result<(&'a str, usize), AuthError> {
        let mut original = None;
        for _ in 0..=MAX_LINES {
            match self.delimiter()? {
                Some(Delimiter::Next) => {
                    return original
                        .ok_or_else(|| malformed("expected `OriginalContent` before the sealed data"));
                }
                Some(Delimiter::Last) => {
                    return Err(malformed("expected sealed data before the last boundary"));
                }
                None => {}
            }
            let line = self.line()?;
            if line.is_empty() {
                continue;
            }
            let (name, value) = header(line)?;
            if name.eq_ignore_ascii_case("OriginalContent") {
                original = Some(original_content(value)?);
            }
        }
        Err(malformed("expected fewer lines of headers"))
    }

    /// Length and bytes of what verifies the data.
    fn data_header(&mut self) -> Result<&'a [u8], AuthError> {
        let cut = || malformed("it ends within the sealed data");
        let (length, rest) = self.rest.split_first_chunk().ok_or_else(cut)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_HEADER {
            return Err(AuthError::Sealing(format!(
                "{MALFORMED}: expected a signature of at most {MAX_HEADER} bytes, got {length}"
            )));
        }
        let (header, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
        self.rest = rest;
        Ok(header)
    }

    /// The encrypted bytes: as many as were announced. A Kerberos token that is not rotated (RFC 4121,
    /// 4.2.5) has its checksum behind them; then they go up to the delimiter that ends the body.
    fn data(&mut self, length: usize) -> Result<(&'a [u8], Delimiter), AuthError> {
        let whole = self.rest;
        if let Some((data, rest)) = whole.split_at_checked(length) {
            self.rest = rest;
            if let Ok(Some(delimiter)) = self.delimiter() {
                return Ok((data, delimiter));
            }
            self.rest = rest.strip_prefix(b"\r\n").unwrap_or(rest);
            if let Ok(Some(delimiter)) = self.delimiter() {
                return Ok((data, delimiter));
            }
        }
        self.rest = &[];
        let data = before_last_delimiter(whole, self.boundary)
            .ok_or_else(|| malformed("expected a boundary behind the sealed data"))?;
        Ok((data, Delimiter::Last))
    }

    /// The delimiter, if one comes next.
    fn delimiter(&mut self) -> Result<Option<Delimiter>, AuthError> {
        let after_dashes = self.rest.strip_prefix(b"--").map(|rest| trim_start(rest, b" \t"));
        let Some(rest) = after_dashes.and_then(|rest| rest.strip_prefix(self.boundary.as_bytes())) else {
            return Ok(None);
        };
        let (rest, delimiter) = match rest.strip_prefix(b"--") {
            Some(rest) => (rest, Delimiter::Last),
            None => (rest, Delimiter::Next),
        };
        self.rest = trim_start(rest, b" \t");
        if delimiter == Delimiter::Next && !self.line()?.is_empty() {
            return Err(malformed("expected a line end behind its boundary"));
        }
        Ok(Some(delimiter))
    }

    /// Up to the next line end, without the blanks around it.
    fn line(&mut self) -> Result<&'a str, AuthError> {
        let head = self.rest.get(..MAX_LINE).unwrap_or(self.rest);
        let end = head
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(|| malformed("expected the end of a line"))?;
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        str::from_utf8(line).map(str::trim).map_err(|_| malformed("expected text in its headers"))
    }

    fn skip_line_ends(&mut self) {
        self.rest = trim_start(self.rest, b"\r\n");
    }
}

/// What stands before the delimiter that ends the body.
fn before_last_delimiter<'a>(body: &'a [u8], boundary: &str) -> Option<&'a [u8]> {
    let body = trim_end(body, b"\r\n \t").strip_suffix(b"--")?.strip_suffix(boundary.as_bytes())?;
    trim_end(body, b" \t").strip_suffix(b"--")
}

fn header(line: &str) -> Result<(&str, &str), AuthError> {
    let (name, value) =
        line.split_once(':').ok_or_else(|| malformed("expected `name: value` in its headers"))?;
    Ok((name.trim_end(), value.trim_start()))
}

/// `type=application/soap+xml;charset=UTF-8;Length=1234`: the type without the length, and the length.
fn original_content(value: &str) -> Result<(&str, usize), AuthError> {
    let wrong = || malformed("expected `OriginalContent: type=…;Length=…`");
    let (before, length) = value.rsplit_once(';').ok_or_else(wrong)?;
    let (name, length) = length.split_once('=').ok_or_else(wrong)?;
    let length = length.trim();
    let (first, content_type) = before.split_once('=').ok_or_else(wrong)?;
    let is_right = name.trim().eq_ignore_ascii_case("Length")
        && first.trim().eq_ignore_ascii_case("type")
        && length.bytes().all(|digit| digit.is_ascii_digit());
    if !is_right {
        return Err(wrong());
    }
    Ok((content_type.trim(), length.parse().map_err(|_| wrong())?))
}

fn is_octet_stream(value: &str) -> bool {
    let media_type = value.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/octet-stream")
}

fn trim_start<'a>(mut bytes: &'a [u8], of: &[u8]) -> &'a [u8] {
    while let [first, rest @ ..] = bytes
        && of.contains(first)
    {
        bytes = rest;
    }
    bytes
}

fn trim_end<'a>(mut bytes: &'a [u8], of: &[u8]) -> &'a [u8] {
    while let [rest @ .., last] = bytes
        && of.contains(last)
    {
        bytes = rest;
    }
    bytes
}

const MALFORMED: &str = "the sealed body cannot be read";

fn malformed(why: &str) -> AuthError {
    AuthError::Sealing(format!("{MALFORMED}: {why}"))
}
