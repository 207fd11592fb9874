//! We are the client: pyspnego took our login and our messages, and answered.

use super::*;
use crate::auth::{
    ntlm::{Binding, NtlmClient, NtlmSession},
    sealing::{Protocol, Sealer},
};
use session::{Exchange, Login, Message};

const NAME: &str = "ntlm-pyspnego";
const SOAP: &str = "application/soap+xml;charset=UTF-8";

/// The messages: short and long, a fault, and answers as other servers than Windows write them
/// (`tests/rig/acceptor.py` says what the words in capitals ask of it).
fn messages() -> Vec<String> {
    let long = "x".repeat(70_000);
    ["<one/>", "<two>ü</two>", "FAULT", "SPACED", "BARE", "PAD=70000", &long, "<last/>"]
        .map(str::to_owned)
        .into()
}

fn fixed() -> Fixed {
    Fixed {
        time: *b"\0\x80\x3e\xd5\xde\xb1\x9d\x01",
        client_challenge: [0xaa; 8],
        exported_session_key: [0x55; 16],
    }
}

/// A login, and what comes of it: the legs of the client, and its end of the sealed connection.
struct Played {
    negotiate: Vec<u8>,
    authenticate: Vec<u8>,
    sealer: Sealer,
}

/// `answer` carries NEGOTIATE to the server and brings its CHALLENGE.
fn log_in(fixed: &Fixed, answer: impl FnOnce(&[u8]) -> Vec<u8>) -> Played {
    let client = NtlmClient::sealing(&credentials()).unwrap();
    let challenge = answer(client.negotiate());
    let binding = Binding { target_name: "HTTP/localhost".to_owned(), certificate: None };
    let finished = client.answer(&challenge, &binding, fixed.into()).unwrap();
    Played {
        negotiate: client.negotiate().to_vec(),
        authenticate: finished.message,
        sealer: Sealer::new(Protocol::Spnego, finished.session.unwrap()),
    }
}

/// Plays the client's part again and compares everything.
fn replay(session: &Session) {
    let login = session.login.as_ref().unwrap();
    let mut played = log_in(login.fixed.as_ref().unwrap(), |_| login.challenge.clone());
    assert!(played.negotiate == login.negotiate, "NEGOTIATE is another");
    assert!(played.authenticate == login.authenticate, "AUTHENTICATE is another");
    for Exchange { request, answer, .. } in &session.exchanges {
        assert_eq!(played.sealer.content_type(), request.content_type);
        assert!(played.sealer.seal(&request.plain).unwrap() == request.body, "another request");
        let opened = played.sealer.unseal(&answer.content_type, &answer.body).unwrap();
        assert!(opened.body == answer.plain, "another answer");
        assert_eq!(opened.content_type, SOAP);
    }
}

fn record(rig: &Path) -> Session {
    let mut connection = http::Connection::open(port(rig), "Negotiate");
    let fixed = fixed();
    let mut challenge = Vec::new();
    let Played { negotiate, authenticate, mut sealer } = log_in(&fixed, |negotiate| {
        challenge = connection.token(negotiate).token.unwrap();
        challenge.clone()
    });
    assert_eq!(connection.token(&authenticate).status, 200, "the login");
    let exchanges = messages().iter().map(|plain| connection.exchange(&mut sealer, plain)).collect();
    let about = "a sealed session: NTLM in Negotiate over plain HTTP; the acceptor is not ours";
    let login = Login { fixed: Some(fixed), negotiate, challenge, authenticate };
    Session { about: about.to_owned(), peer: client::versions(rig), login: Some(login), exchanges }
}

/// What makes the recording worth something: the acceptor says what it read, sealed.
fn assert_understood(session: &Session) {
    let sent: Vec<_> = session.exchanges.iter().map(|exchange| exchange.request.plain.clone()).collect();
    assert_eq!(sent, messages().into_iter().map(String::into_bytes).collect::<Vec<_>>());
    for Exchange { request, status, answer } in &session.exchanges {
        let is_fault = request.plain == b"FAULT";
        assert_eq!(*status, if is_fault { 500 } else { 200 });
        let answer = String::from_utf8(answer.plain.clone()).unwrap();
        let length = request.plain.len();
        let said = format!(
            "<answer>user={USER} scheme=Negotiate binding=- sealed=True delegated=False length={length} sha256="
        );
        assert!(answer.starts_with(&said) && answer.ends_with("</answer>"), "{}", &answer[..80]);
        let digest = <sha2::Sha256 as sha2::Digest>::digest(&request.plain);
        assert!(answer.contains(&session::hex(&digest)), "the acceptor read something else");
        assert_eq!(answer.len() > 70_000, request.plain == b"PAD=70000");
    }
}

#[test]
fn our_bytes_are_the_ones_that_pyspnego_took_and_its_answers_open() {
    let session = Session::read(&sessions().join(NAME));
    assert_understood(&session);
    replay(&session);
}

/// The simulated host's end: it seals as pyspnego does.
#[test]
fn our_acceptor_takes_the_same_session_and_answers_with_the_same_bytes() {
    use crate::auth::acceptor::{BindingPolicy, NtlmAcceptor};
    let session = Session::read(&sessions().join(NAME));
    let login = session.login.as_ref().unwrap();
    let mut acceptor =
        NtlmAcceptor::with_challenge(BindingPolicy::Relaxed, &login.negotiate, &login.challenge);
    let accepted = acceptor.verify(&login.authenticate, &password).unwrap();
    assert_eq!(accepted.user, USER);
    let mut sealer = Sealer::new(Protocol::Spnego, accepted.session.unwrap());
    for Exchange { request, answer, .. } in &session.exchanges {
        assert!(sealer.unseal(&request.content_type, &request.body).unwrap().body == request.plain);
        let ours = sealer.seal(&answer.plain).unwrap();
        let written_as_windows_does = !matches!(&request.plain[..], b"SPACED" | b"BARE");
        assert_eq!(ours == answer.body, written_as_windows_does);
    }
}

#[test]
fn a_message_of_a_recorded_session_is_believed_in_its_place_alone() {
    let session = Session::read(&sessions().join(NAME));
    let key = session.login.and_then(|login| login.fixed).unwrap().exported_session_key;
    for (n, exchange) in session.exchanges.iter().enumerate() {
        let Message { content_type, body, .. } = &exchange.answer;
        let mut fresh = Sealer::new(Protocol::Spnego, NtlmSession::client(&key));
        assert_eq!(fresh.unseal(content_type, body).is_ok(), n == 0, "answer {n}, first");
        let Message { content_type, body, .. } = &exchange.request;
        let mut mirrored = Sealer::new(Protocol::Spnego, NtlmSession::client(&key));
        assert!(mirrored.unseal(content_type, body).is_err(), "our own request {n}, sent back");
    }
}

#[test]
fn a_session_recorded_now_is_understood_too() {
    let Some(rig) = rig() else { return };
    let (folder, _temp) = destination(NAME);
    record(&rig).write(&folder);
    let session = Session::read(&folder);
    assert_understood(&session);
    replay(&session);
}
