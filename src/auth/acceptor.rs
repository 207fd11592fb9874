//! NTLMv2, server side, for the simulated host: verifies response, MIC, channel binding (MS-NLMP 3.2.5).

use super::{
    AuthError, Secret, UserName,
    end_point::server_end_point,
    ntlm::{
        MIC_AT, MIC_LENGTH, NtlmKey, NtlmSession, SIGNATURE, VERSION, mic, random, rc4, session,
        target_info::{FLAG_MIC, TargetInfo, channel_binding},
        utf16,
    },
};
use ntlmclient::{AuthenticateMessage, Flags, Message, TargetInfoType};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// One login in progress on one connection.
pub(crate) struct NtlmAcceptor {
    certificate: Option<Vec<u8>>,
    policy: BindingPolicy,
    pending: Option<Pending>,
}

/// How strictly the channel binding is checked (the host's `CbtHardeningLevel`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BindingPolicy {
    /// Not at all.
    None,
    /// A wrong one is refused, none is not.
    Relaxed,
    /// Only the right one is accepted.
    Strict,
}

/// A login that succeeded.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Who it is, as the client spells it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the simulator has one user, and knows it"))]
    pub(crate) user: String,
    /// For clients that asked for all that sealing needs.
    pub(crate) session: Option<NtlmSession>,
}

/// A challenge that waits for its answer.
struct Pending {
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
    server_challenge: [u8; 8],
}

impl NtlmAcceptor {
    /// `certificate`: DER of the certificate this server presents.
    pub(crate) fn new(certificate: Option<Vec<u8>>, policy: BindingPolicy) -> Self {
        Self { certificate, policy, pending: None }
    }

    /// `CHALLENGE_MESSAGE` for a `NEGOTIATE_MESSAGE`.
    pub(crate) fn challenge(&mut self, negotiate: &[u8]) -> Result<Vec<u8>, AuthError> {
        self.pending = None;
        let wanted = read_negotiate(negotiate)?;
        if !wanted.contains(Flags::NEGOTIATE_UNICODE | Flags::NEGOTIATE_NTLM2_KEY) {
            return Err(AuthError::Downgrade("Unicode and extended session security"));
        }
        let server_challenge = random()?;
        let challenge = write_challenge(wanted & GRANTED | ALWAYS, server_challenge);
        self.pending =
            Some(Pending { negotiate: negotiate.to_vec(), challenge: challenge.clone(), server_challenge });
        Ok(challenge)
    }

    /// One that has given this challenge, as of a recorded login.
    #[cfg(all(feature = "cli", any(test, fuzzing)))]
    pub(crate) fn with_challenge(policy: BindingPolicy, negotiate: &[u8], challenge: &[u8]) -> Self {
        let server_challenge = challenge.get(24..32).and_then(|bytes| bytes.try_into().ok());
        let pending = Pending {
            negotiate: negotiate.to_vec(),
            challenge: challenge.to_vec(),
            server_challenge: server_challenge.unwrap_or_default(),
        };
        Self { certificate: None, policy, pending: Some(pending) }
    }

    /// Verifies an `AUTHENTICATE_MESSAGE`; `password` looks a user up (domain, name).
    ///
    /// A challenge serves once, whatever comes of it.
    pub(crate) fn verify(
        &mut self,
        authenticate: &[u8],
        password: &dyn Fn(&str, &str) -> Option<Secret>,
    ) -> Result<Accepted, AuthError> {
        let pending = self.pending.take().ok_or(AuthError::Refused("no challenge was given"))?;
        let message = read_authenticate(authenticate)?;
        let user = UserName { domain: message.domain_name, name: message.user_name };
        // 24 bytes is an NTLMv1 response (2.2.2.6); an NTLMv2 one has 16 and a blob of 28 with its pairs.
        let (proof, blob) = message
            .ntlm_response
            .split_at_checked(16)
            .filter(|(_, blob)| blob.len() > BLOB_HEADER && !user.name.is_empty())
            .ok_or(AuthError::Refused("not an NTLMv2 response"))?;

        let known = password(&user.domain, &user.name);
        // An unknown user costs as much time as a known one.
        let key = NtlmKey::new(&user, known.as_ref().unwrap_or(&Secret::default()));
        let right = key.proves(pending.server_challenge, blob, proof);
        if !right || known.is_none() {
            return Err(AuthError::Refused("wrong user name or password"));
        }

        let session_key = exported_key(key.session_base_key(proof), message.flags, &message.session_key)?;
        let pairs = blob.get(BLOB_HEADER..).and_then(TargetInfo::read);
        let pairs = pairs.ok_or(AuthError::Refused("target information that does not read"))?;
        if pairs.flags() & FLAG_MIC != 0 {
            verify_mic(&pending, authenticate, &session_key)?;
        }
        self.verify_binding(&pairs)?;
        let seals = session::NEEDED.iter().all(|(flag, _)| message.flags.contains(*flag));
        let session = seals.then(|| NtlmSession::server(&session_key));
        Ok(Accepted { user: user.to_string(), session })
    }

    fn verify_binding(&self, pairs: &TargetInfo) -> Result<(), AuthError> {
        let Some(certificate) = self.certificate.as_ref().filter(|_| self.policy != BindingPolicy::None)
        else {
            return Ok(());
        };
        let expected = channel_binding(&server_end_point(certificate)?);
        // No pair, or one of zeros, means no binding (2.2.2.1, MsvAvChannelBindings).
        let got = pairs.data(TargetInfoType::ChannelBindings).filter(|binding| **binding != [0; 16]);
        match got {
            Some(got) if got == expected => Ok(()),
            Some(_) => Err(AuthError::Refused("channel binding of another certificate")),
            None if self.policy == BindingPolicy::Strict => Err(AuthError::Refused("no channel binding")),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for NtlmAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NtlmAcceptor").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Flags of a `NEGOTIATE_MESSAGE`. Only these count; the rest may be missing, as it is in what some
/// clients send (ntlmclient reads none of fewer than 44 bytes, not even its own).
fn read_negotiate(message: &[u8]) -> Result<Flags, AuthError> {
    let flags = message
        .strip_prefix(SIGNATURE)
        .and_then(|rest| rest.strip_prefix(&1_u32.to_le_bytes()))
        .and_then(<[u8]>::first_chunk)
        .ok_or_else(|| AuthError::Token("expected an NTLM message of type 1".to_owned()))?;
    Ok(Flags::from_bits_retain(u32::from_le_bytes(*flags)))
}

fn read_authenticate(message: &[u8]) -> Result<AuthenticateMessage, AuthError> {
    match Message::try_from(message) {
        Ok(Message::Authenticate(message)) => Ok(message),
        _ => Err(AuthError::Token("expected an NTLM message of type 3".to_owned())),
    }
}

/// `CHALLENGE_MESSAGE` (2.2.1.2).
fn write_challenge(flags: Flags, server_challenge: [u8; 8]) -> Vec<u8> {
    const HEADER: usize = 56;
    let mut info = TargetInfo::from(Vec::new());
    info.push_text(TargetInfoType::NtDomain, NETBIOS_NAME);
    info.push_text(TargetInfoType::NtServer, NETBIOS_NAME);
    info.push_text(TargetInfoType::DnsDomain, DNS_NAME);
    info.push_text(TargetInfoType::DnsServer, DNS_NAME);
    info.push(TargetInfoType::Timestamp, ntlmclient::get_ntlm_time().to_le_bytes().to_vec());
    let info = info.to_bytes();
    let name = utf16(NETBIOS_NAME);

    [
        &SIGNATURE[..],
        &2_u32.to_le_bytes(),
        &buffer(name.len(), HEADER),
        &flags.bits().to_le_bytes(),
        &server_challenge,
        &[0; 8],
        &buffer(info.len(), HEADER + name.len()),
        &VERSION.to_bytes(),
        &name,
        &info,
    ]
    .concat()
}

/// Length, capacity and offset of what a message points to.
fn buffer(length: usize, offset: usize) -> [u8; 8] {
    // Both are lengths of the constants below: far under 64 KiB.
    let [low, high, ..] = length.to_le_bytes();
    let [first, second, ..] = offset.to_le_bytes();
    [low, high, low, high, first, second, 0, 0]
}

fn exported_key(
    base: Zeroizing<[u8; 16]>,
    flags: Flags,
    encrypted: &[u8],
) -> Result<Zeroizing<[u8; 16]>, AuthError> {
    if !flags.contains(Flags::NEGOTIATE_KEY_EXCHANGE) {
        return Ok(base);
    }
    let encrypted =
        encrypted.try_into().map_err(|_| AuthError::Refused("a session key that is not of 16 bytes"))?;
    Ok(Zeroizing::new(rc4(&base, encrypted)))
}

fn verify_mic(pending: &Pending, authenticate: &[u8], session_key: &[u8; 16]) -> Result<(), AuthError> {
    let mut message = authenticate.to_vec();
    let found = message.get_mut(MIC_AT..MIC_AT + MIC_LENGTH).map(|place| {
        let found = place.to_vec();
        place.fill(0);
        found
    });
    let expected = mic(session_key, [&pending.negotiate, &pending.challenge, &message]);
    match found {
        Some(found) if bool::from(expected.ct_eq(&found)) => Ok(()),
        _ => Err(AuthError::Refused("wrong MIC")),
    }
}

/// What stands before the AV pairs in an `NTLMv2_CLIENT_CHALLENGE` (2.2.2.7).
const BLOB_HEADER: usize = 28;
const NETBIOS_NAME: &str = "HVSIM";
const DNS_NAME: &str = "hvsim.example.test";

/// Granted to clients that ask for it.
const GRANTED: Flags = Flags::NEGOTIATE_UNICODE
    .union(Flags::REQUEST_TARGET)
    .union(Flags::NEGOTIATE_SIGN)
    .union(Flags::NEGOTIATE_SEAL)
    .union(Flags::NEGOTIATE_ALWAYS_SIGN)
    .union(Flags::NEGOTIATE_NTLM2_KEY)
    .union(Flags::NEGOTIATE_VERSION)
    .union(Flags::NEGOTIATE_128BIT)
    .union(Flags::NEGOTIATE_KEY_EXCHANGE)
    .union(Flags::NEGOTIATE_56BIT);

/// Always there.
const ALWAYS: Flags =
    Flags::NEGOTIATE_NTLM.union(Flags::TARGET_TYPE_SERVER).union(Flags::NEGOTIATE_TARGET_INFO);

#[cfg(test)]
#[cfg(feature = "http")]
mod tests {
    use super::*;
    use crate::auth::{
        Credentials,
        ntlm::{Binding, NtlmClient},
        sealing::SecurityContext as _,
    };
    use BindingPolicy::{None as Off, Relaxed, Strict};
    use proptest::prelude::*;

    /// Smallest things that read as certificates.
    const OURS: &[u8] = &[
        0x30, 0x15, 0x30, 0x0c, 2, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 3, 6, 1, 0x2a, 3, 0,
    ];
    const OTHER: &[u8] = &[
        0x30, 0x15, 0x30, 0x0c, 2, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 3, 6, 1, 0x2b, 3, 0,
    ];

    /// Every flag there is.
    const ALL: u32 = u32::MAX;

    struct Login {
        user: &'static str,
        password: &'static str,
        certificate: &'static [u8],
        policy: BindingPolicy,
        damage: fn(&mut Vec<u8>),
    }

    const LOGIN: Login =
        Login { user: r"LAB\Op", password: "pässword", certificate: OURS, policy: Strict, damage: |_| {} };

    impl Login {
        fn run(&self) -> Result<String, AuthError> {
            let credentials = Credentials::new(self.user, Secret::new(self.password.into())).unwrap();
            let client = NtlmClient::new(&credentials).unwrap();
            let mut acceptor = NtlmAcceptor::new(Some(OURS.to_vec()), self.policy);
            let challenge = acceptor.challenge(client.negotiate()).unwrap();
            let certificate = Some(self.certificate.to_vec());
            let binding = Binding { target_name: "HTTP/h".into(), certificate };
            let mut message = client.authenticate(&challenge, &binding).unwrap().message;
            (self.damage)(&mut message);
            acceptor.verify(&message, &look_up).map(|accepted| {
                assert!(accepted.session.is_none());
                accepted.user
            })
        }
    }

    fn look_up(domain: &str, name: &str) -> Option<Secret> {
        let known = domain.eq_ignore_ascii_case("LAB") && name.eq_ignore_ascii_case("op");
        known.then(|| Secret::new("pässword".into()))
    }

    #[test]
    fn the_right_password_is_accepted_in_any_case_of_the_name() {
        for user in [r"LAB\op", r"LAB\OP", r"lab\Op"] {
            assert_eq!(Login { user, ..LOGIN }.run().as_deref(), Ok(user));
        }
    }

    #[test]
    fn wrong_passwords_and_unknown_users_are_refused_alike() {
        let refused = Err(AuthError::Refused("wrong user name or password"));
        assert_eq!(Login { password: "Pässword", ..LOGIN }.run(), refused);
        assert_eq!(Login { user: r"LAB\nobody", ..LOGIN }.run(), refused);
        assert_eq!(Login { user: "op", ..LOGIN }.run(), refused);
    }

    #[test]
    fn the_binding_is_checked_as_strictly_as_asked() {
        for (certificate, policy, accepted) in [
            (OURS, Strict, true),
            (OURS, Relaxed, true),
            (OTHER, Strict, false),
            (OTHER, Relaxed, false),
            (OTHER, Off, true),
        ] {
            assert_eq!(Login { certificate, policy, ..LOGIN }.run().is_ok(), accepted, "{policy:?}");
        }
    }

    #[test]
    fn a_message_changed_on_the_way_fails_by_its_mic() {
        // The version: nothing but the MIC covers it.
        let damage: fn(&mut Vec<u8>) = |message| message[64] ^= 1;
        assert_eq!(Login { damage, ..LOGIN }.run(), Err(AuthError::Refused("wrong MIC")));
    }

    #[test]
    fn a_challenge_serves_once() {
        let mut acceptor = NtlmAcceptor::new(None, Off);
        let credentials = Credentials::new(r"LAB\op", Secret::new("pässword".into())).unwrap();
        let client = NtlmClient::new(&credentials).unwrap();
        let challenge = acceptor.challenge(client.negotiate()).unwrap();
        let binding = Binding { target_name: "HTTP/h".into(), certificate: None };
        let message = client.authenticate(&challenge, &binding).unwrap().message;
        assert!(acceptor.verify(&message, &look_up).is_ok());
        let again = acceptor.verify(&message, &look_up).unwrap_err();
        assert_eq!(again, AuthError::Refused("no challenge was given"));
    }

    #[test]
    fn both_ends_of_a_sealing_login_understand_each_other() {
        let credentials = Credentials::new(r"LAB\op", Secret::new("pässword".into())).unwrap();
        let client = NtlmClient::sealing(&credentials).unwrap();
        let mut acceptor = NtlmAcceptor::new(None, Strict);
        let challenge = acceptor.challenge(client.negotiate()).unwrap();
        let binding = Binding { target_name: "HTTP/h".into(), certificate: None };
        let answer = client.authenticate(&challenge, &binding).unwrap();
        let mut server = acceptor.verify(&answer.message, &look_up).unwrap().session.unwrap();
        let sealed = answer.session.unwrap().seal(b"message").unwrap();
        assert_eq!(server.unseal(&sealed.header, &sealed.data).unwrap(), b"message");
    }

    #[test]
    fn clients_without_extended_session_security_are_refused() {
        let old = [&SIGNATURE[..], &[1, 0, 0, 0], &Flags::NEGOTIATE_UNICODE.bits().to_le_bytes()].concat();
        let refused = NtlmAcceptor::new(None, Off).challenge(&old);
        assert!(matches!(refused, Err(AuthError::Downgrade(_))));
    }

    proptest! {
        #[test]
        fn no_negotiate_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = NtlmAcceptor::new(None, Off).challenge(&bytes);
        }

        #[test]
        fn no_authenticate_panics_or_is_accepted(rest in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut acceptor = NtlmAcceptor::new(None, Off);
            let negotiate = [&SIGNATURE[..], &[1, 0, 0, 0], &ALL.to_le_bytes()].concat();
            acceptor.challenge(&negotiate).unwrap();
            let message = [&SIGNATURE[..], &[3, 0, 0, 0], &rest].concat();
            prop_assert!(acceptor.verify(&message, &look_up).is_err());
        }

        #[test]
        fn no_damaged_authenticate_is_accepted_or_panics(at in 0_usize..300, flip in 1_u8..) {
            let credentials = Credentials::new(r"LAB\op", Secret::new("pässword".into())).unwrap();
            let client = NtlmClient::new(&credentials).unwrap();
            let mut acceptor = NtlmAcceptor::new(Some(OURS.to_vec()), Strict);
            let challenge = acceptor.challenge(client.negotiate()).unwrap();
            let binding = Binding { target_name: "HTTP/h".into(), certificate: Some(OURS.to_vec()) };
            let mut message = client.authenticate(&challenge, &binding).unwrap().message;
            let length = message.len();
            message[at % length] ^= flip;
            prop_assert!(acceptor.verify(&message, &look_up).is_err());
        }
    }
}
