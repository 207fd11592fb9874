//! NTLMv2 (MS-NLMP). [`ntlmclient`] reads and writes the messages and hashes the password; what it
//! lacks or gets wrong is here: response, MIC, channel binding, target name, key exchange, sealing. Nothing
//! outside this folder (and the acceptor) knows that crate, and of it only these parts are used:
//!
//! - not `to_message`, which would put the session key on the wire in clear;
//! - not its response functions: the client challenge is not ours to choose, and names are folded to
//!   upper case differently from Windows;
//! - not its reader of NEGOTIATE and its writer of CHALLENGE messages, which are wrong;
//! - nothing of NTLMv1, which does not exist in this crate.
//!
//! Its copies of the password are short-lived but not wiped.

#[cfg(feature = "http")]
mod client;
mod crypto;
pub(super) mod session;
pub(super) mod target_info;

#[cfg(all(feature = "cli", any(test, fuzzing)))]
pub(super) use client::Fresh;
#[cfg(feature = "http")]
pub(crate) use client::{Binding, NtlmClient};
pub(super) use crypto::{NtlmKey, mic};
#[cfg(feature = "sim")]
pub(super) use crypto::{rc4, utf16};
pub(crate) use session::NtlmSession;

/// What every NTLM message begins with.
#[cfg(feature = "sim")]
pub(super) const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
/// Where the MIC stands in an `AUTHENTICATE_MESSAGE` (2.2.1.3), behind the version.
pub(super) const MIC_AT: usize = 72;
/// Length of the MIC.
pub(super) const MIC_LENGTH: usize = 16;

/// Version as sent (2.2.2.10): only the revision, 15 (`NTLMSSP_REVISION_W2K3`), means anything.
pub(super) const VERSION: ntlmclient::OsVersion = ntlmclient::OsVersion {
    major_version: 10,
    minor_version: 0,
    build_number: 0,
    reserved: [0; 3],
    ntlm_revision: 15,
};

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], super::AuthError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| super::AuthError::Random)?;
    Ok(bytes)
}
