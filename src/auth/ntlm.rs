//! NTLMv2 (MS-NLMP) on ntlmclient's codec: MIC, channel binding, target name, key exchange.

use super::{AuthError, Credentials};

/// A login in progress, client side.
#[derive(Debug)]
pub(crate) struct NtlmClient {
    _private: (),
}

/// What the login is bound to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Binding {
    /// `HTTP/host` as the service principal name.
    pub(crate) target_name: String,
    /// DER of the server's leaf certificate; `None` only without TLS.
    pub(crate) certificate: Option<Vec<u8>>,
}

impl NtlmClient {
    pub(crate) fn new(credentials: &Credentials, binding: Binding) -> Self {
        todo!("{credentials:?} {binding:?}")
    }
    /// NEGOTIATE_MESSAGE.
    pub(crate) fn negotiate(&mut self) -> Vec<u8> {
        todo!()
    }
    /// AUTHENTICATE_MESSAGE for a CHALLENGE_MESSAGE.
    pub(crate) fn authenticate(&mut self, challenge: &[u8]) -> Result<Vec<u8>, AuthError> {
        todo!("{challenge:?}")
    }
}

/// Channel binding value `tls-server-end-point` (RFC 5929) of a DER certificate.
pub(crate) fn server_end_point(certificate: &[u8]) -> Result<Vec<u8>, AuthError> {
    todo!("{certificate:?}")
}
