//! One leg of a login: a token on an empty body, and what comes back.

use super::{
    super::{
        challenges::{challenges, of_scheme},
        connection::{Connection, Content, Reply, Request},
        failure::{Leg, Stage},
    },
    Site,
};
use crate::{
    auth::Secret,
    transport::{Phase, TransportError, TransportErrorKind},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Largest token accepted, in Base64.
const MAX_TOKEN: usize = 128 * 1024;

/// Sends a token.
pub(super) async fn leg(
    site: Site<'_>,
    connection: &mut Connection,
    leg: Leg,
    scheme: &str,
    token: &[u8],
    content: Content,
) -> Result<Reply, TransportError> {
    let authorization = Secret::new(format!("{scheme} {}", STANDARD.encode(token)));
    let is_empty = matches!(content, Content::Nothing);
    if is_empty {
        site.stage.set(Stage::LoggingIn(leg));
    }
    let phase = if is_empty { Phase::NotSent } else { Phase::MaybeSent };
    let request = Request { content, authorization: Some(authorization), anonymous: false };
    connection.leg = Some(leg);
    let reply = connection.post(request, phase).await;
    connection.leg = None;
    reply
}

/// The token that an answer holds for this scheme.
pub(super) fn token(
    reply: &Reply,
    leg: Leg,
    scheme: &str,
    host: &str,
) -> Result<Option<Vec<u8>>, TransportError> {
    let offered = challenges(&reply.headers);
    let token = of_scheme(&offered, scheme).and_then(|challenge| challenge.token.as_deref());
    token.map(|token| decode(token, leg, host)).transpose()
}

fn decode(token: &str, leg: Leg, host: &str) -> Result<Vec<u8>, TransportError> {
    let wrong = |reason: &str| {
        let message = format!("{}: {reason}", leg.failed(host));
        TransportError::new(TransportErrorKind::Protocol, Phase::NotSent, message).with_hint(NOT_OURS)
    };
    if token.len() > MAX_TOKEN {
        return Err(wrong(&format!("the host's token is longer than {MAX_TOKEN} characters")));
    }
    STANDARD.decode(token).map_err(|error| wrong("the host's token is not Base64").with_source(error))
}

/// A token that WinRM does not give.
pub(super) const NOT_OURS: &str = "something else than WinRM answers there, or something between here and the host changes its tokens: reach \
     the host directly";
