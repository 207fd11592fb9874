//! Classes to the bytes that `layout` describes.

use std::collections::HashMap;

use super::super::layout::{class, header, method, typed};
use super::parse::Table;
use super::resolve::{Class, Element, Method, Schema};
use super::{CompileError, Place};

/// Writes the whole schema.
#[allow(clippy::indexing_slicing, reason = "positions in a schema are positions in its own lists")]
pub(crate) fn encode(schema: &Schema) -> Result<Vec<u8>, CompileError> {
    let mut writer = Writer { first_word: header::FIRST_CLASS + schema.classes.len(), ..Writer::default() };
    writer.string("")?;

    let properties: Vec<u32> =
        schema.properties.iter().map(|property| writer.element(property)).collect::<Result<_, _>>()?;
    let methods: Vec<u32> =
        schema.methods.iter().map(|method| writer.method(method)).collect::<Result<_, _>>()?;
    let mut classes = Vec::new();
    for class in &schema.classes {
        let keys =
            class.properties.iter().map(|at| &schema.properties[*at]).filter(|property| property.is_key());
        let keys: Vec<&str> = keys.map(|property| property.name.as_str()).collect();
        let own_properties = class.properties.iter().map(|at| properties[*at]).collect();
        let own_methods = class.methods.iter().map(|at| methods[*at]).collect();
        classes.push(writer.class(class, &keys, own_properties, own_methods)?);
    }

    let mut head = [0; header::FIRST_CLASS];
    head[header::CLASSES] = word(classes.len())?;
    head[header::STRINGS] = word((writer.first_word + writer.words.len()) * 4)?;
    let words = head.iter().chain(&classes).chain(&writer.words);
    let mut bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).collect();
    bytes.append(&mut writer.strings);
    Ok(bytes)
}

/// Equal strings, lists and tables are written once.
#[derive(Default)]
struct Writer {
    /// Index of the first word that it writes.
    first_word: usize,
    words: Vec<u32>,
    runs: HashMap<Vec<u32>, u32>,
    strings: Vec<u8>,
    offsets: HashMap<String, u32>,
}

impl Writer {
    fn class(
        &mut self,
        declared: &Class,
        keys: &[&str],
        properties: Vec<u32>,
        methods: Vec<u32>,
    ) -> Result<u32, CompileError> {
        let mut record = [0; 7];
        record[class::NAME] = self.string(&declared.name)?;
        record[class::SUPERCLASS_NAME] =
            self.string(declared.superclass_name.as_deref().unwrap_or_default())?;
        record[class::SUPERCLASS] = declared.superclass.map_or(Ok(0), |at| word(at + 1))?;
        record[class::FLAGS] = declared.flags;
        let keys = keys.iter().map(|key| self.string(key)).collect::<Result<_, _>>()?;
        record[class::KEYS] = self.list(keys)?;
        record[class::PROPERTIES] = self.list(properties)?;
        record[class::METHODS] = self.list(methods)?;
        self.run(record.to_vec())
    }

    fn method(&mut self, declared: &Method) -> Result<u32, CompileError> {
        let parameters = declared.parameters.iter().map(|parameter| self.element(parameter));
        let parameters = parameters.collect::<Result<_, _>>()?;
        let mut record = [0; 5];
        record[method::NAME] = self.string(&declared.name)?;
        record[method::PARAMETERS] = self.list(parameters)?;
        record[method::RETURNS] = self.table(&declared.returns)?;
        record[method::DECLARED_IN] = word(declared.declared_in)?;
        record[method::FLAGS] = declared.flags;
        self.run(record.to_vec())
    }

    fn element(&mut self, declared: &Element) -> Result<u32, CompileError> {
        let mut record = [0; 6];
        record[typed::NAME] = self.string(&declared.name)?;
        record[typed::TYPE] = word(declared.type_code)?;
        record[typed::FLAGS] = declared.flags;
        record[typed::CLASS_NAME] = self.string(declared.class_name.as_deref().unwrap_or_default())?;
        record[typed::VALUES] = self.table(&declared.values)?;
        record[typed::DECLARED_IN] = word(declared.declared_in)?;
        self.run(record.to_vec())
    }

    fn list(&mut self, items: Vec<u32>) -> Result<u32, CompileError> {
        let mut run = vec![word(items.len())?];
        run.extend(items);
        self.run(run)
    }

    fn table(&mut self, table: &Table) -> Result<u32, CompileError> {
        let mut run = vec![word(table.len())?];
        for (code, name) in table {
            let [low, high] = words_of(*code);
            run.extend([low, high, self.string(name)?]);
        }
        self.run(run)
    }

    /// The word index of this run of words.
    fn run(&mut self, run: Vec<u32>) -> Result<u32, CompileError> {
        if let Some(at) = self.runs.get(&run) {
            return Ok(*at);
        }
        let at = word(self.first_word + self.words.len())?;
        self.words.extend(&run);
        self.runs.insert(run, at);
        Ok(at)
    }

    /// The byte offset of this string.
    fn string(&mut self, text: &str) -> Result<u32, CompileError> {
        if let Some(offset) = self.offsets.get(text) {
            return Ok(*offset);
        }
        let offset = word(self.strings.len())?;
        let length = u16::try_from(text.len()).map_err(|_| too_large())?;
        self.strings.extend(length.to_le_bytes());
        self.strings.extend(text.as_bytes());
        self.offsets.insert(text.to_owned(), offset);
        Ok(offset)
    }
}

/// The two words of a code, its low half first.
fn words_of(code: i64) -> [u32; 2] {
    let bits = code.cast_unsigned();
    // Each half fits.
    [bits & u64::from(u32::MAX), bits >> 32].map(|half| u32::try_from(half).unwrap_or_default())
}

fn word(number: usize) -> Result<u32, CompileError> {
    u32::try_from(number).map_err(|_| too_large())
}

fn too_large() -> CompileError {
    Place { file: "schema".to_owned(), line: 0, column: 0 }.error("the schema is too large for its layout")
}
