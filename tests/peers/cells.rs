//! The cells of the matrix of peers, and those of them that cannot exist.

use crate::way::case;
use std::fmt;

/// One way to log in, and to send a message, to one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) peer: Peer,
    pub(crate) login: Login,
    pub(crate) way: Way,
    pub(crate) binding: Binding,
    /// Whether something between us and the peer shows a certificate of its own.
    pub(crate) intercepted: bool,
    pub(crate) proof: Proof,
}

/// With what the client comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Right,
    /// With Kerberos, the KDC judges it.
    WrongPassword,
    /// A ticket that the peer's key does not open. Kerberos alone has one.
    WrongTicket,
}

/// Whose code accepts the login, checks the binding, and unseals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Pyspnego,
    GssNtlmssp,
    Mit,
    Apache,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// NTLM in the scheme `NTLM`.
    NtlmRaw,
    /// NTLM in the scheme `Negotiate`.
    NtlmInNegotiate,
    /// Kerberos in the scheme `Kerberos`.
    Kerberos,
    /// Kerberos in SPNEGO in the scheme `Negotiate`.
    Spnego,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    HttpSealed,
    HttpsPlain,
    HttpsSealed,
}

/// `CbtHardeningLevel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    None,
    Relaxed,
    Strict,
}

/// What must come of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    LetIn,
    Refused,
    /// The login stands, and the answer, which is not sealed as the message was, is not believed.
    Disbelieved,
}

/// Every cell, those that cannot exist too.
pub(crate) fn all() -> Vec<Cell> {
    use Login::{Kerberos, NtlmInNegotiate, NtlmRaw, Spnego};
    let peers: [(Peer, &[Login]); 4] = [
        (Peer::Pyspnego, &[NtlmRaw, NtlmInNegotiate, Kerberos, Spnego]),
        (Peer::GssNtlmssp, &[NtlmRaw, NtlmInNegotiate]),
        (Peer::Mit, &[Kerberos, Spnego]),
        (Peer::Apache, &[NtlmRaw, NtlmInNegotiate, Spnego]),
    ];
    let mut cells = Vec::new();
    for (peer, logins) in peers {
        for &login in logins {
            for way in [Way::HttpSealed, Way::HttpsPlain, Way::HttpsSealed] {
                for binding in [Binding::None, Binding::Relaxed, Binding::Strict] {
                    for (intercepted, proof) in [
                        (false, Proof::Right),
                        (false, Proof::WrongPassword),
                        (false, Proof::WrongTicket),
                        (true, Proof::Right),
                    ] {
                        let cell = Cell { peer, login, way, binding, intercepted, proof };
                        if proof != Proof::WrongTicket || cell.is_kerberos() {
                            cells.push(cell);
                        }
                    }
                }
            }
        }
    }
    cells
}

impl Cell {
    /// Why a cell cannot exist.
    pub(crate) fn impossible(self) -> Option<&'static str> {
        let is_bound = self.binding != Binding::None || self.intercepted;
        if self.way == Way::HttpSealed && is_bound {
            return Some("over http there is no TLS that a login could be bound to, or somebody end");
        }
        if self.peer == Peer::Apache && is_bound {
            return Some("mod_auth_gssapi gives its libraries no bindings to check");
        }
        None
    }

    pub(crate) fn expected(self) -> Expected {
        if self.proof != Proof::Right || (self.intercepted && self.binding != Binding::None) {
            Expected::Refused
        } else if self.peer == Peer::Apache && self.way != Way::HttpsPlain {
            // Nothing in Apache unseals: the message goes through as it is, and the answer comes plain.
            Expected::Disbelieved
        } else {
            Expected::LetIn
        }
    }

    pub(crate) fn is_kerberos(self) -> bool {
        matches!(self.login, Login::Kerberos | Login::Spnego)
    }

    /// The one scheme that the peer is to offer.
    pub(crate) fn scheme(self) -> &'static str {
        match self.login {
            Login::NtlmRaw => "NTLM",
            Login::Kerberos => "Kerberos",
            Login::NtlmInNegotiate | Login::Spnego => "Negotiate",
        }
    }

    /// The rig's listener.
    pub(crate) fn listener(self) -> String {
        let binding = match self.binding {
            Binding::None => "NONE",
            Binding::Relaxed => "RELAXED",
            Binding::Strict => "STRICT",
        };
        let raw = if self.login == Login::NtlmRaw { "_NTLM" } else { "" };
        match (self.peer, self.way, self.intercepted) {
            (Peer::Apache, Way::HttpSealed, _) => format!("APACHE{raw}_PLAIN"),
            (Peer::Apache, ..) => format!("APACHE{raw}"),
            (_, Way::HttpSealed, _) => "PLAIN".to_owned(),
            (_, _, false) => format!("DIRECT_{binding}"),
            (_, _, true) => format!("INTERCEPTED_{binding}"),
        }
    }

    /// Path and query: what the peer is to do, and whose counts are whose.
    pub(crate) fn target(self) -> String {
        let case = case(&self.to_string());
        match (self.peer, self.is_kerberos()) {
            (Peer::Apache, false) => format!("/wsman?{case}"),
            (Peer::Apache, true) => format!("/kerberos/wsman?{case}"),
            (peer, _) => format!("/wsman?offer={}&by={}&{case}", self.scheme(), peer.name()),
        }
    }
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Self::Pyspnego => "pyspnego",
            Self::GssNtlmssp => "gss-ntlmssp",
            Self::Mit => "mit",
            Self::Apache => "apache",
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = match self.login {
            Login::NtlmRaw => "ntlm raw",
            Login::NtlmInNegotiate => "ntlm in negotiate",
            Login::Kerberos => "kerberos",
            Login::Spnego => "spnego",
        };
        let way = match self.way {
            Way::HttpSealed => "http sealed",
            Way::HttpsPlain => "https plain",
            Way::HttpsSealed => "https sealed",
        };
        let binding = match self.binding {
            Binding::None => "none",
            Binding::Relaxed => "relaxed",
            Binding::Strict => "strict",
        };
        let credentials = match (self.proof, self.intercepted) {
            (Proof::Right, false) => "right",
            (Proof::Right, true) => "right, intercepted",
            (Proof::WrongPassword, _) => "wrong password",
            (Proof::WrongTicket, _) => "wrong ticket",
        };
        let peer = self.peer.name();
        write!(f, "{peer:<11} | {login:<17} | {way:<12} | {binding:<7} | {credentials:<18}")
    }
}
