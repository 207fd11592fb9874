//! What must not reach a cassette or a trace.

use base64::Engine as _;
use hyperv_wsman::transport::{Known, Redactor};
use proptest::prelude::*;

fn redactor() -> Redactor {
    let known = [Known::Host("https://hv1.corp.local:5986/wsman".into()), Known::User(r"CORP\backup".into())];
    Redactor::new(&known, false)
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[test]
fn a_value_is_replaced_in_every_spelling() {
    for (spelling, expected) in [
        ("HV1.Corp.Local", "hv01.example.test"),
        ("hv1", "hv01.example.test"),
        (r"\\HV1\root\virtualization\v2:A.B=1", r"\\hv01.example.test\root\virtualization\v2:A.B=1"),
        (r"\\\\HV1\\root", r"\\\\hv01.example.test\\root"),
        (r"CORP\Backup", r"EXAMPLE\operator"),
        (r"corp\\backup", r"EXAMPLE\\operator"),
        ("backup@corp.local", "operator@example.test"),
        ("dc7.corp.local", "hv02.example.test"),
        ("https://hv1.corp.local:5986/wsman", "https://hv01.example.test:5986/wsman"),
        ("backups of hv10", "backups of hv10"),
    ] {
        assert_eq!(redactor().redact(spelling), expected, "{spelling}");
    }
    let wide = redactor().redact(&base64(&utf16(r"CORP\backup")));
    assert_eq!(wide, base64(&utf16(r"EXAMPLE\operator")));
    let narrow = redactor().redact(&base64(br"CORP\backup"));
    assert_eq!(narrow, base64(br"EXAMPLE\operator"));
}

#[test]
fn base64_of_bytes_that_hold_a_value_is_dropped() {
    let blob = [vec![0xff, 0x00], utf16("hv1.corp.local"), vec![0xff]].concat();
    assert_eq!(redactor().redact(&base64(&blob)), base64(b"redacted"));
    let harmless = base64(&[0xff; 32]);
    assert_eq!(redactor().redact(&harmless), harmless);
}

#[test]
fn messages_teach_hosts_users_and_names() {
    let mut redactor = Redactor::new(&[], false);
    let message = "<B xmlns:f=\"urn:f\"><f:WSManFault Machine=\"node7.fabrikam.net\"/>\
        <p:Msvm_ComputerSystem xmlns:p=\"urn:p\"><p:ElementName>NODE8</p:ElementName><p:Name>NODE8</p:Name></p:Msvm_ComputerSystem>\
        <p:Msvm_ComputerSystem xmlns:p=\"urn:p\"><p:ElementName>Web</p:ElementName></p:Msvm_ComputerSystem>\
        <p:Msvm_ConcreteJob xmlns:p=\"urn:p\"><p:Owner>FABRIKAM\\alice</p:Owner></p:Msvm_ConcreteJob></B>";
    let redacted = redactor.redact(message);
    assert!(redacted.contains("Machine=\"hv01.example.test\""), "{redacted}");
    // The host is a row among its machines, and bears its name twice.
    assert!(
        redacted
            .contains("<p:ElementName>hv02.example.test</p:ElementName><p:Name>hv02.example.test</p:Name>"),
        "{redacted}"
    );
    assert!(redacted.contains("<p:ElementName>vm-1</p:ElementName>"), "{redacted}");
    assert!(redacted.contains("<p:Owner>EXAMPLE\\operator</p:Owner>"), "{redacted}");
    assert_eq!(
        redactor.redact("Alice of fabrikam on node7: web"),
        "operator of EXAMPLE on hv01.example.test: vm-1"
    );
}

#[test]
fn names_stay_when_they_are_to_be_kept() {
    let mut redactor = Redactor::new(&[], true);
    let message =
        "<Msvm_ComputerSystem><ElementName>Web</ElementName><Notes>of Bob</Notes></Msvm_ComputerSystem>";
    assert_eq!(redactor.redact(message), message);
}

#[test]
fn secrets_are_dropped_even_when_names_are_kept() {
    let mut redactor = Redactor::new(&[], true);
    let message = "<I><AdminPassword>hunter2</AdminPassword><KeyProtector>12</KeyProtector>\
        <E>&lt;INSTANCE CLASSNAME=\"C\"&gt;&lt;PROPERTY NAME=\"SharedSecret\" TYPE=\"string\"&gt;&lt;VALUE&gt;s3cr3t!&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;</E>\
        <Log>hunter2 was wrong</Log></I>";
    let redacted = redactor.redact(message);
    assert!(!redacted.contains("hunter2") && !redacted.contains("s3cr3t"), "{redacted}");
    assert!(
        redacted.contains("<AdminPassword>redacted</AdminPassword><KeyProtector>0</KeyProtector>"),
        "{redacted}"
    );
    assert!(redacted.contains("&lt;VALUE&gt;redacted&lt;/VALUE&gt;"), "{redacted}");
}

#[test]
fn guids_addresses_mail_and_dates_are_replaced_by_form() {
    let mut redactor = Redactor::new(&[], false);
    let text = "6F9619FF-8B86-D011-B42D-00C04FC964FF 10.4.5.6 fe80::1 bob@fabrikam.net 20270315101112.000000+000 \
        6f9619ff-8b86-d011-b42d-00c04fc964ff 127.0.0.1 10.0.20348.1 2027-03-16T00:00:00Z \
        S-1-5-21-397955417-626881126-188441444-1010 S-1-5-32-544";
    assert_eq!(
        redactor.redact(text),
        "00000000-0000-4000-8000-000000000001 192.0.2.1 2001:db8::1 operator@example.test 20260101101112.000000+000 \
        00000000-0000-4000-8000-000000000001 127.0.0.1 10.0.20348.1 2026-01-02T00:00:00Z S-1-5-21-0-0-0-1001 S-1-5-32-544"
    );
}

#[test]
fn what_tells_machines_and_people_by_its_form_is_replaced_without_being_learned() {
    for (text, expected) in [
        ("00-15-5D-01-02-03, 00:15:5d:01:02:03", "00-00-5E-00-53-01, 00:00:5E:00:53:01"),
        ("<A><Address>00155D010203</Address></A>", "<A><Address>00005E005301</Address></A>"),
        ("6F9619FF8B86D011B42D00C04FC964FF", "00000000000040008000000000000001"),
        ("{6F9619FF-8B86-D011-B42D-00C04FC964FF}", "{00000000-0000-4000-8000-000000000001}"),
        ("S-1-5-21-397955417-626881126-188441444", "S-1-5-21-0-0-0-1001"),
        (r"C:\Users\jdoe\x of JDOE", r"C:\Users\operator\x of operator"),
        (r"\\?\C:\\Users\\Bob Smith\\x", r"\\?\C:\\Users\\operator\\x"),
        (r"C:\Users\Public\x", r"C:\Users\Public\x"),
        (r"FABRIKAM\alice, alice", r"EXAMPLE\operator, operator"),
        ("fs01.contoso.com and FS01", "hv01.example.test and hv01.example.test"),
        ("see http://schemas.microsoft.com/ now", "see http://schemas.microsoft.com/ now"),
        ("fdaa::bcde, a::b", "2001:db8::1, a::b"),
        ("<A><SerialNumber>9171-2271</SerialNumber></A>", "<A><SerialNumber>serial-1</SerialNumber></A>"),
    ] {
        let mut redactor = Redactor::new(&[], false);
        let redacted = redactor.redact(text);
        assert_eq!(redacted, expected, "{text}");
        assert_eq!(redactor.redact(&redacted), redacted, "{text}");
        assert_eq!(Redactor::new(&[], false).redact(&redacted), redacted, "{text}");
    }
}

#[test]
fn percent_encoding_comments_and_references_hide_nothing() {
    for (text, expected) in [
        ("https%3A%2F%2Fhv1.corp.local%3A5986%2Fwsman", "https%3A%2F%2Fhv01.example.test%3A5986%2Fwsman"),
        ("CORP%5Cbackup", "EXAMPLE%5Coperator"),
        (r"<t><!-- hv1, CORP\backup --><a/></t>", r"<t><!-- hv01.example.test, EXAMPLE\operator --><a/></t>"),
        ("<t>&#104;v1 &#x63;orp</t>", "<t>hv01.example.test EXAMPLE</t>"),
        (
            r"<t>http://schemas.dmtf.org/ said CORP\backup</t>",
            r"<t>http://schemas.dmtf.org/ said EXAMPLE\operator</t>",
        ),
    ] {
        assert_eq!(redactor().redact(text), expected);
    }
}

#[test]
fn logins_and_what_guests_tell_are_dropped() {
    let ntlm = base64(b"NTLMSSP\0\x03\0\0\0rest of a token");
    for (text, expected) in [
        (format!("Basic {}", base64(br"CORP\backup:hunter2")), "Basic redacted"),
        (format!("got {ntlm}!"), "got redacted!"),
        ("Authorization: Bearer abcdefgh ijk".to_owned(), "Authorization: redacted"),
        ("Password=hunter2;User=x".to_owned(), "Password=redacted;User=x"),
        ("<A><ApiKey>hunter2</ApiKey></A>".to_owned(), "<A><ApiKey>redacted</ApiKey></A>"),
        (
            "<INSTANCE CLASSNAME=\"Msvm_KvpExchangeDataItem\"><PROPERTY NAME=\"Data\"><VALUE>guest7</VALUE>\
             </PROPERTY></INSTANCE>"
                .to_owned(),
            "<INSTANCE CLASSNAME=\"Msvm_KvpExchangeDataItem\"><PROPERTY NAME=\"Data\"><VALUE>redacted</VALUE>\
             </PROPERTY></INSTANCE>",
        ),
    ] {
        let redacted = Redactor::new(&[], true).redact(&text);
        assert_eq!(redacted, expected);
        assert_eq!(Redactor::new(&[], true).redact(&redacted), redacted);
    }
}

#[test]
fn the_protocol_stays_as_it_is() {
    let known = [Known::Host("root".into()), Known::User("Microsoft".into()), Known::Domain("wsman".into())];
    let mut redactor = Redactor::new(&known, false);
    let message = "<a:Action xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\">\
        http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/X/Y</a:Action>";
    assert_eq!(redactor.redact(message), message);
    assert_eq!(redactor.redact("Microsoft:GUID"), "Microsoft:GUID");
}

#[test]
fn debug_tells_nothing() {
    let debug = format!("{:?} {:?}", redactor(), Known::User(r"CORP\backup".into()));
    assert!(!debug.to_lowercase().contains("corp") && !debug.contains("backup"), "{debug}");
}

/// A value in one of its spellings.
fn spelled(value: &str, spelling: u8) -> String {
    let doubled = value.replace('\\', "\\\\");
    match spelling {
        0 => value.to_uppercase(),
        1 => value.to_lowercase(),
        2 => doubled,
        3 => escaped(value),
        4 => escaped(&escaped(&doubled)),
        5 => base64(value.as_bytes()),
        6 => base64(&utf16(value)),
        _ => format!(
            "<E>{}</E>",
            escaped(&format!(
                "<INSTANCE CLASSNAME=\"C\"><PROPERTY NAME=\"P\"><VALUE>{}</VALUE></PROPERTY></INSTANCE>",
                escaped(value)
            ))
        ),
    }
}

#[test]
fn an_address_after_a_percent_sign_is_redacted_once() {
    for (text, expected) in [("%1::0", "%252001:db8::1"), ("%1.2.3.4", "%25192.0.2.1")] {
        let mut redactor = redactor();
        let once = redactor.redact(text);
        assert_eq!(once, expected);
        assert_eq!(redactor.redact(&once), once);
    }
}

proptest! {
    #[test]
    fn no_spelling_of_a_learned_value_survives(
        host in "[a-z]{3}[a-z0-9]{2,6}[0-9]\\.[a-z]{4,8}q\\.[a-z]{2,5}",
        domain in "[A-Z]{3,6}Q[0-9]",
        user in "[a-z]{3,6}q[0-9&]?",
        spelling in 0_u8..8,
        in_document: bool,
    ) {
        let account = format!("{domain}\\{user}");
        let known = [Known::Host(host.clone()), Known::User(account.clone())];
        let label = host.split('.').next().unwrap().to_owned();
        for value in [&host, &label, &account, &user, &domain] {
            let text = format!("x {} y", spelled(value, spelling));
            let text = if in_document && spelling < 7 { format!("<t>{}</t>", escaped(&text)) } else { text };
            let mut redactor = Redactor::new(&known, false);
            let redacted = redactor.redact(&text);
            for encoded in (0..7).map(|spelling| spelled(value, spelling)) {
                let survives = if encoded.to_lowercase() == value.to_lowercase() {
                    redacted.to_lowercase().contains(&encoded.to_lowercase())
                } else {
                    redacted.contains(&encoded)
                };
                prop_assert!(!survives, "{} in {}", encoded, redacted);
            }
            prop_assert_eq!(redactor.redact(&redacted), redacted.clone());
            prop_assert_eq!(Redactor::new(&[], false).redact(&redacted), redacted);
        }
    }

    #[test]
    fn anything_at_all_is_redacted_without_panic(text in "(?s).{0,200}") {
        let mut redactor = redactor();
        let once = redactor.redact(&text);
        prop_assert_eq!(redactor.redact(&once), once);
    }
}
