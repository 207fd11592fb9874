//! WMI object paths: `\\HOST\root\virtualization\v2:Class.Key="value",Key2=5`.

use super::{CimError, Epr};

/// A parsed object path. `Display` writes the canonical form (backslashes doubled and quotes
/// escaped inside values); [`ObjectPath::parse`] accepts `/` and `\`, with or without host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPath {
    pub(crate) host: Option<String>,
    /// With backslashes; empty for a relative path.
    pub(crate) namespace: String,
    pub(crate) class: String,
    pub(crate) keys: Vec<(String, String)>,
}

impl ObjectPath {
    /// # Errors
    /// [`CimError::Form`].
    pub fn parse(text: &str) -> Result<Self, CimError> {
        todo!("{text}")
    }
    /// The reference that names the same instance; `default_namespace` where the path has none.
    ///
    /// # Errors
    /// [`CimError::Character`].
    pub fn to_epr(&self, default_namespace: &str) -> Result<Epr, CimError> {
        todo!("{default_namespace}")
    }
    /// Class name.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }
    /// Key by name, any case.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&str> {
        todo!("{name}")
    }
}

impl std::fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = f;
        todo!()
    }
}
