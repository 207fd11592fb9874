//! Names of start tags as they follow each other: the rows of a page repeat those of the one before, and what has been
//! checked once needs no second look.

/// A name that is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// As it is written.
    pub(super) whole: &'a str,
    pub(super) prefix: &'a str,
    pub(super) local: &'a str,
}

/// The names that have come, in the order in which they first came.
#[derive(Debug, Default)]
pub(super) struct Expected<'a> {
    known: Vec<Name<'a>>,
    /// Which is likely to come next.
    next: usize,
}

impl<'a> Expected<'a> {
    /// Names beyond which all are forgotten, as they are looked through one by one.
    const MOST: usize = 128;

    /// The name that `tag` begins with (after its `<`), if it is the one that followed the latest name before, or is
    /// that name again.
    pub(super) fn take(&mut self, tag: &[u8]) -> Option<Name<'a>> {
        let begins = |name: &&Name<'a>| match tag.strip_prefix(name.whole.as_bytes()) {
            Some([after, ..]) => ends_name(*after),
            _ => false,
        };
        if let Some(next) = self.known.get(self.next).filter(begins) {
            self.next += 1;
            return Some(*next);
        }
        self.known.get(self.next.checked_sub(1)?).filter(begins).copied()
    }

    /// A name that comes out of order.
    pub(super) fn find(&mut self, whole: &str) -> Option<Name<'a>> {
        let (at, known) = self.known.iter().enumerate().find(|(_, known)| known.whole == whole)?;
        self.next = at + 1;
        Some(*known)
    }

    /// A name that has not come before.
    pub(super) fn add(&mut self, name: Name<'a>) {
        if self.known.len() >= Self::MOST {
            self.known.clear();
        }
        self.known.push(name);
        self.next = self.known.len();
    }
}

/// Whether a byte ends a name in a start tag.
pub(super) fn ends_name(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(whole: &str) -> Name<'_> {
        let (prefix, local) = whole.split_once(':').unwrap_or(("", whole));
        Name { whole, prefix, local }
    }

    /// The names that had to be looked at.
    fn looked_at<'a>(expected: &mut Expected<'a>, tags: &[&'a str]) -> Vec<&'a str> {
        let mut looked_at = Vec::new();
        for tag in tags {
            let (whole, taken) = (&tag[..tag.len() - 1], expected.take(tag.as_bytes()));
            if taken.is_none() {
                looked_at.push(*tag);
            }
            match taken.or_else(|| expected.find(whole)) {
                Some(known) => assert_eq!(known, name(whole)),
                None => expected.add(name(whole)),
            }
        }
        looked_at
    }

    #[test]
    fn a_row_like_the_one_before_is_looked_at_where_it_begins() {
        let mut expected = Expected::default();
        let row = ["p:A>", "p:B/", "p:B>", "p:BC ", "D>"];
        assert_eq!(looked_at(&mut expected, &row), ["p:A>", "p:B/", "p:BC ", "D>"]);
        assert_eq!(looked_at(&mut expected, &row), ["p:A>"]);
        assert_eq!(looked_at(&mut expected, &["p:A>", "p:BC>", "D>"]), ["p:A>", "p:BC>"]);
    }

    #[test]
    fn a_name_is_taken_whole() {
        let mut expected = Expected::default();
        expected.add(name("p:A"));
        for tag in ["p:AB>", "p:A:B>", "p:A", "p:A<", "p", "P:A>"] {
            assert_eq!(expected.take(tag.as_bytes()), None, "{tag}");
        }
        assert_eq!(expected.take(b"p:A\n"), Some(name("p:A")));
    }

    #[test]
    fn more_names_than_are_kept_are_forgotten() {
        let tags: Vec<String> = (0..=Expected::MOST).map(|number| format!("A{number}>")).collect();
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let mut expected = Expected::default();
        assert_eq!(looked_at(&mut expected, &tags), tags);
        assert_eq!(expected.known.len(), 1);
    }
}
