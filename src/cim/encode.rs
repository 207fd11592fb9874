//! Values to WS-CIM XML (DSP0230): parameters of a method, properties of an instance.

use super::{CimError, Epr, Value};
use crate::xml::XmlFragment;

/// `<prefix:name>…</prefix:name>` for a value: arrays repeat the element, null is `xsi:nil`, a
/// reference puts `a:Address` and `a:ReferenceParameters` directly inside, a datetime gets its
/// `cim:` wrapper, an instance is CIM-XML text. The prefixes a, w, cim and xsi must be declared by
/// the envelope.
///
/// # Errors
/// [`CimError::Form`] for a name that is none in XML; what [`super::Instance::to_cim_xml`] says.
pub(crate) fn element(prefix: &str, name: &str, value: &Value) -> Result<XmlFragment, CimError> {
    todo!("{prefix} {name} {value:?}")
}

/// `a:Address` and `a:ReferenceParameters` of a reference, without an element around them.
pub(crate) fn epr_content(epr: &Epr) -> XmlFragment {
    todo!("{epr:?}")
}

/// `w:SelectorSet` of a reference; empty fragment without selectors.
pub(crate) fn selector_set(epr: &Epr) -> XmlFragment {
    todo!("{epr:?}")
}
