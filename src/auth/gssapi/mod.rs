//! Kerberos, alone or in SPNEGO, by the GSSAPI library of the system (RFC 2743, RFC 4121, RFC 4178).
//! The library is looked for at run time: nothing of it is needed to build this crate, or to run it
//! without Kerberos. All calls of C are in [`ffi`], and nothing else in the crate is `unsafe`.
//!
//! # How to use it
//! ```text
//! let library = Gssapi::load(Need::All)?;                  // once; cheap
//! let source = CredentialSource::Cache { principal: None, name: None };
//! let credential = GssCredential::acquire(&library, &source, Mechanism::Spnego)?;      // blocks
//! let target = Target::new("HTTP", host)?;
//! let mut client = GssClient::new(&credential, &target, GssOptions { binding, delegate, seal })?;
//! let mut step = client.step(None)?;                                                   // blocks
//! while !step.done { step = client.step(Some(&leg(step.token)))?; }                    // blocks
//! client.established();                                    // who, where, delegated, bound
//! let sealed = client.seal(plain)?;                        // does not block
//! let plain = client.unseal(&header, &data)?;              // does not block
//! ```
//! - **Blocking**: what is marked so talks to the KDC, and waits for it as long as krb5.conf has it
//!   wait, which may be minutes. There is no way to stop such a call. All types are `Send`: run it by
//!   `tokio::task::spawn_blocking` under a deadline; when that passes, give the task up and take it
//!   for [`KerberosErrorKind::KdcUnreachable`]. A credential lets one login at a time talk to the KDC;
//!   after a deadline get a new one rather than wait for the lock of the old.
//! - **Tokens**: a host's token may come with any status, also with 200 and the answer: hand it to
//!   `step`. A 200 without a token is no login: `step(None)` says so. A 401 with a token may hold why.
//! - **One context for each TCP connection**, and texts in order: after any error of `unseal`, or of
//!   the connection, drop both together.
//! - **Binding**: over TLS always give `tls-server-end-point:` and the hash of the certificate.
//! - **Wrong passwords**: `acquire` asks the KDC, once, and gives [`KerberosErrorKind::WrongPassword`].
//!   Nothing here tries again. But where krb5.conf names a primary KDC besides others (`primary_kdc`,
//!   `admin_server`), MIT itself asks that one too before it believes a refusal.
//! - **NTLM never slips in**: SPNEGO is told to offer Kerberos alone, the first token is checked for
//!   what it offers, and the mechanism that was settled on is checked in the end.
//! - **Names**: the library may canonicalize the host's name by DNS before it asks for a ticket
//!   (`dns_canonicalize_hostname` and `rdns` in krb5.conf; both should be `false`).
//! - **Environment**: `KRB5_CONFIG`, `KRB5CCNAME` and the like are the library's own; none is changed.
//!
//! What libraries lack: Heimdal 7 has no stores of credentials (no keytab, no named cache; use
//! `kinit -k -t`), and sends a wrong password twice, so that no library gets one that is not proven to be
//! MIT's; macOS' own, a Heimdal too, cannot seal; in SPNEGO, Heimdal does not tell why there is no ticket: with it [`Mechanism::Kerberos`]
//! is the better choice where the host offers it. What is missing is told as [`KerberosErrorKind::Unsupported`].

mod classify;
mod client;
mod credential;
mod error;
mod ffi;
mod layout;
mod library;
mod memory_cache;
mod oid;
mod outcome;
mod principal;
#[cfg(all(test, unix))]
mod rig_tests;
pub(in crate::auth) mod spnego;

pub(crate) use client::{GssClient, GssOptions, Step};
pub(crate) use credential::{CredentialSource, GssCredential, Mechanism};
pub use error::{KerberosError, KerberosErrorKind};
pub(crate) use library::{Gssapi, Need};
pub(crate) use principal::{NoPrincipal, Target, principal};
