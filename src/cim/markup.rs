//! The writer behind [`super::encode`] and [`super::embedded`]: quick-xml's, with an escaping of
//! our choice.

use std::borrow::Cow;

use quick_xml::{
    Writer,
    events::{BytesEnd, BytesStart, BytesText, Event, attributes::Attribute},
    name::QName,
};

/// XML on its way. Element names are trusted; attribute values and texts are escaped.
pub(super) struct Markup {
    writer: Writer<Vec<u8>>,
    escape: fn(&str) -> Cow<'_, str>,
}

impl Markup {
    pub(super) fn new(escape: fn(&str) -> Cow<'_, str>) -> Self {
        Self { writer: Writer::new(Vec::new()), escape }
    }

    pub(super) fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let tag = self.tag(name, attributes);
        self.write(Event::Start(tag));
    }

    pub(super) fn end(&mut self, name: &str) {
        self.write(Event::End(BytesEnd::new(name)));
    }

    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let tag = self.tag(name, attributes);
        self.write(Event::Empty(tag));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.write(Event::Text(BytesText::from_escaped((self.escape)(text))));
    }

    /// An element that holds text and nothing else; never in the short form, which some readers
    /// take for null.
    pub(super) fn leaf(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.start(name, attributes);
        self.text(text);
        self.end(name);
    }

    /// What was written: whole strings only, so nothing is lost.
    pub(super) fn into_string(self) -> String {
        String::from_utf8_lossy(&self.writer.into_inner()).into_owned()
    }

    fn tag<'n>(&self, name: &'n str, attributes: &[(&str, &str)]) -> BytesStart<'n> {
        let escaped =
            attributes.iter().map(|(key, value)| Attribute { key: QName(key), value: (self.escape)(value) });
        BytesStart::new(name).with_attributes(escaped)
    }

    fn write(&mut self, event: Event<'_>) {
        // Writing to a vector cannot fail.
        let _ = self.writer.write_event(event);
    }
}
