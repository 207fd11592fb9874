//! Endpoint references: how WS-Management names an instance (DSP0226 5.1).

use super::{CimError, ObjectPath};

/// A reference to an instance (or, without selectors, to a class): resource URI and selectors.
/// Two are equal when they name the same thing: URI and selectors without case, in any order.
#[derive(Debug, Clone)]
pub struct Epr {
    pub(crate) address: String,
    pub(crate) resource_uri: String,
    pub(crate) selectors: Vec<Selector>,
}

/// One key of a reference.
#[derive(Debug, Clone)]
pub struct Selector {
    pub(crate) name: String,
    pub(crate) value: SelectorValue,
}

/// The value of a key: text, or a reference where the key is a REF.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SelectorValue {
    /// Text; whatever its CIM type, selectors carry text.
    Text(super::Text),
    /// A nested reference.
    Reference(Box<Epr>),
}

impl Epr {
    /// A reference to a class of a WMI namespace (`root/virtualization/v2`), to be given its keys
    /// by [`Epr::with`].
    #[must_use]
    pub fn class_of(class: &str, namespace: &str) -> Self {
        todo!("{class} {namespace}")
    }
    /// A reference with this resource URI.
    #[must_use]
    pub fn from_uri(resource_uri: &str) -> Self {
        todo!("{resource_uri}")
    }
    /// Adds a text key.
    ///
    /// # Errors
    /// [`CimError::Character`].
    pub fn with(self, name: &str, value: &str) -> Result<Self, CimError> {
        todo!("{name} {value}")
    }
    /// Adds a key that is itself a reference.
    #[must_use]
    pub fn with_reference(self, name: &str, value: Epr) -> Self {
        todo!("{name} {value:?}")
    }
    /// The resource URI.
    #[must_use]
    pub fn resource_uri(&self) -> &str {
        &self.resource_uri
    }
    /// The class: last segment of the URI.
    #[must_use]
    pub fn class(&self) -> &str {
        todo!()
    }
    /// The WMI namespace with `/` (`root/virtualization/v2`), where the URI is a WMI class URI.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        todo!()
    }
    /// The keys.
    #[must_use]
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }
    /// A text key by name, any case.
    #[must_use]
    pub fn selector(&self, name: &str) -> Option<&str> {
        todo!("{name}")
    }
    /// As WMI writes it: `root\virtualization\v2:Class.Key="value"`.
    #[must_use]
    pub fn to_path(&self) -> ObjectPath {
        todo!()
    }
}

impl PartialEq for Epr {
    fn eq(&self, other: &Self) -> bool {
        todo!("{other:?}")
    }
}
impl Eq for Epr {}
