//! Kerberos, alone in the scheme `Kerberos` or within SPNEGO in `Negotiate`, as the host offers it.

use super::{
    super::{
        HttpSettings,
        challenges::{Challenge, challenges, of_scheme},
        connection::{Connection, Content, Reply, Request},
        failure::{Leg, Stage},
    },
    Failure, LoggedIn, Login, Site, errors,
    leg::{self, leg},
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
use hyper::StatusCode;
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

/// Logs a connection in.
pub(super) async fn log_in(
    site: Site<'_>,
    connection: &mut Connection,
    tickets: &mut Tickets,
) -> Result<LoggedIn, Stop> {
    prepare(site, connection, tickets).await?.exchange(site, connection, Content::Nothing).await
}

/// A login with its first token, for which the KDC was asked.
#[derive(Debug)]
pub(super) struct Ready {
    client: GssClient,
    first: Step,
    way: Way,
}

/// Gets the first token. The host has been asked what it offers, and nothing else; not even that where it is not to be.
pub(super) async fn prepare(
    site: Site<'_>,
    connection: &mut Connection,
    tickets: &mut Tickets,
) -> Result<Ready, Stop> {
    let source = tickets::source(site.settings).map_err(|reason| Stop::NoTicket(NoTicket::Name(reason)))?;
    let target = tickets::target(site.settings).map_err(|error| Stop::NoTicket(NoTicket::Error(error)))?;
    let way = if site.settings.binds_first_request() {
        connection.open().await?;
        Way::of_settings(site.settings)
    } else {
        let offered = offer(connection, site.host).await?;
        Way::of(site, &offered).map_err(|error| Stop::NoTicket(NoTicket::NotOffered(error)))?
    };
    let binding = binding(site, connection)?;
    let options = GssOptions { binding, delegate: site.settings.kerberos.delegate, seal: site.seal };
    let start = Start { site, source: &source, target: &target, options, way };
    let (client, first) = start.first_leg(tickets).await?;
    Ok(Ready { client, first, way })
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
    /// By the name that was asked for.
    fn of_settings(settings: &HttpSettings) -> Self {
        let [first, _] = Self::order(settings);
        first
    }

    fn order(settings: &HttpSettings) -> [Self; 2] {
        match settings.mechanism {
            AuthMechanism::Kerberos => [KERBEROS, NEGOTIATE],
            _ => [NEGOTIATE, KERBEROS],
        }
    }

    /// By the name that was asked for, if the host offers that, else by the other one.
    fn of(site: Site<'_>, offered: &[Challenge]) -> Result<Self, TransportError> {
        let Site { settings, host, .. } = site;
        let order = Self::order(settings);
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
        self.site.stage.set(Stage::Tickets);
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
            trouble => return troubled(self.site.host, self.site.settings, trouble).into(),
        };
        match error.kind() {
            Kind::WrongPassword | Kind::AccountRefused => Stop::Refused(of_kerberos(self.site.host, error)),
            kind if kind.leaves_ntlm() => Stop::NoTicket(NoTicket::Error(error)),
            _ => Stop::Failed(of_kerberos(self.site.host, error)),
        }
    }
}

impl Ready {
    /// The legs of the login. A message goes along with each token until one is not refused.
    pub(super) async fn exchange(
        self,
        site: Site<'_>,
        connection: &mut Connection,
        message: Content,
    ) -> Result<LoggedIn, Stop> {
        let Self { mut client, first: mut next, way } = self;
        let mut legs = Legs { site, connection, way, message, token: 0, last: None };
        for _ in 0..MAX_LEGS {
            let input = match &next.token {
                Some(_) if legs.may_have_run() => return Err(legs.failed("it wants more after the message")),
                Some(out) => legs.send(out, next.done).await?,
                None => None,
            };
            if next.done && input.is_none() {
                return legs.finish(client);
            }
            let stepped = step(client, input, site).await;
            let (same, step) =
                stepped.map_err(|trouble| legs.after(troubled(site.host, site.settings, trouble)))?;
            client = same;
            next = step.map_err(|error| legs.after(of_kerberos(site.host, error)))?;
        }
        Err(legs.failed(&format!("expected the login to end after {MAX_LEGS} legs at most")))
    }
}

/// The legs of a login, as far as they have come.
struct Legs<'a> {
    site: Site<'a>,
    connection: &'a mut Connection,
    way: Way,
    message: Content,
    /// How many tokens of ours have left.
    token: usize,
    last: Option<Reply>,
}

impl Legs<'_> {
    /// Sends a token, and gives what the host says to it: its own, if it has one.
    async fn send(&mut self, token: &[u8], done: bool) -> Result<Option<Vec<u8>>, Stop> {
        if self.carries() {
            self.site.stage.set(Stage::Sent);
        }
        self.token += 1;
        let at = Leg { mechanism: "Kerberos", token: self.token, connects: false };
        let reply = leg(self.site, self.connection, at, self.way.scheme, token, self.message.clone()).await?;
        let reply = self.last.insert(reply);
        let input = leg::token(reply, at, self.way.scheme, self.site.host);
        let input = input.map_err(|error| self.after(error))?;
        self.check(input.is_some(), done)?;
        Ok(input)
    }

    fn check(&self, has_token: bool, done: bool) -> Result<(), Stop> {
        let host = self.site.host;
        let Some(reply) = &self.last else { return Ok(()) };
        match reply.status {
            // A token tells why, or goes on.
            StatusCode::UNAUTHORIZED if has_token && !done => {}
            StatusCode::UNAUTHORIZED => {
                return Err(self.not_offered(reply).unwrap_or_else(|| self.refused()));
            }
            StatusCode::FORBIDDEN if !has_token => {
                return Err(self.failed_as(TransportErrorKind::Auth, "the host forbids it (HTTP 403)"));
            }
            status if status.is_redirection() || status == StatusCode::SERVICE_UNAVAILABLE => {
                return Err(self.after(errors::unexpected(host, status)).into());
            }
            // What came is the answer: nothing follows it on this connection.
            _ if self.may_have_run() => return Ok(()),
            _ => {}
        }
        errors::expect_open(host, reply).map_err(|error| self.after(error).into())
    }

    fn finish(mut self, client: GssClient) -> Result<LoggedIn, Stop> {
        let last = self.last.take();
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
        Ok(LoggedIn { login, reply: last.filter(|_| self.carries()) })
    }

    /// Whether a message goes along.
    fn carries(&self) -> bool {
        !matches!(self.message, Content::Nothing)
    }

    /// Whether a message went along, and was not refused: over TLS, which messages need that go along, a 401 or a 503
    /// proves that it did not run.
    fn may_have_run(&self) -> bool {
        const REFUSALS: [StatusCode; 2] = [StatusCode::UNAUTHORIZED, StatusCode::SERVICE_UNAVAILABLE];
        self.carries() && self.last.as_ref().is_some_and(|reply| !REFUSALS.contains(&reply.status))
    }

    /// A host that was not asked before, and does not take the scheme of the token, has not judged that.
    fn not_offered(&self, reply: &Reply) -> Option<Stop> {
        let Site { settings, host, .. } = self.site;
        let offered = challenges(&reply.headers);
        let is_unasked = settings.binds_first_request() && !offered.is_empty();
        if !is_unasked || of_scheme(&offered, self.way.scheme).is_some() {
            return None;
        }
        let user = settings.credentials.as_ref().map(crate::auth::Credentials::user);
        let mut error = errors::not_offered(host, user, AuthMechanism::Kerberos, &offered);
        if let [_, other] = Way::order(settings)
            && of_scheme(&offered, other.scheme).is_some()
        {
            let (ours, theirs) = (self.way.scheme, other.scheme);
            error.message = format!(
                "failed to log in to `{host}` by Kerberos: it takes no `{ours}`, which was not asked before, but `{theirs}`"
            );
            error.hint = Some(format!(
                "`--auth {}` takes `{theirs}`; or leave out `--auth-preemptive`",
                theirs.to_lowercase()
            ));
        }
        Some(Stop::Failed(self.after(error)))
    }

    fn refused(&self) -> Stop {
        let message =
            format!("failed to log in to `{}` by Kerberos: the host refuses the ticket", self.site.host);
        let service =
            tickets::target(self.site.settings).map_or("HTTP/HOST".to_owned(), |target| target.to_string());
        let error = TransportError::new(TransportErrorKind::Auth, Phase::NotSent, message).with_hint(format!(
            "the account may not be allowed to log on to this host; Kerberos may be off there \
             (`Set-Item WSMan:\\localhost\\Service\\Auth\\Kerberos $true` turns it on); the ticket may be for another \
             account than WinRM's (`setspn -Q {service}` tells whose it is, `--spn-service WSMAN` takes another); or \
             something between here and the host ends TLS"
        ));
        Stop::Refused(error)
    }

    fn failed(&self, reason: &str) -> Stop {
        self.failed_as(TransportErrorKind::Protocol, reason)
    }

    fn failed_as(&self, kind: TransportErrorKind, reason: &str) -> Stop {
        let message = format!("failed to log in to `{}` by Kerberos: {reason}", self.site.host);
        self.after(TransportError::new(kind, Phase::NotSent, message)).into()
    }

    /// An error after a leg.
    fn after(&self, mut error: TransportError) -> TransportError {
        if self.may_have_run() {
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

/// The library has not answered, or with an error.
pub(super) fn troubled(host: &str, settings: &HttpSettings, trouble: Trouble) -> TransportError {
    let timeout = settings.kerberos.timeout;
    match trouble {
        Trouble::Kerberos(error) => of_kerberos(host, error),
        Trouble::Slow => {
            let message =
                format!("failed to log in to `{host}` by Kerberos: no answer of the KDC within {timeout:?}");
            TransportError::new(TransportErrorKind::Timeout, Phase::NotSent, message).with_hint(
                "check that a domain controller answers on port 88 (VPN, firewall), and what /etc/krb5.conf says of the \
                 realm; `--auth ntlm` does without",
            )
        }
        Trouble::Lost => TransportError::config(format!(
            "failed to log in to `{host}` by Kerberos: the GSSAPI library ended without an answer"
        )),
    }
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
