//! Kerberos, alone in the scheme `Kerberos` or within SPNEGO in `Negotiate`, as the host offers it.

use super::{
    super::{
        challenges::{Challenge, challenges, of_scheme},
        connection::{Connection, Content, Reply, Request},
    },
    Failure, LoggedIn, Login, Site, errors,
    leg::{leg, token},
    tickets::{self, Tickets, Trouble},
};
use crate::{
    auth::{
        KerberosError, KerberosErrorKind as Kind,
        gssapi::{
            CredentialSource, GssClient, GssCredential, GssOptions, Mechanism, NoPrincipal, Step, Target,
        },
        sealing::{Protocol, Sealer},
        server_end_point,
    },
    transport::{AuthMechanism, Phase, TransportError, TransportErrorKind},
};
use reqwest::StatusCode;
use std::fmt;

/// Far more than any login has; a host that asks for more would keep us busy for ever.
const MAX_LEGS: usize = 8;

/// Why a login did not come about.
#[derive(Debug)]
pub(super) enum Stop {
    /// There is no ticket for the host, and nothing has been sent that proves anything.
    NoTicket(NoTicket),
    /// User, password or ticket are refused.
    Refused(TransportError),
    /// Anything else.
    Failed(TransportError),
}

/// Why there is no ticket.
#[derive(Debug)]
pub(super) enum NoTicket {
    /// The user has no name in Kerberos.
    Name(NoPrincipal),
    /// The host does not offer Kerberos.
    NotOffered(TransportError),
    /// The library, or the KDC.
    Error(KerberosError),
}

/// Logs a connection in; with a message, that goes along with each token.
pub(super) async fn log_in(
    site: Site<'_>,
    connection: &mut Connection,
    tickets: &mut Tickets,
    message: Content,
) -> Result<LoggedIn, Stop> {
    let source = tickets::source(site.settings).map_err(|reason| Stop::NoTicket(NoTicket::Name(reason)))?;
    let target = tickets::target(site.settings).map_err(|error| Stop::NoTicket(NoTicket::Error(error)))?;
    let offered = offer(connection, site.host).await?;
    let way = Way::of(site, &offered).map_err(|error| Stop::NoTicket(NoTicket::NotOffered(error)))?;
    let binding = binding(site, connection)?;
    let options = GssOptions { binding, delegate: site.settings.kerberos.delegate, seal: site.seal };
    let start = Start { site, source: &source, target: &target, options, way };
    let (client, first) = start.first_leg(tickets).await?;
    Exchange { site, connection, way, message }.run(client, first).await
}

/// Asks what the host offers, by a request without a login. Over TLS its certificate is known then too.
async fn offer(connection: &mut Connection, host: &str) -> Result<Vec<Challenge>, TransportError> {
    let reply = connection.post(Request::default(), Phase::NotSent).await?;
    if reply.status != StatusCode::UNAUTHORIZED {
        return Err(errors::unexpected(host, reply.status));
    }
    errors::expect_open(host, &reply)?;
    Ok(challenges(&reply.headers))
}

/// How tokens travel.
#[derive(Debug, Clone, Copy)]
struct Way {
    scheme: &'static str,
    mechanism: Mechanism,
    protocol: Protocol,
}

const NEGOTIATE: Way = Way { scheme: "Negotiate", mechanism: Mechanism::Spnego, protocol: Protocol::Spnego };
const KERBEROS: Way =
    Way { scheme: "Kerberos", mechanism: Mechanism::Kerberos, protocol: Protocol::Kerberos };

impl Way {
    /// By the name that was asked for, if the host offers that, else by the other one.
    fn of(site: Site<'_>, offered: &[Challenge]) -> Result<Self, TransportError> {
        let Site { settings, host, .. } = site;
        let order = match settings.mechanism {
            AuthMechanism::Kerberos => [KERBEROS, NEGOTIATE],
            _ => [NEGOTIATE, KERBEROS],
        };
        let user = settings.credentials.as_ref().map(crate::auth::Credentials::user);
        order
            .into_iter()
            .find(|way| of_scheme(offered, way.scheme).is_some())
            .ok_or_else(|| errors::not_offered(host, user, AuthMechanism::Kerberos, offered))
    }
}

/// The channel binding; over TLS there always is one.
fn binding(site: Site<'_>, connection: &Connection) -> Result<Option<Vec<u8>>, TransportError> {
    if !connection.is_tls() {
        return Ok(None);
    }
    let hash =
        connection.certificate().ok_or(crate::auth::AuthError::NoCertificate).and_then(server_end_point);
    let hash = hash.map_err(|error| by_kerberos(site.host, TransportErrorKind::Auth).with_source(error))?;
    Ok(Some([b"tls-server-end-point:", hash.as_slice()].concat()))
}

/// What the first token is made from.
struct Start<'a> {
    site: Site<'a>,
    source: &'a CredentialSource,
    target: &'a Target,
    options: GssOptions,
    way: Way,
}

impl Start<'_> {
    /// The first token, for which the KDC is asked. Tickets at hand may have expired since they were
    /// taken up: then once more, with new ones.
    async fn first_leg(&self, tickets: &mut Tickets) -> Result<(GssClient, Step), Stop> {
        let timeout = self.site.settings.kerberos.timeout;
        loop {
            let are_new = tickets.are_new();
            let credential = tickets
                .get(self.source, self.way.mechanism, self.needs_all(), timeout)
                .await
                .map_err(|trouble| self.stopped(trouble))?;
            let step = self.step(&credential).await;
            if step.is_err() {
                tickets.forget();
            }
            match step {
                Err(Trouble::Kerberos(error)) if error.kind() == Kind::Expired && !are_new => {}
                step => return step.map_err(|trouble| self.stopped(trouble)),
            }
        }
    }

    async fn step(&self, credential: &GssCredential) -> Result<(GssClient, Step), Trouble> {
        let client = GssClient::new(credential, self.target, self.options.clone())?;
        let (client, step) = step(client, None, self.site).await?;
        Ok((client, step?))
    }

    fn needs_all(&self) -> bool {
        self.options.seal || !matches!(self.source, CredentialSource::Cache { name: None, .. })
    }

    fn stopped(&self, trouble: Trouble) -> Stop {
        let error = match trouble {
            Trouble::Kerberos(error) => error,
            Trouble::Slow => return Stop::Failed(slow(self.site)),
        };
        match error.kind() {
            Kind::WrongPassword | Kind::AccountRefused => Stop::Refused(of_kerberos(self.site.host, error)),
            Kind::NoLibrary
            | Kind::Unsupported
            | Kind::Target
            | Kind::NoCredentials
            | Kind::Expired
            | Kind::ClientUnknown
            | Kind::SpnUnknown
            | Kind::ClockSkew
            | Kind::KdcUnreachable
            | Kind::RealmUnknown
            | Kind::Encryption => Stop::NoTicket(NoTicket::Error(error)),
            _ => Stop::Failed(of_kerberos(self.site.host, error)),
        }
    }
}

/// The legs of a login.
struct Exchange<'a> {
    site: Site<'a>,
    connection: &'a mut Connection,
    way: Way,
    message: Content,
}

impl Exchange<'_> {
    async fn run(self, mut client: GssClient, mut next: Step) -> Result<LoggedIn, Stop> {
        let Site { host, .. } = self.site;
        let mut last = None;
        for _ in 0..MAX_LEGS {
            let input = match &next.token {
                Some(out) => {
                    let reply = leg(self.connection, self.way.scheme, out, self.message.clone()).await?;
                    let input = self.check(&reply, next.done)?;
                    last = Some(reply);
                    input
                }
                None => None,
            };
            if next.done && input.is_none() {
                return self.finish(client, last);
            }
            let (same, step) = step(client, input, self.site).await.map_err(|_| slow(self.site))?;
            client = same;
            next = step.map_err(|error| self.after(of_kerberos(host, error)))?;
        }
        let reason = format!("expected the login to end after {MAX_LEGS} legs at most");
        let message = format!("failed to log in to `{host}` by Kerberos: {reason}");
        Err(Stop::Failed(self.after(TransportError::new(
            TransportErrorKind::Protocol,
            Phase::NotSent,
            message,
        ))))
    }

    /// What the host says to a token: its own, if it has one.
    fn check(&self, reply: &Reply, done: bool) -> Result<Option<Vec<u8>>, Stop> {
        let host = self.site.host;
        let input = token(reply, self.way.scheme, host)?;
        match reply.status {
            // A token tells why, or goes on.
            StatusCode::UNAUTHORIZED if input.is_some() && !done => {}
            StatusCode::UNAUTHORIZED => return Err(self.refused()),
            StatusCode::FORBIDDEN if input.is_none() => {
                let message =
                    format!("failed to log in to `{host}` by Kerberos: the host forbids it (HTTP 403)");
                return Err(TransportError::new(TransportErrorKind::Auth, Phase::NotSent, message).into());
            }
            status if status.is_redirection() || status == StatusCode::SERVICE_UNAVAILABLE => {
                return Err(errors::unexpected(host, status).into());
            }
            _ => {}
        }
        errors::expect_open(host, reply)?;
        Ok(input)
    }

    fn finish(self, client: GssClient, last: Option<Reply>) -> Result<LoggedIn, Stop> {
        let refused = last.as_ref().is_none_or(|reply| reply.status == StatusCode::UNAUTHORIZED);
        let Some(established) = client.established().filter(|_| !refused).cloned() else {
            return Err(self.refused());
        };
        tracing::debug!(user = %established.user, service = %established.host, "Kerberos login stands");
        if self.site.seal {
            self.connection.sealer = Some(Sealer::new(self.way.protocol, client));
        }
        let login = Login {
            mechanism: "kerberos",
            user: established.user,
            why: None,
            sealed: self.site.seal,
            bound: established.bound,
            delegated: established.delegated,
        };
        let reply = if matches!(self.message, Content::Nothing) { None } else { last };
        Ok(LoggedIn { login, reply })
    }

    fn refused(&self) -> Stop {
        let message =
            format!("failed to log in to `{}` by Kerberos: the host refuses the ticket", self.site.host);
        let error = TransportError::new(TransportErrorKind::Auth, Phase::NotSent, message).with_hint(
            "the ticket is good, or the KDC would have said so: the account may not be allowed to log on to this host, \
             Kerberos may be off there (`Set-Item WSMan:\\localhost\\Service\\Auth\\Kerberos $true` turns it on), or \
             something between here and the host ends TLS",
        );
        Stop::Refused(error)
    }

    /// An error after a leg. What went along with a token may have been carried out.
    fn after(&self, mut error: TransportError) -> TransportError {
        if !matches!(self.message, Content::Nothing) {
            error.phase = Phase::MaybeSent;
        }
        error
    }
}

impl Stop {
    /// What it means where there is nothing else to try.
    pub(super) fn into_failure(self, site: Site<'_>) -> Failure {
        match self {
            Self::NoTicket(no_ticket) => Failure::Failed(no_ticket.into_error(site)),
            Self::Refused(error) => Failure::Refused(error),
            Self::Failed(error) => Failure::Failed(error),
        }
    }
}

impl From<TransportError> for Stop {
    fn from(error: TransportError) -> Self {
        Self::Failed(error)
    }
}

impl NoTicket {
    fn into_error(self, site: Site<'_>) -> TransportError {
        match self {
            Self::Name(reason) => no_principal(site.host, &reason),
            Self::NotOffered(error) => error,
            Self::Error(error) => {
                let has_no_other = site.settings.credentials.is_none()
                    && site.settings.mechanism == AuthMechanism::Negotiate;
                let mut error = of_kerberos(site.host, error);
                if has_no_other {
                    let hint = error.hint.unwrap_or_default();
                    error.hint = Some(format!("{hint}; or give user and password, for NTLM"));
                }
                error
            }
        }
    }
}

impl fmt::Display for NoTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(reason) => reason.fmt(f),
            Self::NotOffered(_) => f.write_str("the host does not offer Kerberos"),
            Self::Error(error) => error.fmt(f),
        }
    }
}

/// One call that may ask the KDC.
async fn step(
    client: GssClient,
    token: Option<Vec<u8>>,
    site: Site<'_>,
) -> Result<(GssClient, Result<Step, KerberosError>), Trouble> {
    let call = move || {
        let mut client = client;
        let step = client.step(token.as_deref());
        (client, step)
    };
    tickets::within(site.settings.kerberos.timeout, &mut tickets::off_thread(call)).await
}

pub(super) fn slow(site: Site<'_>) -> TransportError {
    let Site { settings, host, .. } = site;
    let timeout = settings.kerberos.timeout;
    let message =
        format!("failed to log in to `{host}` by Kerberos: no answer of the KDC within {timeout:?}");
    TransportError::new(TransportErrorKind::Timeout, Phase::NotSent, message).with_hint(
        "check that a domain controller answers on port 88 (VPN, firewall), and what /etc/krb5.conf says of the realm; \
         `--auth ntlm` does without",
    )
}

/// The user has no name in Kerberos.
pub(super) fn no_principal(host: &str, reason: &NoPrincipal) -> TransportError {
    TransportError::config(format!("failed to log in to `{host}` by Kerberos: {reason}"))
}

/// What the library, or the KDC, says of a login.
pub(super) fn of_kerberos(host: &str, error: KerberosError) -> TransportError {
    with_reason(&format!("failed to log in to `{host}` by Kerberos"), error)
}

/// What failed, and the library's reason.
pub(super) fn with_reason(message: &str, error: KerberosError) -> TransportError {
    let kind = match error.kind() {
        Kind::NoLibrary | Kind::Unsupported | Kind::Target | Kind::Keytab => TransportErrorKind::Config,
        Kind::KdcUnreachable => TransportErrorKind::Connection,
        _ => TransportErrorKind::Auth,
    };
    let failed = TransportError::new(kind, Phase::NotSent, message);
    match error.hint() {
        Some(hint) => failed.with_hint(hint),
        None => failed,
    }
    .with_source(error)
}

fn by_kerberos(host: &str, kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, Phase::NotSent, format!("failed to log in to `{host}` by Kerberos"))
}
