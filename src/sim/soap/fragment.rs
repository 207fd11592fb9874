//! `w:FragmentTransfer`: a part of an instance ([MS-WSMV] 3.1.4.1.18, DSP0226 7.7 and annex D.1).

use super::Fault;
use crate::{
    cim::{Instance, Value},
    xml::{Element, names},
};

/// One property, an element of its array, or its text. Deeper paths are in `XPath` Level 1 too, but no
/// instance of this host has anything deeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Fragment {
    /// As it came; the answer repeats it.
    pub(in crate::sim) expression: String,
    pub(in crate::sim) property: String,
    /// From 1.
    index: Option<usize>,
    pub(in crate::sim) is_text: bool,
}

impl Fragment {
    /// Reads the header.
    ///
    /// # Errors
    /// `a:InvalidMessageInformationHeader` when it need not be understood, `n:CannotProcessFilter` for
    /// an expression beyond the subset.
    pub(super) fn read(header: &Element) -> Result<Self, Fault> {
        let must = header.attribute(names::SOAP, "mustUnderstand").map(str::trim);
        if !matches!(must, Some("true" | "1")) {
            return Err(Fault::invalid_header("FragmentTransfer must have mustUnderstand=\"true\""));
        }
        let expression = header.text().trim().to_owned();
        Self::parse(&expression).ok_or_else(|| Fault::fragment_path(&expression))
    }

    fn parse(expression: &str) -> Option<Self> {
        let (path, is_text) = match expression.strip_suffix("/text()") {
            Some(path) => (path, true),
            None => (expression, false),
        };
        let (property, index) = match path.split_once('[') {
            None => (path, None),
            Some((property, rest)) => {
                (property, Some(rest.strip_suffix(']')?.parse().ok().filter(|index| *index > 0)?))
            }
        };
        let is_name = !property.is_empty() && property.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let (expression, property) = (expression.to_owned(), property.to_owned());
        is_name.then_some(Self { expression, property, index, is_text })
    }

    /// Whether it names one element of an array.
    pub(in crate::sim) fn is_element(&self) -> bool {
        self.index.is_some()
    }

    /// The value that it names; nothing where there is none.
    pub(in crate::sim) fn of<'v>(&self, instance: &'v Instance) -> Option<&'v Value> {
        match (instance.get(&self.property)?, self.index) {
            (Value::Array(values), Some(index)) => values.get(index - 1),
            (value, None | Some(1)) => Some(value),
            (_, Some(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_elements_and_texts_are_found() {
        let instance = Instance::new("C").with("A", vec![1_u16, 2]).with("B", 3_u8);
        let of = |expression: &str| Fragment::parse(expression).unwrap().of(&instance).cloned();
        assert_eq!(of("A[2]"), Some(Value::Uint16(2)));
        assert_eq!(of("A"), Some(Value::from(vec![1_u16, 2])));
        assert_eq!(of("b[1]"), Some(Value::Uint8(3)));
        assert_eq!(of("B/text()"), Some(Value::Uint8(3)));
        for nothing in ["A[3]", "B[2]", "C"] {
            assert_eq!(of(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn what_is_beyond_the_subset_is_not_read() {
        for expression in ["", "/A", "A/B", "A[0]", "A[", "A[x]", "p:A", "A|B", "text()", "*"] {
            assert_eq!(Fragment::parse(expression), None, "{expression}");
        }
    }
}
