//! What fuzzers feed with tokens, sealed bodies and certificates of a peer. Each function takes any bytes, and
//! fails by a panic: its own, or an assertion here.

use super::{
    Credentials, Secret,
    acceptor::{BindingPolicy, NtlmAcceptor},
    certificate::Certificate,
    end_point::server_end_point,
    gssapi::spnego,
    ntlm::{Binding, Fresh, NtlmClient, NtlmSession, target_info::TargetInfo},
    sealing::{Protocol, Sealed, Sealer, SecurityContext},
};
use crate::auth::AuthError;

/// The login of `tests/sealed/ntlm-pyspnego`.
const USER: &str = r"TEST\alice";
const PASSWORD: &str = "Passw0rd!";
const KEY: [u8; 16] = [0x55; 16];
const NEGOTIATE: &[u8] = include_bytes!("../../tests/sealed/ntlm-pyspnego/negotiate.bin");
const CHALLENGE: &[u8] = include_bytes!("../../tests/sealed/ntlm-pyspnego/challenge.bin");
const AUTHENTICATE: &[u8] = include_bytes!("../../tests/sealed/ntlm-pyspnego/authenticate.bin");
const ANSWERS: [&[u8]; 3] = [
    include_bytes!("../../tests/sealed/ntlm-pyspnego/01-answer.txt"),
    include_bytes!("../../tests/sealed/ntlm-pyspnego/02-answer.txt"),
    include_bytes!("../../tests/sealed/ntlm-pyspnego/03-answer.txt"),
];

fn password() -> Secret {
    Secret::new(PASSWORD.to_owned())
}

/// A `CHALLENGE_MESSAGE` to a client: what it answers names the user, and a login for sealing has its keys.
pub(crate) fn ntlm_challenge(data: &[u8]) {
    let Ok(credentials) = Credentials::new(USER, password()) else { return };
    for seals in [false, true] {
        let client = if seals { NtlmClient::sealing(&credentials) } else { NtlmClient::new(&credentials) };
        let fresh = Fresh { time: [1; 8], client_challenge: [0xaa; 8], exported_session_key: KEY.into() };
        let binding = Binding { target_name: "HTTP/localhost".to_owned(), certificate: None };
        let Ok(answer) = client.and_then(|client| client.answer(data, &binding, fresh)) else { continue };
        assert!(answer.message.starts_with(b"NTLMSSP\0\x03"), "not an AUTHENTICATE_MESSAGE");
        let name: Vec<u8> = "alice".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(answer.message.windows(name.len()).any(|part| part == name), "the user is not named");
        assert_eq!(answer.session.is_some(), seals, "keys");
    }
}

/// A `NEGOTIATE_MESSAGE` to an acceptor, and an `AUTHENTICATE_MESSAGE`: none but the true one is accepted.
pub(crate) fn ntlm_acceptor(data: &[u8]) {
    let _ = NtlmAcceptor::new(None, BindingPolicy::None).challenge(data);
    let mut acceptor = NtlmAcceptor::with_challenge(BindingPolicy::Relaxed, NEGOTIATE, CHALLENGE);
    let accepted = acceptor.verify(data, &|_, _| Some(password()));
    assert_eq!(accepted.is_ok(), data == AUTHENTICATE, "{accepted:?}");
}

/// AV pairs: what reads, reads again after it was written.
pub(crate) fn target_info(data: &[u8]) {
    let Some(pairs) = TargetInfo::read(data) else { return };
    let bytes = pairs.to_bytes();
    let again = TargetInfo::read(&bytes).map(|pairs| pairs.to_bytes());
    assert_eq!(again, Some(bytes));
    let answer = pairs.answer(true, Some([7; 16]), "HTTP/localhost");
    assert_eq!(answer.flags() & 2, 2, "the answer says that there is a MIC");
}

/// A DER certificate: each part is one of its own pieces.
pub(crate) fn certificate(data: &[u8]) {
    let binding = server_end_point(data);
    let Ok(certificate) = Certificate::parse(data) else {
        assert!(binding.is_err(), "a binding to what is no certificate");
        return;
    };
    let info = certificate.subject_public_key_info();
    assert!(data.windows(info.len()).any(|part| part == info), "a key from nowhere");
    if let Ok((algorithm, key)) = certificate.public_key() {
        assert!(algorithm.len() + key.len() < info.len(), "a key longer than what it is in");
    }
    assert!(binding.is_ok_and(|binding| [28, 32, 48, 64].contains(&binding.len())) || data.len() > 12);
}

/// A first SPNEGO token: what it offers is in it.
pub(crate) fn spnego_token(data: &[u8]) {
    for mechanism in spnego::offered(data).unwrap_or_default() {
        assert!(data.windows(mechanism.len().max(1)).any(|part| part.starts_with(&mechanism)));
    }
}

/// A body of the usual type, or of the one that stands in a line before it: what a reader without keys finds is in the body, and with
/// keys nothing opens but what the peer sealed, in its order.
pub(crate) fn sealed_body(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (content_type, body) = match (lines.next(), lines.next()) {
        (Some(line), Some(rest)) if line.starts_with(b"multipart/") => (String::from_utf8_lossy(line), rest),
        _ => (Sealer::new(Protocol::Spnego, Open).content_type().into(), data),
    };
    if let Ok(opened) = Sealer::new(Protocol::Spnego, Open).unseal(&content_type, body) {
        assert!(opened.body.len() < body.len(), "more than there is");
    }
    if let Ok(opened) = Sealer::new(Protocol::Spnego, NtlmSession::client(&KEY)).unseal(&content_type, body) {
        assert!(ANSWERS.concat().starts_with(&opened.body), "a message that nobody sealed");
    }
}

/// The two ends of a sealed connection, for `benches/sealing.rs`: what seals a message, and what opens it.
#[expect(clippy::type_complexity, reason = "two functions")]
pub fn ends() -> (impl FnMut(&[u8]) -> Vec<u8>, impl FnMut(&[u8]) -> Vec<u8>) {
    let mut client = Sealer::new(Protocol::Spnego, NtlmSession::client(&KEY));
    let mut server = Sealer::new(Protocol::Spnego, NtlmSession::server(&KEY));
    let content_type = client.content_type();
    let seal = move |plain: &[u8]| client.seal(plain).unwrap_or_default();
    let open = move |body: &[u8]| {
        server.unseal(&content_type, body).map_or_else(|_| Vec::new(), |opened| opened.body)
    };
    (seal, open)
}

/// Takes every signature for right.
#[derive(Debug)]
struct Open;

impl SecurityContext for Open {
    fn seal(&mut self, plain: &[u8]) -> Result<Sealed, AuthError> {
        Ok(Sealed { header: Vec::new(), data: plain.to_vec(), padding: 0 })
    }

    fn unseal(&mut self, _: &[u8], data: &[u8]) -> Result<Vec<u8>, AuthError> {
        Ok(data.to_vec())
    }

    fn max_padding(&self) -> usize {
        usize::MAX
    }
}
