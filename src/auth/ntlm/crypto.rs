//! Keys, response and MIC of NTLMv2 (MS-NLMP 3.3.2, 3.4.5), without clock or chance.

use crate::auth::{Secret, UserName};
use hmac::{Hmac, Mac as _};
use md5::Md5;
use rc4::{KeyInit as _, Rc4, StreamCipher as _};
use zeroize::Zeroizing;

/// The key of a user, `NTOWFv2`: as good as the password.
pub(in crate::auth) struct NtlmKey(Zeroizing<[u8; 16]>);

/// An NTLMv2 response with the key that comes of it.
#[cfg(any(feature = "http", test))]
pub(super) struct Response {
    /// `NTProofStr || temp`.
    pub(super) nt: Vec<u8>,
    /// `LMv2`.
    pub(super) lm: Vec<u8>,
    /// `SessionBaseKey`, which is also the key exchange key.
    pub(super) session_base_key: Zeroizing<[u8; 16]>,
}

impl NtlmKey {
    /// `user.domain` is taken as it goes on the wire; only the name is folded to upper case.
    pub(in crate::auth) fn new(user: &UserName, password: &Secret) -> Self {
        let ntowf_v1 = Zeroizing::new(ntlmclient::ntlm_v1_password_func(password.expose()));
        let identity = [upper_case(&user.name), user.domain.clone()].concat();
        Self(Zeroizing::new(hmac_md5(&*ntowf_v1, &[&utf16(&identity)])))
    }

    /// `NTLMv2_CLIENT_CHALLENGE` (2.2.2.7) and the responses made of it.
    #[cfg(any(feature = "http", test))]
    pub(super) fn respond(
        &self,
        server_challenge: [u8; 8],
        client_challenge: [u8; 8],
        time: [u8; 8],
        target_info: &[u8],
    ) -> Response {
        let temp =
            [&[1, 1, 0, 0, 0, 0, 0, 0], &time[..], &client_challenge, &[0; 4], target_info, &[0; 4]].concat();
        let proof = self.proof(server_challenge, &temp);
        let lm = hmac_md5(&*self.0, &[&server_challenge, &client_challenge]);
        Response {
            nt: [&proof[..], &temp].concat(),
            lm: [&lm[..], &client_challenge].concat(),
            session_base_key: self.session_base_key(&proof),
        }
    }

    /// Whether `proof` is the one for `temp`; takes the same time for every wrong one.
    #[cfg(feature = "sim")]
    pub(in crate::auth) fn proves(&self, server_challenge: [u8; 8], temp: &[u8], proof: &[u8]) -> bool {
        use subtle::ConstantTimeEq as _;
        self.proof(server_challenge, temp).ct_eq(proof).into()
    }

    pub(in crate::auth) fn session_base_key(&self, proof: &[u8]) -> Zeroizing<[u8; 16]> {
        Zeroizing::new(hmac_md5(&*self.0, &[proof]))
    }

    fn proof(&self, server_challenge: [u8; 8], temp: &[u8]) -> [u8; 16] {
        hmac_md5(&*self.0, &[&server_challenge, temp])
    }
}

/// MIC over the three messages of a login, the last with a MIC of zeros.
pub(in crate::auth) fn mic(exported_session_key: &[u8], messages: [&[u8]; 3]) -> [u8; 16] {
    hmac_md5(exported_session_key, &messages)
}

/// RC4 with a key used once: the encrypted session key of the key exchange.
pub(in crate::auth) fn rc4(key: &[u8; 16], text: [u8; 16]) -> [u8; 16] {
    let mut text = text;
    Rc4::new(key.into()).apply_keystream(&mut text);
    text
}

/// UTF-16, little end first.
pub(in crate::auth) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

pub(super) fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut hmac = <Hmac<Md5> as hmac::Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

/// Upper case as Windows folds names (`RtlUpcaseUnicodeString`): one UTF-16 unit to one, so that a
/// letter whose capital is longer (`ß`) or outside the basic plane stays as it is.
fn upper_case(name: &str) -> String {
    name.chars()
        .map(|c| {
            let mut capitals = c.to_uppercase();
            match (capitals.next(), capitals.next()) {
                (Some(capital), None) if c.len_utf16() == 1 && capital.len_utf16() == 1 => capital,
                _ => c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The common values of MS-NLMP 4.2.1, with the target information of 4.2.4.
    mod given {
        pub(super) const SERVER_CHALLENGE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
        pub(super) const CLIENT_CHALLENGE: [u8; 8] = [0xaa; 8];
        pub(super) const TIME: [u8; 8] = [0; 8];
        pub(super) const RANDOM_SESSION_KEY: [u8; 16] = [0x55; 16];
        pub(super) const TARGET_INFO: &[u8] =
            b"\x02\0\x0c\0D\0o\0m\0a\0i\0n\0\x01\0\x0c\0S\0e\0r\0v\0e\0r\0\0\0\0\0";
    }

    fn hex(bytes: &[u8]) -> String {
        format!("{:032x}", u128::from_be_bytes(bytes.try_into().unwrap()))
    }

    fn key() -> NtlmKey {
        let user = UserName { domain: "Domain".into(), name: "User".into() };
        NtlmKey::new(&user, &Secret::new("Password".into()))
    }

    fn response() -> Response {
        key().respond(given::SERVER_CHALLENGE, given::CLIENT_CHALLENGE, given::TIME, given::TARGET_INFO)
    }

    /// 4.2.4.1.1, on the `NTOWFv1` of 4.2.2.1.2.
    #[test]
    fn ntowf_v2_is_that_of_the_specification() {
        assert_eq!(hex(&ntlmclient::ntlm_v1_password_func("Password")), "a4f49c406510bdcab6824ee7c30fd852");
        assert_eq!(hex(&*key().0), "0c868a403bfd7a93a3001ef22ef02e3f");
    }

    /// 4.2.4.1.2, 4.2.4.2.1, 4.2.4.2.2.
    #[test]
    fn responses_and_session_base_key_are_those_of_the_specification() {
        let response = response();
        assert_eq!(hex(&response.nt[..16]), "68cd0ab851e51c96aabc927bebef6a1c");
        assert_eq!(hex(&response.lm[..16]), "86c35097ac9cec102554764a57cccc19");
        assert_eq!(response.lm[16..], given::CLIENT_CHALLENGE);
        assert_eq!(hex(&*response.session_base_key), "8de40ccadbc14a82f15cb0ad0de95ca3");
    }

    /// 4.2.4.2.3.
    #[test]
    fn encrypted_session_key_is_that_of_the_specification() {
        let encrypted = rc4(&response().session_base_key, given::RANDOM_SESSION_KEY);
        assert_eq!(hex(&encrypted), "c5dad2544fc9799094ce1ce90bc9d03e");
    }

    /// The response of the crate whose password hash we use, computed again from what it chose.
    #[test]
    fn an_independent_implementation_agrees() {
        let credentials = ntlmclient::Credentials {
            username: "uSer".into(),
            password: "Pässwörd".into(),
            domain: "Domain".into(),
        };
        let theirs =
            ntlmclient::respond_challenge_ntlm_v2([7; 8], given::TARGET_INFO, 0x0102_0304, &credentials);
        let client_challenge = theirs.lm_response[16..24].try_into().unwrap();
        let user = UserName { domain: "Domain".into(), name: "uSer".into() };
        let ours = NtlmKey::new(&user, &Secret::new("Pässwörd".into())).respond(
            [7; 8],
            client_challenge,
            0x0102_0304_i64.to_le_bytes(),
            given::TARGET_INFO,
        );
        assert_eq!(ours.nt, theirs.ntlm_response);
        assert_eq!(ours.lm, theirs.lm_response);
        assert_eq!(ours.session_base_key.as_slice(), theirs.session_key);
    }

    #[test]
    fn names_are_folded_letter_by_letter() {
        assert_eq!(upper_case("jörg.weiß-ÿ@corp"), "JÖRG.WEIß-Ÿ@CORP");
        assert_eq!(upper_case("𐐨"), "𐐨");
    }
}
