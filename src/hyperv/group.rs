//! Groups of virtual machines (`Msvm_VirtualSystemCollection`).
use crate::cim::Epr;

/// A group.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Group {
    /// CollectionID, a GUID.
    pub id: String,
    /// ElementName; not unique.
    pub name: String,
    /// The host's own reference to it.
    pub epr: Epr,
}

/// A virtual machine.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VirtualMachine {
    /// Name property: a GUID.
    pub id: String,
    /// ElementName.
    pub name: String,
    /// EnabledState, number (2 running, 3 off; value map of the schema).
    pub state: u16,
    /// The host's own reference to it.
    pub epr: Epr,
}

impl VirtualMachine {
    /// EnabledState in words.
    #[must_use]
    pub fn state_name(&self) -> String {
        todo!()
    }
}
