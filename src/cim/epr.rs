//! Endpoint references: how WS-Management names an instance (DSP0226 5.1).

use std::fmt::{self, Write};

use super::{CimError, ObjectPath, Text, schema::Schema};
use crate::xml::names::{ANONYMOUS, DMTF_ALL_CLASSES, NAMESPACE_SELECTOR, WMI_CLASS_PREFIX};

/// A reference to an instance (or, without selectors, to a class): resource URI and selectors.
/// Two are equal when they name the same thing: URI and selectors without case, in any order. Windows has the namespace
/// in the URI, the DMTF in the selector `__cimnamespace`: the same instance named either way is equal, too.
///
/// ```
/// use hyperv_wsman::cim::Epr;
///
/// let machine = Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2")
///     .with("CreationClassName", "Msvm_ComputerSystem")?
///     .with("Name", "5d1f0b0c-8f0e-4c55-9f3c-6a2f4f6f0a11")?;
///
/// assert_eq!(machine.class(), "Msvm_ComputerSystem");
/// assert_eq!(machine.namespace(), Some("root/virtualization/v2"));
/// assert_eq!(machine.selector("name"), Some("5d1f0b0c-8f0e-4c55-9f3c-6a2f4f6f0a11"));
///
/// let same = Epr::class_of("msvm_computersystem", "root/virtualization/v2")
///     .with("NAME", "5D1F0B0C-8F0E-4C55-9F3C-6A2F4F6F0A11")?
///     .with("CreationClassName", "Msvm_ComputerSystem")?;
/// assert_eq!(machine, same);
/// # Ok::<(), hyperv_wsman::cim::CimError>(())
/// ```
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
    Text(Text),
    /// A nested reference.
    Reference(Box<Epr>),
}

/// References within references that any class of CIM could need, and then some. Each level doubles
/// the backslashes of the levels below it in an object path, so a peer must not choose the depth.
const DEEPEST: usize = 8;
/// Keys of one reference; looking one up is a search through all.
pub(super) const MOST_KEYS: usize = 256;

impl Epr {
    /// A reference to a class of a WMI namespace (`root/virtualization/v2`), to be given its keys
    /// by [`Epr::with`].
    #[must_use]
    pub fn class_of(class: &str, namespace: &str) -> Self {
        let namespace = namespace.replace('\\', "/");
        Self::from_uri(&format!("{WMI_CLASS_PREFIX}{}/{class}", namespace.trim_matches('/')))
    }

    /// A reference with this resource URI. Characters that no URI has (control characters, white
    /// space, quotes, angle brackets) are percent-encoded.
    #[must_use]
    pub fn from_uri(resource_uri: &str) -> Self {
        Self { address: ANONYMOUS.to_owned(), resource_uri: encoded_uri(resource_uri), selectors: Vec::new() }
    }

    /// Adds a text key (replacing one of that name, any case).
    ///
    /// # Errors
    /// [`CimError::Character`]; [`CimError::Form`] beyond 256 keys.
    pub fn with(self, name: &str, value: &str) -> Result<Self, CimError> {
        let value = SelectorValue::Text(Text::new(value)?);
        self.with_selector(name, value)
    }

    /// Adds a key that is itself a reference (replacing one of that name, any case).
    ///
    /// # Errors
    /// [`CimError::Character`] for the name; [`CimError::Form`] beyond 256 keys, or when references
    /// are more than eight deep.
    pub fn with_reference(self, name: &str, value: Self) -> Result<Self, CimError> {
        if value.depth() >= DEEPEST {
            return Err(CimError::form("references at most 8 deep in each other", name));
        }
        self.with_selector(name, SelectorValue::Reference(Box::new(value)))
    }

    /// The resource URI.
    #[must_use]
    pub fn resource_uri(&self) -> &str {
        &self.resource_uri
    }

    /// The class: last segment of the URI.
    #[must_use]
    pub fn class(&self) -> &str {
        self.resource_uri.rsplit_once('/').map_or(self.resource_uri.as_str(), |(_, class)| class)
    }

    /// The namespace (`root/virtualization/v2`): of a WMI class URI the part before the class, of any other what the
    /// selector `__cimnamespace` says.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        match self.wmi_path() {
            Some(path) => path.rsplit_once('/').map(|(namespace, _)| namespace),
            None => self.selector(NAMESPACE_SELECTOR),
        }
    }

    /// The keys; with a URI of the DMTF also `__cimnamespace`, which is none.
    #[must_use]
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// A text key by name, any case.
    #[must_use]
    pub fn selector(&self, name: &str) -> Option<&str> {
        match self.selector_value(name)? {
            SelectorValue::Text(text) => Some(text.as_str()),
            SelectorValue::Reference(_) => None,
        }
    }

    /// As WMI writes it: `root\virtualization\v2:Class.Key="value"`.
    #[must_use]
    pub fn to_path(&self) -> ObjectPath {
        self.to_path_with(&Schema::default())
    }

    /// As [`Self::to_path`], with the keys of another schema than the compiled one.
    #[must_use]
    pub fn to_path_with(&self, schema: &Schema) -> ObjectPath {
        ObjectPath::from_epr(schema, self)
    }

    /// The selectors without `__cimnamespace`.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Selector> {
        self.selectors.iter().filter(|selector| !selector.is_namespace())
    }

    /// The class alone, in its namespace.
    pub(crate) fn to_class(&self) -> Self {
        self.named(self.resource_uri.clone())
    }

    /// All classes of the namespace. Those of the DMTF have no version of a schema (DSP0227 5.1.2), and neither has a
    /// vendor that follows it with URIs of its own.
    pub(crate) fn to_all_classes(&self) -> Self {
        let is_of_schema = self.resource_uri.to_ascii_lowercase().contains("/wbem/wscim/1/");
        self.named(match self.resource_uri.rsplit_once('/') {
            _ if is_of_schema && self.wmi_path().is_none() => DMTF_ALL_CLASSES.to_owned(),
            Some((namespace, _)) => format!("{namespace}/*"),
            None => self.resource_uri.clone(),
        })
    }

    /// Whether its URI is one of WMI, with the namespace in it.
    pub(crate) fn is_wmi(&self) -> bool {
        self.wmi_path().is_some()
    }

    /// Another URI in the same namespace, without keys.
    fn named(&self, resource_uri: String) -> Self {
        let is_beside = |selector: &&Selector| !self.is_wmi() && selector.is_namespace();
        let selectors = self.selectors.iter().filter(is_beside).cloned().collect();
        Self { address: self.address.clone(), resource_uri, selectors }
    }

    /// Namespace and class of a WMI class URI.
    fn wmi_path(&self) -> Option<&str> {
        let (prefix, path) = self.resource_uri.split_at_checked(WMI_CLASS_PREFIX.len())?;
        prefix.eq_ignore_ascii_case(WMI_CLASS_PREFIX).then_some(path)
    }

    fn with_selector(mut self, name: &str, value: SelectorValue) -> Result<Self, CimError> {
        let name = Text::new(name)?.into_string();
        let is_full = self.selectors.len() >= MOST_KEYS;
        match self.selectors.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&name)) {
            Some(known) => known.value = value,
            None if is_full => return Err(CimError::form("at most 256 keys", &name)),
            None => self.selectors.push(Selector { name, value }),
        }
        Ok(self)
    }

    /// Levels of references, this one included.
    fn depth(&self) -> usize {
        let nested = self.selectors.iter().filter_map(|key| match &key.value {
            SelectorValue::Text(_) => None,
            SelectorValue::Reference(epr) => Some(epr.depth()),
        });
        1 + nested.max().unwrap_or(0)
    }

    fn selector_value(&self, name: &str) -> Option<&SelectorValue> {
        self.selectors.iter().find(|known| known.name.eq_ignore_ascii_case(name)).map(|known| &known.value)
    }
}

/// Keys are unique by name, so equal numbers of keys and one direction are enough.
impl PartialEq for Epr {
    fn eq(&self, other: &Self) -> bool {
        let is_of_same_class = match (self.namespace(), other.namespace()) {
            (Some(one), Some(two)) => {
                is_same_namespace(one, two) && self.class().eq_ignore_ascii_case(other.class())
            }
            (None, None) => self.resource_uri.eq_ignore_ascii_case(&other.resource_uri),
            _ => false,
        };
        is_of_same_class
            && self.keys().count() == other.keys().count()
            && self.keys().all(|key| other.selector_value(&key.name) == Some(&key.value))
    }
}

impl Eq for Epr {}

impl PartialEq for SelectorValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) => one.as_str().eq_ignore_ascii_case(two.as_str()),
            (Self::Reference(one), Self::Reference(two)) => one == two,
            _ => false,
        }
    }
}

impl Eq for SelectorValue {}

/// The object path, see [`Epr::to_path`].
impl fmt::Display for Epr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_path().fmt(f)
    }
}

impl Selector {
    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's value.
    #[must_use]
    pub fn value(&self) -> &SelectorValue {
        &self.value
    }

    fn is_namespace(&self) -> bool {
        self.name.eq_ignore_ascii_case(NAMESPACE_SELECTOR)
    }
}

/// Either slash separates the parts.
fn is_same_namespace(one: &str, two: &str) -> bool {
    let parts = |namespace: &str| namespace.replace('\\', "/").trim_matches('/').to_ascii_lowercase();
    parts(one) == parts(two)
}

/// Percent-encodes what RFC 3986 does not allow in a URI, letters of other scripts aside (an IRI
/// carries them, and so does the header).
fn encoded_uri(uri: &str) -> String {
    let mut encoded = String::with_capacity(uri.len());
    for character in uri.chars() {
        let forbidden = character.is_control()
            || character.is_whitespace()
            || matches!(character, '"' | '<' | '>' | '\u{FFFE}' | '\u{FFFF}');
        if forbidden {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(character);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::strategies;
    use proptest::prelude::*;

    fn machine() -> Epr {
        Epr::class_of("Msvm_ComputerSystem", r"\root\virtualization\v2").with("Name", "VM-1").unwrap()
    }

    #[test]
    fn class_and_namespace_are_those_of_the_uri_in_any_case() {
        assert_eq!(
            machine().resource_uri(),
            "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem"
        );
        assert_eq!(
            (machine().class(), machine().namespace()),
            ("Msvm_ComputerSystem", Some("root/virtualization/v2"))
        );
        let upper = Epr::from_uri(&machine().resource_uri().to_uppercase());
        assert_eq!(upper.namespace(), Some("ROOT/VIRTUALIZATION/V2"));
        let config = Epr::from_uri("http://schemas.microsoft.com/wbem/wsman/1/config");
        assert_eq!((config.class(), config.namespace()), ("config", None));
        let bare = Epr::from_uri("config");
        assert_eq!((bare.class(), bare.namespace()), ("config", None));
    }

    #[test]
    fn references_differ_by_key_value_number_of_keys_and_class() {
        let two = machine().with("CreationClassName", "Msvm_ComputerSystem").unwrap();
        assert_ne!(machine(), two);
        assert_ne!(two, machine());
        assert_ne!(machine(), machine().with("Name", "VM-2").unwrap());
        assert_ne!(
            machine(),
            Epr::class_of("Msvm_PlannedComputerSystem", "root/virtualization/v2")
                .with("Name", "VM-1")
                .unwrap()
        );
        let nested = Epr::from_uri("u").with_reference("K", machine()).unwrap();
        assert_ne!(nested, Epr::from_uri("u").with("K", &machine().to_string()).unwrap());
        assert_eq!(nested.selector("K"), None);
    }

    #[test]
    fn the_same_instance_named_as_windows_and_as_the_dmtf_does_it_is_equal_and_has_one_path() {
        const DMTF: &str = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/Msvm_ComputerSystem";
        let beside = |namespace| {
            let epr = Epr::from_uri(DMTF).with("__CIMNamespace", namespace).unwrap();
            epr.with("Name", "VM-1").unwrap()
        };
        let named = beside("root/virtualization/v2");
        assert_eq!(named.namespace(), Some("root/virtualization/v2"));
        assert_eq!(named, machine());
        assert_eq!(machine(), beside(r"\ROOT\virtualization\v2"));
        assert_eq!(named.to_string(), machine().to_string());
        assert_eq!(beside(r"root\virtualization\v2").to_path(), machine().to_path());
        assert_ne!(named, beside("root/interop"));
        // In which namespace a reference without one is, the server alone knows.
        assert_ne!(named, Epr::from_uri(DMTF).with("Name", "VM-1").unwrap());
        let redundant = machine().with("__cimnamespace", "root/virtualization/v2").unwrap();
        assert_eq!(redundant, machine());
    }

    #[test]
    fn a_class_and_all_classes_are_named_with_the_namespace_of_the_instance() {
        let shown = |epr: Epr| {
            let selectors: Vec<_> = epr.selectors().iter().map(Selector::name).collect();
            format!("{} {}", epr.resource_uri(), selectors.join(","))
        };
        let beside = |uri: &str| {
            let epr = Epr::from_uri(uri).with("__cimnamespace", "root/interop").unwrap();
            epr.with("Name", "X").unwrap()
        };
        let mut named = Vec::new();
        for epr in [
            machine(),
            beside("http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_X"),
            beside("http://vendor.example.test/wbem/wscim/1/cim-schema/2/V_X"),
            beside("http://vendor.example.test/resource/V_X"),
        ] {
            named.extend([shown(epr.to_class()), shown(epr.to_all_classes())]);
        }
        insta::assert_snapshot!(named.join("\n"), @r"
        http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem 
        http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/* 
        http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_X __cimnamespace
        http://schemas.dmtf.org/wbem/wscim/1/* __cimnamespace
        http://vendor.example.test/wbem/wscim/1/cim-schema/2/V_X __cimnamespace
        http://schemas.dmtf.org/wbem/wscim/1/* __cimnamespace
        http://vendor.example.test/resource/V_X __cimnamespace
        http://vendor.example.test/resource/* __cimnamespace
        ");
    }

    #[test]
    fn a_key_given_again_in_another_case_replaces_the_first() {
        let epr = machine().with("NAME", "VM-2").unwrap();
        assert_eq!(epr.selectors().len(), 1);
        assert_eq!(epr.selector("Name"), Some("VM-2"));
    }

    #[test]
    fn what_xml_cannot_carry_is_refused_in_keys_and_encoded_in_uris() {
        assert!(matches!(machine().with("Name", "\u{1}"), Err(CimError::Character { .. })));
        assert!(matches!(machine().with("\u{1}", "x"), Err(CimError::Character { .. })));
        assert!(matches!(machine().with_reference("\u{1}", machine()), Err(CimError::Character { .. })));
        let odd = Epr::class_of("C", "root/\u{1}a b<\u{FFFF}\"ä");
        assert_eq!(odd.namespace(), Some("root/%01a%20b%3C%EF%BF%BF%22ä"));
    }

    #[test]
    fn depth_and_number_of_keys_are_bounded() {
        let nest = |epr: Epr| Epr::from_uri("u").with_reference("K", epr);
        let deepest = (1..DEEPEST).try_fold(machine(), |epr, _| nest(epr)).unwrap();
        assert!(deepest.to_string().len() < 10_000);
        assert_eq!(
            nest(deepest).unwrap_err().to_string(),
            "expected references at most 8 deep in each other, got `K`"
        );

        let add = |epr: Epr, key: usize| epr.with(&format!("K{key}"), "v");
        let full = (0..MOST_KEYS).try_fold(Epr::from_uri("u"), add).unwrap();
        assert!(add(full.clone(), 0).is_ok());
        assert_eq!(add(full, MOST_KEYS).unwrap_err().to_string(), "expected at most 256 keys, got `K256`");
    }

    proptest! {
        #[test]
        fn equality_is_free_of_order_and_case(epr in strategies::flat_epr()) {
            let mut other = Epr::from_uri(&epr.resource_uri().to_ascii_uppercase());
            for key in epr.selectors().iter().rev() {
                let SelectorValue::Text(value) = key.value() else { continue };
                other = other.with(&key.name().to_ascii_uppercase(), &value.as_str().to_ascii_lowercase()).unwrap();
            }
            prop_assert_eq!(&epr, &other);
            prop_assert_eq!(&other, &epr);
        }
    }
}
