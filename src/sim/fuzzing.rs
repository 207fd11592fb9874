//! What fuzzers feed with requests to the simulated host.

use super::{
    soap::Envelope,
    wql::{self, Query},
};
use crate::cim::{ObjectPath, Text, wql as client};

/// A SOAP request: it is an operation or gets a fault.
pub(crate) fn soap_request(data: &[u8]) {
    if let Ok(envelope) = Envelope::read(data) {
        let _ = (envelope.message_id(), envelope.name(), envelope.max_envelope_size());
        let _ = envelope.operation();
    }
}

/// A query.
pub(crate) fn wql(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = wql::parse(text);
    }
}

/// A text in a query of the client's making: it stays one literal, and reads back the same. So do the keys of a path.
pub(crate) fn wql_literal(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(value) = Text::new(text) {
        compares_with(&format!("SELECT * FROM X WHERE A={}", client::quote(&value)), text);
    }
    let epr = ObjectPath::parse(text).and_then(|path| path.to_epr("root/virtualization/v2"));
    let Ok(epr) = epr else { return };
    if let Ok(query) = client::associators_of(&epr, "A", "R")
        && !epr.selectors().is_empty()
    {
        let parsed = wql::parse(query.as_str());
        assert!(matches!(parsed, Ok(Query::Associators { .. })), "{parsed:?}: {query}");
        let Ok(Query::Associators { object, restrictions }) = parsed else { return };
        assert_eq!(object.class, epr.class(), "{query}");
        assert_eq!(object.keys.len(), epr.selectors().len(), "{query}");
        for ((name, value), selector) in object.keys.iter().zip(epr.selectors()) {
            assert_eq!(name, selector.name(), "{query}");
            assert!(epr.selector(name).is_none_or(|text| text == value), "{query}");
        }
        assert_eq!(restrictions.result_class.as_deref(), Some("R"), "{query}");
    }
}

/// Makes sure that a query has one condition, a comparison with this text.
pub(crate) fn compares_with(query: &str, text: &str) {
    let parsed = wql::parse(query);
    let literal = match &parsed {
        Ok(Query::Select { condition: Some(wql::Condition::Compare { literal, .. }), .. }) => {
            Some(literal.text())
        }
        _ => None,
    };
    assert_eq!(literal, Some(text), "{parsed:?}: {query}");
}

/// Makes sure that a query has one condition.
pub(crate) fn has_one_condition(query: &str) {
    let parsed = wql::parse(query);
    let is_one = match &parsed {
        Ok(Query::Select { condition: Some(condition), .. }) => condition.properties().len() == 1,
        _ => false,
    };
    assert!(is_one, "{parsed:?}: {query}");
}
