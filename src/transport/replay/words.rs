//! Finding learned values in every spelling.

use crate::xml::escape::escape;
use std::{collections::HashMap, fmt};

/// Values to be replaced, found without regard to case where they stand as whole words.
#[derive(Default)]
pub(super) struct Words {
    /// By first character in lower case; longest first, so that the most specific one wins.
    by_first: HashMap<char, Vec<Word>>,
}

struct Word {
    folded: Vec<char>,
    replacement: String,
}

impl Words {
    /// Adds a value; the first replacement of a value stays.
    pub(super) fn add(&mut self, value: &str, replacement: &str) {
        let doubled = value.replace('\\', "\\\\");
        for plain in [value, &doubled] {
            let escaped = escape(plain);
            let twice = escape(&escaped);
            for spelling in [plain, &escaped, &twice] {
                self.add_spelling(spelling, replacement);
            }
        }
    }

    fn add_spelling(&mut self, spelling: &str, replacement: &str) {
        let folded: Vec<char> = fold(spelling).collect();
        let Some(first) = folded.first() else { return };
        let words = self.by_first.entry(*first).or_default();
        if words.iter().all(|word| word.folded != folded) {
            let at = words.partition_point(|word| word.folded.len() >= folded.len());
            words.insert(at, Word { folded, replacement: replacement.to_owned() });
        }
    }

    /// The longest value at the beginning that ends with its word: its length here, and what
    /// replaces it.
    pub(super) fn at_start(&self, rest: &str) -> Option<(usize, &str)> {
        let first = fold(rest).next()?;
        let words = self.by_first.get(&first)?;
        words.iter().find_map(|word| Some((word.length_in(rest)?, word.replacement.as_str())))
    }

    /// The replacement of a whole text that is a learned value.
    pub(super) fn exactly(&self, text: &str) -> Option<&str> {
        self.at_start(text).filter(|(length, _)| *length == text.len()).map(|(_, replacement)| replacement)
    }

    /// Whether a value stands anywhere in the text, whole word or not.
    pub(super) fn occur_in(&self, text: &str) -> bool {
        text.char_indices().any(|(at, _)| text.get(at..).and_then(|rest| self.at_start(rest)).is_some())
    }
}

impl fmt::Debug for Words {
    /// The number of values, never the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").field("count", &self.by_first.values().map(Vec::len).sum::<usize>()).finish()
    }
}

impl Word {
    fn length_in(&self, text: &str) -> Option<usize> {
        let mut wanted = self.folded.iter();
        let mut length = 0;
        for c in text.chars() {
            if wanted.len() == 0 {
                break;
            }
            for folded in c.to_lowercase() {
                if wanted.next() != Some(&folded) {
                    return None;
                }
            }
            length += c.len_utf8();
        }
        let complete = wanted.len() == 0;
        let word_like = self.folded.last().is_some_and(|c| c.is_alphanumeric());
        let ends = text.get(length..).is_some_and(|after| !word_like || super::tokens::ends_word(after));
        (complete && ends).then_some(length)
    }
}

fn fold(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_whole_word_is_found_in_any_case() {
        let mut words = Words::default();
        words.add("web", "vm-1");
        words.add("Web Tier", "group-1");
        assert_eq!(words.at_start("WEB TIER."), Some((8, "group-1")));
        assert_eq!(words.at_start("web-2"), Some((3, "vm-1")));
        assert_eq!(words.at_start("webs"), None);
        assert_eq!(words.exactly("WEB"), Some("vm-1"));
        assert_eq!(words.exactly("web 2"), None);
    }

    #[test]
    fn escaped_and_doubled_spellings_are_found() {
        let mut words = Words::default();
        words.add(r"R&D\web", "x");
        for spelling in [r"r&d\web", r"R&amp;D\WEB", r"R&amp;amp;D\web", r"R&D\\web", r"R&amp;D\\web"] {
            assert_eq!(words.exactly(spelling), Some("x"), "{spelling}");
        }
    }

    #[test]
    fn characters_whose_lower_case_is_longer_keep_offsets_right() {
        let mut words = Words::default();
        words.add("İx", "y");
        assert_eq!(words.at_start("İX z"), Some(("İX".len(), "y")));
    }

    #[test]
    fn debug_shows_no_value() {
        let mut words = Words::default();
        words.add("secret-host", "hv01");
        assert!(!format!("{words:?}").contains("secret"));
    }
}
