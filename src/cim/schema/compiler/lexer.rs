//! Text to tokens.

use super::{CompileError, Place};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Number(i32),
    Text(String),
    Punctuation(char),
    End,
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, "`{name}`"),
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
    peeked: Option<(Token, usize)>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, rest: text, line: 1, peeked: None }
    }

    /// Where the next token is.
    pub(super) fn place(&mut self) -> Result<Place, CompileError> {
        self.peek()?;
        let line = self.peeked.as_ref().map_or(self.line, |(_, line)| *line);
        Ok(Place { file: self.file.to_owned(), line })
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

    /// Takes the next token if it is this word.
    pub(super) fn take_word(&mut self, word: &str) -> Result<bool, CompileError> {
        let found = matches!(self.peek()?, Token::Name(name) if name == word);
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

    /// The error at the next token.
    pub(super) fn unexpected<T>(&mut self, expected: &str) -> Result<T, CompileError> {
        let place = self.place()?;
        let found = self.peek()?;
        Err(place.error(format!("expected {expected}, got {found}")))
    }

    fn scan(&mut self) -> Result<(Token, usize), CompileError> {
        self.skip_space_and_comments()?;
        let line = self.line;
        let Some(first) = self.rest.chars().next() else { return Ok((Token::End, line)) };
        let token = match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                Token::Name(self.split_while(|c| c.is_ascii_alphanumeric() || c == '_').to_owned())
            }
            '-' | '0'..='9' => {
                let digits = self.split_while(|c| c == '-' || c.is_ascii_digit());
                let number = digits.parse();
                Token::Number(
                    number.map_err(|_| self.error(format!("expected a 32-bit number, got `{digits}`")))?,
                )
            }
            '"' => self.string()?,
            '{' | '}' | '[' | ']' | '(' | ')' | ',' | ';' | ':' | '=' => {
                self.advance(1);
                Token::Punctuation(first)
            }
            other => {
                let expected = "expected a name, number, string or punctuation";
                return Err(self.error(format!("{expected}, got `{other}`")));
            }
        };
        Ok((token, line))
    }

    /// A string in double quotes; `\"` and `\\` are its escapes.
    fn string(&mut self) -> Result<Token, CompileError> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.advance(offset + 1);
                    return Ok(Token::Text(text));
                }
                '\n' => break,
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    _ => return Err(self.error("expected `\\\"` or `\\\\` after a backslash")),
                },
                other => text.push(other),
            }
        }
        Err(self.error("expected the end of a string, got the end of the line"))
    }

    fn skip_space_and_comments(&mut self) -> Result<(), CompileError> {
        loop {
            self.split_while(char::is_whitespace);
            if self.rest.starts_with("//") {
                self.split_while(|c| c != '\n');
            } else if self.rest.starts_with("/*") {
                let Some(end) = self.rest.find("*/") else {
                    return Err(self.error("expected the end of a comment, got the end of the file"));
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

    /// Takes so many bytes and counts their lines.
    fn advance(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn error(&self, message: impl Into<String>) -> CompileError {
        Place { file: self.file.to_owned(), line: self.line }.error(message)
    }
}
