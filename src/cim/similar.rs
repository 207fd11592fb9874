//! What was likely meant by a name that does not exist.

/// The name among `known` that was likely meant.
pub(crate) fn similar<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&typed, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// The question for a hint: `did you mean …?`
pub(crate) fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    similar(typed, known).map(|name| format!("did you mean `{name}`?"))
}

/// Whether one name is the other with a slip: a letter that is wrong, missing or too much, or two that have changed places.
pub(crate) fn is_slip(typed: &str, name: &str) -> bool {
    strsim::osa_distance(&typed.to_lowercase(), &name.to_lowercase()) <= 1
}

/// From which likeness on a name is suggested.
const ALIKE: f64 = 0.8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["host", "user", "fingerprint"];
        assert_eq!(similar("hsot", known), Some("host"));
        assert_eq!(similar("Fingerprnt", known), Some("fingerprint"));
        assert_eq!(similar("colour", known), None);
        assert_eq!(did_you_mean("usr", known).as_deref(), Some("did you mean `user`?"));
        assert!(is_slip("win32_Servcie", "Win32_Service") && !is_slip("Win32_Process", "Win32_Processor"));
    }
}
