//! The fixture lint finds each kind of leak, however it is written.

use base64::Engine as _;
use hyperv_wsman::transport::lint;
use std::{fs, path::Path};

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The kinds found in a folder with this one file, and the line of the first.
fn kinds_in(name: &str, content: &[u8]) -> Vec<(usize, String)> {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("origin.json"), r#"{"kind": "written", "from": "DSP0226 8.2"}"#).unwrap();
    fs::write(temp.path().join(name), content).unwrap();
    lint(temp.path()).unwrap().into_iter().map(|finding| (finding.line, finding.kind.to_owned())).collect()
}

fn assert_found(content: &[u8], kind: &str) {
    let planted = [b"<ok/>\n", content, b"\n<ok/>"].concat();
    let found = kinds_in("planted.xml", &planted);
    let shown = String::from_utf8_lossy(content);
    assert!(found.contains(&(2, kind.to_owned())), "expected {kind} in {shown}, got {found:?}");
}

const HOST: &str = "host name outside .test and .example";
const ADDRESS: &str = "address outside the documentation ranges";
const GUID: &str = "GUID that is not counted";
const USER: &str = "user of a domain";

#[test]
fn host_names_are_found() {
    for planted in [
        "<a:To>https://hv1.corp.local:5986/wsman</a:To>",
        "<a:To>https://hyper:5986/wsman</a:To>",
        "<f:WSManFault Machine=\"SERVER7\"/>",
        r#"<p>\\SERVER7\root\virtualization\v2:A.B="1"</p>"#,
        r"<p>\\\\SERVER7\\root</p>",
        "<p:SystemName>SERVER7</p:SystemName>",
        r#"<Selector Name="SystemName">SERVER7</Selector>"#,
        "<t>cannot reach dc7.fabrikam.com now</t>",
        "<E>&lt;PROPERTY NAME=\"SystemName\"&gt;&lt;VALUE&gt;SERVER7&lt;/VALUE&gt;&lt;/PROPERTY&gt;</E>",
    ] {
        assert_found(planted.as_bytes(), HOST);
    }
    assert_found(base64(&utf16("see https://hv1.corp.local/")).as_bytes(), HOST);
}

#[test]
fn addresses_and_guids_are_found() {
    for planted in ["10.68.240.26", "x=172.16.0.1;", "fe80::d00d:1", "2001:4860::8888"] {
        assert_found(planted.as_bytes(), ADDRESS);
    }
    for planted in ["00-15-5D-01-02-03", "x 00:15:5d:01:02:03 y"] {
        assert_found(planted.as_bytes(), "MAC address outside the documentation range");
    }
    for planted in [
        "6F9619FF-8B86-D011-B42D-00C04FC964FF",
        "uuid:6f9619ff-8b86-d011-b42d-00c04fc964ff",
        "{6f9619ff8b86d011b42d00c04fc964ff}",
    ] {
        assert_found(planted.as_bytes(), GUID);
    }
}

#[test]
fn people_are_found() {
    for planted in [r"<Owner>CORP\bob</Owner>", r"x CORP\\bob y", r"EXAMPLE\bob", "<p:Owner>bob</p:Owner>"] {
        assert_found(planted.as_bytes(), USER);
    }
    assert_found(base64(&utf16(r"CORP\backup")).as_bytes(), USER);
    assert_found(br"C:\Users\bob\x", USER);
    assert_found(b"<x>Password=hunter2;</x>", "value named like a secret");
    assert_found(b"S-1-5-21-397955417-626881126-188441444", "security identifier of a domain");
    assert_found(b"write to bob@fabrikam.com", "mail address");
    assert_found(b"S-1-5-21-397955417-626881126-188441444-1010", "security identifier of a domain");
    assert_found(b"<AdminPassword>hunter2</AdminPassword>", "value named like a secret");
}

#[test]
fn headers_and_tokens_are_found_in_any_encoding() {
    const HEADER: &str = "Authorization header";
    for planted in ["Authorization: Negotiate x", "\"authorization\": \"x\"", "Basic Ym9iOmh1bnRlcjI="] {
        assert_found(planted.as_bytes(), HEADER);
    }
    let ntlm = b"NTLMSSP\0\x01\0\0\0\x97\x82\x08\xe2";
    let spnego = b"\x60\x82\x01\x7e\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x82\x01\x72";
    let kerberos = b"\x60\x82\x06\x86\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00\x6e";
    for (token, kind) in [(&ntlm[..], "NTLM token"), (spnego, "Kerberos token"), (kerberos, "Kerberos token")]
    {
        assert_found(token, kind);
        assert_found(hex(token).as_bytes(), kind);
        assert_found(hex(token).to_uppercase().as_bytes(), kind);
        for before in 0..3 {
            let shifted = [vec![7; before], token.to_vec()].concat();
            assert_found(base64(&shifted).as_bytes(), kind);
            assert_found(base64(&utf16(&base64(&shifted))).as_bytes(), kind);
            assert_found(&utf16(&base64(&shifted)), kind);
        }
    }
    assert_found(b"YIIZvwYJnothingtoseehereQQABo", "Kerberos token");
}

#[test]
fn an_excerpt_never_shows_a_whole_secret() {
    let temp = tempfile::tempdir().unwrap();
    let password = "Ym9iOmh1bnRlcjI=";
    fs::write(temp.path().join("a.json"), format!("{{\"h\": \"Authorization: Basic {password}\"}}")).unwrap();
    fs::write(temp.path().join("b.json"), "<Password>hunter2</Password>").unwrap();
    let findings = lint(temp.path()).unwrap();
    assert!(!findings.is_empty());
    for finding in findings {
        assert!(!finding.excerpt.contains(password) && !finding.excerpt.contains("hunter2"), "{finding:?}");
    }
}

#[test]
fn what_a_recorder_writes_is_clean() {
    let clean = r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">
        <To>https://hv01.example.test:5986/wsman</To><To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</To>
        <f:WSManFault Machine="127.0.0.1"/><f:WSManFault Machine="localhost"/><SystemName>HV01</SystemName>
        <Owner>EXAMPLE\operator2</Owner><Owner>NT AUTHORITY\SYSTEM</Owner><mail>operator@example.test</mail>
        <i>uuid:00000000-0000-4000-8000-900000000001</i><n>00000000-0000-0000-0000-000000000000</n>
        <ip>192.0.2.7 198.51.100.1 203.0.113.9 2001:db8::1</ip><Version>10.0.0.1</Version><os>10.0.20348</os>
        <p>\\hv01.example.test\root\virtualization\v2:A.B="Microsoft:Definition\\00000000-0000-4000-8000-000000000001\\Default"</p>
        <dll>%systemroot%\system32\WsmWmiPl.dll C:\Windows\system32\x.dll D:\Exports</dll><Password/>
        <t>Basic authentication, root\cimv2, class Msvm_ComputerSystem.</t>"#;
    assert_eq!(kinds_in("clean.xml", clean.as_bytes()), []);
    assert_eq!(kinds_in("clean.json", br#"{"a": "line\nfoo", "path": "D:\\Exports"}"#), []);
}

fn origin_findings(files: &[(&str, &str)]) -> Vec<String> {
    let temp = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = temp.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let findings = lint(temp.path()).unwrap();
    findings.into_iter().map(|finding| format!("{}: {}", finding.kind, finding.excerpt)).collect()
}

fn cassette(origin: &str) -> String {
    format!(
        r#"{{"version": 1, "about": "", "origin": {origin}, "url": "https://hv01.example.test/", "names_kept": true, "lanes": 0, "exchanges": []}}"#
    )
}

#[test]
fn messages_need_an_origin() {
    let found = origin_findings(&[("a/b/x.xml", "<a/>")]);
    assert_eq!(found, ["messages without an origin: expected `cassette.json` or `origin.json`"]);
    let written = r#"{"kind": "written", "from": "DSP0226 8.2"}"#;
    assert_eq!(origin_findings(&[("a/b/x.xml", "<a/>"), ("a/origin.json", written)]), [""; 0]);
}

#[test]
fn origins_have_to_be_complete_and_possible() {
    for wrong in [
        r#"{"kind": "unknown"}"#,
        r#"{"kind": "host", "product": ""}"#,
        r#"{"kind": "host", "product": "hyperv-wsman simulator 0.1.0"}"#,
        r#"{"kind": "simulated", "product": "Microsoft Corporation"}"#,
        r#"{"kind": "derived", "from": "nowhere.xml", "change": "one byte"}"#,
        r#"{"kind": "derived", "from": "", "change": ""}"#,
        r#"{"kind": "written", "from": " "}"#,
        r#"{"kind": "dreamt"}"#,
    ] {
        let found = origin_findings(&[("c/cassette.json", &cassette(wrong))]);
        assert!(found.len() == 1 && found[0].starts_with("wrong origin: "), "{wrong}: {found:?}");
    }
    let host = r#"{"kind": "host", "product": "Microsoft Corporation OS: 10.0.20348"}"#;
    assert_eq!(origin_findings(&[("c/cassette.json", &cassette(host))]), [""; 0]);
    assert_eq!(origin_findings(&[("c/origin.json", host)]).len(), 1, "only a recorder can say so");
}

#[test]
fn messages_must_not_contradict_their_origin() {
    let host = cassette(r#"{"kind": "host", "product": "Microsoft Corporation OS: 10.0.20348"}"#);
    let simulated = cassette(r#"{"kind": "simulated", "product": "hyperv-wsman simulator 0.1.0"}"#);
    let by_simulator = "<i:ProductVendor>hyperv-wsman simulator</i:ProductVendor>";
    let by_host = "<i:ProductVendor>Microsoft Corporation</i:ProductVendor>";
    for (origin, message, contradicts) in [
        (&host, by_simulator, true),
        (&simulated, by_host, true),
        (&host, by_host, false),
        (&simulated, by_simulator, false),
    ] {
        let found = origin_findings(&[("c/cassette.json", origin), ("c/1.xml", message)]);
        assert_eq!(found.len(), usize::from(contradicts), "{message}: {found:?}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let error = lint(Path::new("/nonexistent/fixtures")).unwrap_err();
    assert_eq!(error.message, "failed to read fixtures `/nonexistent/fixtures`");
}
