//! The compiler of MOF and of the schema's own text form, run by the build script for the schema and
//! at run time for what a user loads.
//!
//! `schema/README.md` has the grammar, DSP0004 annex A that of MOF. Text becomes declarations ([`parse`]), declarations become
//! classes with all they inherit ([`resolve`]), and those become bytes ([`encode`]).

pub(crate) mod encode;
mod lexer;
pub(crate) mod parse;
mod qualifiers;
pub(crate) mod resolve;

use std::fmt;

/// Why a text cannot be compiled, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompileError {
    pub(crate) place: Place,
    pub(crate) message: String,
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    fn error(&self, message: impl Into<String>) -> CompileError {
        CompileError { place: self.clone(), message: message.into() }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { file, line, column } = &self.place;
        write!(f, "{file}:{line}:{column}: {}", self.message)
    }
}

#[cfg_attr(not(test), allow(dead_code, reason = "the build script compiles the whole schema"))]
/// Compiles texts, each with the name of its file, to the bytes that `layout` describes.
pub(crate) fn compile(sources: &[(String, String)]) -> Result<Vec<u8>, CompileError> {
    let mut declarations = parse::Declarations::default();
    for (file, text) in sources {
        parse::parse(file, text, parse::Form::Own, &mut declarations)?;
    }
    encode::encode(&resolve::resolve(&declarations, parse::Form::Own)?)
}

#[cfg(test)]
mod tests {
    use super::compile;

    /// The message for one file `a.mof`.
    fn error_of(text: &str) -> String {
        compile(&[("a.mof".to_owned(), text.to_owned())]).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_file_place_what_was_expected_and_what_came() {
        for (text, expected) in [
            ("class A\n{\n  string B\n};", "a.mof:4:1: expected `;`, got `}`"),
            ("class A {\n  [Kye] string B;\n};", "a.mof:2:4: expected Key or Values or Returns, got `Kye`"),
            ("class A : B {};", "a.mof:1:1: class `A`: the superclass `B` is not declared"),
            ("class A {};\nclass a {};", "a.mof:2:1: class `a` is declared twice, first at a.mof:1"),
            (
                "class A : B {};\nclass B : A {};",
                "a.mof:1:1: class `A` derives from itself, or is more than 64 deep",
            ),
            ("class A { uint5 B; };", "a.mof:1:11: `A.B`: `uint5` is neither a type nor a declared class"),
            ("class A { string B;\nstring b; };", "a.mof:2:1: `A.b` is declared twice"),
            (
                "class A { Missing REF B; };",
                "a.mof:1:11: `A.B`: `Missing` is neither a type nor a declared class",
            ),
            ("class A { [Values(T)] uint8 B; };", "a.mof:1:12: there is no table `T`"),
            ("values T { 1 = \"x\", 1 = \"y\" };", "a.mof:1:21: the code 1 is listed twice"),
            ("values T { 9999999999 = \"x\" };", "a.mof:1:12: expected a 32-bit number, got `9999999999`"),
            ("values T { 1 = \"x };", "a.mof:1:16: expected the end of a string, got the end of the line"),
            ("class A { uint32 M(string P); };", "a.mof:1:20: `A.M.P` needs a direction: In or Out"),
            (
                "class A { string B; };\nclass C : A {\n uint8 B; };",
                "a.mof:3:2: `C.B` is uint8, inherited from `A` it is string",
            ),
            ("class A { [Returns { 0 = \"x\" }] string B; };", "a.mof:1:33: `Returns` does not belong here"),
            ("class A { [Key] uint32 M(); };", "a.mof:1:17: `Key` does not belong here"),
            ("class A { string M(); };", "a.mof:1:11: `A.M` must return uint32"),
            ("class A { uint32 M(", "a.mof:1:20: expected a name, got the end of the file"),
            ("class A { string B? };", "a.mof:1:19: expected a name, number, string or punctuation, got `?`"),
            ("/* never ends", "a.mof:1:1: expected the end of a comment, got the end of the file"),
            ("#pragma x (\"y\")", "a.mof:1:1: expected `class`, got `#`"),
        ] {
            assert_eq!(error_of(text), expected, "{text}");
        }
    }

    #[test]
    fn comments_may_stand_anywhere() {
        let text = "// one\nclass /* two */ A {}; // three\n/* four\n five */ class B : A {};";
        compile(&[("a.mof".to_owned(), text.to_owned())]).unwrap();
    }

    #[test]
    fn a_class_without_a_body_may_be_named_and_is_not_compiled() {
        let text = "class Outside;\nclass A : Outside { Outside REF R; };";
        let bytes = compile(&[("a.mof".to_owned(), text.to_owned())]).unwrap();
        assert_eq!(bytes.get(..4), Some(&[1, 0, 0, 0][..]));
    }
}
