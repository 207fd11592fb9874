//! Logging a connection in with NTLM. As every client of WinRM does it, NEGOTIATE and AUTHENTICATE
//! ride on empty bodies, and the message follows when the connection is logged in. A login that fails
//! therefore never had a message with it.

use super::{
    AuthMechanism,
    challenges::{challenges, of_scheme},
    connection::{Connection, Reply, Request},
    login,
};
use crate::{
    auth::{
        AuthError, Credentials, Secret,
        ntlm::{Binding, NtlmClient},
        sealing::{Protocol, Sealer},
    },
    transport::{Phase, TransportError, TransportErrorKind},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::StatusCode;

/// Largest token accepted, in Base64.
const MAX_TOKEN: usize = 128 * 1024;
/// Windows speaks raw NTLM under both names; `Negotiate` is the one that is on by default.
const SCHEMES: [&str; 2] = ["Negotiate", "NTLM"];

/// How a login failed.
#[derive(Debug)]
pub(super) enum LoginError {
    /// The host refuses user name or password.
    Refused,
    /// Anything else.
    Failed(TransportError),
}

impl From<TransportError> for LoginError {
    fn from(error: TransportError) -> Self {
        Self::Failed(error)
    }
}

/// Logs a fresh connection in. With `seal` its messages are sealed from then on.
pub(super) async fn log_in(
    connection: &mut Connection,
    credentials: &Credentials,
    host: &str,
    host_name: &str,
    seal: bool,
) -> Result<(), LoginError> {
    let failed =
        |error: AuthError| login::failed(host, credentials, "the NTLM login cannot go on").with_source(error);
    let client = if seal { NtlmClient::sealing } else { NtlmClient::new };
    let ntlm = client(credentials).map_err(failed)?;
    let (scheme, token) = challenge(connection, &ntlm, credentials, host).await?;
    let certificate = connection.certificate().map(<[u8]>::to_vec);
    if connection.is_tls() && certificate.is_none() {
        return Err(failed(AuthError::NoCertificate).into());
    }
    let binding = Binding { target_name: format!("HTTP/{host_name}"), certificate };
    let answer = ntlm.authenticate(&token, &binding).map_err(failed)?;
    let reply = leg(connection, scheme, &answer.message).await?;
    connection.sealer = answer.session.map(|session| Sealer::new(Protocol::Spnego, session));
    match reply.status {
        StatusCode::UNAUTHORIZED => Err(LoginError::Refused),
        StatusCode::FORBIDDEN => {
            Err(login::failed(host, credentials, "the host forbids it (HTTP 403)").into())
        }
        status if status.is_redirection() => Err(unexpected(host, status).into()),
        StatusCode::SERVICE_UNAVAILABLE => Err(unexpected(host, reply.status).into()),
        // Some gateways do not like the empty message; it is the next one that counts.
        _ => keep_open(host, &reply).map_err(LoginError::from),
    }
}

/// The first leg: gives the scheme that the host takes, and its CHALLENGE.
async fn challenge(
    connection: &mut Connection,
    ntlm: &NtlmClient,
    credentials: &Credentials,
    host: &str,
) -> Result<(&'static str, Vec<u8>), TransportError> {
    let mut offered = Vec::new();
    for scheme in SCHEMES {
        let reply = leg(connection, scheme, ntlm.negotiate()).await?;
        if reply.status != StatusCode::UNAUTHORIZED {
            return Err(unexpected(host, reply.status));
        }
        offered = challenges(&reply.headers);
        if let Some(token) = of_scheme(&offered, scheme).and_then(|challenge| challenge.token.as_deref()) {
            keep_open(host, &reply)?;
            return Ok((scheme, decode(token, host)?));
        }
        // A host where Negotiate is off names NTLM, if that is on; then it is asked by that name.
        if of_scheme(&offered, "NTLM").is_none() || !reply.keeps_open {
            break;
        }
    }
    Err(login::not_offered(host, credentials, AuthMechanism::Ntlm, &offered))
}

async fn leg(connection: &mut Connection, scheme: &str, token: &[u8]) -> Result<Reply, TransportError> {
    let authorization = Secret::new(format!("{scheme} {}", STANDARD.encode(token)));
    let request = Request { authorization: Some(authorization), ..Request::default() };
    connection.post(request, Phase::NotSent).await
}

fn decode(token: &str, host: &str) -> Result<Vec<u8>, TransportError> {
    let wrong = |reason: &str| {
        let message = format!("failed to log in to `{host}`: {reason}");
        TransportError::new(TransportErrorKind::Protocol, Phase::NotSent, message)
    };
    if token.len() > MAX_TOKEN {
        return Err(wrong(&format!("its token is longer than {MAX_TOKEN} characters")));
    }
    STANDARD.decode(token).map_err(|error| wrong("its token is not Base64").with_source(error))
}

fn keep_open(host: &str, reply: &Reply) -> Result<(), TransportError> {
    if reply.keeps_open {
        return Ok(());
    }
    let message =
        format!("failed to log in to `{host}`: it closes the connection, to which NTLM logins belong");
    Err(TransportError::new(TransportErrorKind::Protocol, Phase::NotSent, message)
        .with_hint("a proxy or gateway on the way is not made for NTLM; reach the host directly"))
}

/// Neither a challenge nor a refusal.
fn unexpected(host: &str, status: StatusCode) -> TransportError {
    let failed = |kind, reason: String| {
        TransportError::new(kind, Phase::NotSent, format!("failed to log in to `{host}`: {reason}"))
    };
    match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            failed(TransportErrorKind::Connection, "the service is not available (HTTP 503)".to_owned())
                .with_hint("check that the WinRM service runs on the host")
        }
        _ => failed(
            TransportErrorKind::Protocol,
            format!("expected HTTP 401 with a challenge, got {}", status.as_u16()),
        )
        .with_hint("something else than WinRM answers there; its URL is `https://HOST:5986/wsman`"),
    }
}
