//! Escaping of text and attribute values, and the characters that XML 1.0 cannot carry.

/// Writes `text` so that it is safe both as element text and inside a quoted attribute:
/// `& < > "` and `\r \n \t` become references (a parser would normalise the latter away).
pub(crate) fn escape(text: &str) -> String {
    todo!("{text}")
}

/// The first character of `text` that XML 1.0 cannot carry (production 2, `Char`), with its byte
/// offset.
pub(crate) fn first_forbidden(text: &str) -> Option<(usize, char)> {
    todo!("{text}")
}
