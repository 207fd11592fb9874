//! Sealed texts in both directions, and what must not be taken for one.

use super::*;

fn texts() -> [Vec<u8>; 4] {
    [
        b"x".to_vec(),
        b"<s:Envelope/>".to_vec(),
        vec![b'a'; 4096],
        (0..=u8::MAX).cycle().take(1 << 20).collect(),
    ]
}

#[test]
fn texts_are_sealed_and_opened_in_both_directions() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, who) in [(Mechanism::Kerberos, "kerberos"), (Mechanism::Spnego, "negotiate")] {
        let mut acceptor = rig.acceptor(who, None);
        let mut client = log_in(&credential(MIT, &OWN, mechanism), sealing(), &mut acceptor);
        for plain in texts() {
            let sealed = client.seal(&plain).unwrap();
            // AES: token header, confounder, the header once more, checksum; nothing is padded.
            assert_eq!((sealed.header.len(), sealed.data.len(), sealed.padding.len()), (60, plain.len(), 0));
            assert_ne!(sealed.data, plain);
            assert_eq!(acceptor.unseal(&sealed.header, &sealed.data).as_ref(), Some(&plain));
            let (header, data) = acceptor.seal(&plain);
            assert_eq!(client.unseal(&header, &data).unwrap(), plain);
        }
    }
}

#[test]
fn tokens_in_one_piece_open_wherever_the_server_cuts_them() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, who) in PAIRS {
        let mut acceptor = rig.acceptor(who, None);
        let mut client = log_in(&credential(MIT, &OWN, mechanism), sealing(), &mut acceptor);
        for cut in [16, 60] {
            // Not rotated: the checksum is at the end.
            let token = acceptor.whole("wrap", b"a text that is long enough to be cut");
            assert_eq!(token[6..8], [0, 0], "RFC 4121: RRC");
            let (header, data) = token.split_at(cut);
            assert_eq!(client.unseal(header, data).unwrap(), b"a text that is long enough to be cut");
        }
        // And rotated ones after them: nothing was counted twice.
        let sealed = client.seal(b"back").unwrap();
        assert_eq!(acceptor.unseal(&sealed.header, &sealed.data).unwrap(), b"back");
    }
}

#[test]
fn forged_texts_are_refused() {
    let Some(rig) = Rig::find() else { return };
    let mut acceptor = rig.acceptor("negotiate", None);
    let mut client = log_in(&credential(MIT, &OWN, Mechanism::Spnego), sealing(), &mut acceptor);
    let (header, data) = acceptor.seal(b"the truth, and nothing but the truth");
    let flipped = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        bytes
    };
    for (header, data) in [
        (header.clone(), flipped(&data, 0)),
        (header.clone(), flipped(&data, data.len() - 1)),
        (flipped(&header, 59), data.clone()),
        (flipped(&header, 2), data.clone()),
        (flipped(&header, 15), data.clone()),
        (header.clone(), data[..data.len() - 1].to_vec()),
        (header[..59].to_vec(), data.clone()),
        (Vec::new(), data.clone()),
        (header.clone(), Vec::new()),
        (Vec::new(), Vec::new()),
        (b"\x05\x04".to_vec(), Vec::new()),
    ] {
        let error = client.unseal(&header, &data).unwrap_err();
        assert_eq!(error.kind(), KerberosErrorKind::Token, "{error}");
    }
    // None of them was counted.
    assert_eq!(client.unseal(&header, &data).unwrap(), b"the truth, and nothing but the truth");
}

#[test]
fn repeated_and_reordered_texts_are_refused() {
    let Some(rig) = Rig::find() else { return };
    let mut acceptor = rig.acceptor("kerberos", None);
    let mut client = log_in(&credential(MIT, &OWN, Mechanism::Kerberos), sealing(), &mut acceptor);
    let (header, data) = acceptor.seal(b"once");
    client.unseal(&header, &data).unwrap();
    let error = client.unseal(&header, &data).unwrap_err();
    insta::assert_snapshot!(error, @"failed to exchange sealed messages with `HTTP/localhost`: it is a repeated one, or not the next one");
    let _skipped = acceptor.seal(b"lost");
    let (header, data) = acceptor.seal(b"third");
    assert_eq!(client.unseal(&header, &data).unwrap_err().kind(), KerberosErrorKind::Token);
}

#[test]
fn a_text_that_is_only_signed_is_refused() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, who) in PAIRS {
        let mut acceptor = rig.acceptor(who, None);
        let mut client = log_in(&credential(MIT, &OWN, mechanism), sealing(), &mut acceptor);
        let token = acceptor.whole("sign", b"for all to read");
        let error = client.unseal(&token[..16], &token[16..]).unwrap_err();
        assert_eq!(error.kind(), KerberosErrorKind::Token);
        assert!(error.to_string().ends_with("`HTTP/localhost`: it is signed, but not encrypted"), "{error}");
    }
}

#[test]
fn nothing_is_sealed_before_the_login_stands_or_without_being_asked_for() {
    let Some(rig) = Rig::find() else { return };
    let credential = credential(MIT, &OWN, Mechanism::Kerberos);
    let mut client = GssClient::new(&credential, &localhost(), sealing()).unwrap();
    client.step(None).unwrap();
    insta::assert_snapshot!(client.seal(b"x").unwrap_err(), @"failed to seal a message: no login for sealed messages stands");
    insta::assert_snapshot!(client.unseal(b"x", b"x").unwrap_err(), @"failed to open a message: no login for sealed messages stands");
    let mut client = log_in(&credential, GssOptions::default(), &mut rig.acceptor("kerberos", None));
    assert!(client.seal(b"x").is_err());
}
