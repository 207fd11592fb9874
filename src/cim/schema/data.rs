//! Reading a compiled schema. An index that leads nowhere reads as zero or as nothing.

use super::layout::{TYPES, header};
use crate::cim::cim_type::{self, CimType};

/// A compiled schema, as `layout` describes it. Two are equal when they are the same bytes in memory.
#[derive(Clone, Copy)]
pub(super) struct Data<'s>(pub(super) &'s [u8]);

/// The schema that the build script compiled.
pub(super) const COMPILED: Data<'static> = Data(include_bytes!(concat!(env!("OUT_DIR"), "/schema.bin")));

/// A type is numbered by its position, here and there.
const _: () = assert!(TYPES.len() == cim_type::ALL.len());

impl<'s> Data<'s> {
    /// A field of the record at a word index.
    pub(super) fn word(self, record: u32, field: usize) -> u32 {
        let at = usize::try_from(record).ok().and_then(|record| record.checked_add(field)?.checked_mul(4));
        let bytes = at.and_then(|at| self.0.get(at..)?.first_chunk());
        bytes.copied().map_or(0, u32::from_le_bytes)
    }

    /// The string at a byte offset behind the words.
    pub(super) fn string(self, offset: u32) -> &'s str {
        self.bytes(offset).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Whether the string at that offset is this name, whatever its case.
    pub(super) fn is_name(self, offset: u32, name: &str) -> bool {
        self.bytes(offset).is_some_and(|bytes| bytes.eq_ignore_ascii_case(name.as_bytes()))
    }

    fn bytes(self, offset: u32) -> Option<&'s [u8]> {
        let start = usize::try_from(self.word(0, header::STRINGS).checked_add(offset)?).ok()?;
        let (length, rest) = self.0.get(start..)?.split_first_chunk()?;
        rest.get(..usize::from(u16::from_le_bytes(*length)))
    }

    /// The items of the list at a word index.
    pub(super) fn list(self, record: u32) -> impl Iterator<Item = u32> + use<'s> {
        let length = usize::try_from(self.word(record, 0)).unwrap_or_default();
        (1..=length).map(move |field| self.word(record, field))
    }

    /// The codes and names of the table at a word index.
    pub(super) fn table(self, record: u32) -> impl Iterator<Item = (i64, &'s str)> + use<'s> {
        let length = usize::try_from(self.word(record, 0)).unwrap_or_default();
        (0..length).map(move |entry| {
            let at = |word: usize| self.word(record, 3 * entry + 1 + word);
            (i64::from(at(1).cast_signed()) << 32 | i64::from(at(0)), self.string(at(2)))
        })
    }
}

impl PartialEq for Data<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Data<'_> {}

/// The type at this position of `TYPES`, which has the order of `cim_type::ALL`.
pub(super) fn cim_type(position: u32) -> CimType {
    let position = usize::try_from(position).ok();
    position.and_then(|position| cim_type::ALL.get(position).copied()).unwrap_or(CimType::String)
}

/// Whether a flag is set.
pub(super) fn flag(flags: u32, flag: u32) -> bool {
    flags & flag != 0
}
