//! Looks at a host before anything is sent to it that matters: its name, its ports, its certificate, and what it says to
//! somebody who has not logged in.

pub(super) mod certificate;
mod greeting;
mod knock;
mod lookup;

pub use certificate::{CertificateContent, CertificateInfo, probe_certificate};
pub use greeting::{Greeting, greet};
pub use knock::{Door, knock, reach};
pub use lookup::{HostNames, look_up};
