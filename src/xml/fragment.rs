//! XML that is already written: the only type that enters a template unescaped.

/// Well-formed XML content, made only by this crate's writers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct XmlFragment(String);

impl XmlFragment {
    /// `<prefix:local …attributes>text</…>` builders live with their callers; this is the raw door,
    /// for text that a writer of this crate has already escaped.
    pub(crate) fn from_escaped(xml: String) -> Self {
        Self(xml)
    }
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
