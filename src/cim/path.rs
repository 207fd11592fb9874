//! WMI object paths: `\\HOST\root\virtualization\v2:Class.Key="value",Key2=5`.

use std::fmt;

use super::{CimError, Epr, SelectorValue, path_reader};

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
    pub(crate) host: Option<String>,
    /// With backslashes; empty for a relative path.
    pub(crate) namespace: String,
    pub(crate) class: String,
    pub(crate) keys: Keys,
}

/// What a path says after the class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Keys {
    /// `.Name=value,…`; none for a path that names a class.
    Named(Vec<(String, KeyValue)>),
    /// `=@`: the only instance of a class without keys.
    Singleton,
}

/// The value of a key in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyValue {
    /// In quotes: strings, datetimes, references.
    Quoted(String),
    /// Bare: numbers, `TRUE`, `FALSE`.
    Bare(String),
}

impl ObjectPath {
    /// Reads a path: a class, or an instance with named keys, or a singleton (`Class=@`); quotes
    /// double or single.
    ///
    /// # Errors
    /// [`CimError::Form`].
    pub fn parse(text: &str) -> Result<Self, CimError> {
        path_reader::read(text)
    }

    /// The reference that names the same instance; `default_namespace` where the path has none.
    ///
    /// # Errors
    /// [`CimError::Character`].
    pub fn to_epr(&self, default_namespace: &str) -> Result<Epr, CimError> {
        let namespace = if self.namespace.is_empty() { default_namespace } else { &self.namespace };
        let mut epr = Epr::class_of(&self.class, namespace);
        for (name, value) in self.named_keys() {
            epr = epr.with(name, value.as_str())?;
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

    /// All keys in order.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.named_keys().iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn from_epr(epr: &Epr) -> Self {
        let keys = epr.selectors().iter().map(|selector| {
            let text = match selector.value() {
                SelectorValue::Text(text) => text.as_str().to_owned(),
                SelectorValue::Reference(nested) => nested.to_string(),
            };
            (selector.name().to_owned(), KeyValue::Quoted(text))
        });
        Self {
            host: None,
            namespace: epr.namespace().unwrap_or_default().replace('/', "\\"),
            class: epr.class().to_owned(),
            keys: Keys::Named(keys.collect()),
        }
    }

    fn named_keys(&self) -> &[(String, KeyValue)] {
        match &self.keys {
            Keys::Named(keys) => keys,
            Keys::Singleton => &[],
        }
    }
}

impl KeyValue {
    fn as_str(&self) -> &str {
        match self {
            Self::Quoted(text) | Self::Bare(text) => text,
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
        f.write_str(&self.class)?;
        if self.keys == Keys::Singleton {
            return f.write_str("=@");
        }
        for (index, (name, value)) in self.named_keys().iter().enumerate() {
            let separator = if index == 0 { '.' } else { ',' };
            match value {
                KeyValue::Quoted(text) => write!(f, r#"{separator}{name}="{}""#, escape(text, '"'))?,
                KeyValue::Bare(text) => write!(f, "{separator}{name}={text}")?,
            }
        }
        Ok(())
    }
}

impl std::str::FromStr for ObjectPath {
    type Err = CimError;

    fn from_str(text: &str) -> Result<Self, CimError> {
        Self::parse(text)
    }
}

/// Doubles backslashes and puts one before each `quote`: the literal rule of object paths and WQL.
pub(crate) fn escape(text: &str, quote: char) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\\' || character == quote {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
