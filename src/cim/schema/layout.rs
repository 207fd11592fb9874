//! Layout of the compiled schema: what the compiler writes and the accessors read.
//!
//! The schema is one run of bytes: little-endian `u32` words, then the strings. Everything is
//! found by its word index (a record, a list, a table) or by its byte offset behind the words
//! (a string: two bytes of length, then UTF-8). Nothing needs relocating or building at start-up.
//!
//! | what | words |
//! |---|---|
//! | header | number of classes, byte offset of the strings, then the record of each class, by name |
//! | class | see [`class`] |
//! | list | length, items |
//! | table | length, then for each entry, by code, the code in two words (its low half first) and a string |

/// The header.
pub(crate) mod header {
    /// Number of classes.
    pub(crate) const CLASSES: usize = 0;
    /// Byte offset of the strings.
    pub(crate) const STRINGS: usize = 1;
    /// First of the class records' word indexes, sorted by lower-case name.
    pub(crate) const FIRST_CLASS: usize = 2;
}

/// A class.
pub(crate) mod class {
    /// String.
    pub(crate) const NAME: usize = 0;
    /// String; empty without superclass.
    pub(crate) const SUPERCLASS_NAME: usize = 1;
    /// Position among the classes, plus one; 0 where the superclass is not documented.
    pub(crate) const SUPERCLASS: usize = 2;
    /// Flags of this module.
    pub(crate) const FLAGS: usize = 3;
    /// List of strings.
    pub(crate) const KEYS: usize = 4;
    /// List of properties, inherited ones first.
    pub(crate) const PROPERTIES: usize = 5;
    /// List of methods, inherited ones first.
    pub(crate) const METHODS: usize = 6;

    pub(crate) const ABSTRACT: u32 = 1;
    pub(crate) const ASSOCIATION: u32 = 2;
    pub(crate) const INDICATION: u32 = 4;
    /// Seen on a host and not documented.
    pub(crate) const SEEN: u32 = 8;
    /// Loaded at run time.
    pub(crate) const LOADED: u32 = 16;
}

/// A property or a parameter: something with a name and a type.
pub(crate) mod typed {
    /// String.
    pub(crate) const NAME: usize = 0;
    /// Position in [`super::TYPES`].
    pub(crate) const TYPE: usize = 1;
    /// Flags of this module.
    pub(crate) const FLAGS: usize = 2;
    /// String; empty unless the type is a reference or an object.
    pub(crate) const CLASS_NAME: usize = 3;
    /// Table of value names.
    pub(crate) const VALUES: usize = 4;
    /// Position of the declaring class; of properties only.
    pub(crate) const DECLARED_IN: usize = 5;

    pub(crate) const ARRAY: u32 = 1;
    pub(crate) const KEY: u32 = 2;
    pub(crate) const IN: u32 = 4;
    pub(crate) const OUT: u32 = 8;
    /// Seen on a host and not documented.
    pub(crate) const SEEN: u32 = 16;
    /// Loaded at run time.
    pub(crate) const LOADED: u32 = 32;
    /// Of a type that nobody tells.
    pub(crate) const UNTYPED: u32 = 64;
    /// A parameter that must be given.
    pub(crate) const REQUIRED: u32 = 128;
}

/// A method.
pub(crate) mod method {
    /// String.
    pub(crate) const NAME: usize = 0;
    /// List of parameters.
    pub(crate) const PARAMETERS: usize = 1;
    /// Table of return codes.
    pub(crate) const RETURNS: usize = 2;
    /// Position of the declaring class.
    pub(crate) const DECLARED_IN: usize = 3;
    /// Flags of this module.
    pub(crate) const FLAGS: usize = 4;

    /// Seen on a host and not documented.
    pub(crate) const SEEN: u32 = 1;
    /// Loaded at run time.
    pub(crate) const LOADED: u32 = 2;
    /// What it returns is no code: nothing, or of another type than uint32.
    pub(crate) const NO_CODE: u32 = 4;
}

/// The types as the text form spells them; `reference` stands for `Class REF` and `object` for a
/// class as type.
pub(crate) const TYPES: [&str; 16] = [
    "boolean",
    "uint8",
    "sint8",
    "uint16",
    "sint16",
    "uint32",
    "sint32",
    "uint64",
    "sint64",
    "real32",
    "real64",
    "char16",
    "string",
    "datetime",
    "reference",
    "object",
];

/// The order of class names: ASCII, without case.
pub(crate) fn compare_names(left: &str, right: &str) -> std::cmp::Ordering {
    left.bytes().map(|b| b.to_ascii_lowercase()).cmp(right.bytes().map(|b| b.to_ascii_lowercase()))
}
