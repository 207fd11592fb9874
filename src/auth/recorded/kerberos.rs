//! Bodies after a login by Kerberos (RFC 4121). Without the GSSAPI library and the keys nothing opens them; how
//! they are put together and taken apart is tested everywhere.

use super::*;
use crate::auth::{
    AuthError,
    sealing::{Protocol, Sealed, Sealer, SecurityContext},
};
use session::Message;

/// Folder, protocol of the bodies, whether the login was in SPNEGO.
const SESSIONS: [(&str, Protocol, bool); 2] =
    [("kerberos-mit", Protocol::Kerberos, false), ("spnego-mit", Protocol::Spnego, true)];

/// In place of a context: knows the message, and looks at what should be its token.
#[derive(Debug)]
struct Apart {
    plain: Vec<u8>,
    from_acceptor: bool,
    sealed: Option<Sealed>,
}

impl SecurityContext for Apart {
    fn seal(&mut self, _: &[u8]) -> Result<Sealed, AuthError> {
        Ok(self.sealed.clone().unwrap())
    }

    /// Token header (4.2.6.2) and confounder, then by rotation the encrypted header and the checksum: with AES
    /// 60 bytes in all, and data as long as the message.
    fn unseal(&mut self, header: &[u8], data: &[u8]) -> Result<Vec<u8>, AuthError> {
        assert_eq!((header.len(), data.len()), (60, self.plain.len()));
        assert_eq!(header[..2], [5, 4], "TOK_ID of a Wrap token");
        let (sent_by_acceptor, is_sealed) = (header[2] & 1 == 1, header[2] & 2 == 2);
        assert_eq!((sent_by_acceptor, is_sealed), (self.from_acceptor, true));
        assert_eq!(header[4..8], [0, 0, 0, 28], "EC and RRC");
        self.sealed = Some(Sealed { header: header.to_vec(), data: data.to_vec(), padding: 0 });
        Ok(self.plain.clone())
    }
}

/// Takes a body apart and puts it together again.
fn apart(protocol: Protocol, message: &Message, from_acceptor: bool) {
    let plain = message.plain.clone();
    let mut sealer = Sealer::new(protocol, Apart { plain, from_acceptor, sealed: None });
    assert_eq!(sealer.content_type(), message.content_type);
    assert!(sealer.unseal(&message.content_type, &message.body).unwrap().body == message.plain);
    assert!(sealer.seal(&message.plain).unwrap() == message.body, "other bytes");
}

fn replay(session: &Session, protocol: Protocol) {
    assert_eq!(session.exchanges.len(), 3);
    for exchange in &session.exchanges {
        apart(protocol, &exchange.request, false);
        apart(protocol, &exchange.answer, true);
        let answer = String::from_utf8_lossy(&exchange.answer.plain);
        let digest = <sha2::Sha256 as sha2::Digest>::digest(&exchange.request.plain);
        assert!(answer.contains(&session::hex(&digest)), "the acceptor read something else");
    }
}

#[test]
fn bodies_of_kerberos_are_put_together_and_taken_apart_as_their_acceptor_did() {
    for (name, protocol, _) in SESSIONS {
        replay(&Session::read(&sessions().join(name)), protocol);
    }
}

#[cfg(unix)]
mod now {
    use super::*;
    use crate::auth::gssapi::{
        CredentialSource, GssClient, GssCredential, GssOptions, Gssapi, Mechanism, Target,
    };
    use session::Exchange;

    /// The messages, of which the last has a long answer (`tests/rig/acceptor.py`).
    const MESSAGES: [&str; 3] = ["<one/>", "FAULT", "PAD=70000"];

    fn record(rig: &Path, protocol: Protocol, in_spnego: bool) -> Session {
        let (mechanism, scheme) =
            if in_spnego { (Mechanism::Spnego, "Negotiate") } else { (Mechanism::Kerberos, "Kerberos") };
        let library = Gssapi::at("libgssapi_krb5.so.2").unwrap();
        let tickets = CredentialSource::Cache { principal: None, name: None };
        let credential = GssCredential::acquire(&library, &tickets, mechanism).unwrap();
        let options = GssOptions { seal: true, ..GssOptions::default() };
        let mut client =
            GssClient::new(&credential, &Target::new("HTTP", "localhost").unwrap(), options).unwrap();
        let mut connection = http::Connection::open(port(rig), scheme);
        let mut token = None;
        loop {
            let step = client.step(token.as_deref()).unwrap();
            if step.done {
                break;
            }
            token = connection.token(&step.token.unwrap()).token;
        }
        let mut sealer = Sealer::new(protocol, client);
        let exchange = |plain: &str| connection.exchange(&mut sealer, plain);
        let exchanges: Vec<Exchange> = MESSAGES.into_iter().map(exchange).collect();
        let about = format!(
            "sealed bodies after a login by {scheme}: MIT's library, and an acceptor that is not ours"
        );
        Session { about, peer: client::versions(rig), login: None, exchanges }
    }

    #[test]
    fn bodies_recorded_now_are_too() {
        let Some(rig) = rig() else { return };
        for (name, protocol, in_spnego) in SESSIONS {
            let (folder, _temp) = destination(name);
            record(&rig, protocol, in_spnego).write(&folder);
            replay(&Session::read(&folder), protocol);
        }
    }
}
