//! Tokens to declarations.

use super::super::layout::{class as class_record, method as method_record, typed as typed_record};
use super::lexer::{Lexer, Token};
use super::qualifiers::{Qualifiers, table};
use super::{CompileError, Place};

/// Everything that the files declare, in the order of the files.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    pub(crate) classes: Vec<Class>,
    /// Classes known by name only.
    pub(crate) outside: Vec<String>,
    pub(crate) tables: Vec<NamedTable>,
}

#[derive(Debug)]
pub(crate) struct NamedTable {
    pub(crate) name: String,
    pub(crate) table: Table,
}

/// Codes and their names, by code.
pub(crate) type Table = Vec<(i64, String)>;

/// A table in place, or the name of one that members share.
#[derive(Debug)]
pub(crate) enum TableUse {
    Inline(Table),
    Named(Place, String),
}

#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) superclass: Option<String>,
    /// Flags of `layout::class`.
    pub(crate) flags: u32,
    pub(crate) properties: Vec<Typed>,
    pub(crate) methods: Vec<Method>,
}

/// A property or a parameter.
#[derive(Debug)]
pub(crate) struct Typed {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) is_reference: bool,
    /// Class of the instances that a string holds (`EmbeddedInstance`).
    pub(crate) embedded: Option<String>,
    /// Flags of `layout::typed`.
    pub(crate) flags: u32,
    pub(crate) values: Option<TableUse>,
}

#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) place: Place,
    pub(crate) name: String,
    /// Flags of `layout::method`.
    pub(crate) flags: u32,
    pub(crate) parameters: Vec<Typed>,
    pub(crate) returns: Option<TableUse>,
}

/// Whose text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The project's own: what it does not know is a mistake.
    Own,
    /// Anyone's MOF: qualifiers that nothing here needs are passed over, and so are instances,
    /// pragmas and declarations of qualifiers.
    #[allow(dead_code, reason = "the build script reads the project's own form alone")]
    Any,
}

/// Members of one class, and parameters of one method.
const MOST_MEMBERS: usize = 2048;

/// Adds what one file declares.
pub(crate) fn parse(file: &str, text: &str, form: Form, into: &mut Declarations) -> Result<(), CompileError> {
    let mut parser = Parser { lexer: Lexer::new(file, text), strict: form == Form::Own };
    while *parser.lexer.peek()? != Token::End {
        if parser.lexer.take_word("values")? {
            let name = parser.lexer.name()?;
            let table = table(&mut parser.lexer)?;
            parser.lexer.expect(';')?;
            into.tables.push(NamedTable { name, table });
        } else if parser.strict || !parser.passed_over()? {
            parser.class(into)?;
        }
    }
    Ok(())
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    strict: bool,
}

impl Parser<'_> {
    /// Passes over a pragma or the declaration of a qualifier.
    fn passed_over(&mut self) -> Result<bool, CompileError> {
        let place = self.lexer.place()?;
        if self.lexer.take('#')? {
            if !self.lexer.take_word("pragma")? {
                return self.lexer.unexpected("`pragma`");
            }
            if self.lexer.take_word("include")? {
                let message =
                    "expected a file that is whole, got an `#pragma include`: give that file itself";
                return Err(place.error(message));
            }
            let pragma = self.lexer.name()?;
            if self.lexer.take('(')? {
                if let Token::Text(namespace) = self.lexer.peek()?
                    && pragma.eq_ignore_ascii_case("namespace")
                    && let Some(language) = language(namespace)
                {
                    let message = format!(
                        "expected classes, got their texts in one language (`{language}`): give the file \
                         with the classes, which is beside it"
                    );
                    return Err(place.error(message));
                }
                self.lexer.skip_past(')')?;
            }
            return Ok(true);
        }
        if self.lexer.take_word("qualifier")? {
            self.lexer.skip_past(';')?;
            return Ok(true);
        }
        Ok(false)
    }

    fn class(&mut self, into: &mut Declarations) -> Result<(), CompileError> {
        let place = self.lexer.place()?;
        let allowed = ["Abstract", "Association", "Indication", "Seen"];
        let mut qualifiers = Qualifiers::parse(&mut self.lexer, &allowed, self.strict)?;
        if !self.strict && self.lexer.take_word("instance")? {
            self.lexer.skip_block()?;
            return self.lexer.expect(';');
        }
        let origin =
            if self.strict { qualifiers.flag("Seen", class_record::SEEN) } else { class_record::LOADED };
        let flags = origin
            | qualifiers.flag("Abstract", class_record::ABSTRACT)
            | qualifiers.flag("Association", class_record::ASSOCIATION)
            | qualifiers.flag("Indication", class_record::INDICATION);
        if !self.lexer.take_word("class")? {
            return self.lexer.unexpected("`class`");
        }
        let name = self.lexer.name()?;
        if self.lexer.take(';')? {
            into.outside.push(name);
            return Ok(());
        }
        if self.lexer.take_word("as")? {
            self.lexer.next()?;
        }
        let superclass = if self.lexer.take(':')? { Some(self.lexer.name()?) } else { None };
        let mut class = Class { place, name, superclass, flags, properties: Vec::new(), methods: Vec::new() };
        self.lexer.expect('{')?;
        while !self.lexer.take('}')? {
            if class.properties.len() + class.methods.len() >= MOST_MEMBERS {
                return self.lexer.unexpected(&format!("at most {MOST_MEMBERS} members of a class"));
            }
            self.member(&mut class)?;
        }
        self.lexer.expect(';')?;
        into.classes.push(class);
        Ok(())
    }

    fn member(&mut self, class: &mut Class) -> Result<(), CompileError> {
        let mut qualifiers = Qualifiers::parse(&mut self.lexer, &["Key", "Values", "Returns"], self.strict)?;
        let mut member = self.typed()?;
        if self.lexer.take('(')? {
            if self.strict && (member.type_name != "uint32" || member.flags != 0) {
                return Err(member
                    .place
                    .error(format!("`{}.{}` must return uint32", class.name, member.name)));
            }
            let returns = qualifiers.table("Returns");
            qualifiers.finish(&member.place)?;
            let parameters = self.parameters(&format!("{}.{}", class.name, member.name))?;
            let returns_code = member.type_name.eq_ignore_ascii_case("uint32") && member.flags == 0;
            let flags = member_origin(class.flags, method_record::SEEN, method_record::LOADED)
                | if returns_code { 0 } else { method_record::NO_CODE };
            class.methods.push(Method { place: member.place, name: member.name, flags, parameters, returns });
        } else {
            member.flags |= qualifiers.flag("Key", typed_record::KEY);
            member.flags |= member_origin(class.flags, typed_record::SEEN, typed_record::LOADED);
            member.values = qualifiers.table("Values");
            member.embedded = embedded(&mut qualifiers);
            qualifiers.finish(&member.place)?;
            if self.lexer.take('=')? {
                self.default_value()?;
            }
            class.properties.push(member);
        }
        self.lexer.expect(';')
    }

    fn parameters(&mut self, method: &str) -> Result<Vec<Typed>, CompileError> {
        let mut parameters = Vec::new();
        if self.lexer.take(')')? {
            return Ok(parameters);
        }
        loop {
            let allowed = ["In", "Out", "Required", "Values"];
            let mut qualifiers = Qualifiers::parse(&mut self.lexer, &allowed, self.strict)?;
            let mut parameter = self.typed()?;
            let (is_in, is_out) = (qualifiers.told("In"), qualifiers.told("Out").unwrap_or(false));
            if self.strict && is_in.is_none() && !is_out {
                let message = format!("`{method}.{}` needs a direction: In or Out", parameter.name);
                return Err(parameter.place.error(message));
            }
            if is_in.unwrap_or(!is_out) {
                parameter.flags |= typed_record::IN;
            }
            if is_out {
                parameter.flags |= typed_record::OUT;
            }
            parameter.flags |= qualifiers.flag("Required", typed_record::REQUIRED);
            parameter.values = qualifiers.table("Values");
            parameter.embedded = embedded(&mut qualifiers);
            parameters.push(parameter);
            if self.lexer.take(')')? {
                return Ok(parameters);
            }
            if parameters.len() >= MOST_MEMBERS {
                return self.lexer.unexpected(&format!("at most {MOST_MEMBERS} parameters of a method"));
            }
            self.lexer.expect(',')?;
        }
    }

    /// `type name`, `Class REF name`, each with `[]` for an array.
    fn typed(&mut self) -> Result<Typed, CompileError> {
        let place = self.lexer.place()?;
        let mut type_name = self.lexer.name()?;
        // WMI's own spelling of an embedded object: `object:Class`.
        if !self.strict && type_name.eq_ignore_ascii_case("object") && self.lexer.take(':')? {
            type_name = self.lexer.name()?;
        }
        let is_reference = self.lexer.take_word("REF")?;
        let name = self.lexer.name()?;
        let mut flags = 0;
        if self.lexer.take('[')? {
            if let (false, Token::Number(_)) = (self.strict, self.lexer.peek()?) {
                self.lexer.next()?;
            }
            self.lexer.expect(']')?;
            flags = typed_record::ARRAY;
        }
        Ok(Typed { place, name, type_name, is_reference, embedded: None, flags, values: None })
    }

    /// A literal, or several in braces.
    fn default_value(&mut self) -> Result<(), CompileError> {
        if self.lexer.take('{')? {
            return self.lexer.skip_past('}');
        }
        match self.lexer.peek()? {
            Token::Punctuation(_) | Token::End => self.lexer.unexpected("a value"),
            _ => self.lexer.next().map(drop),
        }
    }
}

/// Where the members of a class come from, as the class itself does.
fn member_origin(class_flags: u32, seen: u32, loaded: u32) -> u32 {
    match class_flags & (class_record::SEEN | class_record::LOADED) {
        class_record::SEEN => seen,
        class_record::LOADED => loaded,
        _ => 0,
    }
}

/// Class of the instances that a string holds, as MOF tells it.
fn embedded(qualifiers: &mut Qualifiers) -> Option<String> {
    qualifiers.text("EmbeddedInstance").filter(|class| !class.is_empty())
}

/// The language of a namespace that holds texts alone (`root\cimv2\ms_409`), as `.mfl` files declare it.
fn language(namespace: &str) -> Option<&str> {
    let last = namespace.rsplit(['\\', '/']).next()?;
    let digits = last.get(..3).filter(|start| start.eq_ignore_ascii_case("ms_")).and(last.get(3..))?;
    let is_locale = !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_hexdigit());
    is_locale.then_some(last)
}
