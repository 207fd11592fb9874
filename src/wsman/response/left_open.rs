//! What an answer opens on the host that cannot be used as a whole.

use super::{envelope, same_message};
use crate::{
    cim::Text,
    xml::{Event, Limits, Reader, XmlError, decode as decode_bytes, names},
};

/// The context of the enumeration that is open after this answer to Enumerate or Pull, as far as it can be read: an
/// answer that breaks off, or holds what it must not hold, opens one all the same.
pub(crate) fn left_open(message_id: &str, body: &[u8], limits: &Limits) -> Option<Text> {
    let text = decode_bytes(body, limits).ok()?;
    let mut reader = Reader::new(&text, limits).ok()?;
    let header = envelope::open(&mut reader).ok()??;
    let relates_to = header.child(names::ADDRESSING, "RelatesTo")?;
    if !same_message(message_id, relates_to.text().trim()) {
        return None;
    }
    let mut found = Found::default();
    // What was found before the document broke off counts.
    let _ = found.search(&mut reader);
    found.context.filter(|_| !found.end).and_then(|context| Text::new(context.trim()).ok())
}

#[derive(Debug, Default)]
struct Found {
    context: Option<String>,
    end: bool,
}

impl Found {
    /// Looks through the body, at the children of the answer's one element.
    fn search(&mut self, reader: &mut Reader<'_>) -> Result<(), XmlError> {
        let mut depth = 0_usize;
        let mut in_context = false;
        loop {
            match reader.next()? {
                Event::Start { namespace, local, .. } => {
                    depth += 1;
                    if depth == 2 {
                        in_context = *namespace == *names::ENUMERATION && local == "EnumerationContext";
                        self.end |= local == "EndOfSequence";
                    }
                }
                Event::Text(text) if in_context && depth == 2 => self.context = Some(text.into_owned()),
                Event::Text(_) => {}
                Event::End if depth == 0 => return Ok(()),
                Event::End => {
                    in_context &= depth != 2;
                    depth -= 1;
                }
                Event::Eof => return Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(relates_to: &str, content: &str) -> Option<String> {
        let body = format!(
            "<s:Envelope xmlns:s='{}' xmlns:a='{}' xmlns:n='{}' xmlns:w='{}'><s:Header>\
             <a:RelatesTo>uuid:{relates_to}</a:RelatesTo></s:Header><s:Body>{content}",
            names::SOAP,
            names::ADDRESSING,
            names::ENUMERATION,
            names::WSMAN
        );
        left_open("uuid:1", body.as_bytes(), &Limits::default()).map(Text::into_string)
    }

    const OPEN: &str = "<n:EnumerationContext> uuid:C </n:EnumerationContext>";

    #[test]
    fn a_context_counts_whatever_comes_after_it() {
        for rest in
            ["", "<w:Items><half", "<w:Items></n:Items>", "<w:Items><a><b/></a></w:Items><n:Expires>x"]
        {
            let content = format!("<n:EnumerateResponse>{OPEN}{rest}");
            assert_eq!(context("1", &content).as_deref(), Some("uuid:C"), "{rest}");
        }
        let after = format!("<n:PullResponse><n:Items><x/></n:Items>{OPEN}</n:PullResponse>");
        assert_eq!(context("1", &after).as_deref(), Some("uuid:C"));
    }

    #[test]
    fn an_enumeration_that_has_ended_is_not_open_and_neither_is_that_of_another_message() {
        let ended = format!("<n:EnumerateResponse>{OPEN}<w:EndOfSequence/>");
        assert_eq!(context("1", &ended), None);
        assert_eq!(context("2", &format!("<n:EnumerateResponse>{OPEN}")), None);
        assert_eq!(context("1", "<n:EnumerateResponse><n:EnumerationContext/>"), None);
        assert_eq!(context("1", &format!("<n:PullResponse><n:Items>{OPEN}</n:Items>")), None);
    }
}
