//! What a SPNEGO token of our side offers (RFC 4178 4.2.1).

use super::oid::SPNEGO;
use crate::auth::certificate::Der;

// Tags. `[APPLICATION 0]` is the frame of RFC 2743 3.1, `[0]` both the choice of a NegTokenInit and
// its field `mechTypes`.
const FRAME: u8 = 0x60;
const FIRST: u8 = 0xa0;
const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// The mechanisms that a first token offers. `None` when it does not read.
pub(in crate::auth) fn offered(token: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut frame = open(&mut Der(token), FRAME)?;
    if open(&mut frame, OBJECT_IDENTIFIER)?.0 != SPNEGO.bytes() {
        return None;
    }
    let mut init = open(&mut open(&mut frame, FIRST)?, SEQUENCE)?;
    let mut types = open(&mut open(&mut init, FIRST)?, SEQUENCE)?;
    let mut offered = Vec::new();
    while types.peek().is_some() {
        offered.push(open(&mut types, OBJECT_IDENTIFIER)?.0.to_vec());
    }
    Some(offered)
}

fn open<'a>(der: &mut Der<'a>, tag: u8) -> Option<Der<'a>> {
    der.expect(tag, "SPNEGO").ok()
}

#[cfg(test)]
mod tests {
    use super::{super::oid::KERBEROS, *};
    use proptest::prelude::*;

    const NTLM: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";

    fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn token(mechanisms: &[&[u8]]) -> Vec<u8> {
        let types: Vec<u8> =
            mechanisms.iter().flat_map(|mechanism| tagged(OBJECT_IDENTIFIER, mechanism)).collect();
        let types = tagged(FIRST, &tagged(SEQUENCE, &types));
        let init = tagged(FIRST, &tagged(SEQUENCE, &[types, tagged(0xa2, &tagged(4, b"token"))].concat()));
        tagged(FRAME, &[tagged(OBJECT_IDENTIFIER, SPNEGO.bytes()), init].concat())
    }

    #[test]
    fn offers_are_listed_in_order() {
        let list = offered(&token(&[KERBEROS.bytes(), NTLM])).unwrap();
        assert_eq!(list, [KERBEROS.bytes(), NTLM]);
        assert_eq!(offered(&token(&[])).unwrap(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn other_tokens_offer_nothing() {
        let raw_kerberos = tagged(FRAME, &tagged(OBJECT_IDENTIFIER, KERBEROS.bytes()));
        for token in [&raw_kerberos[..], b"", b"NTLMSSP\0\x01\0\0\0"] {
            assert_eq!(offered(token), None);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), cut in 0_usize..64) {
            let _ = offered(&bytes);
            let whole = token(&[KERBEROS.bytes(), NTLM]);
            if let Some(part) = whole.get(..cut).filter(|part| part.len() < whole.len()) {
                prop_assert!(offered(part).is_none());
            }
        }
    }
}
