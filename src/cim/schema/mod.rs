//! The classes of `root\virtualization\v2`, compiled in, and others that a user loads from MOF.
//!
//! The source is the folder `schema/` of the repository: a text form of the 429 classes that the
//! Microsoft Hyper-V WMI v2 documentation describes, and of what was seen on a host besides
//! ([`Source`]). The build script resolves inheritance and writes one constant run of bytes, in which
//! everything is looked up; nothing is built at start-up. Hosts have newer classes and properties:
//! what is not found here may still exist, and [`Schema::extended`] adds what a MOF file describes.
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
mod compiler;
mod data;
mod extend;
mod layout;
mod member;
#[cfg(test)]
mod mof_tests;
#[cfg(test)]
mod tests;

pub use class::Class;
pub use extend::MofError;
pub use member::{Direction, Method, Parameter, Property};

use std::{cmp::Ordering, fmt, sync::Arc};

use super::decode::Shapes;
use data::{COMPILED, Data};
use layout::{compare_names, header};

/// A schema: the compiled one, or that and classes loaded from MOF. Cloning is cheap.
///
/// ```
/// use hyperv_wsman::cim::schema::{Schema, Source};
///
/// let schema = Schema::default().extended(
///     "printers.mof",
///     r#"
///     #pragma namespace ("\\\\.\\root\\cimv2")
///     [Dynamic, Provider ("CIMWin32"), Description ("A printer")]
///     class Win32_Printer : CIM_LogicalDevice
///     {
///         [Read, ValueMap {"1", "2"}, Values {"Other", "Unknown"}] uint16 PrinterState;
///         uint32 RenamePrinter([In, Required] string NewPrinterName);
///     };
///     "#,
/// )?;
/// let printer = schema.class("win32_printer").expect("a loaded class");
/// assert_eq!(printer.source(), Source::Loaded);
/// assert_eq!(printer.property("PrinterState").and_then(|state| state.value_name(1)), Some("Other"));
/// assert!(printer.property("DeviceID").is_some(), "inherited");
///
/// let error = schema.extended("a.mof", "class Win32_Printer : CIM_LogicalDevice\n{\n    sting Name;\n};");
/// assert_eq!(
///     error.unwrap_err().to_string(),
///     "a.mof:3:5: `Win32_Printer.Name`: `sting` is neither a type nor a declared class",
/// );
/// # Ok::<(), hyperv_wsman::cim::schema::MofError>(())
/// ```
#[derive(Clone, Default)]
pub struct Schema {
    /// What was compiled at run time; nothing for the compiled schema.
    loaded: Option<Arc<[u8]>>,
    /// What has come of its classes.
    shapes: Arc<Shapes>,
}

/// Where a class or a member of one is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// Documented by Microsoft.
    Documented,
    /// Seen on a host, undocumented: name and, mostly, type are known, keys and value maps are not.
    Host,
    /// Loaded at run time.
    Loaded,
}

impl Schema {
    /// This schema and the classes of a MOF text, in UTF-8 or UTF-16 with a byte order mark; `file` names
    /// it in errors. A class that is declared anew takes the place of the one there was, for those that
    /// derive from it as well. Instances, pragmas and declarations of qualifiers are passed over.
    ///
    /// # Errors
    /// [`MofError`] with line and column; also for a text above 8 MiB, and for more than 4096 classes.
    pub fn extended(&self, file: &str, mof: impl AsRef<[u8]>) -> Result<Self, MofError> {
        extend::extend(self, file, mof.as_ref())
            .map(|bytes| Self { loaded: Some(bytes.into()), shapes: Arc::default() })
    }

    /// Whether two names are of one class, or of one that derives from the other, as far as this knows.
    pub(crate) fn is_akin(&self, one: &str, other: &str) -> bool {
        let is_a = |one: &str, other: &str| self.class(one).is_some_and(|class| class.is_a(other));
        one.eq_ignore_ascii_case(other) || is_a(one, other) || is_a(other, one)
    }

    /// A class by name, any case.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<Class<'_>> {
        find(self.data(), name)
    }

    /// All classes by name.
    pub fn classes(&self) -> impl Iterator<Item = Class<'_>> {
        class::all(self.data())
    }

    /// What has come of its classes, for those that decode more.
    pub(super) fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    fn data(&self) -> Data<'_> {
        self.loaded.as_deref().map_or(COMPILED, Data)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("classes", &self.classes().count()).finish()
    }
}

impl Source {
    /// `documented`, `host` or `loaded`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Host => "host",
            Self::Loaded => "loaded",
        }
    }

    fn of(seen: bool, loaded: bool) -> Self {
        match (seen, loaded) {
            (_, true) => Self::Loaded,
            (true, false) => Self::Host,
            (false, false) => Self::Documented,
        }
    }
}

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
