//! An instance of a CIM class: its properties in the order they came, found without case.

use super::Value;

/// An instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    pub(crate) class: String,
    pub(crate) properties: Vec<(String, Value)>,
}

impl Instance {
    /// An instance without properties.
    #[must_use]
    pub fn new(class: impl Into<String>) -> Self {
        Self { class: class.into(), properties: Vec::new() }
    }
    /// Sets a property (replacing one of that name, any case).
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.set(name, value);
        self
    }
    /// Sets a property (replacing one of that name, any case).
    pub fn set(&mut self, name: &str, value: Value) {
        todo!("{name} {value:?}")
    }
    /// Class name as the peer spelled it.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }
    /// A property by name, any case; `None` when absent (null is `Some(Value::Null)`).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        todo!("{name}")
    }
    /// All properties in order.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.properties.iter().map(|(n, v)| (n.as_str(), v))
    }
    /// Shortcut: a non-null string property.
    #[must_use]
    pub fn str(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }
    /// Shortcut: a non-null unsigned property.
    #[must_use]
    pub fn u64(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_u64()
    }
}
