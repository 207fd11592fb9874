//! What stands in brackets before a declaration.

use super::{
    CompileError, Place,
    lexer::{Lexer, Token, number},
    parse::{Table, TableUse},
};

/// The qualifiers of a declaration, in order.
#[derive(Debug, Default)]
pub(super) struct Qualifiers {
    all: Vec<Qualifier>,
    strict: bool,
}

#[derive(Debug)]
struct Qualifier {
    name: String,
    value: Setting,
}

/// What a qualifier is set to.
#[derive(Debug)]
enum Setting {
    /// Nothing: it is there.
    Plain,
    /// A boolean, a number, a string, or several.
    Literals(Vec<Token>),
    /// A table, as the project's own form has them.
    Table(TableUse),
}

impl Qualifiers {
    /// Reads qualifiers; in the project's own form only those that are `allowed`.
    pub(super) fn parse(lexer: &mut Lexer<'_>, allowed: &[&str], strict: bool) -> Result<Self, CompileError> {
        let mut qualifiers = Self { all: Vec::new(), strict };
        if !lexer.take('[')? {
            return Ok(qualifiers);
        }
        loop {
            let place = lexer.place()?;
            let name = lexer.name()?;
            if strict && !allowed.contains(&name.as_str()) {
                return Err(place.error(format!("expected {}, got `{name}`", allowed.join(" or "))));
            }
            let value = setting(lexer, place)?;
            qualifiers.all.push(Qualifier { name, value });
            if lexer.take(':')? {
                while let Token::Name(_) = lexer.peek()? {
                    lexer.next()?;
                }
            }
            if lexer.take(']')? {
                return Ok(qualifiers);
            }
            lexer.expect(',')?;
        }
    }

    /// Takes a flag out: `bit` if it was there.
    pub(super) fn flag(&mut self, name: &str, bit: u32) -> u32 {
        if self.told(name) == Some(true) { bit } else { 0 }
    }

    /// Takes a flag out: whether it was there and said yes.
    pub(super) fn told(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Setting::Literals(literals) => Some(
                !matches!(literals.as_slice(), [Token::Name(word)] if word.eq_ignore_ascii_case("false")),
            ),
            Setting::Plain | Setting::Table(_) => Some(true),
        }
    }

    /// Takes a text out.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Setting::Literals(literals) => literals.into_iter().find_map(|literal| match literal {
                Token::Text(text) => Some(text),
                _ => None,
            }),
            Setting::Plain | Setting::Table(_) => None,
        }
    }

    /// Takes the names of codes out: a table under `own`, or the lists `ValueMap` and `Values`.
    pub(super) fn table(&mut self, own: &str) -> Option<TableUse> {
        let told = match self.take(own) {
            Some(told) => Some(told),
            None if self.strict => None,
            None => self.take("Values"),
        };
        match told {
            Some(Setting::Table(table)) => Some(table),
            Some(Setting::Literals(names)) => Some(self.zipped(&names)),
            Some(Setting::Plain) | None => None,
        }
    }

    /// Refuses what nobody took.
    pub(super) fn finish(self, place: &Place) -> Result<(), CompileError> {
        match self.all.first() {
            Some(left) if self.strict => Err(place.error(format!("`{}` does not belong here", left.name))),
            _ => Ok(()),
        }
    }

    /// Names by the codes beside them, or by their position. Ranges (`8..32767`) name no one code.
    fn zipped(&mut self, names: &[Token]) -> TableUse {
        let codes = match self.take("ValueMap") {
            Some(Setting::Literals(codes)) => codes.iter().map(code).collect(),
            _ => (0..i64::try_from(names.len()).unwrap_or(0)).map(Some).collect::<Vec<_>>(),
        };
        let mut table = Table::new();
        for (code, name) in codes.into_iter().zip(names) {
            if let (Some(code), Token::Text(name)) = (code, name)
                && !table.iter().any(|(known, _)| *known == code)
            {
                table.push((code, name.clone()));
            }
        }
        table.sort_by_key(|(code, _)| *code);
        TableUse::Inline(table)
    }

    fn take(&mut self, name: &str) -> Option<Setting> {
        let strict = self.strict;
        let same = |known: &str| if strict { known == name } else { known.eq_ignore_ascii_case(name) };
        let position = self.all.iter().position(|qualifier| same(&qualifier.name))?;
        Some(self.all.remove(position).value)
    }
}

/// The code of an entry of `ValueMap`: a number, or text that is one, decimal or hexadecimal.
fn code(token: &Token) -> Option<i64> {
    let text = match token {
        Token::Number(number) => return Some(*number),
        Token::Text(text) => text.trim(),
        _ => return None,
    };
    let digits = text.trim_start_matches(['-', '+']);
    if !digits.starts_with("0x") && !digits.starts_with("0X") {
        return text.parse().ok();
    }
    match number(text) {
        Token::Number(number) => Some(number),
        _ => None,
    }
}

/// The code of an entry of the project's own tables, which are of 32 bits with a sign or without.
fn own_code(token: &Token) -> Option<i64> {
    let Token::Number(number) = token else { return None };
    let fits = i32::try_from(*number).is_ok() || u32::try_from(*number).is_ok();
    fits.then_some(*number)
}

/// `(value)`, `{ value, … }`, `(table)`, `{ code = "name", … }`, or nothing.
fn setting(lexer: &mut Lexer<'_>, place: Place) -> Result<Setting, CompileError> {
    if lexer.take('(')? {
        let token = lexer.next()?;
        let setting = match token {
            Token::Name(name) if !is_literal(&name) => Setting::Table(TableUse::Named(place, name)),
            Token::Punctuation('{') => literals(lexer)?,
            Token::Punctuation(_) | Token::End => return Err(place.error("expected a value in parentheses")),
            literal => Setting::Literals(vec![literal]),
        };
        lexer.expect(')')?;
        return Ok(setting);
    }
    if lexer.take('{')? { literals(lexer) } else { Ok(Setting::Plain) }
}

fn is_literal(word: &str) -> bool {
    ["true", "false", "null"].iter().any(|literal| literal.eq_ignore_ascii_case(word))
}

/// What stands in braces, after the first.
fn literals(lexer: &mut Lexer<'_>) -> Result<Setting, CompileError> {
    let place = lexer.place()?;
    let mut literals = Vec::new();
    if lexer.take('}')? {
        return Ok(Setting::Literals(literals));
    }
    let first = literal(lexer)?;
    if lexer.take('=')? {
        return table_after(lexer, place, &first).map(|table| Setting::Table(TableUse::Inline(table)));
    }
    literals.push(first);
    loop {
        if lexer.take('}')? {
            return Ok(Setting::Literals(literals));
        }
        lexer.expect(',')?;
        literals.push(literal(lexer)?);
    }
}

fn literal(lexer: &mut Lexer<'_>) -> Result<Token, CompileError> {
    match lexer.peek()? {
        Token::Punctuation(_) | Token::End => lexer.unexpected("a value"),
        _ => lexer.next(),
    }
}

/// `{ code = "name", … }`.
pub(super) fn table(lexer: &mut Lexer<'_>) -> Result<Table, CompileError> {
    lexer.expect('{')?;
    let place = lexer.place()?;
    let Token::Number(_) = lexer.peek()? else { return lexer.unexpected("a code") };
    let first = lexer.next()?;
    lexer.expect('=')?;
    table_after(lexer, place, &first)
}

/// The rest of a table whose first code, and the `=` after it, are read.
fn table_after(lexer: &mut Lexer<'_>, place: Place, first: &Token) -> Result<Table, CompileError> {
    let mut table = Table::new();
    let (mut place, mut code) = (place, own_code(first));
    loop {
        let Some(number) = code else {
            return Err(place.error(format!("expected a 32-bit number, got {first}")));
        };
        let Token::Text(name) = lexer.peek()?.clone() else { return lexer.unexpected("a string") };
        lexer.next()?;
        if table.iter().any(|(known, _)| *known == number) {
            return Err(place.error(format!("the code {number} is listed twice")));
        }
        table.push((number, name));
        if lexer.take('}')? {
            table.sort_by_key(|(code, _)| *code);
            return Ok(table);
        }
        lexer.expect(',')?;
        place = lexer.place()?;
        let Token::Number(_) = lexer.peek()? else { return lexer.unexpected("a code") };
        code = own_code(&lexer.next()?);
        lexer.expect('=')?;
    }
}
