//! Schemas with classes that a user loads from MOF.

use std::{collections::BTreeSet, error, fmt};

use super::{
    Class, Schema,
    compiler::{
        CompileError, Place, encode,
        parse::{self, Declarations, Form, TableUse, Typed},
        resolve,
    },
    data::Data,
    layout::{class as class_record, method as method_record, typed},
};
use crate::cim::CimType;

/// Bytes of one MOF text.
const LONGEST: usize = 8 * 1024 * 1024;
/// Classes of one schema.
const MOST_CLASSES: usize = 4096;

/// Why a MOF text cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MofError {
    file: String,
    line: usize,
    column: usize,
    message: String,
}

impl MofError {
    /// The name that was given for the text.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }
    /// The line, from 1; 0 where it is the text as a whole.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
    /// The column in characters, from 1; 0 where it is the text as a whole.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

/// `file:line:column: message`.
impl fmt::Display for MofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}", self.message)
    }
}

impl error::Error for MofError {}

impl From<CompileError> for MofError {
    fn from(CompileError { place: Place { file, line, column }, message }: CompileError) -> Self {
        Self { file, line, column, message }
    }
}

/// The classes of `schema` and those that `mof` declares, in place of those of their names.
pub(super) fn extend(schema: &Schema, file: &str, mof: &[u8]) -> Result<Vec<u8>, MofError> {
    let whole = |message: String| MofError { file: file.to_owned(), line: 0, column: 0, message };
    if mof.len() > LONGEST {
        return Err(whole(format!("expected at most {LONGEST} bytes, got {}", mof.len())));
    }
    let text =
        decode(mof).ok_or_else(|| whole("expected UTF-8, or UTF-16 with a byte order mark".to_owned()))?;
    let mut loaded = Declarations::default();
    parse::parse(file, &text, Form::Any, &mut loaded)?;

    let names: BTreeSet<String> =
        loaded.classes.iter().map(|class| class.name.to_ascii_lowercase()).collect();
    let kept = schema.classes().filter(|class| !names.contains(&class.name().to_ascii_lowercase()));
    loaded.classes.extend(kept.map(declaration));
    if loaded.classes.len() > MOST_CLASSES {
        return Err(whole(format!("expected at most {MOST_CLASSES} classes, got {}", loaded.classes.len())));
    }
    Ok(encode::encode(&resolve::resolve(&loaded, Form::Any)?)?)
}

/// The text of a file as editors and `mofcomp` write it.
fn decode(bytes: &[u8]) -> Option<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks();
        rest.is_empty()
            .then(|| String::from_utf16(&units.iter().copied().map(unit).collect::<Vec<_>>()).ok())?
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        bytes => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// A class as it was declared: what it inherits unchanged is left out.
fn declaration(class: Class<'_>) -> parse::Class {
    let data = class.data;
    let own = class.properties().filter(|property| property.declared_in() == class);
    let properties = own.map(|property| element(data, property.record)).collect();
    let own = class.methods().filter(|method| method.declared_in() == class);
    let methods = own.map(|method| method_of(data, method.record)).collect();
    parse::Class {
        place: nowhere(),
        name: class.name().to_owned(),
        superclass: class.superclass_name().map(str::to_owned),
        flags: class.field(class_record::FLAGS),
        properties,
        methods,
    }
}

fn method_of(data: Data<'_>, record: u32) -> parse::Method {
    parse::Method {
        place: nowhere(),
        name: data.string(data.word(record, method_record::NAME)).to_owned(),
        flags: data.word(record, method_record::FLAGS),
        parameters: data
            .list(data.word(record, method_record::PARAMETERS))
            .map(|record| element(data, record))
            .collect(),
        returns: Some(table(data, data.word(record, method_record::RETURNS))),
    }
}

fn element(data: Data<'_>, record: u32) -> Typed {
    let cim_type = super::data::cim_type(data.word(record, typed::TYPE));
    let class_name = data.string(data.word(record, typed::CLASS_NAME));
    let is_class = matches!(cim_type, CimType::Reference | CimType::Object) && !class_name.is_empty();
    Typed {
        place: nowhere(),
        name: data.string(data.word(record, typed::NAME)).to_owned(),
        type_name: if is_class { class_name } else { cim_type.name() }.to_owned(),
        is_reference: cim_type == CimType::Reference,
        embedded: Some(class_name.to_owned()).filter(|name| !is_class && !name.is_empty()),
        flags: data.word(record, typed::FLAGS),
        values: Some(table(data, data.word(record, typed::VALUES))),
    }
}

fn table(data: Data<'_>, record: u32) -> TableUse {
    let entries = data.table(record).map(|(code, name)| (code, name.to_owned()));
    TableUse::Inline(entries.collect())
}

/// The place of what was compiled in, which no error names.
fn nowhere() -> Place {
    Place { file: "the compiled schema".to_owned(), line: 0, column: 0 }
}
