//! Bodies as servers in the field write them, and as nobody should.

use super::{
    multipart::{self, Part},
    *,
};
use crate::auth::ntlm::NtlmSession;
use proptest::prelude::*;

const KEY: [u8; 16] = [0x55; 16];
const USUAL: &str = r#"multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary""#;

/// A body with these bytes in it, line ends and tabs as given.
fn body(head: &str, sealed: &[u8], tail: &str) -> Vec<u8> {
    [head.as_bytes(), sealed, tail.as_bytes()].concat()
}

/// As Windows writes it, for a message of this length.
fn head(length: impl fmt::Display) -> String {
    format!(
        "--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\
         \tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n\
         --Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
    )
}

const TAIL: &str = "--Encrypted Boundary--\r\n";
/// A header of two bytes and data of three.
const SEALED: &[u8] = b"\x02\0\0\0HHabc";

fn part(data: &[u8]) -> Part<'_> {
    Part { content_type: "application/soap+xml;charset=UTF-8", length: 3, header: b"HH", data }
}

/// The reason why a body of the usual type is not read.
fn refused(body: &[u8]) -> String {
    multipart::read(USUAL, body).unwrap_err().to_string()
}

fn client() -> Sealer {
    Sealer::new(Protocol::Spnego, NtlmSession::client(&KEY))
}

fn server() -> Sealer {
    Sealer::new(Protocol::Spnego, NtlmSession::server(&KEY))
}

#[test]
fn bodies_are_written_as_windows_writes_them() {
    let sealed = Sealed { header: b"HH".to_vec(), data: b"abc".to_vec(), padding: 0 };
    assert_eq!(multipart::write(Protocol::Spnego, 3, &sealed).unwrap(), body(&head(3), SEALED, TAIL));
    assert_eq!(multipart::content_type(Protocol::Spnego), USUAL);

    let padded = Sealed { padding: 2, ..sealed };
    let written = multipart::write(Protocol::Kerberos, 1, &padded).unwrap();
    let expected = head(3).replace("SPNEGO", "Kerberos");
    assert_eq!(written, body(&expected, SEALED, TAIL));
    assert!(
        multipart::content_type(Protocol::Kerberos)
            .contains("\"application/HTTP-Kerberos-session-encrypted\"")
    );
}

#[test]
fn bodies_of_servers_in_the_field_are_read() {
    for (case, head, tail) in [
        ("Windows", head(3), TAIL.to_owned()),
        ("Exchange", head(3).replace("--", "-- "), TAIL.replacen("--", "-- ", 1)),
        ("no tabs", head(3).replace('\t', ""), TAIL.to_owned()),
        ("line ends before the last boundary", head(3), format!("\r\n{TAIL}")),
        ("line ends behind it", head(3), format!("{TAIL}\r\n\r\n")),
        ("no line end behind it", head(3), TAIL.trim_end().to_owned()),
        (
            "names in other case",
            head(3).to_lowercase().replace("encrypted boundary", "Encrypted Boundary"),
            TAIL.to_owned(),
        ),
        ("bare line feeds", head(3).replace('\r', ""), TAIL.replace('\r', "")),
        ("blanks behind the boundary", head(3).replace("Boundary\r", "Boundary \r"), TAIL.to_owned()),
        ("empty lines", head(3).replacen("\r\n\t", "\r\n\r\n\t", 1), TAIL.to_owned()),
        ("a line end first", format!("\r\n{}", head(3)), TAIL.to_owned()),
    ] {
        let body = body(&head, SEALED, &tail);
        let parts = multipart::read(USUAL, &body).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!((parts[0].length, parts[0].header, parts[0].data), (3, &b"HH"[..], &b"abc"[..]), "{case}");
        assert!(parts[0].content_type.eq_ignore_ascii_case("application/soap+xml;charset=UTF-8"), "{case}");
    }
}

#[test]
fn the_boundary_is_that_of_the_header() {
    for content_type in [
        "multipart/encrypted; boundary=xyz",
        "Multipart/X-Multi-Encrypted;BOUNDARY=\"xyz\"",
        "multipart/encrypted;protocol=\"a;boundary=b\";boundary=\"xyz\" ; charset=x",
    ] {
        let body = body(&head(3).replace("Encrypted Boundary", "xyz"), SEALED, "--xyz--");
        assert_eq!(multipart::read(content_type, &body).unwrap(), [part(b"abc")], "{content_type}");
    }
    let unquoted = "multipart/encrypted;boundary=Encrypted Boundary";
    assert!(multipart::read(unquoted, &body(&head(3), SEALED, TAIL)).is_ok());
}

#[test]
fn types_without_a_usable_boundary_are_refused() {
    let long = format!("multipart/encrypted;boundary={}", "x".repeat(71));
    for content_type in [
        "",
        "text/html",
        "multipart/mixed;boundary=x",
        "multipart/encrypted",
        "multipart/encrypted;boundary=",
        "multipart/encrypted;boundary=\"\"",
        "multipart/encrypted;boundary=\"a\"b\"",
        &long,
    ] {
        let body = body(&head(3), SEALED, TAIL);
        let read = multipart::read(content_type, &body);
        assert!(matches!(read, Err(AuthError::Sealing(_))), "{content_type}");
    }
    assert!(is_sealed(USUAL) && is_sealed(" Multipart/X-Multi-Encrypted ") && !is_sealed("multipart/mixed"));
}

#[test]
fn encrypted_bytes_may_look_like_anything() {
    for data in
        ["--Encrypted Boundary--\r\n", "--Encrypted Boundary\r\n", "\r\n", "--", "-- Encrypted Boundary--"]
    {
        for between in ["", "\r\n"] {
            let sealed = [&b"\x02\0\0\0HH"[..], data.as_bytes()].concat();
            let body = body(&head(data.len()), &sealed, &format!("{between}{TAIL}"));
            let parts = multipart::read(USUAL, &body).unwrap();
            assert_eq!(parts[0].data, data.as_bytes(), "{data:?} {between:?}");
        }
    }
}

#[test]
fn several_parts_are_read_in_their_order() {
    let second = head(3) + "\x02\0\0\0HHdef";
    let body = [head(3).as_bytes(), SEALED, second.as_bytes(), TAIL.as_bytes()].concat();
    assert_eq!(multipart::read(USUAL, &body).unwrap(), [part(b"abc"), part(b"def")]);
}

/// RFC 4121, 4.2.5: without rotation the checksum comes behind the encrypted bytes.
#[test]
fn a_token_that_is_not_rotated_goes_to_the_last_boundary() {
    let body = body(&head(3), b"\x02\0\0\0HHabcCHECKSUM", TAIL);
    assert_eq!(multipart::read(USUAL, &body).unwrap(), [part(b"abcCHECKSUM")]);
}

#[test]
fn what_is_malformed_is_told() {
    let reasons = [
        refused(b""),
        refused(b"<html>"),
        refused(TAIL.as_bytes()),
        refused(format!("--Encrypted Boundary\r\n{TAIL}").as_bytes()),
        refused(&body(&head(3).replace("OriginalContent", "Original"), SEALED, TAIL)),
        refused(&body(&head("-3"), SEALED, TAIL)),
        refused(&body(&head("99999999999999999999"), SEALED, TAIL)),
        refused(&body(&head(3).replace("octet-stream", "pdf"), SEALED, TAIL)),
        refused(&body(&head(3).replace("Boundary\r\n", "Boundary!\r\n"), SEALED, TAIL)),
        refused(&body(&head(3), b"\xff\xff\xff\xffHHabc", TAIL)),
        refused(&body(&head(3), b"\xff\0\0\0HHabc", TAIL)),
        refused(&body(&head(3), SEALED, "--Other--")),
        refused(&body(&head(3), SEALED, "--Encrypted Boundary--\r\nmore")),
        refused(&body(&format!("--Encrypted Boundary\r\n{}", "a: b\r\n".repeat(17)), SEALED, TAIL)),
        refused(&body(&format!("--Encrypted Boundary\r\na: {}\r\n", "b".repeat(1024)), SEALED, TAIL)),
        refused(&body("--Encrypted Boundary\r\n\tno colon\r\n", SEALED, TAIL)),
        refused(b"--Encrypted Boundary\r\n\xff: a\r\n"),
    ];
    insta::assert_snapshot!(reasons.join("\n").replace("the sealed body cannot be read: ", ""), @"
    expected it to begin with its boundary
    expected it to begin with its boundary
    expected it to begin with its boundary
    expected sealed data before the last boundary
    expected `OriginalContent` before the sealed data
    expected `OriginalContent: type=…;Length=…`
    expected `OriginalContent: type=…;Length=…`
    expected sealed data as `application/octet-stream`
    expected a line end behind its boundary
    expected a signature of at most 4096 bytes, got 4294967295
    it ends within the sealed data
    expected a boundary behind the sealed data
    expected nothing behind the last boundary
    expected fewer lines of headers
    expected the end of a line
    expected `name: value` in its headers
    expected text in its headers
    ");
}

#[test]
fn both_ends_understand_each_other() {
    let (mut client, mut server) = (client(), server());
    for message in ["<request/>", "", "ü"].map(str::as_bytes) {
        let request = client.seal(message).unwrap();
        assert!(!request.windows(9).any(|window| window == b"<request/"));
        let opened = server.unseal(&client.content_type(), &request).unwrap();
        assert_eq!(opened.body, message);
        assert_eq!(opened.content_type, "application/soap+xml;charset=UTF-8");
        let answer = server.seal(message).unwrap();
        assert_eq!(client.unseal(&server.content_type(), &answer).unwrap().body, message);
    }
}

#[test]
fn a_message_in_several_parts_is_joined() {
    let mut client = client();
    let (first, second) = (client.seal(b"first, ").unwrap(), client.seal(b"second").unwrap());
    let joined = [first.strip_suffix(TAIL.as_bytes()).unwrap(), &second].concat();
    assert_eq!(server().unseal(USUAL, &joined).unwrap().body, b"first, second");
}

#[test]
fn a_length_that_is_not_that_of_the_message_is_refused() {
    let body = client().seal(b"message").unwrap();
    for length in [0, 6, 8, usize::MAX] {
        let text = format!("Length={length}\r\n");
        let at = body.windows(10).position(|window| window == b"Length=7\r\n").unwrap();
        let changed = [&body[..at], text.as_bytes(), &body[at + 10..]].concat();
        let error = server().unseal(USUAL, &changed).unwrap_err();
        assert_eq!(error.to_string(), format!("expected a message of {length} bytes as it says, unsealed 7"));
    }
}

#[test]
fn a_body_that_is_cut_anywhere_is_refused() {
    let body = client().seal(b"message").unwrap();
    // Without the last line end nothing is missing.
    for end in 0..body.len() - 2 {
        assert!(server().unseal(USUAL, &body[..end]).is_err(), "{end}");
    }
}

/// A mechanism that pads, as Kerberos with RC4 does.
#[derive(Debug)]
struct Padding;

impl SecurityContext for Padding {
    fn seal(&mut self, plain: &[u8]) -> Result<Sealed, AuthError> {
        Ok(Sealed { header: Vec::new(), data: [plain, &[1]].concat(), padding: 1 })
    }

    fn unseal(&mut self, _: &[u8], data: &[u8]) -> Result<Vec<u8>, AuthError> {
        Ok(data[..data.len() - 1].to_vec())
    }

    fn max_padding(&self) -> usize {
        8
    }
}

#[test]
fn padding_counts_in_the_length_and_is_taken_off() {
    let mut sealer = Sealer::new(Protocol::Kerberos, Padding);
    let body = sealer.seal(b"message").unwrap();
    assert!(String::from_utf8_lossy(&body).contains("Length=8\r\n"));
    assert_eq!(sealer.unseal(&sealer.content_type(), &body).unwrap().body, b"message");
}

proptest! {
    #[test]
    fn any_message_comes_back(message: Vec<u8>) {
        let body = client().seal(&message).unwrap();
        prop_assert_eq!(server().unseal(USUAL, &body).unwrap().body, message);
    }

    #[test]
    fn no_body_panics(content_type: String, bytes: Vec<u8>) {
        let _ = server().unseal(&content_type, &bytes);
        let _ = server().unseal(USUAL, &bytes);
        let _ = server().unseal(USUAL, &body(&head(bytes.len()), &bytes, TAIL));
    }

    /// Whatever is changed: the message is the one that was sealed, or there is none.
    #[test]
    fn a_damaged_body_gives_no_other_message(at: prop::sample::Index, byte: u8, inserted: bool) {
        let mut body = client().seal(b"message").unwrap();
        let at = at.index(body.len());
        if inserted {
            body.insert(at, byte);
        } else {
            body[at] = byte;
        }
        if let Ok(opened) = server().unseal(USUAL, &body) {
            prop_assert_eq!(opened.body, b"message");
        }
    }
}
