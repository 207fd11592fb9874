//! Embedded instances in parameters: CIM-XML text, checked against the schema.

use crate::cim::{Instance, Value, schema};

/// The instance in a parameter: nothing for null or empty text.
///
/// # Errors
/// When it is not CIM-XML of one of `classes` with documented properties of the documented types.
pub(super) fn embedded(text: Option<&str>, classes: &[&str]) -> Result<Option<Instance>, ()> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let instance = Instance::from_cim_xml(text).map_err(|_| ())?;
    let class = schema::class(instance.class()).ok_or(())?;
    if !classes.iter().any(|name| class.is_a(name)) {
        return Err(());
    }
    let is_declared = |(name, value): (&str, &Value)| {
        let Some(property) = class.property(name) else { return false };
        let is_typed = value.is_null() || value.cim_type() == Some(property.cim_type());
        let is_shaped = value.is_null() || matches!(value, Value::Array(_)) == property.is_array();
        let mut known = property.values().map(|(code, _)| code).peekable();
        let is_known = known.peek().is_none() || value.as_i64().is_none_or(|code| known.any(|k| k == code));
        is_typed && is_shaped && is_known
    };
    if instance.properties().all(is_declared) { Ok(Some(instance)) } else { Err(()) }
}

/// A directory that the host could write to: with a drive or a share.
pub(super) fn is_absolute_directory(path: &str) -> bool {
    let mut chars = path.chars();
    let has_drive = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.next() == Some(':')
        && chars.next() == Some('\\');
    let has_share = path.strip_prefix(r"\\").is_some_and(|share| {
        share.split_once('\\').is_some_and(|(server, rest)| !server.is_empty() && !rest.is_empty())
    });
    has_drive || has_share
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASS: &str = "Msvm_VirtualSystemSnapshotSettingData";

    fn check(property: &str) -> Result<Option<Instance>, ()> {
        embedded(Some(&format!("<INSTANCE CLASSNAME=\"{CLASS}\">{property}</INSTANCE>")), &[CLASS])
    }

    #[test]
    fn settings_must_fit_the_schema() {
        assert_eq!(embedded(None, &[CLASS]), Ok(None));
        assert_eq!(embedded(Some(""), &[CLASS]), Ok(None));
        let fits = r#"<PROPERTY NAME="ConsistencyLevel" TYPE="uint8"><VALUE>1</VALUE></PROPERTY>"#;
        assert!(check(fits).unwrap().is_some());
        for wrong in [
            r#"<PROPERTY NAME="ConsistencyLevel" TYPE="uint16"><VALUE>1</VALUE></PROPERTY>"#,
            r#"<PROPERTY NAME="ConsistencyLevel" TYPE="uint8"><VALUE>9</VALUE></PROPERTY>"#,
            r#"<PROPERTY NAME="Consistency" TYPE="uint8"><VALUE>1</VALUE></PROPERTY>"#,
            r#"<PROPERTY.ARRAY NAME="GuestBackupType" TYPE="uint8"><VALUE.ARRAY><VALUE>1</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>"#,
        ] {
            assert_eq!(check(wrong), Err(()), "{wrong}");
        }
        assert_eq!(embedded(Some("not XML"), &[CLASS]), Err(()));
        assert_eq!(embedded(Some("<INSTANCE CLASSNAME=\"Msvm_Error\"/>"), &[CLASS]), Err(()));
    }

    #[test]
    fn export_directories_are_absolute() {
        assert!(is_absolute_directory(r"D:\Exports"));
        assert!(is_absolute_directory(r"\\server\share\x"));
        for relative in ["", "Exports", r"D:Exports", r"\Exports", r"\\server", "/mnt/exports"] {
            assert!(!is_absolute_directory(relative), "{relative}");
        }
    }
}
