//! A condition against an instance.

use super::{Condition, Literal, Operator};
use crate::{
    cim::{Instance, ObjectPath, Value},
    sim::NAMESPACE,
};
use std::cmp::Ordering;

/// Whether the instance fulfils the condition. Null fulfils no comparison.
pub(in crate::sim) fn matches(condition: &Condition, instance: &Instance) -> bool {
    match condition {
        Condition::All(parts) => parts.iter().all(|part| matches(part, instance)),
        Condition::Any(parts) => parts.iter().any(|part| matches(part, instance)),
        Condition::Not(inner) => !matches(inner, instance),
        Condition::IsNull { property, negated } => {
            instance.get(property).is_none_or(Value::is_null) != *negated
        }
        Condition::Compare { property, operator, literal } => {
            instance.get(property).is_some_and(|value| compares(value, *operator, literal))
        }
    }
}

fn compares(value: &Value, operator: Operator, literal: &Literal) -> bool {
    if operator == Operator::Like {
        return value.as_str().is_some_and(|text| like(&folded(text), &folded(literal.text())));
    }
    order(value, literal).is_some_and(|ordering| operator.holds(ordering))
}

/// WMI compares strings without case and numbers by value; a reference is compared as the object
/// it names.
fn order(value: &Value, literal: &Literal) -> Option<Ordering> {
    let text = literal.text();
    match value {
        Value::String(_) | Value::Untyped(_) => Some(folded(value.as_str()?).cmp(&folded(text))),
        Value::Boolean(value) => {
            let other = if text.eq_ignore_ascii_case("TRUE") || text == "1" {
                true
            } else if text.eq_ignore_ascii_case("FALSE") || text == "0" {
                false
            } else {
                return None;
            };
            Some(value.cmp(&other))
        }
        Value::DateTime(value) => Some(value.to_dmtf().as_str().cmp(text)),
        Value::Reference(epr) => {
            let named = ObjectPath::parse(text).ok()?.to_epr(NAMESPACE).ok()?;
            Some(if **epr == named { Ordering::Equal } else { Ordering::Less })
        }
        Value::Null | Value::Array(_) | Value::Instance(_) => None,
        number => match number.as_i64() {
            Some(value) => Some(value.cmp(&text.parse().ok()?)),
            None => Some(number.as_u64()?.cmp(&text.parse().ok()?)),
        },
    }
}

fn folded(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// `%` any text, `_` one character.
fn like(text: &[char], pattern: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['%', rest @ ..], _) => (0..=text.len()).any(|at| text.get(at..).is_some_and(|t| like(t, rest))),
        (['_', rest @ ..], [_, after @ ..]) => like(after, rest),
        ([first, rest @ ..], [head, after @ ..]) if first == head => like(after, rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cim::Epr,
        sim::wql::{Query, parse},
    };

    fn holds(condition: &str) -> bool {
        let machine = Epr::class_of("Msvm_ComputerSystem", NAMESPACE)
            .with("CreationClassName", "Msvm_ComputerSystem")
            .and_then(|epr| epr.with("Name", "A-1"))
            .unwrap();
        let instance = Instance::new("Msvm_X")
            .with("ElementName", Value::string(r#"R&D "blue" <team>'s"#).unwrap())
            .with("State", Value::Uint16(7))
            .with("Small", Value::Sint8(-3))
            .with("Started", Value::Boolean(true))
            .with("Nothing", Value::Null)
            .with("Member", Value::Reference(Box::new(machine)));
        let query = format!("select * from Msvm_X where {condition}");
        let Ok(Query::Select { condition: Some(condition), .. }) = parse(&query) else { panic!("{query}") };
        matches(&condition, &instance)
    }

    #[test]
    fn strings_compare_without_case_and_with_escapes() {
        assert!(holds(r#"ElementName = 'r&d "BLUE" <team>\'s'"#));
        assert!(!holds("ElementName = 'other'"));
        assert!(holds("ElementName <> 'other' AND elementname != 'x'"));
        assert!(holds("ElementName LIKE 'R&D%blue__<team>%'"));
        assert!(!holds("ElementName LIKE 'blue'"));
    }

    #[test]
    fn numbers_booleans_and_null_compare_by_value() {
        assert!(holds("State = 7 AND State < '10' AND State >= 7 AND Small < 0"));
        assert!(holds("Started = TRUE AND NOT Started = 'false'"));
        assert!(holds("Nothing IS NULL AND Nothing = NULL AND State IS NOT NULL"));
        assert!(!holds("Nothing = 0"));
        assert!(!holds("Nothing <> 0"));
        assert!(!holds("State = 'seven'"));
    }

    #[test]
    fn references_compare_by_the_object_they_name() {
        let path = r#"\\\\HV01\\root\\virtualization\\v2:Msvm_ComputerSystem.CreationClassName="msvm_computersystem",Name="a-1""#;
        assert!(holds(&format!("Member = '{path}'")));
        assert!(!holds("Member = 'Msvm_ComputerSystem.Name=\"a-2\"'"));
    }
}
