//! WS-CIM XML (DSP0230) to values, typed by the schema.

use super::{CimError, CimType, Epr, Instance, Value};
use crate::xml::Element;

/// An instance element (`p:Msvm_X xsi:type=…`): class = local name; repeated elements become
/// arrays, also where the schema declares an array and one came; unknown properties stay untyped
/// (or, when they hold a reference or a datetime wrapper or a nested instance, what they show).
pub(crate) fn instance(element: &Element) -> Result<Instance, CimError> {
    todo!("{element:?}")
}

/// A reference: `a:Address` + `a:ReferenceParameters` directly inside `element`, or wrapped in
/// `a:EndpointReference`.
pub(crate) fn epr(element: &Element) -> Result<Epr, CimError> {
    todo!("{element:?}")
}

/// The value of one or more sibling elements of the same name, of the declared type (`None`:
/// unknown, decide by shape).
pub(crate) fn value(elements: &[&Element], declared: Option<(CimType, bool)>) -> Result<Value, CimError> {
    todo!("{elements:?} {declared:?}")
}
