//! Sealed messages on a connection ([MS-WSMV] 2.2.9.1). Over plain HTTP anybody on the way can write an
//! answer, so that only a sealed one is the host's: of others nothing but a status that refuses is passed
//! on, and without verified TLS that proves nothing.

use super::{
    AuthMechanism, HttpSettings,
    connection::{Connection, Content, Reply, Request},
};
use crate::{
    auth::{AuthError, sealing},
    transport::{Phase, TransportError, TransportErrorKind},
};
use bytes::Bytes;
use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};

/// Whether these settings protect what is sent.
pub(super) fn check(settings: &HttpSettings, is_tls: bool) -> Result<(), TransportError> {
    let logs_in_by_basic = settings.credentials.is_some() && settings.mechanism == AuthMechanism::Basic;
    if logs_in_by_basic && (!is_tls || settings.always_seal) {
        let message = "failed to use Basic: messages have to be sealed, for which it has no keys";
        return Err(TransportError::config(message)
            .with_hint("use the HTTPS listener, `https://HOST:5986/wsman`, or another mechanism"));
    }
    if !is_tls && settings.trust.is_special() {
        let message = "failed to use an `http://` URL: there is no certificate that could be the trusted one";
        return Err(TransportError::config(message)
            .with_hint("use `https://HOST:5986/wsman`, or leave out fingerprint and CA"));
    }
    if let Some(proxy) = settings.proxy.as_ref().filter(|proxy| !is_tls && proxy.speaks_http()) {
        let message = format!(
            "failed to use the proxy `{proxy}` for an `http://` URL: logins and sealed messages belong to one \
             connection, which a proxy of HTTP does not keep"
        );
        return Err(TransportError::config(message)
            .with_hint("use `https://HOST:5986/wsman`, or a SOCKS proxy (`socks5h://PROXY:PORT`)"));
    }
    Ok(())
}

impl Connection {
    /// Sends a message, sealed if the connection is one that seals.
    pub(super) async fn send(&mut self, request: Request) -> Result<Reply, TransportError> {
        let Content::Message(message) = &request.content else {
            return self.post(request, Phase::MaybeSent).await;
        };
        let (host, by) = (self.host().to_owned(), self.sealed_by());
        let Some(sealer) = &mut self.sealer else {
            return self.post(request, Phase::MaybeSent).await;
        };
        let body = sealer.seal(message).map_err(|error| not_sealed(&host, by, error))?;
        let content = Content::Sealed { content_type: sealer.content_type(), body: body.into() };
        let reply = self.post(Request { content, ..request }, Phase::MaybeSent).await?;
        self.unseal(reply)
    }

    fn unseal(&mut self, mut reply: Reply) -> Result<Reply, TransportError> {
        let content_type = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match content_type.filter(|content_type| sealing::is_sealed(content_type)) {
            Some(content_type) => {
                let (host, by) = (self.host().to_owned(), self.sealed_by());
                let Some(sealer) = &mut self.sealer else { return Ok(reply) };
                // Faults come with status 500, and are sealed like any answer.
                let opened = sealer
                    .unseal(content_type, &reply.body)
                    .map_err(|error| not_unsealed(&host, by, error))?;
                reply.body = opened.body.into();
                reply.sealed = true;
                match HeaderValue::from_str(&opened.content_type) {
                    Ok(value) => drop(reply.headers.insert(CONTENT_TYPE, value)),
                    Err(_) => drop(reply.headers.remove(CONTENT_TYPE)),
                }
                Ok(reply)
            }
            None if reply.status.is_client_error() || reply.status == StatusCode::SERVICE_UNAVAILABLE => {
                reply.body = Bytes::new();
                reply.headers.remove(CONTENT_TYPE);
                Ok(reply)
            }
            None => Err(unsealed(self.host(), self.sealed_by(), reply.status)),
        }
    }

    /// Whose keys seal, for messages.
    fn sealed_by(&self) -> &'static str {
        if self.mechanism == "kerberos" { "Kerberos" } else { "NTLM" }
    }
}

fn not_sealed(host: &str, by: &str, error: AuthError) -> TransportError {
    let message = format!("failed to seal the message to `{host}` by {by}");
    TransportError::new(TransportErrorKind::Protocol, Phase::NotSent, message).with_source(error)
}

fn not_unsealed(host: &str, by: &str, error: AuthError) -> TransportError {
    let message = format!("failed to unseal the answer of `{host}` by {by}");
    TransportError::new(TransportErrorKind::Protocol, Phase::MaybeSent, message).with_source(error).with_hint(
        "something between here and the host changes or cuts what passes; over HTTPS it cannot do so unseen",
    )
}

fn unsealed(host: &str, by: &str, status: StatusCode) -> TransportError {
    let status = status.as_u16();
    let message = format!(
        "failed to believe the answer of `{host}`: expected it sealed by {by}, got HTTP {status} unsealed"
    );
    TransportError::new(TransportErrorKind::Protocol, Phase::MaybeSent, message)
        .with_hint("the host has lost the login, or something between here and the host answers in its place")
}
