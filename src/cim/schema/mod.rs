//! The documented classes of `root\virtualization\v2`, compiled in.
//!
//! The source is the folder `schema/` of the repository: a text form of the 429 classes that the
//! Microsoft Hyper-V WMI v2 documentation describes. The build script resolves inheritance and
//! writes one constant run of bytes, in which everything is looked up; nothing is built at
//! start-up. Hosts have newer classes and properties than the documentation: what is not found
//! here may still exist.
//!
//! ```
//! use hyperv_wsman::cim::{CimType, schema};
//!
//! let service = schema::class("Msvm_CollectionSnapshotService").expect("a documented class");
//! let create = service.method("CreateSnapshot").expect("a documented method");
//! assert_eq!(create.return_name(5), Some("Invalid State"));
//!
//! let collection = create.parameter("Collection").expect("a documented parameter");
//! assert_eq!(collection.cim_type(), CimType::Reference);
//! assert_eq!(collection.class_name(), Some("CIM_CollectionOfMSEs"));
//! ```

mod class;
#[cfg(test)]
mod compiler;
mod data;
mod layout;
mod member;
#[cfg(test)]
mod tests;

pub use class::Class;
pub use member::{Direction, Method, Parameter, Property};

use std::cmp::Ordering;

use data::{COMPILED, Data};
use layout::{compare_names, header};

/// A class by name, any case.
#[must_use]
pub fn class(name: &str) -> Option<Class<'static>> {
    find(COMPILED, name)
}

/// All classes by name.
pub fn classes() -> impl Iterator<Item = Class<'static>> {
    class::all(COMPILED)
}

/// Name of a return code of the family 32768 to 32779, which any Hyper-V method may return,
/// whether or not its own table lists it.
#[must_use]
pub fn vendor_return_name(code: u32) -> Option<&'static str> {
    Some(match code {
        32768 => "Failed",
        32769 => "Access Denied",
        32770 => "Not Supported",
        32771 => "Status is unknown",
        32772 => "Timeout",
        32773 => "Invalid parameter",
        32774 => "System is in use",
        32775 => "Invalid state for this operation",
        32776 => "Incorrect data type",
        32777 => "System is not available",
        32778 => "Out of memory",
        32779 => "File not found",
        _ => return None,
    })
}

fn find<'s>(data: Data<'s>, name: &str) -> Option<Class<'s>> {
    let (mut low, mut high) = (0, data.word(0, header::CLASSES));
    while low < high {
        let middle = Class { data, index: low.midpoint(high) };
        match compare_names(middle.name(), name) {
            Ordering::Less => low = middle.index + 1,
            Ordering::Greater => high = middle.index,
            Ordering::Equal => return Some(middle),
        }
    }
    None
}
