//! A WS-Management client for Hyper-V: CIM over HTTPS, with nothing on the host but WinRM.
//!
//! The first job of this crate is one snapshot of a *group* of virtual machines
//! (`Msvm_CollectionSnapshotService.CreateSnapshot`), followed to its end, found, and exported:
//!
//! ```
//! # #[cfg(all(feature = "sim", feature = "http", feature = "ntlm"))] {
//! use hyperv_wsman::{
//!     Client,
//!     hyperv::{CreateSettings, ExportSettings, HostPath, HyperV, Storage},
//!     sim::{Host, Settings},
//!     transport::{Credentials, Secret, Trust},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A simulated host stands in for a real one: real TLS, real NTLM.
//! # let mut settings = Settings::default();
//! # settings.time_scale = Some(0.0);
//! # let host = Host::new(settings).serve("127.0.0.1:0".parse()?).await?;
//! # stringify! {
//! let host = Host::new(Settings::default()).serve("127.0.0.1:0".parse()?).await?;
//! # };
//! let client = Client::builder(host.url())
//!     .credentials(Credentials::new(host.user(), Secret::new(host.password().to_owned()))?)
//!     .trust(Trust::pinned(host.fingerprint().parse()?))
//!     .build()?;
//!
//! let hyperv = HyperV::new(client);
//! let group = hyperv.group("web-tier").await?;
//! let snapshots = hyperv.collection_snapshots();
//! let snapshot = snapshots.create(&group, &CreateSettings::recovery()).await?.wait().await?;
//! let directory = HostPath::new(r"D:\Exports")?;
//! let started = snapshots.export(&snapshot, &directory, &ExportSettings::new(Storage::Copy)).await?;
//! assert!(started.wait().await?.job.is_some_and(|job| job.is_success()));
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```
//!
//! # Where things are
//! - [`Client`] speaks WS-Management: Identify, Get, Put, Create, Delete, Enumerate, Pull, Release and
//!   Invoke on any class. It repeats what only reads, and a change only with proof that it did not run; without proof the
//!   error is [`ErrorKind::OutcomeUnknown`].
//! - [`hyperv`] has groups, their snapshots and jobs as types.
//! - [`cim`] has values, instances, references, object paths, and the documented class schema.
//! - [`wsman`] has faults with their meaning.
//! - [`transport`] is the seam: HTTPS, `Record` and `Replay`, or one of your own.
//! - `sim` (feature) is a simulated host, for tests without one.
//!
//! # Errors
//! One [`Error`]: [`Error::kind`] names the guilty side, [`Error::evidence`] keeps what the peer said,
//! [`Error::hint`] says what a user can do.
//!
//! # Features
//! `http`, `ntlm`, `kerberos`, `pkcs12`, `serde`, `replay`, `sim`, `probe`, `keyring`, `reqwest`, and `cli` (default: the
//! tool `hvctl` and all the others but `keyring` and `reqwest`). Embedders take
//! `default-features = false, features = ["http", "ntlm"]`.

#[cfg(any(feature = "http", feature = "sim"))]
mod auth;
pub mod cim;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod client;
mod error;
#[cfg(all(feature = "cli", any(test, fuzzing)))]
#[doc(hidden)]
pub mod fuzzing;
pub mod hyperv;
#[cfg(feature = "sim")]
pub mod sim;
pub mod transport;
pub mod wsman;
mod xml;

#[cfg(feature = "http")]
pub use client::ClientBuilder;
pub use client::{
    AssociationCall, Client, CreateCall, DeleteCall, EnumerateCall, GetCall, GetFragmentCall, IdentifyCall,
    InvokeCall, Item, OnExpiry, Options, PutCall, PutFragmentCall, Quotas,
};
pub use error::{Error, ErrorKind, Evidence, JobFailure, MethodFailure, Result, UnknownOutcome};
pub use xml::{Limits, XmlError};

/// The examples of the README run.
#[cfg(all(doctest, feature = "http", feature = "ntlm", feature = "sim"))]
#[doc = include_str!("../README.md")]
struct Readme;
