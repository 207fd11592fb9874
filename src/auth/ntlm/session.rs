//! Sealing with NTLM (MS-NLMP 3.4.3, 3.4.4, 3.4.5.3), as extended session security, 128-bit keys and key
//! exchange make it: one RC4 stream and one counter for each direction, for the life of a connection.

use super::crypto::hmac_md5;
use crate::auth::{
    AuthError,
    sealing::{Sealed, SecurityContext},
};
use md5::{Digest as _, Md5};
use ntlmclient::Flags;
use rc4::{KeyInit as _, Rc4, StreamCipher as _, consts::U16};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// `NTLMSSP_MESSAGE_SIGNATURE` (2.2.2.9.2): version, checksum, sequence number.
const SIGNATURE_LENGTH: usize = 16;
const SIGNATURE_VERSION: [u8; 4] = [1, 0, 0, 0];

/// What has to be granted for a session to be this one: anything less is weaker.
pub(in crate::auth) const NEEDED: [(Flags, &str); 4] = [
    (Flags::NEGOTIATE_SEAL, "sealing"),
    (Flags::NEGOTIATE_KEY_EXCHANGE, "key exchange"),
    (Flags::NEGOTIATE_NTLM2_KEY, "extended session security"),
    (Flags::NEGOTIATE_128BIT, "128-bit keys"),
];

/// The security context of one connection.
pub(crate) struct NtlmSession {
    outgoing: Direction,
    incoming: Direction,
}

impl NtlmSession {
    /// The client's end.
    #[cfg(any(feature = "http", test))]
    pub(in crate::auth) fn client(exported_session_key: &[u8; 16]) -> Self {
        Self {
            outgoing: Direction::new(exported_session_key, "client-to-server"),
            incoming: Direction::new(exported_session_key, "server-to-client"),
        }
    }

    /// The server's end.
    #[cfg(any(feature = "sim", test))]
    pub(in crate::auth) fn server(exported_session_key: &[u8; 16]) -> Self {
        Self {
            outgoing: Direction::new(exported_session_key, "server-to-client"),
            incoming: Direction::new(exported_session_key, "client-to-server"),
        }
    }
}

impl SecurityContext for NtlmSession {
    fn seal(&mut self, plain: &[u8]) -> Result<Sealed, AuthError> {
        let mut data = plain.to_vec();
        let sequence = self.outgoing.next()?;
        let checksum = self.outgoing.checksum(sequence, plain);
        self.outgoing.stream.apply_keystream(&mut data);
        let header = self.outgoing.signature(sequence, checksum);
        Ok(Sealed { header, data, padding: 0 })
    }

    fn unseal(&mut self, header: &[u8], data: &[u8]) -> Result<Vec<u8>, AuthError> {
        if header.len() != SIGNATURE_LENGTH {
            return Err(AuthError::Sealing(format!(
                "expected a signature of {SIGNATURE_LENGTH} bytes, got {}",
                header.len()
            )));
        }
        let mut plain = data.to_vec();
        let sequence = self.incoming.next()?;
        self.incoming.stream.apply_keystream(&mut plain);
        let checksum = self.incoming.checksum(sequence, &plain);
        let expected = self.incoming.signature(sequence, checksum);
        if bool::from(expected.ct_eq(header)) {
            Ok(plain)
        } else {
            Err(AuthError::Sealing(
                "the signature is wrong: the message was changed, or is not the next one of its login"
                    .to_owned(),
            ))
        }
    }
}

impl fmt::Debug for NtlmSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NtlmSession")
            .field("sent", &self.outgoing.sequence)
            .field("received", &self.incoming.sequence)
            .finish_non_exhaustive()
    }
}

/// Keys and state of the messages that go one way.
struct Direction {
    signing_key: Zeroizing<[u8; 16]>,
    stream: Rc4<U16>,
    /// Of the next message.
    sequence: u32,
}

impl Direction {
    fn new(exported_session_key: &[u8; 16], way: &str) -> Self {
        let sealing_key = derived(exported_session_key, way, "sealing");
        Self {
            signing_key: derived(exported_session_key, way, "signing"),
            stream: Rc4::new((&*sealing_key).into()),
            sequence: 0,
        }
    }

    /// The number of this message. They do not begin anew: a number twice would let a message come twice.
    fn next(&mut self) -> Result<u32, AuthError> {
        let sequence = self.sequence;
        self.sequence = sequence
            .checked_add(1)
            .ok_or_else(|| AuthError::Sealing("the connection has carried too many messages".to_owned()))?;
        Ok(sequence)
    }

    fn checksum(&self, sequence: u32, plain: &[u8]) -> Vec<u8> {
        let hash = hmac_md5(&*self.signing_key, &[&sequence.to_le_bytes(), plain]);
        hash.into_iter().take(8).collect()
    }

    /// The stream goes over the message first, then over its checksum.
    fn signature(&mut self, sequence: u32, mut checksum: Vec<u8>) -> Vec<u8> {
        self.stream.apply_keystream(&mut checksum);
        [&SIGNATURE_VERSION[..], &checksum, &sequence.to_le_bytes()].concat()
    }
}

/// SIGNKEY and SEALKEY (3.4.5.2, 3.4.5.3).
fn derived(exported_session_key: &[u8; 16], way: &str, purpose: &str) -> Zeroizing<[u8; 16]> {
    let constant = format!("session key to {way} {purpose} key magic constant\0");
    Zeroizing::new(Md5::new().chain_update(exported_session_key).chain_update(constant).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `RandomSessionKey` of MS-NLMP 4.2.1.
    const KEY: [u8; 16] = [0x55; 16];

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// 4.2.4.4.
    #[test]
    fn keys_are_those_of_the_specification() {
        assert_eq!(hex(&*derived(&KEY, "client-to-server", "signing")), "4788dc861b4782f35d43fd98fe1a2d39");
        assert_eq!(hex(&*derived(&KEY, "client-to-server", "sealing")), "59f600973cc4960a25480a7c196e4c58");
    }

    /// 4.2.4.4.
    #[test]
    fn the_sealed_message_is_that_of_the_specification() {
        let plain: Vec<u8> = "Plaintext".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let sealed = NtlmSession::client(&KEY).seal(&plain).unwrap();
        assert_eq!(hex(&sealed.data), "54e50165bf1936dc996020c1811b0f06fb5f");
        assert_eq!(hex(&sealed.header), "010000007fb38ec5c55d497600000000");
        assert_eq!(sealed.padding, 0);
        let opened = NtlmSession::server(&KEY).unseal(&sealed.header, &sealed.data);
        assert_eq!(opened, Ok(plain));
    }

    #[test]
    fn a_connection_carries_many_messages_both_ways() {
        let (mut client, mut server) = (NtlmSession::client(&KEY), NtlmSession::server(&KEY));
        for text in ["one", "", "three"].map(str::as_bytes) {
            let sent = client.seal(text).unwrap();
            assert_eq!(server.unseal(&sent.header, &sent.data), Ok(text.to_vec()));
            let back = server.seal(text).unwrap();
            assert_ne!(back, sent);
            assert_eq!(client.unseal(&back.header, &back.data), Ok(text.to_vec()));
        }
        assert_eq!(format!("{client:?}"), "NtlmSession { sent: 3, received: 3, .. }");
    }

    #[test]
    fn a_message_is_believed_once_in_its_order_and_from_the_other_side() {
        let mut client = NtlmSession::client(&KEY);
        let (first, second) = (client.seal(b"first").unwrap(), client.seal(b"second").unwrap());
        let refused = |session: &mut NtlmSession, sealed: &Sealed| {
            matches!(session.unseal(&sealed.header, &sealed.data), Err(AuthError::Sealing(_)))
        };
        let mut server = NtlmSession::server(&KEY);
        assert!(server.unseal(&first.header, &first.data).is_ok());
        assert!(refused(&mut server, &first), "twice");
        assert!(refused(&mut NtlmSession::server(&KEY), &second), "before its time");
        assert!(refused(&mut NtlmSession::client(&KEY), &first), "back to who sent it");
        assert!(refused(&mut NtlmSession::server(&[0; 16]), &first), "by another key");
    }

    #[test]
    fn signatures_of_other_lengths_are_refused() {
        let sealed = NtlmSession::client(&KEY).seal(b"text").unwrap();
        let error = NtlmSession::server(&KEY).unseal(&sealed.header[..15], &sealed.data).unwrap_err();
        insta::assert_snapshot!(error, @"expected a signature of 16 bytes, got 15");
    }

    #[test]
    fn the_numbers_of_messages_do_not_begin_anew() {
        let mut client = NtlmSession::client(&KEY);
        client.outgoing.sequence = u32::MAX;
        assert!(matches!(client.seal(b""), Err(AuthError::Sealing(_))));
    }

    proptest! {
        #[test]
        fn no_changed_message_is_believed(plain: Vec<u8>, at: prop::sample::Index, flip in 1_u8..) {
            let sealed = NtlmSession::client(&KEY).seal(&plain).unwrap();
            let mut bytes = [sealed.header, sealed.data].concat();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let (header, data) = bytes.split_at(SIGNATURE_LENGTH);
            prop_assert!(NtlmSession::server(&KEY).unseal(header, data).is_err());
        }
    }
}
