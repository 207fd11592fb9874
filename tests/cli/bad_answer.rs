//! What answers is not a Hyper-V host, or not a well one: the exit code of each.

use crate::{
    odd_server::{OddServer, certificate_for, http, soap},
    support::{Ran, arg, hvctl, run},
};
use rcgen::DnType;
use std::{fmt::Write as _, io::Write};

/// An answer to Identify, as DSP0226 11 has it.
const IDENTITY: &str = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
    xmlns:wsmid=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"><s:Header/><s:Body>\
    <wsmid:IdentifyResponse><wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\
    </wsmid:ProtocolVersion><wsmid:ProductVendor>Example</wsmid:ProductVendor><wsmid:ProductVersion>1.0\
    </wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>";

fn identify(server: &OddServer) -> Ran {
    run(&mut hvctl([
        "identify",
        "--anonymous",
        "--host",
        &server.url(),
        "--fingerprint",
        &server.fingerprint,
    ]))
}

/// Asserts exit code and clean output.
fn expect(what: &str, ran: &Ran, code: i32) {
    assert_eq!(ran.code, code, "{what}: {ran:?}");
    assert!(ran.stdout.is_empty(), "{what}: {ran:?}");
    assert!(ran.stderr.starts_with("error: "), "{what}: {ran:?}");
    assert!(ran.stderr.len() < 4000, "{what}: {ran:?}");
}

#[test]
fn each_bad_answer_has_its_exit_code() {
    let deep = format!("<wsmid:IdentifyResponse>{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let deep = IDENTITY.replace("<wsmid:IdentifyResponse>", &deep);
    let doctype = format!("<!DOCTYPE s [<!ENTITY x \"y\">]>{IDENTITY}");
    let table: Vec<(&str, i32, Vec<u8>)> = vec![
        ("an HTML page", 9, http("200 OK", "text/html", b"<html><body><h1>It works!</h1></body></html>")),
        ("404", 9, http("404 Not Found", "text/html", b"<html>not here</html>")),
        ("an empty 500", 9, http("500 Internal Server Error", "text/plain", b"")),
        ("a redirect", 9, b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://elsewhere.test/\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("not HTTP", 9, b"220 mail.example.test ESMTP ready\r\n".to_vec()),
        ("an empty answer", 9, soap(b"")),
        ("a truncated message", 9, soap(&IDENTITY.as_bytes()[..200])),
        ("an ill-formed message", 9, soap(IDENTITY.replace("</s:Body>", "</s:Head>").as_bytes())),
        ("a DOCTYPE", 9, soap(doctype.as_bytes())),
        ("100,000 levels", 9, soap(deep.as_bytes())),
        ("a message cut on the way", 5, {
            let mut cut = soap(IDENTITY.as_bytes());
            cut.truncate(cut.len() - 50);
            cut
        }),
        ("bytes that are no text", 9, soap(b"\xff\xff\xff\xff")),
    ];
    let mut shown = String::new();
    for (what, code, answer) in table {
        let server = OddServer::answering(answer);
        let ran = identify(&server);
        expect(what, &ran, code);
        let transcript = ran.transcript(&[(&server.address.to_string(), "<host>")]);
        writeln!(shown, "# {what}\n{transcript}").unwrap();
    }
    insta::assert_snapshot!("bad_answers", shown);
}

#[test]
fn an_endless_answer_is_left_at_the_limit() {
    let server = OddServer::start(&certificate_for("127.0.0.1"), |stream| {
        stream.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nTransfer-Encoding: chunked\r\n\r\n",
        )?;
        let spaces = vec![b' '; 0x10_0000];
        for _ in 0..1024 {
            stream.write_all(b"100000\r\n")?;
            stream.write_all(&spaces)?;
            stream.write_all(b"\r\n")?;
        }
        stream.write_all(b"0\r\n\r\n")
    });
    expect("a gigabyte of chunks", &identify(&server), 9);
}

#[test]
fn a_utf_16_answer_is_read() {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{IDENTITY}");
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let ran = identify(&OddServer::answering(http("200 OK", "application/soap+xml;charset=UTF-16", &utf16)));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("Example"), "{ran:?}");
}

#[test]
fn control_characters_of_the_host_do_not_reach_the_terminal() {
    let evil = IDENTITY.replace("Example<", "Exa\u{9b}2J\u{202e}mple<");
    let ran = identify(&OddServer::answering(soap(evil.as_bytes())));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("Exa\\u{9b}2J\\u{202e}mple"), "{ran:?}");
}

#[test]
fn nothing_listens() {
    // The port is taken, and nobody listens at it.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    let ran =
        run(&mut hvctl(["identify", "--anonymous", "--host", &address.to_string(), "--fingerprint", PIN]));
    expect("host down", &ran, 5);
    let ran =
        run(&mut hvctl(["identify", "--anonymous", "--host", "no-such-host.invalid", "--fingerprint", PIN]));
    expect("unknown name", &ran, 5);
}

/// Some fingerprint.
const PIN: &str = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

#[test]
fn each_reason_not_to_trust_has_exit_code_6_and_a_hint() {
    let server = OddServer::answering(soap(IDENTITY.as_bytes()));
    let identify = |server: &OddServer, trust: &[&str]| {
        run(hvctl(["identify", "--anonymous", "--host", &server.url()]).args(trust))
    };
    let directory = tempfile::tempdir().unwrap();
    let write = |server: &OddServer, name: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, &server.certificate).unwrap();
        path
    };
    // A certificate that is its own authority, made for this address, is what `--cacert` trusts.
    let ca = write(&server, "ca.pem");
    assert_eq!(identify(&server, &["--cacert", arg(&ca)]).code, 0);

    let mut expired = certificate_for("127.0.0.1");
    expired.distinguished_name.push(DnType::CommonName, "expired");
    expired.not_before = rcgen::date_time_ymd(2019, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let expired = OddServer::start(&expired, |_| Ok(()));
    let expired_ca = write(&expired, "expired.pem");
    let misnamed = OddServer::start(&certificate_for("elsewhere.example.test"), |_| Ok(()));
    let misnamed_ca = write(&misnamed, "misnamed.pem");

    let mut shown = String::new();
    for (what, server, trust) in [
        ("untrusted", &server, &["--cacert", arg(&expired_ca)][..]),
        ("expired", &expired, &["--cacert", arg(&expired_ca)]),
        ("wrongly named", &misnamed, &["--cacert", arg(&misnamed_ca)]),
        ("wrong fingerprint", &server, &["--fingerprint", PIN]),
        (
            "right fingerprint, wrong authority",
            &server,
            &["--fingerprint", &server.fingerprint, "--cacert", arg(&expired_ca)],
        ),
    ] {
        let ran = identify(server, trust);
        expect(what, &ran, 6);
        assert!(ran.stderr.contains("hint: "), "{what}: {ran:?}");
        let hide = [(server.address.to_string(), "<host>"), (server.fingerprint.clone(), "<fingerprint>")];
        let hide: Vec<_> = hide.iter().map(|(text, name)| (text.as_str(), *name)).collect();
        writeln!(shown, "# {what}\n{}", ran.transcript(&hide)).unwrap();
    }
    insta::assert_snapshot!("bad_trust", shown);
}

#[test]
fn a_sha1_thumbprint_is_refused_with_the_way_to_the_sha256() {
    let line = [
        "identify",
        "--anonymous",
        "--host",
        "hv1",
        "--fingerprint",
        "A1B2C3D4E5F60718293A4B5C6D7E8F9012345678",
    ];
    let ran = run(&mut hvctl(line));
    expect("SHA-1", &ran, 2);
    assert!(ran.stderr.contains("SHA-1") && ran.stderr.contains("SHA-256"), "{ran:?}");
}
