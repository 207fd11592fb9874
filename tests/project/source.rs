//! Source files as the rules see them: without comments and literals.

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file under `src/`.
pub(crate) struct Source {
    /// Relative to the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with comments, strings and characters blanked; each byte keeps its place.
    pub(crate) code: String,
}

impl Source {
    fn new(path: String, text: String) -> Self {
        let code = blank(&text);
        Self { path, text, code }
    }

    /// `path:line` of a byte.
    pub(crate) fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.path, self.text[..offset].matches('\n').count() + 1)
    }

    /// Offsets of a word in the code: not part of a longer name.
    pub(crate) fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        self.code.match_indices(word).map(|(offset, _)| offset).filter(move |offset| {
            let before = self.code[..*offset].chars().next_back();
            let after = self.code[offset + word.len()..].chars().next();
            !before.is_some_and(is_name) && !after.is_some_and(is_name)
        })
    }
}

/// A path of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A text file of the repository.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("failed to read {path}: {error}"))
}

/// All Rust files under `src/`.
pub(crate) fn sources() -> Vec<Source> {
    let files = files_under("src", "rs").into_iter();
    let sources: Vec<_> = files.map(|path| Source::new(path.clone(), read(&path))).collect();
    assert!(sources.len() > 20, "expected the sources of the crate, got {} files", sources.len());
    sources
}

/// All files with an extension under a folder, sorted, relative to the repository, with `/`.
pub(crate) fn files_under(folder: &str, extension: &str) -> Vec<String> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(repository(folder)) else { return files };
    for entry in entries {
        let path = entry.unwrap().path();
        let relative = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            files.extend(files_under(&relative, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(relative);
        }
    }
    files.sort();
    files
}

/// Replaces comments and the contents of literals by spaces.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest, code.chars().next_back()));
        let length = skipped.unwrap_or(first.len_utf8());
        let (taken, after) = rest.split_at(length);
        if skipped.is_some() {
            code.extend(taken.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            code.push_str(taken);
        }
        rest = after;
    }
    code
}

/// Length of the comment that starts here.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let mut depth = 0;
    let mut offset = 0;
    while offset < text.len() {
        let rest = &text[offset..];
        if rest.starts_with("/*") {
            depth += 1;
            offset += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            offset += 2;
            if depth == 0 {
                return Some(offset);
            }
        } else {
            offset += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    Some(text.len())
}

/// Length of the string or character that starts here, its prefix included.
fn literal(text: &str, before: Option<char>) -> Option<usize> {
    let inside_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if inside_name && !text.starts_with('"') {
        return None;
    }
    let unprefixed = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - unprefixed.len();
    if let Some(raw) = unprefixed.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let body = raw[hashes..].strip_prefix('"')?;
        let start = text.len() - body.len();
        return Some(body.find(&end).map_or(text.len(), |at| start + at + end.len()));
    }
    if unprefixed.starts_with('"') {
        return Some(prefix + quoted(unprefixed, '"')?);
    }
    let character = unprefixed.strip_prefix('\'')?;
    let is_lifetime = !character.starts_with('\\') && character.chars().nth(1) != Some('\'');
    if is_lifetime { None } else { Some(prefix + quoted(unprefixed, '\'')?) }
}

/// Length of a literal between two quotes.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    while let Some((offset, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return Some(offset + 1);
        }
    }
    None
}

#[test]
fn comments_and_literals_are_no_code() {
    for (text, code) in [
        ("a // unsafe\nb", "a          \nb"),
        ("a /* x /* y */ z */ b", "a                   b"),
        (r#"f("un\"safe", 'x')"#, "f(          ,    )"),
        ("r#\"a\"b\"# c", "         c"),
        ("&'a str, b'\\'' , '\"'", "&'a str,       ,    "),
        ("br\"x\" bar", "      bar"),
        ("b'x' c", "     c"),
        ("'ä' \"ö\" z", "          z"),
    ] {
        assert_eq!(blank(text), code, "{text}");
        assert_eq!(blank(text).len(), text.len());
    }
}
