//! Words as every POSIX shell takes them: ids are the host's, and stand in commands that people copy.

/// In single quotes.
pub(crate) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// In single quotes where that is needed.
pub(crate) fn word(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@%+=,".contains(character);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { quoted(word) }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn every_word_survives_the_shell() {
        for original in ["hv1.example.org", "EXAMPLE\\it's", "a b $c `d` \"e\"", "", "*"] {
            assert_eq!(shlex::split(&word(original)), Some(vec![original.to_owned()]), "{original:?}");
            assert_eq!(shlex::split(&quoted(original)), Some(vec![original.to_owned()]), "{original:?}");
        }
        assert_eq!(word("sha256:ab"), "sha256:ab");
        assert_eq!(word("CORP\\backup"), "'CORP\\backup'");
    }
}
