//! The same with Heimdal as the client's library.

use super::*;

#[test]
fn heimdal_logs_in_and_seals() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, who) in PAIRS {
        let mut acceptor = rig.acceptor(who, None);
        let mut client = log_in(&credential(HEIMDAL, &OWN, mechanism), sealing(), &mut acceptor);
        let user = &client.established().unwrap().user;
        assert_eq!(user, &acceptor.peer.as_ref().unwrap().user, "{who}");
        assert!(!acceptor.peer.as_ref().unwrap().delegated);
        let sealed = client.seal(b"by Heimdal").unwrap();
        let data = [sealed.data, sealed.padding].concat();
        assert_eq!(acceptor.unseal(&sealed.header, &data).unwrap(), b"by Heimdal", "{who}");
        let token = acceptor.whole("wrap", b"by MIT");
        assert_eq!(client.unseal(&token[..16], &token[16..]).unwrap(), b"by MIT", "{who}");
        let token = acceptor.whole("sign", b"for all to read");
        assert!(client.unseal(&token[..16], &token[16..]).is_err(), "{who}");
    }
}

#[test]
fn heimdal_opens_what_is_rotated() {
    let Some(rig) = Rig::find() else { return };
    for (mechanism, who) in [(Mechanism::Kerberos, "kerberos"), (Mechanism::Spnego, "negotiate")] {
        let mut acceptor = rig.acceptor(who, None);
        let mut client = log_in(&credential(HEIMDAL, &OWN, mechanism), sealing(), &mut acceptor);
        for length in [1, 100, 100_000] {
            let plain = vec![b'a'; length];
            let (header, data) = acceptor.seal(&plain);
            assert_eq!(header.len(), 60);
            assert_eq!(client.unseal(&header, &data).unwrap(), plain);
        }
        let (header, mut data) = acceptor.seal(b"the truth");
        data[0] ^= 1;
        assert!(client.unseal(&header, &data).is_err());
    }
}

#[test]
fn heimdal_binds_to_the_channel() {
    let Some(rig) = Rig::find() else { return };
    let binding = b"tls-server-end-point:0123456789abcdef0123456789abcdef";
    for (mechanism, who) in PAIRS {
        let options = GssOptions { binding: Some(binding.to_vec()), ..sealing() };
        let credential = credential(HEIMDAL, &OWN, mechanism);
        let mut acceptor = rig.acceptor(who, Some(binding));
        log_in(&credential, options.clone(), &mut acceptor);
        assert!(acceptor.peer.unwrap().bound, "{who}");
        let mut client = GssClient::new(&credential, &localhost(), options).unwrap();
        assert!(rig.acceptor(who, Some(b"another")).log_in(&mut client).is_err(), "{who}");
    }
}

#[test]
fn heimdal_tells_an_unknown_service_too() {
    let Some(_rig) = Rig::find() else { return };
    let target = Target::new("HTTP", "nobody.test.local").unwrap();
    let failure = |mechanism| {
        let credential = credential(HEIMDAL, &OWN, mechanism);
        GssClient::new(&credential, &target, sealing()).unwrap().step(None).unwrap_err()
    };
    assert_eq!(failure(Mechanism::Kerberos).kind(), KerberosErrorKind::SpnUnknown);
    // In SPNEGO it keeps the cause for itself.
    assert_eq!(failure(Mechanism::Spnego).kind(), KerberosErrorKind::Unsupported);
}

#[test]
fn heimdal_gets_no_password() {
    let Some(rig) = Rig::find() else { return };
    let error = acquire(HEIMDAL, &password("harry@TEST.LOCAL", "wrong"), Mechanism::Kerberos).unwrap_err();
    assert_eq!(error.kind(), KerberosErrorKind::Unsupported);
    assert!(error.hint().unwrap().contains("`kinit harry@TEST.LOCAL`"));
    assert_eq!(rig.refused_attempts("harry@TEST.LOCAL"), 0);
}

/// Whatever comes first, as Apple's does on macOS.
#[test]
fn what_needs_all_takes_mits_library_and_tickets_alone_take_the_first() {
    let Some(_rig) = Rig::find() else { return };
    for (candidates, need, expected) in [
        ([HEIMDAL, MIT], Need::All, MIT),
        ([HEIMDAL, MIT], Need::Tickets, HEIMDAL),
        ([MIT, HEIMDAL], Need::All, MIT),
        (["libnone.so.1", HEIMDAL], Need::All, HEIMDAL),
    ] {
        let library = Gssapi::choose(None, &candidates, need).unwrap();
        assert_eq!(library.name(), expected, "{candidates:?} {need:?}");
        assert_eq!(library.api.is_mit(), expected == MIT, "{expected}");
        assert!(library.can_seal(), "{expected}");
    }
}

#[test]
fn what_heimdal_lacks_is_said() {
    let Some(rig) = Rig::find() else { return };
    let source = rig.keytab("frank.keytab", "frank@TEST.LOCAL");
    let error = acquire(HEIMDAL, &source, Mechanism::Kerberos).unwrap_err();
    assert_eq!(error.kind(), KerberosErrorKind::Unsupported);
    assert!(error.to_string().ends_with("the GSSAPI library has no `gss_acquire_cred_from`"), "{error}");
    assert!(error.hint().unwrap().contains("`kinit -k -t FILE PRINCIPAL`"));
}
