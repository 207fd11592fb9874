//! Changes to the file of profiles that leave comments, order and everything else as they are.

use super::{DEFAULT_PROFILE, Kind, PROFILES, TLS_USED, keys, problem};
use crate::cli::failure::Failure;
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

/// Sets options of a profile, which is made if there is none of that name.
///
/// # Errors
/// `Config`, if the file holds something else where the profile should be.
pub(crate) fn set(document: &mut DocumentMut, profile: &str, values: &[(&str, &str)]) -> Result<(), Failure> {
    let keys = keys();
    let table = table_of(document, profile)?;
    for (name, text) in values {
        let kind = keys.iter().find(|key| key.name == *name).map_or(Kind::Text, |key| key.kind);
        let new = match kind {
            _ if *name == TLS_USED => value(*text == "true"),
            Kind::Switch => value(*text == "true"),
            Kind::Text | Kind::Time | Kind::Files => value(*text),
        };
        put(table, name, new);
    }
    Ok(())
}

/// Takes a profile out. Says whether it was there.
pub(crate) fn remove(document: &mut DocumentMut, profile: &str) -> bool {
    let profiles = document.get_mut(PROFILES).and_then(Item::as_table_like_mut);
    let removed = profiles.and_then(|profiles| profiles.remove(profile)).is_some();
    if removed && document.get(DEFAULT_PROFILE).and_then(Item::as_str) == Some(profile) {
        remove_default(document);
    }
    removed
}

/// What stands above the key, at the top of the file, is likely about the file.
fn remove_default(document: &mut DocumentMut) {
    let key = document.as_table_mut().remove_entry(DEFAULT_PROFILE).map(|(key, _)| key);
    let above =
        key.and_then(|key| key.leaf_decor().prefix()?.as_str().map(str::to_owned)).unwrap_or_default();
    if let Ok(rest) = format!("{above}{document}").parse() {
        *document = rest;
    }
}

/// Makes a profile the one that is taken when none is named.
pub(crate) fn set_default(document: &mut DocumentMut, profile: &str) {
    put(document.as_table_mut(), DEFAULT_PROFILE, value(profile));
}

fn table_of<'a>(document: &'a mut DocumentMut, profile: &str) -> Result<&'a mut dyn TableLike, Failure> {
    let wrong = || problem("failed to change the profiles: expected them as `[profile.NAME]`", None);
    let profiles = document.entry(PROFILES).or_insert_with(|| {
        let mut table = Table::new();
        // `[profile.NAME]` alone, without a `[profile]` above it.
        table.set_implicit(true);
        Item::Table(table)
    });
    let profiles = profiles.as_table_like_mut().ok_or_else(wrong)?;
    let table = profiles.entry(profile).or_insert_with(|| Item::Table(Table::new()));
    table.as_table_like_mut().ok_or_else(wrong)
}

/// Puts a value where the old one was, with the comment beside it.
fn put(table: &mut dyn TableLike, key: &str, mut new: Item) {
    if let Some(old) = table.get_mut(key) {
        if let (Some(old), Some(new)) = (old.as_value(), new.as_value_mut()) {
            *new.decor_mut() = old.decor().clone();
        }
        *old = new;
    } else {
        table.insert(key, new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# my hosts\ndefault-profile = \"hv1\" # the main one\n\n\
        [profile.hv1] # rack 4\nuser = 'CORP\\backup'\n# by name\nhost = \"hv1\" # moves soon\n\n\
        [profile.hv2]\nhost = \"hv2\"\n";

    fn document() -> DocumentMut {
        FILE.parse().unwrap()
    }

    #[test]
    fn a_change_keeps_comments_order_and_the_rest() {
        let mut document = document();
        set(&mut document, "hv1", &[("host", "hv1.example.org"), ("tls-used", "true")]).unwrap();
        let expected = FILE.replace(
            "host = \"hv1\" # moves soon\n",
            "host = \"hv1.example.org\" # moves soon\ntls-used = true\n",
        );
        assert_eq!(document.to_string(), expected);
    }

    #[test]
    fn a_new_profile_goes_to_the_end() {
        let mut document = document();
        set(&mut document, "hv3", &[("host", "hv3"), ("user", "CORP\\b")]).unwrap();
        set_default(&mut document, "hv3");
        let expected = FILE.replace("default-profile = \"hv1\"", "default-profile = \"hv3\"")
            + "\n[profile.hv3]\nhost = \"hv3\"\nuser = 'CORP\\b'\n";
        assert_eq!(document.to_string(), expected);
    }

    #[test]
    fn a_removed_profile_is_no_default_any_more() {
        let mut document = document();
        assert!(remove(&mut document, "hv1"));
        assert!(!remove(&mut document, "hv1"));
        assert_eq!(document.to_string(), "# my hosts\n\n[profile.hv2]\nhost = \"hv2\"\n");
    }

    #[test]
    fn an_empty_file_gets_its_first_profile() {
        let mut document = DocumentMut::new();
        set(&mut document, "hv1", &[("host", "hv1")]).unwrap();
        assert_eq!(document.to_string(), "[profile.hv1]\nhost = \"hv1\"\n");
    }
}
