//! Fragments: one part of an instance (DSP0226 7.7, [MS-WSMV] 3.1.4.1.18).

use crate::cim::CimError;

/// The part of an instance that is read or written, as an expression of `XPath` Level 1 (DSP0226, annex
/// D.1): `Notes`, `OperationalStatus[2]`, `EnabledState/text()`. Names stand for themselves, without a
/// prefix and without a `/` in front: what the expression starts from is the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    expression: String,
    /// The last name of the path: the element that comes, or whose text comes.
    element: String,
    /// The path has one step, so its name is that of a property.
    is_property: bool,
    is_text: bool,
}

impl Fragment {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`CimError::Form`] for what is beyond `XPath` Level 1: the host could not process it either.
    pub(crate) fn parse(expression: &str) -> Result<Self, CimError> {
        let path = expression.strip_suffix("/text()");
        let is_text = path.is_some();
        let names: Option<Vec<&str>> = path.unwrap_or(expression).split('/').map(name).collect();
        let Some([first @ .., last]) = names.as_deref() else {
            let expected = "a fragment such as `Notes`, `OperationalStatus[2]` or `EnabledState/text()`";
            return Err(CimError::form(expected, expression));
        };
        Ok(Self {
            expression: expression.to_owned(),
            element: (*last).to_owned(),
            is_property: first.is_empty(),
            is_text,
        })
    }

    /// As it is sent.
    pub(crate) fn expression(&self) -> &str {
        &self.expression
    }

    /// The name of the element that comes, or whose text comes.
    pub(crate) fn element(&self) -> &str {
        &self.element
    }

    /// The property of the instance, if the expression is not about something inside of one.
    pub(crate) fn property(&self) -> Option<&str> {
        self.is_property.then_some(self.element.as_str())
    }

    /// Whether it names one element of an array.
    pub(crate) fn is_indexed(&self) -> bool {
        self.expression.ends_with(']')
    }

    /// Whether the text comes without its element.
    pub(crate) fn is_text(&self) -> bool {
        self.is_text
    }
}

/// The name of one step: `Name`, or `Name[2]`, which counts from 1.
fn name(step: &str) -> Option<&str> {
    let name = match step.split_once('[') {
        None => step,
        Some((name, index)) => {
            let index = index.strip_suffix(']')?;
            let is_index = !index.starts_with('0') && index.bytes().all(|digit| digit.is_ascii_digit());
            (is_index && !index.is_empty()).then_some(name)?
        }
    };
    super::is_identifier(name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_elements_of_arrays_and_texts_can_be_named() {
        let parsed = |expression: &str| {
            let fragment = Fragment::parse(expression).unwrap();
            assert_eq!(fragment.expression(), expression);
            (fragment.element().to_owned(), fragment.property().is_some(), fragment.is_text())
        };
        assert_eq!(parsed("Notes"), ("Notes".to_owned(), true, false));
        assert_eq!(parsed("OperationalStatus[2]"), ("OperationalStatus".to_owned(), true, false));
        assert_eq!(parsed("EnabledState/text()"), ("EnabledState".to_owned(), true, true));
        assert_eq!(parsed("Settings[1]/Size/text()"), ("Size".to_owned(), false, true));
    }

    #[test]
    fn what_the_host_could_not_process_is_refused_with_what_it_could() {
        for expression in [
            "",
            "/",
            "/Notes",
            "Notes/",
            "//Notes",
            "*",
            "p:Notes",
            "Notes[0]",
            "Notes[]",
            "Notes[a]",
            "Notes[1",
            "Notes]",
            "text()",
            "@Name",
            "Notes | Name",
            "Notes[Name='x']",
        ] {
            let error = Fragment::parse(expression).unwrap_err().to_string();
            assert_eq!(
                error,
                format!(
                    "expected a fragment such as `Notes`, `OperationalStatus[2]` or `EnabledState/text()`, \
                     got `{expression}`"
                )
            );
        }
    }
}
