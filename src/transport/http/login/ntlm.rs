//! NTLM, in the scheme that the host takes it in.

use super::{
    super::{
        challenges::{challenges, of_scheme},
        connection::{Connection, Content},
        failure::Leg,
    },
    Failure, LoggedIn, Login, Site, Standing, errors,
    leg::{NOT_OURS, leg, token},
};
use crate::{
    auth::{
        AuthError, Credentials,
        ntlm::{Binding, NtlmClient},
        sealing::{Protocol, Sealer},
    },
    transport::{AuthMechanism, TransportError},
};
use hyper::StatusCode;

/// Windows speaks raw NTLM under both names; `Negotiate` is the one that is on by default.
const SCHEMES: [&str; 2] = ["Negotiate", "NTLM"];
const NTLM: &str = "NTLM";
/// What is offered.
const FIRST: Leg = Leg { mechanism: NTLM, token: 1, connects: true };
/// What proves the password.
const SECOND: Leg = Leg { mechanism: NTLM, token: 2, connects: false };
const WEAKER: &str = "the host, or something between here and it, asks for less than any Windows of today does: look at \
     `Network security: LAN Manager authentication level` and `Minimum session security` in its policy, or use HTTPS";

/// Logs a connection in.
pub(super) async fn log_in(
    site: Site<'_>,
    connection: &mut Connection,
    standing: &mut Standing,
) -> Result<LoggedIn, Failure> {
    let Site { settings, host, seal, .. } = site;
    let credentials = settings.credentials.as_ref().ok_or_else(|| errors::no_user(host))?;
    let failed = |error: AuthError| {
        let failed = errors::failed(host, NTLM, credentials, "it cannot go on");
        match error {
            AuthError::Token(_) => failed.with_hint(NOT_OURS),
            AuthError::Downgrade(_) => failed.with_hint(WEAKER),
            _ => failed,
        }
        .with_source(error)
    };
    let client = if seal { NtlmClient::sealing } else { NtlmClient::new };
    let ntlm = client(credentials).map_err(failed)?;
    let (scheme, token) = challenge(site, connection, &ntlm, credentials).await?;
    let certificate = connection.certificate().map(<[u8]>::to_vec);
    if connection.is_tls() && certificate.is_none() {
        return Err(failed(AuthError::NoCertificate).into());
    }
    let bound = certificate.is_some();
    let host_name = settings.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let binding = Binding { target_name: format!("HTTP/{host_name}"), certificate };
    let answer = ntlm.authenticate(&token, &binding).map_err(failed)?;
    standing.begin();
    let reply = leg(site, connection, SECOND, scheme, &answer.message, Content::Nothing).await?;
    connection.sealer = answer.session.map(|session| Sealer::new(Protocol::Spnego, session));
    match reply.status {
        StatusCode::UNAUTHORIZED => {
            Err(Failure::Refused(errors::refused(host, credentials, AuthMechanism::Ntlm)))
        }
        StatusCode::FORBIDDEN => {
            Err(errors::failed(host, NTLM, credentials, "the host forbids it (HTTP 403)").into())
        }
        // Some gateways do not like the empty message; it is the next one that counts.
        status if status.is_redirection() || status == StatusCode::SERVICE_UNAVAILABLE => {
            Err(errors::unexpected(host, status).into())
        }
        _ => {
            errors::expect_open(host, &reply)?;
            let user = credentials.user().to_string();
            let login = Login { mechanism: "ntlm", user, why: None, sealed: seal, bound, delegated: false };
            Ok(LoggedIn { login, reply: None })
        }
    }
}

/// The first leg: gives the scheme that the host takes, and its CHALLENGE.
async fn challenge(
    site: Site<'_>,
    connection: &mut Connection,
    ntlm: &NtlmClient,
    credentials: &Credentials,
) -> Result<(&'static str, Vec<u8>), TransportError> {
    let host = site.host;
    let mut offered = Vec::new();
    for scheme in SCHEMES {
        let reply = leg(site, connection, FIRST, scheme, ntlm.negotiate(), Content::Nothing).await?;
        if reply.status != StatusCode::UNAUTHORIZED {
            return Err(errors::unexpected(host, reply.status));
        }
        if let Some(token) = token(&reply, FIRST, scheme, host)? {
            errors::expect_open(host, &reply)?;
            return Ok((scheme, token));
        }
        offered = challenges(&reply.headers);
        // A host where Negotiate is off names NTLM, if that is on; then it is asked by that name.
        if of_scheme(&offered, "NTLM").is_none() || !reply.keeps_open {
            break;
        }
    }
    Err(errors::not_offered(host, Some(credentials.user()), AuthMechanism::Ntlm, &offered))
}
