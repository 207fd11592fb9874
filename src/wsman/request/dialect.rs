//! How classes are named to the server that answers (DSP0227 5.1; MS-WSMV 3.1.4.1.1).

use super::{Filter, Operation};
use crate::{
    cim::{CimError, Epr, Value},
    xml::names::{DMTF_ALL_CLASSES, DMTF_CLASS_PREFIX, NAMESPACE_SELECTOR},
};
use std::borrow::Cow;

/// How classes and their namespaces are named to a server. References that a server has given itself are sent as they
/// came, whatever their family of URIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Dialect {
    /// As Windows does it, the namespace in the URI: `…/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem`.
    #[default]
    Windows,
    /// As the DMTF has standardised it, for CIM servers other than Windows:
    /// `…/wbem/wscim/1/cim-schema/2/CIM_ComputerSystem`, and the namespace in the selector `__cimnamespace`.
    Dmtf,
}

impl Dialect {
    /// The operation with everything that it names in this dialect.
    pub(super) fn operation(self, operation: &Operation) -> Result<Cow<'_, Operation>, CimError> {
        if self == Self::Windows {
            return Ok(Cow::Borrowed(operation));
        }
        let mut named = operation.clone();
        match &mut named {
            Operation::Get { epr } | Operation::GetFragment { epr, .. } | Operation::Delete { epr } => {
                *epr = self.epr(epr)?;
            }
            Operation::Create { class: epr, instance } | Operation::Put { epr, instance } => {
                *epr = self.epr(epr)?;
                instance.properties.iter_mut().try_for_each(|(_, value)| self.value(value))?;
            }
            Operation::PutFragment { epr, value, .. } => {
                *epr = self.epr(epr)?;
                self.value(value)?;
            }
            Operation::Invoke { epr, parameters, .. } => {
                *epr = self.epr(epr)?;
                parameters.iter_mut().try_for_each(|(_, value)| self.value(value))?;
            }
            Operation::Enumerate { class, filter, .. } => {
                *class = self.epr(class)?;
                if let Some(Filter::Association(association)) = filter {
                    association.object = self.epr(&association.object)?;
                }
            }
            Operation::Pull { class, .. } | Operation::Release { class, .. } => *class = self.epr(class)?,
            Operation::Identify => {}
        }
        Ok(Cow::Owned(named))
    }

    /// The reference in this dialect.
    fn epr(self, epr: &Epr) -> Result<Epr, CimError> {
        let (Self::Dmtf, true, Some(namespace)) = (self, epr.is_wmi(), epr.namespace()) else {
            return Ok(epr.clone());
        };
        let uri = match epr.class() {
            "*" => DMTF_ALL_CLASSES.to_owned(),
            class => format!("{DMTF_CLASS_PREFIX}{class}"),
        };
        let mut named = Epr { resource_uri: uri, ..epr.clone() };
        for selector in &mut named.selectors {
            if let crate::cim::SelectorValue::Reference(nested) = &mut selector.value {
                **nested = self.epr(nested)?;
            }
        }
        named.with(NAMESPACE_SELECTOR, namespace)
    }

    fn value(self, value: &mut Value) -> Result<(), CimError> {
        match value {
            Value::Reference(epr) => **epr = self.epr(epr)?,
            Value::Array(values) => values.iter_mut().try_for_each(|value| self.value(value))?,
            // Embedded instances are CIM-XML text, in which references are paths.
            _ => {}
        }
        Ok(())
    }
}
