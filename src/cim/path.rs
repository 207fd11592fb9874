//! WMI object paths: `\\HOST\root\virtualization\v2:Class.Key="value",Key2=5`, `Class="value"` where there is one key.

use std::{borrow::Cow, fmt};

use super::{CimError, CimType, Epr, SelectorValue, path_reader, schema::Schema};

/// A parsed object path. `Display` writes the canonical form (backslashes doubled and quotes
/// escaped inside values); [`ObjectPath::parse`] accepts `/` and `\`, with or without host.
///
/// ```
/// use hyperv_wsman::cim::ObjectPath;
///
/// let path = ObjectPath::parse(r#"//HV1/root/virtualization/v2:Msvm_SnapshotCollection.CollectionID="5D1F""#)?;
/// assert_eq!(path.class(), "Msvm_SnapshotCollection");
/// assert_eq!(path.key("collectionid"), Some("5D1F"));
/// assert_eq!(
///     path.to_string(),
///     r#"\\HV1\root\virtualization\v2:Msvm_SnapshotCollection.CollectionID="5D1F""#,
/// );
///
/// let epr = path.to_epr("root/virtualization/v2")?;
/// assert_eq!(epr.selector("CollectionID"), Some("5D1F"));
/// # Ok::<(), hyperv_wsman::cim::CimError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPath {
    pub(super) host: Option<String>,
    /// With backslashes; empty for a relative path.
    pub(super) namespace: String,
    pub(super) class: String,
    pub(super) keys: Keys,
}

/// What a path says after the class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keys {
    /// `.Name=value,…`; none for a path that names a class.
    Named(Vec<(String, KeyValue)>),
    /// `=value`: that of the only key of the class, which is not named.
    Unnamed(KeyValue),
    /// `=@`: the only instance of a class without keys.
    Singleton,
}

/// The value of a key in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyValue {
    /// In quotes: strings, datetimes, references.
    Quoted(String),
    /// Bare: numbers, `TRUE`, `FALSE`.
    Bare(String),
}

impl ObjectPath {
    /// Reads a path: a class, or an instance with named keys or with the value of its only key (`Class="value"`), or a
    /// singleton (`Class=@`); quotes double or single.
    ///
    /// # Errors
    /// [`CimError::Form`].
    pub fn parse(text: &str) -> Result<Self, CimError> {
        path_reader::read(text)
    }

    /// The reference that names the same instance; `default_namespace` where the path has none.
    /// A key that the schema knows as a REF becomes a nested reference, and one that the path does not name is named as
    /// the only one that the schema knows of the class. The host of the path is not looked at: a
    /// reference goes to whatever host it is sent to.
    ///
    /// ```
    /// use hyperv_wsman::cim::ObjectPath;
    ///
    /// let path = ObjectPath::parse(r#"root/cimv2:Win32_Service.Name="winrm""#)?;
    /// let service = path.to_epr("root/virtualization/v2")?;
    /// assert_eq!(service.namespace(), Some("root/cimv2"));
    /// assert_eq!(service.to_string(), r#"root\cimv2:Win32_Service.Name="winrm""#);
    /// # Ok::<(), hyperv_wsman::cim::CimError>(())
    /// ```
    ///
    /// # Errors
    /// [`CimError::Character`]; [`CimError::Form`] for a REF key that holds no path, and for a key without a name whose
    /// class is not known to have exactly one.
    pub fn to_epr(&self, default_namespace: &str) -> Result<Epr, CimError> {
        self.to_epr_with(&Schema::default(), default_namespace)
    }

    /// As [`Self::to_epr`], with the keys of another schema than the compiled one.
    ///
    /// # Errors
    /// As [`Self::to_epr`].
    pub fn to_epr_with(&self, schema: &Schema, default_namespace: &str) -> Result<Epr, CimError> {
        let namespace = if self.namespace.is_empty() { default_namespace } else { &self.namespace };
        let mut epr = Epr::class_of(&self.class, namespace);
        for (name, value) in self.named(schema)?.keys() {
            epr = if key_type(schema, &self.class, name) == Some(CimType::Reference) {
                epr.with_reference(name, Self::parse(value)?.to_epr_with(schema, namespace)?)?
            } else {
                epr.with(name, value)?
            };
        }
        Ok(epr)
    }

    /// The host, where the path names one.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The namespace with backslashes; empty for a relative path.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Class name.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }

    /// Key by name, any case.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&str> {
        self.named_keys()
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The value of the only key, where the path does not name it.
    ///
    /// ```
    /// use hyperv_wsman::cim::ObjectPath;
    ///
    /// let path = ObjectPath::parse(r#"Msvm_ConcreteJob="5D1F""#)?;
    /// assert_eq!((path.unnamed_key(), path.key("InstanceID")), (Some("5D1F"), None));
    /// let job = path.to_epr("root/virtualization/v2")?;
    /// assert_eq!(job.selector("InstanceID"), Some("5D1F"));
    /// # Ok::<(), hyperv_wsman::cim::CimError>(())
    /// ```
    #[must_use]
    pub fn unnamed_key(&self) -> Option<&str> {
        match &self.keys {
            Keys::Unnamed(value) => Some(value.as_str()),
            Keys::Named(_) | Keys::Singleton => None,
        }
    }

    /// The path with all keys named: a key that is not is the only one of its class.
    ///
    /// # Errors
    /// [`CimError::Form`] where the schema does not know exactly one.
    pub(crate) fn named(&self, schema: &Schema) -> Result<Cow<'_, Self>, CimError> {
        let Keys::Unnamed(value) = &self.keys else { return Ok(Cow::Borrowed(self)) };
        let class = &self.class;
        let known: Option<Vec<&str>> = schema.class(class).map(|class| class.keys().collect());
        let reason = match known.as_deref() {
            Some(&[key]) => {
                let keys = Keys::Named(vec![(key.to_owned(), value.clone())]);
                return Ok(Cow::Owned(Self { keys, ..self.clone() }));
            }
            Some([]) => format!("no key, as `{class}` has none"),
            Some(keys) => format!("the keys of `{class}` by name, `{}`", keys.join("`, `")),
            None => format!("the name of the key, `{class}.Key=…`, as the schema has no such class"),
        };
        Err(CimError::form(&reason, &self.to_string()))
    }

    /// All named keys in order.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.named_keys().iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Keys are quoted unless the schema knows them as numbers or booleans. The namespace stands before the class, however
    /// the reference names it.
    pub(super) fn from_epr(schema: &Schema, epr: &Epr) -> Self {
        let class = epr.class();
        let keys = epr.keys().map(|selector| {
            let name = selector.name();
            let value = match selector.value() {
                SelectorValue::Reference(nested) => {
                    KeyValue::Quoted(Self::from_epr(schema, nested).to_string())
                }
                SelectorValue::Text(text) => match key_type(schema, class, name) {
                    Some(CimType::String | CimType::DateTime | CimType::Reference) | None => {
                        KeyValue::Quoted(text.as_str().to_owned())
                    }
                    Some(_) => KeyValue::bare(text.as_str()),
                },
            };
            (name.to_owned(), value)
        });
        Self {
            host: None,
            namespace: epr.namespace().unwrap_or_default().replace('/', "\\").trim_matches('\\').to_owned(),
            class: class.to_owned(),
            keys: Keys::Named(keys.collect()),
        }
    }

    /// Writes class and keys, the part after the namespace, with this quote around values.
    pub(super) fn write_relative(&self, f: &mut impl fmt::Write, quote: char) -> fmt::Result {
        f.write_str(&self.class)?;
        match &self.keys {
            Keys::Singleton => f.write_str("=@"),
            Keys::Unnamed(value) => value.write(f, quote),
            Keys::Named(keys) => keys.iter().enumerate().try_for_each(|(index, (name, value))| {
                let separator = if index == 0 { '.' } else { ',' };
                write!(f, "{separator}{name}")?;
                value.write(f, quote)
            }),
        }
    }

    fn named_keys(&self) -> &[(String, KeyValue)] {
        match &self.keys {
            Keys::Named(keys) => keys,
            Keys::Unnamed(_) | Keys::Singleton => &[],
        }
    }
}

impl KeyValue {
    /// A bare value where `text` can be one, else a quoted one.
    fn bare(text: &str) -> Self {
        if is_bare(text) { Self::Bare(text.to_owned()) } else { Self::Quoted(text.to_owned()) }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Quoted(text) | Self::Bare(text) => text,
        }
    }

    fn write(&self, f: &mut impl fmt::Write, quote: char) -> fmt::Result {
        match self {
            Self::Quoted(text) => write!(f, "={quote}{}{quote}", escape(text, quote)),
            Self::Bare(text) => write!(f, "={text}"),
        }
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, r"\\{host}\")?;
        }
        if !self.namespace.is_empty() {
            write!(f, "{}:", self.namespace)?;
        }
        self.write_relative(f, '"')
    }
}

impl std::str::FromStr for ObjectPath {
    type Err = CimError;

    fn from_str(text: &str) -> Result<Self, CimError> {
        Self::parse(text)
    }
}

/// Whether a path can hold `text` without quotes: a decimal number, `TRUE` or `FALSE`.
pub(super) fn is_bare(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number || text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

fn key_type(schema: &Schema, class: &str, key: &str) -> Option<CimType> {
    Some(schema.class(class)?.property(key)?.cim_type())
}

/// Doubles backslashes and puts one before each `quote`: the literal rule of object paths and WQL.
pub(super) fn escape(text: &str, quote: char) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\\' || character == quote {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::strategies;
    use proptest::prelude::*;

    fn canonical(text: &str) -> String {
        ObjectPath::parse(text).map_or_else(|error| error.to_string(), |path| path.to_string())
    }

    #[test]
    fn either_slash_and_quote_is_read_and_the_canonical_form_written() {
        for (text, written) in [
            (r#"\\HV1\root\virtualization\v2:C.K="v""#, r#"\\HV1\root\virtualization\v2:C.K="v""#),
            (r"//hv1.example.test/root/cimv2:C.K='v'", r#"\\hv1.example.test\root\cimv2:C.K="v""#),
            (r#"root/virtualization/v2:C.K="a",L=5,M=TRUE"#, r#"root\virtualization\v2:C.K="a",L=5,M=TRUE"#),
            (r#"C.InstanceID="Microsoft:AB\\CD:\"x\"""#, r#"C.InstanceID="Microsoft:AB\\CD:\"x\"""#),
            (r"C.K='it\'s'", r#"C.K="it's""#),
            (r#"C.K="a=b,c.d:e""#, r#"C.K="a=b,c.d:e""#),
            ("root/cimv2:C=@", r"root\cimv2:C=@"),
            (r"//HV1/root/cimv2:C='v'", r#"\\HV1\root\cimv2:C="v""#),
            (r#"C="a\\b=c,D.K:@""#, r#"C="a\\b=c,D.K:@""#),
            ("C=5", "C=5"),
            (r"\\.\root:C", r"\\.\root:C"),
            ("C.K=-7", "C.K=-7"),
        ] {
            assert_eq!(canonical(text), written);
            assert_eq!(canonical(written), written);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            ":",
            ":C",
            "C.",
            "C.K",
            "C.K=",
            "C.K=v",
            "C.=\"v\"",
            "C.K=\"v",
            "C.K=\"v\"x",
            "C.K=\"v\",",
            "C=",
            "C=v",
            "C=\"v",
            "C=\"v\"x",
            "C=\"v\",K=\"w\"",
            "C=5,6",
            "=\"v\"",
            r#"C.K="a\b""#,
            r#"C.K="a\"#,
            "C.K=\"1\",k=\"2\"",
            "1C.K=\"v\"",
            "C D.K=\"v\"",
            r"\\:C",
            r"\\h:C",
            r"\\\root:C",
            r"\root:C",
            "root//cimv2:C",
            "root/:C",
            "C.K=@",
            "C=@x",
            "é",
            "C.K=1.5",
            "C.K=\"v\" ",
        ] {
            let read = ObjectPath::parse(text);
            assert!(matches!(read, Err(CimError::Form { .. })), "{text}: {read:?}");
        }
    }

    #[test]
    fn a_path_and_its_reference_name_the_same() {
        let path =
            ObjectPath::parse(r#"\\HV1\root\virtualization\v2:Msvm_SnapshotCollection.CollectionID="5D1F""#)
                .unwrap();
        assert_eq!(path.host(), Some("HV1"));
        let epr = path.to_epr("root/cimv2").unwrap();
        assert_eq!(epr.namespace(), Some("root/virtualization/v2"));
        assert_eq!(epr.to_string(), r#"root\virtualization\v2:Msvm_SnapshotCollection.CollectionID="5D1F""#);
        let relative = ObjectPath::parse("Msvm_SnapshotCollection.CollectionID='5D1F'").unwrap();
        assert_eq!(relative.to_epr("root/virtualization/v2").unwrap(), epr);
    }

    #[test]
    fn a_key_without_a_name_is_the_only_one_of_its_class() {
        let told = |text: &str| {
            let read = ObjectPath::parse(text).unwrap().to_epr("root/virtualization/v2");
            read.map_or_else(|error| error.to_string(), |epr| epr.to_string())
        };
        assert_eq!(
            told(r#"Msvm_ConcreteJob="A""#),
            r#"root\virtualization\v2:Msvm_ConcreteJob.InstanceID="A""#
        );
        insta::assert_snapshot!(told(r#"Win32_Service="winrm""#), @r#"expected the name of the key, `Win32_Service.Key=…`, as the schema has no such class, got `Win32_Service="winrm"`"#);
        insta::assert_snapshot!(told(r#"Msvm_ComputerSystem="V""#), @r#"expected the keys of `Msvm_ComputerSystem` by name, `Name`, `CreationClassName`, got `Msvm_ComputerSystem="V"`"#);
        insta::assert_snapshot!(told("Msvm_Error=5"), @"expected no key, as `Msvm_Error` has none, got `Msvm_Error=5`");
    }

    #[test]
    fn a_key_that_is_a_reference_is_a_path_within_the_path() {
        let namespace = "root/virtualization/v2";
        let job = Epr::class_of("Msvm_ConcreteJob", namespace).with("InstanceID", r"A\B").unwrap();
        let association = Epr::class_of("Msvm_AffectedJobElement", namespace)
            .with_reference("AffectingElement", job)
            .unwrap();
        let path = association.to_path();
        assert_eq!(
            path.key("affectingelement"),
            Some(r#"root\virtualization\v2:Msvm_ConcreteJob.InstanceID="A\\B""#)
        );
        assert_eq!(path.to_epr("").unwrap(), association);
        let broken = ObjectPath::parse("Msvm_AffectedJobElement.AffectingElement='x y'").unwrap();
        assert!(broken.to_epr(namespace).is_err());
    }

    proptest! {
        #[test]
        fn paths_round_trip(
            host in proptest::option::of("[a-z0-9.-]{1,12}"),
            namespace in proptest::option::of("[a-z]{1,5}(\\\\[a-z0-9]{1,5}){0,2}"),
            epr in strategies::epr(),
        ) {
            let path = ObjectPath {
                host: host.filter(|_| namespace.is_some()),
                namespace: namespace.unwrap_or_default(),
                ..epr.to_path()
            };
            prop_assert_eq!(ObjectPath::parse(&path.to_string()), Ok(path));
        }

        #[test]
        fn paths_with_an_unnamed_key_round_trip(value in "\\PC{0,20}", quote in prop_oneof![Just('"'), Just('\'')]) {
            let text = format!("Msvm_ConcreteJob={quote}{}{quote}", escape(&value, quote));
            let path = ObjectPath::parse(&text).unwrap();
            prop_assert_eq!(path.unnamed_key(), Some(value.as_str()));
            let epr = path.to_epr("root/virtualization/v2").unwrap();
            prop_assert_eq!(epr.selector("InstanceID"), Some(value.as_str()));
            prop_assert_eq!(ObjectPath::parse(&path.to_string()), Ok(path));
        }

        #[test]
        fn references_with_text_keys_round_trip(epr in strategies::flat_epr()) {
            let path = ObjectPath::parse(&epr.to_string()).unwrap();
            prop_assert_eq!(path.to_epr("").unwrap(), epr);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[Ca.K='\"\\\\/:,@0é]{0,14}") {
            if let Ok(path) = ObjectPath::parse(&text) {
                prop_assert_eq!(ObjectPath::parse(&path.to_string()), Ok(path));
            }
        }
    }
}
