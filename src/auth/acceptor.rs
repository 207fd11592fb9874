//! NTLMv2, server side, for the simulated host: verifies response, MIC, channel binding.

use super::AuthError;

/// One login in progress on one connection.
#[derive(Debug)]
pub(crate) struct NtlmAcceptor {
    _private: (),
}

/// How strictly the channel binding is checked (the host's CbtHardeningLevel).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BindingPolicy {
    None,
    Relaxed,
    Strict,
}

impl NtlmAcceptor {
    /// `certificate`: DER of the certificate this server presents.
    pub(crate) fn new(certificate: Option<Vec<u8>>, policy: BindingPolicy) -> Self {
        todo!("{certificate:?} {policy:?}")
    }
    /// CHALLENGE_MESSAGE for a NEGOTIATE_MESSAGE.
    pub(crate) fn challenge(&mut self, negotiate: &[u8]) -> Result<Vec<u8>, AuthError> {
        todo!("{negotiate:?}")
    }
    /// Verifies an AUTHENTICATE_MESSAGE; `password` looks a user up (domain, name). Gives the user.
    pub(crate) fn verify(
        &mut self,
        authenticate: &[u8],
        password: &dyn Fn(&str, &str) -> Option<super::Secret>,
    ) -> Result<String, AuthError> {
        let _ = password;
        todo!("{authenticate:?}")
    }
}
