//! Where a cassette comes from.

use crate::xml::{Element, Limits, names};

/// How this crate's simulator names itself.
pub(super) const SIMULATOR: &str = "hyperv-wsman simulator";

/// Where a cassette comes from; never present one as another.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Origin {
    /// A real host.
    Host {
        /// Product and build as Identify told.
        product: String,
    },
    /// This crate's simulator.
    Simulated {
        /// Its version and inventory.
        product: String,
    },
    /// Changed from another file.
    Derived {
        /// Which file.
        from: String,
        /// What was changed.
        change: String,
    },
    /// Written by hand from a document.
    Written {
        /// The document.
        from: String,
    },
    /// A recording in which nobody said who answers: no Identify succeeded, not even the
    /// recorder's own. Such a cassette replays, but is no fixture.
    Unknown,
}

impl Origin {
    /// Who answered, if this is the answer to Identify (DSP0226 11).
    pub(super) fn of_identity(body: &[u8]) -> Option<Self> {
        let answer = Element::parse(body, &Limits::default()).ok()?;
        let text = |local| answer.find(names::IDENTITY, local).map(Element::text);
        let vendor = text("ProductVendor")?;
        let product = match text("ProductVersion") {
            Some(version) => format!("{vendor} {version}"),
            None => vendor.clone(),
        };
        Some(if vendor.contains(SIMULATOR) { Self::Simulated { product } } else { Self::Host { product } })
    }

    /// Asked anonymously, a host hides its build (MS-WSMV 3.1.4.1.23).
    pub(super) fn hides_its_build(&self) -> bool {
        matches!(self, Self::Host { product } if product.contains("OS: 0.0.0"))
    }
}
