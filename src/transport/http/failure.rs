//! What a failure below HTTP means, and what a user can do about it.

use super::{
    Proxy,
    dial::{ConnectTimedOut, LookupFailed},
    fingerprint::Fingerprint,
    proxy::ProxyFailure,
    trust::{Leaf, WrongFingerprint},
};
use crate::transport::{Phase, TransportError, TransportErrorKind};
use rustls::{AlertDescription, CertificateError, OtherError};
use std::{
    error::Error as StdError,
    fmt, io, iter,
    sync::{Mutex, PoisonError},
};

/// What the words about a failure depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances<'a> {
    /// `host:port`.
    pub(super) host: &'a str,
    /// Over TLS.
    pub(super) leaf: Option<&'a Leaf>,
    /// The leg of a login that the request is.
    pub(super) leg: Option<Leg>,
    /// What holds if the failure itself proves nothing.
    pub(super) phase: Phase,
}

/// A token of ours that an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leg {
    /// `NTLM`, `Kerberos`.
    pub(super) mechanism: &'static str,
    /// From 1.
    pub(super) token: usize,
    /// Whether the connection is made for it.
    pub(super) connects: bool,
}

impl Leg {
    /// What failed.
    pub(super) fn failed(self, host: &str) -> String {
        format!("failed to log in to `{host}` {self}")
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "by {} (token {})", self.mechanism, self.token)
    }
}

/// The connection was gone before anything was sent over it.
pub(super) fn lost(host: &str) -> TransportError {
    connection(Phase::NotSent, format!("failed to reach `{host}`: it closed the connection"))
}

/// A connection that ended after it was made.
pub(super) fn broken(error: &(dyn StdError + 'static), circumstances: Circumstances<'_>) -> TransportError {
    let Circumstances { host, leaf, leg, phase } = circumstances;
    if let Some(error) = find::<rustls::Error>(error) {
        // With TLS 1.3 the server's refusal of the handshake comes after it.
        let message = match leg {
            Some(leg) => format!("{}: TLS has failed", leg.failed(host)),
            None => format!("failed to talk to `{host}` over TLS"),
        };
        let failed =
            TransportError::new(TransportErrorKind::Trust, phase, message).with_source(error.clone());
        return match error {
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => failed.with_hint(WANTED),
            _ => failed,
        };
    }
    match find::<hyper::Error>(error) {
        Some(http) if http.is_parse() => TransportError::new(
            TransportErrorKind::Protocol,
            phase,
            match leg {
                Some(leg) => format!("{}: expected an answer in HTTP", leg.failed(host)),
                None => format!("failed to read the answer of `{host}`: expected HTTP"),
            },
        )
        .with_source(text_of(http))
        .with_hint(if leaf.is_some() { NOT_WINRM } else { NOT_WINRM_PLAIN }),
        _ => {
            let (failed, hint) = match leg {
                Some(leg) => (leg.failed(host), Some(CUT.to_owned())),
                None => (format!("failed to get an answer from `{host}`"), None),
            };
            let cut = connection(phase, format!("{failed}: the connection was cut"));
            TransportError { hint, ..cut.with_source(innermost(error)) }
        }
    }
}

/// Whether it is TLS that ended a connection.
pub(super) fn is_of_tls(error: &(dyn StdError + 'static)) -> bool {
    find::<rustls::Error>(error).is_some()
}

/// The deadline of the exchange passed.
pub(super) fn deadline(host: &str, proxy: Option<&Proxy>, stage: Stage) -> TransportError {
    let way = proxy.map(|proxy| format!(" through the proxy `{proxy}`")).unwrap_or_default();
    let (phase, message) = match stage {
        Stage::Waiting => {
            (Phase::NotSent, format!("failed to reach `{host}` in time: all connections are busy"))
        }
        Stage::Connecting => {
            (Phase::NotSent, format!("failed to connect to `{host}`{way} and log in in time"))
        }
        Stage::Tickets => (
            Phase::NotSent,
            format!("failed to log in to `{host}` by Kerberos in time: no ticket of the KDC yet"),
        ),
        Stage::LoggingIn(leg) if leg.connects => {
            (Phase::NotSent, format!("failed to connect to `{host}`{way} and log in {leg} in time"))
        }
        Stage::LoggingIn(leg) => (Phase::NotSent, format!("{} in time", leg.failed(host))),
        Stage::Sent => (Phase::MaybeSent, format!("failed to get an answer from `{host}` in time")),
    };
    TransportError::new(TransportErrorKind::Timeout, phase, message).with_hint(SLOW)
}

/// A login that is cut off.
const CUT: &str = "the WinRM service of the host was stopped or restarted, or something between here and the host cuts connections";
const SLOW: &str = "the host may be busy: a longer request timeout waits longer (`--request-timeout`)";

/// How far an exchange has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    #[default]
    Waiting,
    Connecting,
    /// The KDC is asked.
    #[cfg_attr(not(feature = "kerberos"), allow(dead_code, reason = "there is no KDC"))]
    Tickets,
    #[cfg_attr(
        not(any(feature = "kerberos", feature = "ntlm")),
        allow(dead_code, reason = "there are no logins")
    )]
    LoggingIn(Leg),
    Sent,
}

/// The same, for whoever has to say what it means that an exchange ends there.
#[derive(Debug, Default)]
pub(super) struct StageCell(Mutex<Stage>);

impl StageCell {
    pub(super) fn get(&self) -> Stage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }
}

/// A connection that could not be made, by whatever made it; `leaf` where it is one with TLS. Of a connection that the
/// host closed in the midst of it, the source is an `io::Error` that says how, and of no other.
pub(super) fn not_connected(
    error: &(dyn StdError + 'static),
    host: &str,
    leaf: Option<&Leaf>,
) -> TransportError {
    let (closed, silent) = if leaf.is_some() { (CLOSED, SILENT) } else { (CLOSED_PLAIN, SILENT_PLAIN) };
    if let Some(failure) = find::<ProxyFailure>(error) {
        return failure.explain(host, closed, silent);
    }
    if let (Some(tls), Some(leaf)) = (find::<rustls::Error>(error), leaf) {
        return not_trusted(tls, host, leaf);
    }
    let failed =
        |reason: &str| connection(Phase::NotSent, format!("failed to connect to `{host}`: {reason}"));
    if find::<ConnectTimedOut>(error).is_some() {
        return failed("no answer in time").with_hint(silent);
    }
    if let Some(lookup) = find::<LookupFailed>(error) {
        let name = failed("its name has no address").with_source(text_of(lookup));
        return name.with_hint("check the spelling, and that this machine asks the right name server");
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => failed("the port is closed").with_hint(closed),
        Some(io::ErrorKind::TimedOut) => failed("no answer in time").with_hint(silent),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            failed("there is no way to it").with_hint("check the address, and the network or VPN that leads there")
        }
        Some(
            cut @ (io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe),
        ) => failed("it closed the connection during the TLS handshake")
            .with_source(io::Error::from(cut))
            .with_hint(
                "an HTTPS listener without a certificate does this: `winrm enumerate winrm/config/listener` on the host shows it",
            ),
        _ => failed("the connection cannot be made").with_source(innermost(error)),
    }
}

/// Why a certificate is not trusted, and what mends it.
#[cfg(feature = "probe")]
pub(super) fn distrust(error: &rustls::Error) -> (String, Option<String>) {
    match error {
        rustls::Error::InvalidCertificate(problem) => {
            let (reason, advice) = describe(problem);
            (reason, Some(advice))
        }
        other => (other.to_string(), None),
    }
}

/// A TLS handshake that failed.
fn not_trusted(error: &rustls::Error, host: &str, leaf: &Leaf) -> TransportError {
    let shown = leaf.get().map(|leaf| Fingerprint::of(leaf));
    let trust = |message: String| TransportError::new(TransportErrorKind::Trust, Phase::NotSent, message);
    let rustls::Error::InvalidCertificate(problem) = error else {
        return match error {
            rustls::Error::InvalidMessage(_) => {
                let message = format!("failed to connect to `{host}`: expected TLS, got something else");
                TransportError::new(TransportErrorKind::Protocol, Phase::NotSent, message).with_hint(NOT_TLS)
            }
            _ => trust(format!("failed to connect to `{host}`: the TLS handshake failed"))
                .with_source(error.clone())
                .with_hint("the host needs TLS 1.2 or later with an AEAD cipher, and a certificate with an RSA key of at least 2048 bits or an ECDSA key"),
        };
    };
    let (reason, advice) = describe(problem);
    let pin = shown.map(|shown| {
        format!("if the host's own certificate has the fingerprint {shown} (compare it there), trust just this one by `--fingerprint {shown}`")
    });
    let hint = match problem_in::<WrongFingerprint>(problem) {
        Some(_) => Some(advice),
        None => iter::once(advice).chain(pin).reduce(|advice, pin| format!("{advice}; {pin}")),
    };
    untrusted(host, &reason, hint)
}

/// A certificate that is not trusted.
pub(super) fn untrusted(host: &str, reason: &str, hint: Option<String>) -> TransportError {
    let message = format!("failed to trust the certificate of `{host}`: {reason}");
    let mut failed = TransportError::new(TransportErrorKind::Trust, Phase::NotSent, message);
    failed.hint = hint;
    failed
}

/// What is wrong with a certificate, and what mends it.
fn describe(problem: &CertificateError) -> (String, String) {
    let (reason, advice) = match problem {
        CertificateError::UnknownIssuer => (
            "its issuer is not known here".to_owned(),
            "name the issuing CA's certificate by `--cacert FILE`",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("it has expired".to_owned(), "renew it on the host, and check the clock of this machine")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("it is not valid yet".to_owned(), "check the clocks of the host and of this machine")
        }
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => (
            "it names its host only by common name, which has no meaning any more".to_owned(),
            "issue one with a subject alternative name",
        ),
        CertificateError::NotValidForNameContext { presented, expected } => (
            format!("it is not for `{}` but for {}", expected.to_str(), names(presented)),
            "use the name that it is for",
        ),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            ("it is not meant for servers".to_owned(), "issue one for server authentication")
        }
        CertificateError::BadSignature => (
            "it is not signed by the CA of that name that is trusted here".to_owned(),
            "name the issuing CA's current certificate by `--cacert FILE`",
        ),
        CertificateError::BadEncoding => {
            ("it cannot be read".to_owned(), "look at it with `openssl s_client -showcerts`")
        }
        CertificateError::Other(_) => describe_other(problem),
        other => (other.to_string(), "renew it on the host"),
    };
    (reason, advice.to_owned())
}

/// Names as webpki presents them, `DnsName("hv1")`, without what surrounds them.
fn names(presented: &[String]) -> String {
    const MOST: usize = 8;
    let bare = presented.iter().take(MOST).map(|name| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, inner)| inner.trim_end_matches(')'));
        format!("`{}`", inner.trim_matches('"'))
    });
    let more = presented.len().checked_sub(MOST).filter(|more| *more > 0);
    bare.chain(more.map(|more| format!("{more} others"))).collect::<Vec<_>>().join(", ")
}

fn describe_other(problem: &CertificateError) -> (String, &'static str) {
    if let Some(wrong) = problem_in::<WrongFingerprint>(problem) {
        let reason = format!("it is not the pinned one: {wrong}");
        return (
            reason,
            "if the host's certificate was renewed, compare the new fingerprint on the host and pin that; otherwise something is between here and the host",
        );
    }
    match problem_in::<webpki::Error>(problem) {
        Some(webpki::Error::CaUsedAsEndEntity) => (
            "it is a CA's own certificate, used for a server".to_owned(),
            "issue a certificate for the server",
        ),
        Some(webpki::Error::UnsupportedCertVersion) => {
            ("it is of X.509 version 1, and 3 is needed".to_owned(), "issue a certificate of version 3")
        }
        _ => (problem.to_string(), "renew it on the host"),
    }
}

fn problem_in<T: StdError + 'static>(problem: &CertificateError) -> Option<&T> {
    match problem {
        CertificateError::Other(OtherError(cause)) => cause.downcast_ref(),
        _ => None,
    }
}

fn connection(phase: Phase, message: String) -> TransportError {
    TransportError::new(TransportErrorKind::Connection, phase, message)
}

/// The first cause of this type. An `io::Error` does not call what it carries its source.
pub(super) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    iter::successors(Some(error), |error| next_cause(*error)).find_map(|cause| cause.downcast_ref())
}

fn next_cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(carried) => Some(carried),
        None => error.source(),
    }
}

/// The text of the last cause: those before it say "error sending request" in several ways.
fn innermost(error: &(dyn StdError + 'static)) -> Box<dyn StdError + Send + Sync> {
    iter::successors(Some(error), |error| next_cause(*error)).last().map_or_else(|| text_of(error), text_of)
}

fn text_of(error: &(impl StdError + ?Sized)) -> Box<dyn StdError + Send + Sync> {
    error.to_string().into()
}

const CLOSED: &str = "check that WinRM has an HTTPS listener (`winrm enumerate winrm/config/listener` on the host; \
     `winrm quickconfig -transport:https` makes one): its port is 5986, and 5985 is the one without TLS";
const SILENT: &str =
    "check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)";
const CLOSED_PLAIN: &str = "check that WinRM has an HTTP listener (`winrm enumerate winrm/config/listener` on the \
     host; `winrm quickconfig` makes one): its port is 5985, and 5986 is the one with TLS";
const SILENT_PLAIN: &str = "check that the host is up, and that no firewall drops TCP 5985";
const WANTED: &str = "the host demands a client certificate: log in by one with `--client-cert FILE`";
const NOT_TLS: &str = "5985 is WinRM's port without TLS; its HTTPS listener is at 5986";
const NOT_WINRM: &str = "something else than WinRM listens there; WinRM's HTTPS listener is at port 5986";
const NOT_WINRM_PLAIN: &str =
    "something else than WinRM without TLS listens there; its port is 5985, and that with TLS 5986";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_an_address_is_told_from_a_host_that_is_down() {
        let lookup = LookupFailed::from(io::Error::other("no such host is known"));
        let error = not_connected(&lookup, "hv1.example.test:5986", Some(&Leaf::default()));
        insta::assert_snapshot!(error, @"failed to connect to `hv1.example.test:5986`: its name has no address");
        insta::assert_snapshot!(error.source().unwrap(), @"no such host is known");
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, Phase::NotSent));
        assert!(error.hint.is_some_and(|hint| hint.contains("name server")));
    }

    #[test]
    fn of_many_names_a_few_are_told() {
        let names = |count| names(&(0..count).map(|n| format!("DnsName(\"h{n}\")")).collect::<Vec<_>>());
        insta::assert_snapshot!(names(2), @"`h0`, `h1`");
        insta::assert_snapshot!(names(1000), @"`h0`, `h1`, `h2`, `h3`, `h4`, `h5`, `h6`, `h7`, 992 others");
    }

    #[test]
    fn each_stage_says_whether_the_message_may_have_left() {
        for (stage, phase) in [
            (Stage::Waiting, Phase::NotSent),
            (Stage::Connecting, Phase::NotSent),
            (Stage::Sent, Phase::MaybeSent),
        ] {
            let error = deadline("h:1", None, stage);
            assert_eq!((error.kind, error.phase), (TransportErrorKind::Timeout, phase));
        }
    }
}
