//! What an HTTP answer means: the only place where statuses and content types become errors.

use super::retry::{Again, Failure, Proof};
use crate::{
    cim::schema::Schema,
    error::{Error, ErrorKind, Evidence},
    transport::Answer,
    wsman::{
        Filter,
        request::Operation,
        response::{self, Response},
    },
    xml::Limits,
};

/// Bytes of a foreign body that an error shows.
const EXCERPT: usize = 160;

/// Reads the answer to `operation`. A fault, a status that refuses and a body that is not the answer
/// are failures, each with what it proves.
pub(super) fn read(
    operation: &Operation,
    message_id: &str,
    answer: &Answer,
    limits: &Limits,
    schema: &Schema,
) -> Result<Response, Failure> {
    let success = (200..300).contains(&answer.status);
    // WinRM sends faults with 500; others have been seen to use 400.
    let may_be_fault = matches!(answer.status, 400 | 500);
    if !(success || may_be_fault) || answer.body.is_empty() || !is_xml(answer) {
        return Err(refused(operation, answer));
    }
    match response::read(operation, message_id, &answer.body, limits, schema) {
        Ok(Response::Fault(fault)) => {
            let mut failure = Failure::from_fault(operation, *fault);
            if !names_message(&answer.body, message_id) {
                failure.proof = Proof::Unknown;
            }
            Err(failure)
        }
        Ok(response) if success => match other_class(operation, &response, schema) {
            None => Ok(response),
            Some(class) => {
                let action = action(operation);
                let message = format!("failed to {action}: expected an instance of it, got one of `{class}`");
                let error = Error::new(ErrorKind::Protocol, message);
                Err(Failure { error, proof: Proof::Unknown, again: Again::Never })
            }
        },
        Ok(_) => Err(refused(operation, answer)),
        Err(source) => {
            // What was damaged on its way may come whole; what the host has made is made so again.
            let again = if source.is_damage() { Again::Yes } else { Again::Never };
            let message = format!("failed to {}: the answer cannot be used", action(operation));
            let error = Error::new(ErrorKind::Protocol, message)
                .with_source(source)
                .with_evidence(Evidence::Body(excerpt(&answer.body)));
            Err(Failure { error, proof: Proof::Unknown, again })
        }
    }
}

/// Whether a fault is about this very message. The reader has refused one that relates to another; one
/// that relates to none can be read, but proves nothing.
fn names_message(body: &[u8], message_id: &str) -> bool {
    let id = message_id.as_bytes();
    body.windows(id.len()).any(|window| window.eq_ignore_ascii_case(id))
}

/// What was tried, in the infinitive.
pub(super) fn action(operation: &Operation) -> String {
    match operation {
        Operation::Identify => "identify the host".into(),
        Operation::Get { epr } => format!("read `{}`", epr.class()),
        Operation::GetFragment { epr, fragment } => {
            format!("read `{}` of `{}`", fragment.expression(), epr.class())
        }
        Operation::Put { epr, .. } => format!("change `{}`", epr.class()),
        Operation::PutFragment { epr, fragment, .. } => {
            format!("change `{}` of `{}`", fragment.expression(), epr.class())
        }
        Operation::Create { class, .. } => format!("create an instance of `{}`", class.class()),
        Operation::Delete { epr } => format!("delete an instance of `{}`", epr.class()),
        Operation::Enumerate { filter: Some(Filter::Association(association)), .. } => {
            format!("walk along the associations of `{}`", association.object.class())
        }
        Operation::Enumerate { filter: Some(_), .. } => "run a query".into(),
        Operation::Enumerate { class, .. } => format!("enumerate `{}`", class.class()),
        Operation::Pull { class, .. } => match class.class() {
            "*" => "read the next page of a query".into(),
            class => format!("read the next page of `{class}`"),
        },
        Operation::Release { .. } => "release an enumeration".into(),
        Operation::Invoke { epr, method, .. } => format!("call `{method}` of `{}`", epr.class()),
    }
}

/// The class of the instance that answers Get or Put, where it is another one.
fn other_class<'r>(operation: &Operation, response: &'r Response, schema: &Schema) -> Option<&'r str> {
    let (Response::Got(instance) | Response::Put(Some(instance))) = response else { return None };
    let asked = operation.target()?.class();
    Some(instance.class()).filter(|class| is_other(schema, class, asked))
}

/// Whether a class is certainly neither the one that was asked for nor derived from it. Of one that the schema does not
/// know nobody can tell.
pub(super) fn is_other(schema: &Schema, class: &str, asked: &str) -> bool {
    !class.eq_ignore_ascii_case(asked)
        && schema.class(asked).is_some()
        && schema.class(class).is_some_and(|class| !class.is_a(asked))
}

/// Whether the body may be XML by its declared type. Without one the reader decides.
fn is_xml(answer: &Answer) -> bool {
    let Some(content_type) = &answer.content_type else { return true };
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    ["application/soap+xml", "application/xml", "text/xml"]
        .iter()
        .any(|xml| media_type.eq_ignore_ascii_case(xml))
}

/// An answer that is no SOAP message, by its status.
fn refused(operation: &Operation, answer: &Answer) -> Failure {
    let status = answer.status;
    let (kind, reason, hint) = match status {
        300..=399 => (
            ErrorKind::Protocol,
            format!("the server redirects (HTTP {status}), which is not followed"),
            Some(NOT_WSMAN),
        ),
        401 => (
            ErrorKind::Auth,
            "the server refuses the login (HTTP 401)".into(),
            Some(
                "check user name and password, that the mechanism is enabled on the host, and that \
                 nothing between here and the host ends TLS (channel binding)",
            ),
        ),
        403 => (
            ErrorKind::AccessDenied,
            "the server forbids it (HTTP 403)".into(),
            Some("a proxy, or the permissions of the WinRM listener, refuse this user or machine"),
        ),
        404 | 405 => (
            ErrorKind::Protocol,
            format!("this is not a WS-Management endpoint (HTTP {status})"),
            Some(NOT_WSMAN),
        ),
        407 => (
            ErrorKind::Transport,
            "a proxy on the way wants a login (HTTP 407)".into(),
            Some("reach the host without the proxy"),
        ),
        413 => (
            ErrorKind::Protocol,
            "the request is larger than the host accepts (HTTP 413)".into(),
            Some("raise MaxEnvelopeSizekb on the host: winrm set winrm/config @{MaxEnvelopeSizekb=\"500\"}"),
        ),
        503 => (
            ErrorKind::Transport,
            "the service is not available (HTTP 503)".into(),
            Some("check that the WinRM service runs on the host: winrm enumerate winrm/config/listener"),
        ),
        _ if answer.body.is_empty() => {
            (ErrorKind::Protocol, format!("expected a SOAP message, got HTTP {status} without a body"), None)
        }
        _ => {
            let content_type = answer.content_type.as_deref().unwrap_or("no content type");
            let reason = format!(
                "expected a SOAP message, got HTTP {status} with {content_type}: `{}`",
                excerpt(&answer.body)
            );
            (ErrorKind::Protocol, reason, Some(NOT_WSMAN))
        }
    };
    let mut error = Error::new(kind, format!("failed to {}: {reason}", action(operation)));
    if let Some(hint) = hint {
        error = error.with_hint(hint);
    }
    if !answer.body.is_empty() {
        error = error.with_evidence(Evidence::Body(excerpt(&answer.body)));
    }
    // Only over verified TLS is it certain that the host, and not somebody on the way, refused.
    let refused_by_host = answer.peer.verified_tls && matches!(status, 401 | 413 | 503);
    let nothing_usable = status == 503 || (answer.body.is_empty() && matches!(status, 200..=299 | 500));
    Failure {
        error,
        proof: if refused_by_host { Proof::NotRun } else { Proof::Unknown },
        again: if nothing_usable { Again::Yes } else { Again::Never },
    }
}

const NOT_WSMAN: &str =
    "check host, port and path: WinRM listens at https://HOST:5986/wsman and http://HOST:5985/wsman";

/// The beginning of a body as one line of printable text.
fn excerpt(body: &[u8]) -> String {
    let head = body.get(..EXCERPT * 4).unwrap_or(body);
    let text = String::from_utf8_lossy(head);
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.chars().count() > EXCERPT || head.len() < body.len() {
        line = line.chars().take(EXCERPT).chain(['…']).collect();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Peer;

    fn answer(status: u16, content_type: &str, body: &'static str, verified_tls: bool) -> Answer {
        let peer = Peer { verified_tls, ..Peer::default() };
        Answer { status, content_type: Some(content_type.into()), body: body.into(), peer }
    }

    fn failure(answer: &Answer) -> Failure {
        read(&Operation::Identify, "uuid:1", answer, &Limits::default(), &Schema::default()).unwrap_err()
    }

    #[test]
    fn each_status_has_its_kind_and_says_so() {
        let kinds: Vec<String> = [302, 401, 403, 404, 405, 407, 413, 418, 500, 503]
            .into_iter()
            .map(|status| {
                let failure = failure(&answer(status, "text/html", "", true));
                format!("{:?}: {}", failure.error.kind(), failure.error)
            })
            .collect();
        insta::assert_snapshot!(kinds.join("\n"), @r"
        Protocol: failed to identify the host: the server redirects (HTTP 302), which is not followed
        Auth: failed to identify the host: the server refuses the login (HTTP 401)
        AccessDenied: failed to identify the host: the server forbids it (HTTP 403)
        Protocol: failed to identify the host: this is not a WS-Management endpoint (HTTP 404)
        Protocol: failed to identify the host: this is not a WS-Management endpoint (HTTP 405)
        Transport: failed to identify the host: a proxy on the way wants a login (HTTP 407)
        Protocol: failed to identify the host: the request is larger than the host accepts (HTTP 413)
        Protocol: failed to identify the host: expected a SOAP message, got HTTP 418 without a body
        Protocol: failed to identify the host: expected a SOAP message, got HTTP 500 without a body
        Transport: failed to identify the host: the service is not available (HTTP 503)
        ");
    }

    #[test]
    fn only_a_refusal_over_verified_tls_proves_that_nothing_ran() {
        for status in [401, 413, 503] {
            assert_eq!(failure(&answer(status, "text/html", "", true)).proof, Proof::NotRun);
            assert_eq!(failure(&answer(status, "text/html", "", false)).proof, Proof::Unknown);
        }
        for status in [200, 302, 403, 404, 407, 500] {
            assert_eq!(failure(&answer(status, "text/html", "", true)).proof, Proof::Unknown);
        }
    }

    #[test]
    fn a_web_page_is_shown_with_status_type_and_first_bytes() {
        let page = "<html>\r\n <title>Log\u{7}in</title>";
        insta::assert_snapshot!(
            failure(&answer(200, "text/html; charset=utf-8", page, true)).error,
            @"failed to identify the host: expected a SOAP message, got HTTP 200 with text/html; charset=utf-8: `<html> <title>Log in</title>`"
        );
    }

    #[test]
    fn an_excerpt_is_short() {
        assert_eq!(excerpt("ä".repeat(5000).as_bytes()).chars().count(), EXCERPT + 1);
        assert_eq!(excerpt(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }
}
