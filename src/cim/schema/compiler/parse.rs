//! Tokens to declarations.

use super::super::layout::{class as class_record, typed as typed_record};
use super::lexer::{Lexer, Token};
use super::{CompileError, Place};

/// Everything that the files declare, in the order of the files.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    pub(super) classes: Vec<Class>,
    /// Classes known by name only.
    pub(super) outside: Vec<String>,
    pub(super) tables: Vec<NamedTable>,
}

#[derive(Debug)]
pub(super) struct NamedTable {
    pub(super) name: String,
    pub(super) table: Table,
}

/// Codes and their names, by code.
pub(super) type Table = Vec<(i32, String)>;

/// A table in place, or the name of one that members share.
#[derive(Debug)]
pub(super) enum TableUse {
    Inline(Table),
    Named(Place, String),
}

#[derive(Debug)]
pub(super) struct Class {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) superclass: Option<String>,
    /// Flags of `layout::class`.
    pub(super) flags: u32,
    pub(super) properties: Vec<Typed>,
    pub(super) methods: Vec<Method>,
}

/// A property or a parameter.
#[derive(Debug)]
pub(super) struct Typed {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) type_name: String,
    pub(super) is_reference: bool,
    /// Flags of `layout::typed`.
    pub(super) flags: u32,
    pub(super) values: Option<TableUse>,
}

#[derive(Debug)]
pub(super) struct Method {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) parameters: Vec<Typed>,
    pub(super) returns: Option<TableUse>,
}

/// Adds what one file declares.
pub(super) fn parse(file: &str, text: &str, into: &mut Declarations) -> Result<(), CompileError> {
    let mut lexer = Lexer::new(file, text);
    while *lexer.peek()? != Token::End {
        if lexer.take_word("values")? {
            let name = lexer.name()?;
            let table = table(&mut lexer)?;
            lexer.expect(';')?;
            into.tables.push(NamedTable { name, table });
        } else {
            class(&mut lexer, into)?;
        }
    }
    Ok(())
}

fn class(lexer: &mut Lexer<'_>, into: &mut Declarations) -> Result<(), CompileError> {
    let place = lexer.place()?;
    let mut qualifiers = Qualifiers::parse(lexer, &["Abstract", "Association", "Indication"])?;
    let flags = qualifiers.flag("Abstract", class_record::ABSTRACT)
        | qualifiers.flag("Association", class_record::ASSOCIATION)
        | qualifiers.flag("Indication", class_record::INDICATION);
    if !lexer.take_word("class")? {
        return lexer.unexpected("`class`");
    }
    let name = lexer.name()?;
    if lexer.take(';')? {
        into.outside.push(name);
        return Ok(());
    }
    let superclass = if lexer.take(':')? { Some(lexer.name()?) } else { None };
    let mut class = Class { place, name, superclass, flags, properties: Vec::new(), methods: Vec::new() };
    lexer.expect('{')?;
    while !lexer.take('}')? {
        member(lexer, &mut class)?;
    }
    lexer.expect(';')?;
    into.classes.push(class);
    Ok(())
}

fn member(lexer: &mut Lexer<'_>, class: &mut Class) -> Result<(), CompileError> {
    let mut qualifiers = Qualifiers::parse(lexer, &["Key", "Values", "Returns"])?;
    let mut member = typed(lexer)?;
    if lexer.take('(')? {
        if member.type_name != "uint32" || member.flags != 0 {
            return Err(member.place.error(format!("`{}.{}` must return uint32", class.name, member.name)));
        }
        let returns = qualifiers.table("Returns");
        qualifiers.finish(&member.place)?;
        let parameters = parameters(lexer, &format!("{}.{}", class.name, member.name))?;
        class.methods.push(Method { place: member.place, name: member.name, parameters, returns });
    } else {
        member.flags |= qualifiers.flag("Key", typed_record::KEY);
        member.values = qualifiers.table("Values");
        qualifiers.finish(&member.place)?;
        class.properties.push(member);
    }
    lexer.expect(';')
}

fn parameters(lexer: &mut Lexer<'_>, method: &str) -> Result<Vec<Typed>, CompileError> {
    let mut parameters = Vec::new();
    if lexer.take(')')? {
        return Ok(parameters);
    }
    loop {
        let mut qualifiers = Qualifiers::parse(lexer, &["In", "Out", "Values"])?;
        let mut parameter = typed(lexer)?;
        let direction = qualifiers.flag("In", typed_record::IN) | qualifiers.flag("Out", typed_record::OUT);
        parameter.flags |= direction;
        parameter.values = qualifiers.table("Values");
        if direction == 0 {
            let message = format!("`{method}.{}` needs a direction: In or Out", parameter.name);
            return Err(parameter.place.error(message));
        }
        parameters.push(parameter);
        if lexer.take(')')? {
            return Ok(parameters);
        }
        lexer.expect(',')?;
    }
}

/// `type name`, `Class REF name`, each with `[]` for an array.
fn typed(lexer: &mut Lexer<'_>) -> Result<Typed, CompileError> {
    let place = lexer.place()?;
    let type_name = lexer.name()?;
    let is_reference = lexer.take_word("REF")?;
    let name = lexer.name()?;
    let mut flags = 0;
    if lexer.take('[')? {
        lexer.expect(']')?;
        flags = typed_record::ARRAY;
    }
    Ok(Typed { place, name, type_name, is_reference, flags, values: None })
}

/// `{ code = "name", … }`.
fn table(lexer: &mut Lexer<'_>) -> Result<Table, CompileError> {
    let mut table = Table::new();
    lexer.expect('{')?;
    loop {
        let place = lexer.place()?;
        let Token::Number(code) = *lexer.peek()? else { return lexer.unexpected("a code") };
        lexer.next()?;
        lexer.expect('=')?;
        let Token::Text(name) = lexer.peek()?.clone() else { return lexer.unexpected("a string") };
        lexer.next()?;
        if table.iter().any(|(known, _)| *known == code) {
            return Err(place.error(format!("the code {code} is listed twice")));
        }
        table.push((code, name));
        if lexer.take('}')? {
            table.sort_by_key(|(code, _)| *code);
            return Ok(table);
        }
        lexer.expect(',')?;
    }
}

/// What stands in brackets before a declaration.
#[derive(Debug, Default)]
struct Qualifiers {
    flags: Vec<String>,
    tables: Vec<(String, TableUse)>,
}

impl Qualifiers {
    fn parse(lexer: &mut Lexer<'_>, allowed: &[&str]) -> Result<Self, CompileError> {
        let mut qualifiers = Self::default();
        if !lexer.take('[')? {
            return Ok(qualifiers);
        }
        loop {
            let place = lexer.place()?;
            let name = lexer.name()?;
            if !allowed.contains(&name.as_str()) {
                return Err(place.error(format!("expected {}, got `{name}`", allowed.join(" or "))));
            }
            if !matches!(name.as_str(), "Values" | "Returns") {
                qualifiers.flags.push(name);
            } else if lexer.take('(')? {
                let used = TableUse::Named(place, lexer.name()?);
                lexer.expect(')')?;
                qualifiers.tables.push((name, used));
            } else {
                let used = TableUse::Inline(table(lexer)?);
                qualifiers.tables.push((name, used));
            }
            if lexer.take(']')? {
                return Ok(qualifiers);
            }
            lexer.expect(',')?;
        }
    }

    /// Takes a flag out: `bit` if it was there.
    fn flag(&mut self, name: &str, bit: u32) -> u32 {
        let before = self.flags.len();
        self.flags.retain(|flag| flag != name);
        if self.flags.len() == before { 0 } else { bit }
    }

    /// Takes a table out.
    fn table(&mut self, name: &str) -> Option<TableUse> {
        let position = self.tables.iter().position(|(known, _)| known == name)?;
        Some(self.tables.swap_remove(position).1)
    }

    /// Refuses what nobody took.
    fn finish(self, place: &Place) -> Result<(), CompileError> {
        let mut left = self.flags.into_iter().chain(self.tables.into_iter().map(|(name, _)| name));
        match left.next() {
            Some(name) => Err(place.error(format!("`{name}` does not belong here"))),
            None => Ok(()),
        }
    }
}
