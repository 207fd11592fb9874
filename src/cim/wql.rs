//! WQL, the query language of WMI: literals and the two queries over associations.

use super::{CimError, Epr, Text, path::escape, text::is_identifier};

/// `text` as a literal of a query, quoted and escaped.
///
/// ```
/// use hyperv_wsman::cim::{Text, wql};
///
/// let name = Text::new(r"O'Neill\web")?;
/// let query = format!("SELECT * FROM Msvm_VirtualSystemCollection WHERE ElementName={}", wql::quote(&name));
/// assert!(query.ends_with(r"ElementName='O\'Neill\\web'"));
/// # Ok::<(), hyperv_wsman::cim::CimError>(())
/// ```
#[must_use]
pub fn quote(text: &Text) -> String {
    format!("'{}'", escape(text.as_str(), '\''))
}

/// The instances of `result_class` that `assoc_class` joins with the instance `epr`.
///
/// ```
/// use hyperv_wsman::cim::{Epr, wql};
///
/// let group = Epr::class_of("Msvm_VirtualSystemCollection", "root/virtualization/v2")
///     .with("CollectionID", "5D1F")?;
/// assert_eq!(
///     wql::associators_of(&group, "Msvm_CollectedVirtualSystems", "Msvm_ComputerSystem")?.as_str(),
///     "ASSOCIATORS OF {Msvm_VirtualSystemCollection.CollectionID='5D1F'} \
///      WHERE AssocClass=Msvm_CollectedVirtualSystems ResultClass=Msvm_ComputerSystem",
/// );
/// # Ok::<(), hyperv_wsman::cim::CimError>(())
/// ```
///
/// # Errors
/// [`CimError::Form`] when a class or key has a name that CIM does not allow.
pub fn associators_of(epr: &Epr, assoc_class: &str, result_class: &str) -> Result<Text, CimError> {
    let (path, assoc_class, result_class) = (relative_path(epr)?, name(assoc_class)?, name(result_class)?);
    Text::new(format!("ASSOCIATORS OF {{{path}}} WHERE AssocClass={assoc_class} ResultClass={result_class}"))
}

/// The associations of class `result_class` that refer to the instance `epr`.
///
/// # Errors
/// [`CimError::Form`] when a class or key has a name that CIM does not allow.
pub fn references_of(epr: &Epr, result_class: &str) -> Result<Text, CimError> {
    let (path, result_class) = (relative_path(epr)?, name(result_class)?);
    Text::new(format!("REFERENCES OF {{{path}}} WHERE ResultClass={result_class}"))
}

/// The class that a `SELECT` selects from.
pub(crate) fn class_of(query: &str) -> Option<&str> {
    let mut words = query.split_ascii_whitespace();
    let is_select = words.next()?.eq_ignore_ascii_case("SELECT");
    words.find(|word| is_select && word.eq_ignore_ascii_case("FROM"))?;
    words.next()
}

/// Whether a `SELECT` lists properties, instead of asking for all.
#[cfg(feature = "cli")]
pub(crate) fn lists_properties(query: &str) -> bool {
    query.split_ascii_whitespace().nth(1).is_some_and(|word| !word.starts_with('*'))
}

/// `Class.Key='value',…`, the path within the namespace that the query goes to, with the single
/// quotes that libvirt uses with Hyper-V hosts.
fn relative_path(epr: &Epr) -> Result<String, CimError> {
    name(epr.class())?;
    for selector in epr.keys() {
        name(selector.name())?;
    }
    let mut path = String::new();
    // Writing to a string cannot fail.
    let _ = epr.to_path().write_relative(&mut path, '\'');
    Ok(path)
}

/// Names are not quoted in a query, so nothing but a name may stand there.
fn name(text: &str) -> Result<&str, CimError> {
    if is_identifier(text) {
        Ok(text)
    } else {
        Err(CimError::form("a name of letters, digits and `_`", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::{ObjectPath, strategies};
    use proptest::prelude::*;

    fn machine(name: &str) -> Epr {
        Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2").with("Name", name).unwrap()
    }

    #[test]
    fn a_literal_cannot_be_left_from_within() {
        for (text, literal) in [
            ("", "''"),
            ("web-tier", "'web-tier'"),
            ("' OR Name <> '", r"'\' OR Name <> \''"),
            (r"\", r"'\\'"),
            (r"\'", r"'\\\''"),
            ("\"quoted\"", "'\"quoted\"'"),
        ] {
            assert_eq!(quote(&Text::new(text).unwrap()), literal);
        }
    }

    #[test]
    fn queries_name_the_instance_by_its_path_within_the_namespace() {
        assert_eq!(
            references_of(&machine(r"a'b\c"), "Msvm_AffectedJobElement").unwrap(),
            r"REFERENCES OF {Msvm_ComputerSystem.Name='a\'b\\c'} WHERE ResultClass=Msvm_AffectedJobElement"
        );
    }

    #[test]
    fn the_class_of_a_query_stands_behind_from() {
        assert_eq!(class_of("select * from Msvm_X where A=1"), Some("Msvm_X"));
        assert_eq!(class_of("SELECT A, B FROM Msvm_X"), Some("Msvm_X"));
        assert_eq!(class_of("ASSOCIATORS OF {A.K='FROM x'}"), None);
        assert_eq!(class_of("SELECT *"), None);
    }

    #[test]
    fn names_are_not_a_way_into_the_query() {
        for unsound in ["x y", "", "Msvm_ComputerSystem} WHERE {", "a-b"] {
            assert!(references_of(&machine("a"), unsound).is_err());
            assert!(associators_of(&machine("a"), unsound, "C").is_err());
            assert!(associators_of(&machine("a"), "C", unsound).is_err());
            assert!(references_of(&Epr::class_of(unsound, "root"), "C").is_err());
        }
        let key = machine("a").with("Name='b'} WHERE", "c").unwrap();
        assert!(references_of(&key, "C").is_err());
    }

    /// Reads a literal as WMI does: to the first quote without a backslash before it.
    fn read_literal(literal: &str) -> Option<String> {
        let mut characters = literal.strip_prefix('\'')?.chars();
        let mut text = String::new();
        loop {
            match characters.next()? {
                '\\' => text.push(characters.next()?),
                '\'' => return characters.as_str().is_empty().then_some(text),
                other => text.push(other),
            }
        }
    }

    proptest! {
        #[test]
        fn literals_round_trip(text in strategies::text()) {
            prop_assert_eq!(read_literal(&quote(&text)), Some(text.into_string()));
        }

        #[test]
        fn the_path_in_a_query_is_that_of_the_instance(epr in strategies::flat_epr()) {
            let query = associators_of(&epr, "A", "R").unwrap();
            let path = query.as_str().strip_prefix("ASSOCIATORS OF {").unwrap();
            let path = path.strip_suffix("} WHERE AssocClass=A ResultClass=R").unwrap();
            let read = ObjectPath::parse(path).unwrap().to_epr(epr.namespace().unwrap()).unwrap();
            prop_assert_eq!(read, epr);
        }
    }
}
