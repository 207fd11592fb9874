//! An instance of a CIM class: its properties in the order they came, found without case.

use super::{Name, Value};

/// An instance.
///
/// ```
/// use hyperv_wsman::cim::{Instance, Value};
///
/// let settings = Instance::new("Msvm_CollectionSnapshotExportSettingData")
///     .with("CopyVmStorage", true)
///     .with("BackupIntent", 1_u16);
///
/// assert_eq!(settings.get("copyvmstorage"), Some(&Value::Boolean(true)));
/// assert_eq!(settings.u64("BackupIntent"), Some(1));
/// assert_eq!(settings.get("DifferentialBackupBase"), None);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    pub(crate) class: Name,
    pub(crate) properties: Vec<(Name, Value)>,
}

impl Instance {
    /// An instance without properties.
    #[must_use]
    pub fn new(class: impl Into<String>) -> Self {
        Self { class: class.into().into(), properties: Vec::new() }
    }

    /// Sets a property (replacing one of that name, any case).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a property (replacing one of that name, any case).
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.properties.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.properties.push((name.into(), value)),
        }
    }

    /// Class name as the peer spelled it.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }

    /// A property by name, any case; `None` when absent (null is `Some(Value::Null)`).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All properties in order.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.properties.iter().map(|(name, value)| (&**name, value))
    }

    /// Shortcut: a non-null string property.
    #[must_use]
    pub fn str(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Shortcut: a non-null integer property that is not negative.
    #[must_use]
    pub fn u64(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_u64()
    }

    /// Shortcut: a non-null boolean property.
    #[must_use]
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// Shortcut: a non-null reference property.
    #[must_use]
    pub fn epr(&self, name: &str) -> Option<&super::Epr> {
        self.get(name)?.as_epr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_set_again_in_another_case_is_replaced_in_its_place() {
        let instance = Instance::new("C").with("A", 1_u8).with("B", 2_u8).with("a", 3_u8);
        let names: Vec<_> = instance.properties().collect();
        assert_eq!(names, [("A", &Value::Uint8(3)), ("B", &Value::Uint8(2))]);
    }

    #[test]
    fn null_is_present_and_absent_is_not() {
        let instance = Instance::new("C").with("A", Value::Null);
        assert_eq!(instance.get("A"), Some(&Value::Null));
        assert_eq!(instance.get("B"), None);
        assert_eq!(instance.str("A"), None);
    }
}
