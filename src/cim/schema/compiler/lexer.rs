//! Text to tokens (DSP0004 annex A).

use super::{CompileError, Place};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Number(i64),
    Text(String),
    /// A literal that no declaration here needs: a real number, a character, an alias.
    Literal(String),
    Punctuation(char),
    End,
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(text) | Self::Literal(text) => write!(f, "`{text}`"),
            Self::Number(number) => write!(f, "`{number}`"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Punctuation(character) => write!(f, "`{character}`"),
            Self::End => f.write_str("the end of the file"),
        }
    }
}

/// The tokens of one file, with one token of look-ahead.
pub(super) struct Lexer<'a> {
    file: &'a str,
    rest: &'a str,
    line: usize,
    column: usize,
    peeked: Option<(Token, Place)>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, rest: text, line: 1, column: 1, peeked: None }
    }

    /// Where the next token is.
    pub(super) fn place(&mut self) -> Result<Place, CompileError> {
        self.peek()?;
        Ok(self.peeked.as_ref().map_or_else(|| self.here(), |(_, place)| place.clone()))
    }

    pub(super) fn peek(&mut self) -> Result<&Token, CompileError> {
        let entry = match self.peeked.take() {
            Some(entry) => entry,
            None => self.scan()?,
        };
        Ok(&self.peeked.insert(entry).0)
    }

    pub(super) fn next(&mut self) -> Result<Token, CompileError> {
        match self.peeked.take() {
            Some((token, _)) => Ok(token),
            None => Ok(self.scan()?.0),
        }
    }

    /// Takes the next token if it is this punctuation.
    pub(super) fn take(&mut self, character: char) -> Result<bool, CompileError> {
        let found = *self.peek()? == Token::Punctuation(character);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    /// Takes the next token if it is this word, any case.
    pub(super) fn take_word(&mut self, word: &str) -> Result<bool, CompileError> {
        let found = matches!(self.peek()?, Token::Name(name) if name.eq_ignore_ascii_case(word));
        if found {
            self.next()?;
        }
        Ok(found)
    }

    pub(super) fn expect(&mut self, character: char) -> Result<(), CompileError> {
        if self.take(character)? { Ok(()) } else { self.unexpected(&format!("`{character}`")) }
    }

    pub(super) fn name(&mut self) -> Result<String, CompileError> {
        match self.peek()?.clone() {
            Token::Name(name) => {
                self.next()?;
                Ok(name)
            }
            _ => self.unexpected("a name"),
        }
    }

    /// Passes over everything up to this punctuation, and over it.
    pub(super) fn skip_past(&mut self, end: char) -> Result<(), CompileError> {
        while !self.take(end)? {
            if *self.peek()? == Token::End {
                return self.unexpected(&format!("`{end}`"));
            }
            self.next()?;
        }
        Ok(())
    }

    /// Passes over a block in braces, and what stands before it.
    pub(super) fn skip_block(&mut self) -> Result<(), CompileError> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                Token::Punctuation('{') => depth += 1,
                Token::Punctuation('}') => depth = depth.saturating_sub(1),
                Token::End => return self.unexpected("`}`"),
                _ => {}
            }
            let closed = depth == 0 && *self.peek()? == Token::Punctuation('}');
            self.next()?;
            if closed {
                return Ok(());
            }
        }
    }

    /// The error at the next token.
    pub(super) fn unexpected<T>(&mut self, expected: &str) -> Result<T, CompileError> {
        let place = self.place()?;
        let found = self.peek()?;
        Err(place.error(format!("expected {expected}, got {found}")))
    }

    fn scan(&mut self) -> Result<(Token, Place), CompileError> {
        self.skip_space_and_comments()?;
        let place = self.here();
        let Some(first) = self.rest.chars().next() else { return Ok((Token::End, place)) };
        let token = match first {
            'a'..='z' | 'A'..='Z' | '_' => Token::Name(self.split_while(is_of_name).to_owned()),
            '-' | '+' | '.' | '0'..='9' => number(self.split_while(is_of_number)),
            '$' => {
                self.advance(1);
                Token::Literal(format!("${}", self.split_while(is_of_name)))
            }
            '"' => self.strings()?,
            '\'' => Token::Literal(self.quoted('\'')?),
            '{' | '}' | '[' | ']' | '(' | ')' | ',' | ';' | ':' | '=' | '#' => {
                self.advance(1);
                Token::Punctuation(first)
            }
            other => {
                let expected = "expected a name, number, string or punctuation";
                return Err(self.here().error(format!("{expected}, got `{other}`")));
            }
        };
        Ok((token, place))
    }

    /// Strings one after the other, which are one.
    fn strings(&mut self) -> Result<Token, CompileError> {
        let mut text = self.quoted('"')?;
        loop {
            self.skip_space_and_comments()?;
            if !self.rest.starts_with('"') {
                return Ok(Token::Text(text));
            }
            text.push_str(&self.quoted('"')?);
        }
    }

    /// The text between two quotes, on one line.
    fn quoted(&mut self, quote: char) -> Result<String, CompileError> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((offset, character)) = characters.next() {
            match character {
                '\n' => break,
                '\\' => match escaped(&mut characters) {
                    Some(character) => text.push(character),
                    None => return Err(self.here().error(ESCAPES)),
                },
                _ if character == quote => {
                    self.advance(offset + 1);
                    return Ok(text);
                }
                other => text.push(other),
            }
        }
        Err(self.here().error("expected the end of a string, got the end of the line"))
    }

    fn skip_space_and_comments(&mut self) -> Result<(), CompileError> {
        loop {
            self.split_while(char::is_whitespace);
            if self.rest.starts_with("//") {
                self.split_while(|c| c != '\n');
            } else if self.rest.starts_with("/*") {
                let Some(end) = self.rest.find("*/") else {
                    return Err(self.here().error("expected the end of a comment, got the end of the file"));
                };
                self.advance(end + 2);
            } else {
                return Ok(());
            }
        }
    }

    fn split_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        self.advance(self.rest.find(|c| !accept(c)).unwrap_or(self.rest.len()))
    }

    /// Takes so many bytes and counts their lines and columns.
    fn advance(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        match taken.rsplit_once('\n') {
            Some((before, last)) => {
                self.line += before.matches('\n').count() + 1;
                self.column = 1 + last.chars().count();
            }
            None => self.column += taken.chars().count(),
        }
        self.rest = rest;
        taken
    }

    fn here(&self) -> Place {
        Place { file: self.file.to_owned(), line: self.line, column: self.column }
    }
}

const ESCAPES: &str = r#"expected one of `\b \t \n \f \r \" \' \\ \xHHHH` after a backslash"#;

/// What an escape stands for, without its backslash.
fn escaped(characters: &mut (impl Iterator<Item = (usize, char)> + Clone)) -> Option<char> {
    Some(match characters.next()?.1 {
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'f' => '\u{c}',
        'r' => '\r',
        quoted @ ('"' | '\'' | '\\') => quoted,
        'x' | 'X' => {
            // One digit to four (DSP0004 annex A).
            let is_digit = |(_, digit): &(usize, char)| digit.is_ascii_hexdigit();
            let digits: String =
                characters.clone().take(4).take_while(is_digit).map(|(_, digit)| digit).collect();
            for _ in 0..digits.len() {
                characters.next();
            }
            return u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
        }
        _ => return None,
    })
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn is_of_number(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '+' | '.')
}

/// Decimal, hexadecimal, octal or binary; what is no whole number of 64 bits is passed on as text.
pub(super) fn number(text: &str) -> Token {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let parsed = if let Some(digits) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        i64::from_str_radix(digits, 16)
    } else if let Some(digits) = digits.strip_suffix(['b', 'B']) {
        i64::from_str_radix(digits, 2)
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8)
    } else {
        digits.parse()
    };
    match parsed {
        Ok(number) if !digits.starts_with(['-', '+']) => Token::Number(sign * number),
        _ => Token::Literal(text.to_owned()),
    }
}
