//! Embedded instances: CIM-XML text (DSP0201 `INSTANCE`) inside string parameters and properties.

use super::{CimError, Instance, Text};

impl Instance {
    /// The CIM-XML text of this instance, as a Hyper-V host accepts it in a string parameter: only
    /// the properties that are set, each with its TYPE; `& < > "` in values as numeric references.
    ///
    /// # Errors
    /// [`CimError`] for a value that has no CIM-XML form (an untyped one whose type the schema
    /// does not know, a nested reference array).
    pub fn to_cim_xml(&self) -> Result<Text, CimError> {
        todo!()
    }

    /// Reads CIM-XML text (`Msvm_Error` of `GetErrorEx`, setting data). PROPERTY without VALUE is
    /// null; PROPAGATED, CLASSORIGIN and QUALIFIER are passed over.
    ///
    /// # Errors
    /// [`CimError`] naming what was expected and what came.
    pub fn from_cim_xml(text: &str) -> Result<Self, CimError> {
        todo!("{text}")
    }
}
