//! Bytes that are nearly right: what breaks readers is seldom random.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use proptest::{collection::vec, prelude::*, sample::Index};

/// Bits and pieces that readers look for, or trip over.
const TOKENS: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\0\0\0\x80",
    b"\x7f\xff\xff\xff",
    b"\r\n",
    b"\t",
    b"--",
    b"=",
    b";",
    b",",
    b"\"",
    b"\\",
    b"'",
    b"<",
    b"</",
    b"/>",
    b"]]>",
    b"&#0;",
    b"&amp;",
    b"<!DOCTYPE a>",
    b"\x30\x84",
    b"\xc3\xbc",
    b"18446744073709551616",
];

/// One change.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    /// Numbers that are nearly right.
    Add(Index, i8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
    Cut(Index),
    /// The rest is that of another input.
    Splice(Index, Index),
}

/// One of the seeds with a few changes; now and then none, or nothing of a seed at all.
pub(super) fn mutated(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let near = (prop::sample::select(seeds.clone()), prop::sample::select(seeds), vec(change(), 0..6))
        .prop_map(|(mut input, other, changes)| {
            for change in changes {
                change.apply(&mut input, &other);
            }
            input
        });
    prop_oneof![19 => near, 1 => vec(any::<u8>(), 0..100)]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<(Index, u8)>().prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, 1 << bit)),
        (any::<Index>(), -3..=3_i8).prop_map(|(at, by)| Change::Add(at, by)),
        (any::<Index>(), prop::sample::select(&TOKENS[..]))
            .prop_map(|(at, token)| Change::Insert(at, token.into())),
        (any::<Index>(), vec(any::<u8>(), 1..5)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (any::<Index>(), 1..20_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<Index>(), 1..20_usize, 1..40_usize)
            .prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        any::<Index>().prop_map(Change::Cut),
        any::<(Index, Index)>().prop_map(|(at, from)| Change::Splice(at, from)),
    ]
}

impl Change {
    fn apply(self, input: &mut Vec<u8>, other: &[u8]) {
        // One more than there are: behind the last byte, too.
        let place = |at: Index, length: usize| at.index(length + 1);
        match self {
            Self::Set(at, byte) => change_byte(input, at, |_| byte),
            Self::Flip(at, bit) => change_byte(input, at, |old| old ^ bit),
            Self::Add(at, by) => change_byte(input, at, |old| old.wrapping_add_signed(by)),
            Self::Insert(at, bytes) => {
                let at = place(at, input.len());
                input.splice(at..at, bytes);
            }
            Self::Remove(at, length) => {
                let at = place(at, input.len());
                input.drain(at..input.len().min(at + length));
            }
            Self::Repeat(at, length, times) => {
                let at = place(at, input.len());
                let piece = input[at..input.len().min(at + length)].repeat(times);
                input.splice(at..at, piece);
            }
            Self::Cut(at) => input.truncate(place(at, input.len())),
            Self::Splice(at, from) => {
                input.truncate(place(at, input.len()));
                input.extend_from_slice(&other[place(from, other.len())..]);
            }
        }
    }
}

fn change_byte(input: &mut [u8], at: Index, change: impl FnOnce(u8) -> u8) {
    if !input.is_empty() {
        let byte = &mut input[at.index(input.len())];
        *byte = change(*byte);
    }
}
