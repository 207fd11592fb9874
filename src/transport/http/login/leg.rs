//! One leg of a login: a token on an empty body, and what comes back.

use super::super::{
    challenges::{challenges, of_scheme},
    connection::{Connection, Content, Reply, Request},
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
    connection: &mut Connection,
    scheme: &str,
    token: &[u8],
    content: Content,
) -> Result<Reply, TransportError> {
    let authorization = Secret::new(format!("{scheme} {}", STANDARD.encode(token)));
    let phase = if matches!(content, Content::Nothing) { Phase::NotSent } else { Phase::MaybeSent };
    let request = Request { content, authorization: Some(authorization), anonymous: false };
    connection.post(request, phase).await
}

/// The token that an answer holds for this scheme.
pub(super) fn token(reply: &Reply, scheme: &str, host: &str) -> Result<Option<Vec<u8>>, TransportError> {
    let offered = challenges(&reply.headers);
    let token = of_scheme(&offered, scheme).and_then(|challenge| challenge.token.as_deref());
    token.map(|token| decode(token, host)).transpose()
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
