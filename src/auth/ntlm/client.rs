//! A login, client side: NEGOTIATE, then AUTHENTICATE for the server's CHALLENGE (MS-NLMP 3.1.5).

use super::{
    MIC_AT, MIC_LENGTH, NtlmKey, NtlmSession, VERSION,
    crypto::rc4,
    mic, random, session,
    target_info::{TargetInfo, channel_binding},
};
use crate::auth::{AuthError, Credentials, end_point::server_end_point};
use ntlmclient::{AuthenticateMessage, ChallengeMessage, Flags, Message, NegotiateMessage};
use zeroize::Zeroizing;

/// A login in progress, client side.
#[derive(Debug)]
pub(crate) struct NtlmClient {
    credentials: Credentials,
    /// What it asks for.
    offered: Flags,
    negotiate: Vec<u8>,
}

/// What the login is bound to.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    /// `HTTP/host` as the service principal name.
    pub(crate) target_name: String,
    /// DER of the server's leaf certificate; `None` is for plain HTTP, and for nothing else.
    pub(crate) certificate: Option<Vec<u8>>,
}

/// The end of a login, as far as the client can tell.
#[derive(Debug)]
pub(crate) struct Authenticate {
    /// `AUTHENTICATE_MESSAGE`.
    pub(crate) message: Vec<u8>,
    /// For a login that was to have sealing.
    pub(crate) session: Option<NtlmSession>,
}

/// What a login takes from the clock and from chance.
pub(in crate::auth) struct Fresh {
    /// FILETIME, for servers that send no time of their own.
    pub(in crate::auth) time: [u8; 8],
    pub(in crate::auth) client_challenge: [u8; 8],
    pub(in crate::auth) exported_session_key: Zeroizing<[u8; 16]>,
}

impl NtlmClient {
    /// A login for messages that TLS protects.
    pub(crate) fn new(credentials: &Credentials) -> Result<Self, AuthError> {
        Self::offering(OFFERED, credentials)
    }

    /// A login whose messages will be sealed.
    pub(crate) fn sealing(credentials: &Credentials) -> Result<Self, AuthError> {
        Self::offering(OFFERED | Flags::NEGOTIATE_SEAL, credentials)
    }

    fn offering(offered: Flags, credentials: &Credentials) -> Result<Self, AuthError> {
        let message = Message::Negotiate(NegotiateMessage {
            flags: offered,
            supplied_domain: String::new(),
            supplied_workstation: String::new(),
            os_version: VERSION,
        });
        Ok(Self { credentials: credentials.clone(), offered, negotiate: written(message.to_bytes())? })
    }

    /// `NEGOTIATE_MESSAGE`.
    pub(crate) fn negotiate(&self) -> &[u8] {
        &self.negotiate
    }

    /// Answers a `CHALLENGE_MESSAGE`.
    pub(crate) fn authenticate(
        &self,
        challenge: &[u8],
        binding: &Binding,
    ) -> Result<Authenticate, AuthError> {
        let fresh = Fresh {
            time: ntlmclient::get_ntlm_time().to_le_bytes(),
            client_challenge: random()?,
            exported_session_key: Zeroizing::new(random()?),
        };
        self.answer(challenge, binding, fresh)
    }

    /// The same with what is given instead of chance, for tests against recorded logins.
    pub(in crate::auth) fn answer(
        &self,
        raw: &[u8],
        binding: &Binding,
        fresh: Fresh,
    ) -> Result<Authenticate, AuthError> {
        let seals = self.offered.contains(Flags::NEGOTIATE_SEAL);
        let challenge = read_challenge(raw)?;
        require(challenge.flags, if seals { &session::NEEDED } else { &[] })?;
        let server = TargetInfo::of_challenge(challenge.target_information);
        // With a time from the server there are a MIC and no LMv2 response (3.1.5.1.2).
        let timestamp = server.timestamp();
        let certificate = binding.certificate.as_deref();
        let end_point = certificate.map(server_end_point).transpose()?;
        let binding_hash = end_point.as_deref().map(channel_binding);
        let target_info = server.answer(timestamp.is_some(), binding_hash, &binding.target_name);
        let user = &self.credentials.user;
        let response = NtlmKey::new(user, &self.credentials.password).respond(
            challenge.challenge,
            fresh.client_challenge,
            timestamp.unwrap_or(fresh.time),
            &target_info.to_bytes(),
        );
        if u16::try_from(response.nt.len()).is_err() {
            return Err(AuthError::Token("its target information is too long to be answered".to_owned()));
        }

        let (exported_session_key, session_key) = if challenge.flags.contains(Flags::NEGOTIATE_KEY_EXCHANGE) {
            let encrypted = rc4(&response.session_base_key, *fresh.exported_session_key);
            (fresh.exported_session_key, encrypted.to_vec())
        } else {
            (response.session_base_key, Vec::new())
        };
        let message = Message::Authenticate(AuthenticateMessage {
            lm_response: if timestamp.is_some() { vec![0; 24] } else { response.lm },
            ntlm_response: response.nt,
            domain_name: user.domain.clone(),
            user_name: user.name.clone(),
            workstation_name: String::new(),
            session_key,
            flags: challenge.flags & self.offered,
            os_version: VERSION,
        });
        let mut message = written(message.to_bytes())?;
        make_room_for_mic(&mut message);
        if timestamp.is_some() {
            let mic = mic(&*exported_session_key, [&self.negotiate, raw, &message]);
            message.splice(MIC_AT..MIC_AT + MIC_LENGTH, mic);
        }
        Ok(Authenticate { message, session: seals.then(|| NtlmSession::client(&exported_session_key)) })
    }
}

fn read_challenge(raw: &[u8]) -> Result<ChallengeMessage, AuthError> {
    let challenge = match Message::try_from(raw) {
        Ok(Message::Challenge(challenge)) => challenge,
        Ok(other) => {
            let number = other.message_number();
            return Err(AuthError::Token(format!("expected an NTLM message of type 2, got type {number}")));
        }
        // Its text may hold all of the message.
        Err(error) => return Err(AuthError::Token(error.to_string().chars().take(160).collect())),
    };
    require(challenge.flags, &REQUIRED)?;
    Ok(challenge)
}

fn require(granted: Flags, needed: &[(Flags, &'static str)]) -> Result<(), AuthError> {
    match needed.iter().find(|(flag, _)| !granted.contains(*flag)) {
        Some((_, name)) => Err(AuthError::Downgrade(name)),
        None => Ok(()),
    }
}

fn written(message: Result<Vec<u8>, ntlmclient::StoringError>) -> Result<Vec<u8>, AuthError> {
    message.map_err(|error| AuthError::Write(error.to_string()))
}

/// ntlmclient knows no MIC: opens the field behind the version, and moves what the six buffers point to.
fn make_room_for_mic(message: &mut Vec<u8>) {
    message.splice(MIC_AT..MIC_AT, [0; MIC_LENGTH]);
    for buffer in 0..6 {
        let offset = message.get_mut(16 + 8 * buffer..).and_then(<[u8]>::first_chunk_mut);
        if let Some(offset) = offset {
            // The payload is that of four names and keys: far from overflowing.
            *offset = u32::from_le_bytes(*offset).saturating_add(16).to_le_bytes();
        }
    }
}

/// What the client offers. Sealing comes on top where it is needed: over TLS it has no use.
const OFFERED: Flags = Flags::NEGOTIATE_UNICODE
    .union(Flags::REQUEST_TARGET)
    .union(Flags::NEGOTIATE_SIGN)
    .union(Flags::NEGOTIATE_NTLM)
    .union(Flags::NEGOTIATE_ALWAYS_SIGN)
    .union(Flags::NEGOTIATE_NTLM2_KEY)
    .union(Flags::NEGOTIATE_TARGET_INFO)
    .union(Flags::NEGOTIATE_VERSION)
    .union(Flags::NEGOTIATE_128BIT)
    .union(Flags::NEGOTIATE_KEY_EXCHANGE)
    .union(Flags::NEGOTIATE_56BIT);

/// What a server has to grant: without it the login would be weaker than NTLMv2 as Windows does it.
const REQUIRED: [(Flags, &str); 4] = [
    (Flags::NEGOTIATE_UNICODE, "Unicode"),
    (Flags::NEGOTIATE_NTLM2_KEY, "extended session security"),
    (Flags::NEGOTIATE_TARGET_INFO, "target information (NTLMv2)"),
    (Flags::NEGOTIATE_128BIT, "128-bit keys"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Secret, sealing::SecurityContext as _};
    use ntlmclient::TargetInfoType;
    use proptest::prelude::*;

    /// Smallest thing that reads as a certificate.
    const CERTIFICATE: &[u8] = &[
        0x30, 0x15, 0x30, 0x0c, 2, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0x03, 6, 1, 0x2a, 3,
        0,
    ];

    fn client() -> NtlmClient {
        let credentials = Credentials::new(r"Domain\User", Secret::new("Password".into())).unwrap();
        NtlmClient::new(&credentials).unwrap()
    }

    fn binding() -> Binding {
        Binding { target_name: "HTTP/hv1".into(), certificate: Some(CERTIFICATE.to_vec()) }
    }

    fn fresh() -> Fresh {
        let exported_session_key = Zeroizing::new([0x55; 16]);
        Fresh { time: [1; 8], client_challenge: [0xaa; 8], exported_session_key }
    }

    fn answer(challenge: &[u8]) -> Result<Vec<u8>, AuthError> {
        let answer = client().answer(challenge, &binding(), fresh())?;
        assert!(answer.session.is_none());
        Ok(answer.message)
    }

    /// A `CHALLENGE_MESSAGE` as of 4.2.4.3, with these flags and AV pairs.
    fn challenge(flags: Flags, pairs: &[u8]) -> Vec<u8> {
        let name = b"S\0e\0r\0v\0e\0r\0";
        let mut message = b"NTLMSSP\0\x02\0\0\0\x0c\0\x0c\0\x38\0\0\0".to_vec();
        message.extend(flags.bits().to_le_bytes());
        message.extend([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
        message.extend([0; 8]);
        let length = u16::try_from(pairs.len()).unwrap().to_le_bytes();
        message.extend([length, length].concat());
        message.extend([0x44, 0, 0, 0, 6, 0, 0x70, 0x17, 0, 0, 0, 0x0f]);
        message.extend(name);
        message.extend(pairs);
        message
    }

    fn with_time() -> Vec<u8> {
        challenge(OFFERED, b"\x02\0\x02\0D\0\x07\0\x08\0TIMETIME\0\0\0\0")
    }

    fn parsed(message: &[u8]) -> AuthenticateMessage {
        match Message::try_from(message).unwrap() {
            Message::Authenticate(message) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn negotiate_has_the_version_that_gss_ntlmssp_insists_on() {
        assert_eq!(client().negotiate().len(), 40);
    }

    #[test]
    fn with_a_server_time_there_are_a_mic_and_no_lm_response() {
        let challenge = with_time();
        let mut message = answer(&challenge).unwrap();
        let sent = parsed(&message);
        assert_eq!(sent.lm_response, [0; 24]);
        assert_eq!((sent.domain_name.as_str(), sent.user_name.as_str()), ("Domain", "User"));
        assert_eq!(&sent.ntlm_response[24..32], b"TIMETIME");

        let found = message.splice(MIC_AT..MIC_AT + MIC_LENGTH, [0; 16]).collect::<Vec<_>>();
        assert_eq!(found, mic(&[0x55; 16], [client().negotiate(), &challenge, &message]));
    }

    #[test]
    fn without_a_server_time_there_are_an_lm_response_and_no_mic() {
        let message = answer(&challenge(OFFERED, b"\x02\0\x02\0D\0\0\0\0\0")).unwrap();
        assert_eq!(&parsed(&message).lm_response[16..], [0xaa; 8]);
        assert_eq!(message[MIC_AT..MIC_AT + MIC_LENGTH], [0; 16]);
        assert_eq!(&parsed(&message).ntlm_response[24..32], [1; 8]);
    }

    #[test]
    fn the_response_names_the_target_and_the_certificate() {
        let sent = parsed(&answer(&with_time()).unwrap());
        let pairs = &sent.ntlm_response[44..];
        let (mut rest, mut found) = (pairs, Vec::new());
        while let Ok((entry, after)) = ntlmclient::TargetInfoEntry::try_from_bytes(rest) {
            found.push(entry);
            rest = after;
        }
        let data = |wanted| found.iter().find(|pair| pair.entry_type == wanted).unwrap().data.clone();
        assert_eq!(data(TargetInfoType::TargetName), b"H\0T\0T\0P\0/\0h\0v\x001\0");
        assert_eq!(data(TargetInfoType::Flags), [2, 0, 0, 0]);
        let hash = channel_binding(&server_end_point(CERTIFICATE).unwrap());
        assert_eq!(data(TargetInfoType::ChannelBindings), hash);
    }

    #[test]
    fn the_session_key_travels_encrypted_or_not_at_all() {
        let sent = parsed(&answer(&with_time()).unwrap());
        assert_eq!(sent.session_key.len(), 16);
        assert_ne!(sent.session_key, [0x55; 16]);
        let without = challenge(OFFERED - Flags::NEGOTIATE_KEY_EXCHANGE, b"\x07\0\x08\0TIMETIME\0\0\0\0");
        assert!(parsed(&answer(&without).unwrap()).session_key.is_empty());
    }

    #[test]
    fn servers_that_offer_less_are_refused() {
        for (flag, name) in REQUIRED {
            // Without Unicode a message needs the OEM flag to read at all.
            let flags = (OFFERED | Flags::NEGOTIATE_OEM) - flag;
            assert_eq!(answer(&challenge(flags, &[0; 4])), Err(AuthError::Downgrade(name)));
        }
    }

    #[test]
    fn a_login_for_sealing_asks_for_it_and_takes_no_less_than_it_needs() {
        let credentials = Credentials::new(r"Domain\User", Secret::new("Password".into())).unwrap();
        let client = NtlmClient::sealing(&credentials).unwrap();
        let binding = Binding { target_name: "HTTP/hv1".into(), certificate: None };
        let granted = OFFERED | Flags::NEGOTIATE_SEAL;
        assert_eq!(client.negotiate()[12..16], granted.bits().to_le_bytes());
        let answer =
            |flags| client.answer(&challenge(flags, b"\x07\0\x08\0TIMETIME\0\0\0\0"), &binding, fresh());
        for (flag, name) in session::NEEDED {
            assert_eq!(answer(granted - flag).unwrap_err(), AuthError::Downgrade(name));
        }
        let answer = answer(granted).unwrap();
        assert_eq!(parsed(&answer.message).flags, granted);
        // Without TLS there is nothing to be bound to.
        assert!(!answer.message.windows(4).any(|pair| pair == [0x0a, 0, 0x10, 0]));
        // `RandomSessionKey` of 4.2.1 gives the sealed message of 4.2.4.4.
        let sealed = answer.session.unwrap().seal(b"P\0l\0a\0i\0n\0t\0e\0x\0t\0").unwrap();
        assert_eq!(sealed.data[..4], [0x54, 0xe5, 0x01, 0x65]);
    }

    #[test]
    fn other_messages_are_refused() {
        insta::assert_snapshot!(
            answer(client().negotiate()).unwrap_err(),
            @"the peer's token cannot be read: insufficient minimum length for an internal item (expected at least 32, obtained 28)"
        );
        assert!(matches!(answer(b"NTLMSSP\0\x09\0\0\0"), Err(AuthError::Token(_))));
        assert!(matches!(answer(b""), Err(AuthError::Token(_))));
    }

    #[test]
    fn target_information_that_leaves_no_room_for_an_answer_is_refused() {
        let filler = vec![b' '; 0xfff0];
        let pairs =
            [b"\x05\0", &u16::try_from(filler.len()).unwrap().to_le_bytes()[..], &filler, &[0; 4]].concat();
        assert!(matches!(answer(&challenge(OFFERED, &pairs)), Err(AuthError::Token(_))));
    }

    proptest! {
        #[test]
        fn no_challenge_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = answer(&bytes);
        }

        #[test]
        fn no_message_of_any_type_panics(number in 0_u32..5, rest in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = answer(&[&b"NTLMSSP\0"[..], &number.to_le_bytes(), &rest].concat());
        }

        /// Lengths and offsets that nearly fit are the ones that a careless reader follows.
        #[test]
        fn no_lengths_or_offsets_panic(
            numbers in proptest::collection::vec(prop_oneof![0_u32..160, any::<u32>()], 11),
            at in proptest::sample::subsequence((0..11_usize).collect::<Vec<_>>(), 0..5),
        ) {
            let mut message = with_time();
            for index in at {
                let place = 12 + 4 * index;
                if let Some(place) = message.get_mut(place..place + 4) {
                    place.copy_from_slice(&numbers[index].to_le_bytes());
                }
            }
            let _ = answer(&message);
        }

        #[test]
        fn no_damaged_challenge_panics(at in 12_usize..88, byte: u8, cut in 0_usize..100) {
            let mut message = with_time();
            if let Some(place) = message.get_mut(at) {
                *place = byte;
            }
            message.truncate(cut);
            let _ = answer(&message);
        }
    }
}
