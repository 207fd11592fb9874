//! Words, literals and signs of a query.

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Identifier, keyword or number.
    Word(String),
    /// A quoted literal, escapes resolved.
    Text(String),
    /// `* = != <> < > <= >= ( ) { } , . :`; `!=` becomes `<>`.
    Sign(&'static str),
}

/// Splits a query.
///
/// # Errors
/// What does not belong in one.
pub(super) fn tokens(query: &str) -> Result<Vec<Token>, String> {
    let mut rest = query.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '\'' | '"' => quoted(rest, first)?,
            c if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                (Token::Word(word.to_owned()), after)
            }
            _ => sign(rest)?,
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

/// Backslashes are part of words, so that `\\HOST\root\virtualization\v2` before a class is one.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '\\' | '/')
}

fn sign(rest: &str) -> Result<(Token, &str), String> {
    const SIGNS: [(&str, &str); 15] = [
        ("!=", "<>"),
        ("<>", "<>"),
        ("<=", "<="),
        (">=", ">="),
        ("=", "="),
        ("<", "<"),
        (">", ">"),
        ("*", "*"),
        ("(", "("),
        (")", ")"),
        ("{", "{"),
        ("}", "}"),
        (",", ","),
        (".", "."),
        (":", ":"),
    ];
    SIGNS
        .into_iter()
        .find_map(|(text, sign)| Some((Token::Sign(sign), rest.strip_prefix(text)?)))
        .ok_or_else(|| format!("unexpected `{}`", rest.chars().next().unwrap_or_default()))
}

/// A literal in `quote`; a backslash takes the next character as it is.
fn quoted(rest: &str, quote: char) -> Result<(Token, &str), String> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, escaped)) => text.push(escaped),
                None => break,
            },
            c if c == quote => {
                let after = rest.get(at + c.len_utf8()..).unwrap_or_default();
                return Ok((Token::Text(text), after));
            }
            c => text.push(c),
        }
    }
    Err("a literal does not end".to_owned())
}
