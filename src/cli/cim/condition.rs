//! `--where`: a condition on a property, which becomes WQL or a selector filter.

use super::Scope;
use crate::{
    cim::{CimError, CimType, DateTime, Epr, Text, Value, schema::Property, wql},
    cli::{failure::Failure, similar::did_you_mean},
    error::{Error, ErrorKind},
    wsman::Filter,
};

/// `PROPERTY OPERATOR VALUE`, spaces around the operator or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    property: String,
    operator: Operator,
    value: Operand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    /// `null` without quotes.
    Null,
    /// In quotes: text, whatever it looks like.
    Quoted(String),
    Bare(String),
}

/// Spellings; of two that begin alike, the longer first.
const OPERATORS: [(&str, Operator); 8] = [
    ("!=", Operator::NotEqual),
    ("<>", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("~", Operator::Like),
];

impl std::str::FromStr for Condition {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let form = || {
            format!("expected PROPERTY=VALUE (or `!=`, `<`, `<=`, `>`, `>=`, `~` for LIKE), got `{typed}`")
        };
        let end = typed
            .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
            .ok_or_else(form)?;
        let (property, rest) = typed.split_at(end);
        let rest = rest.trim_start();
        let (operator, value) = OPERATORS
            .iter()
            .find_map(|(spelling, operator)| Some((*operator, rest.strip_prefix(spelling)?)))
            .ok_or_else(form)?;
        if property.is_empty() || property.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(form());
        }
        let value = value.trim();
        let within = |quote| value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote));
        let quoted = within('"').or_else(|| within('\''));
        let value = match quoted {
            Some(text) => Operand::Quoted(text.to_owned()),
            None if value.eq_ignore_ascii_case("null") => Operand::Null,
            None => Operand::Bare(value.to_owned()),
        };
        let has_order = !matches!(operator, Operator::Equal | Operator::NotEqual);
        if value == Operand::Null && has_order {
            return Err(
                "`null` is compared with `=` and `!=` alone; the text is \"null\" in double quotes".into()
            );
        }
        Ok(Self { property: property.to_owned(), operator, value })
    }
}

/// The query for the instances of a class that meet all conditions.
///
/// # Errors
/// `Config` for a property or a value that the class cannot have, unless nothing is checked.
pub(crate) fn to_wql(class: &Epr, conditions: &[Condition], scope: Scope<'_>) -> Result<Text, Failure> {
    let mut query = format!("SELECT * FROM {}", identifier(class.class())?);
    for (index, condition) in conditions.iter().enumerate() {
        query.push_str(if index == 0 { " WHERE " } else { " AND " });
        query.push_str(&condition.to_wql(class, scope)?);
    }
    Text::new(query).map_err(|error| Error::from(error).into())
}

/// The filter of equal values, which servers understand that know no WQL.
///
/// # Errors
/// As [`to_wql`]; `Config` for a condition that is no equality with a value.
pub(crate) fn to_selectors(
    class: &Epr,
    conditions: &[Condition],
    scope: Scope<'_>,
) -> Result<Filter, Failure> {
    let selectors = conditions.iter().map(|condition| {
        let value = condition.typed(class, scope)?;
        let reason = match &value {
            Value::DateTime(_) | Value::Reference(_) => {
                "a selector filter compares no dates and no references"
            }
            // MS-WSMV 3.1.4.1.13.
            _ if value.to_plain_text().contains(['\'', '"']) => "a selector filter takes no text with quotes",
            _ if condition.operator != Operator::Equal || value.is_null() => {
                "a selector filter knows `=` with a value alone"
            }
            _ => "",
        };
        if !reason.is_empty() {
            return Err(condition.refused(reason, Some("use `--filter wql`".to_owned())));
        }
        let text = Text::new(value.to_plain_text()).map_err(Error::from)?;
        Ok((condition.property.clone(), text))
    });
    Ok(Filter::Selector(selectors.collect::<Result<_, Failure>>()?))
}

impl Condition {
    fn to_wql(&self, class: &Epr, scope: Scope<'_>) -> Result<String, Failure> {
        let Self { property, operator, .. } = self;
        let value = self.typed(class, scope)?;
        let sign = match (operator, value.is_null()) {
            (Operator::Equal, true) => "IS",
            (Operator::NotEqual, true) => "IS NOT",
            (Operator::Equal, false) => "=",
            (Operator::NotEqual, false) => "<>",
            (Operator::Less, _) => "<",
            (Operator::LessOrEqual, _) => "<=",
            (Operator::Greater, _) => ">",
            (Operator::GreaterOrEqual, _) => ">=",
            (Operator::Like, _) => "LIKE",
        };
        Ok(format!("{property} {sign} {}", self.literal(&value)?))
    }

    /// The value as its property has it. The schema may not know the property, where a host does.
    fn typed(&self, class: &Epr, scope: Scope<'_>) -> Result<Value, Failure> {
        let class = scope.class_of(class);
        let declared = class.and_then(|class| class.property(&self.property));
        if let (Some(class), None, false) = (class, declared, scope.unchecked) {
            let reason = format!("`{}` has no such property", class.name());
            let hint = did_you_mean(&self.property, class.properties().map(Property::name));
            return Err(self.refused(&reason, hint.or_else(|| Some(NO_CHECK.to_owned()))));
        }
        if declared.is_some_and(Property::is_array) {
            return Err(self.refused("neither WQL nor a selector filter compares arrays", None));
        }
        let text = match &self.value {
            Operand::Null => return Ok(Value::Null),
            Operand::Quoted(text) | Operand::Bare(text) => text,
        };
        let cim_type = match declared.map(Property::cim_type) {
            _ if self.operator == Operator::Like => CimType::String,
            Some(cim_type) => cim_type,
            None => self.looks_like(text),
        };
        let read = match declared.and_then(|property| code_of(property, text)) {
            Some(code) => Value::parse(cim_type, &code.to_string()),
            None if cim_type == CimType::Reference => Value::string(text),
            None => Value::parse(cim_type, text),
        };
        read.map_err(|error: CimError| self.refused(&error.to_string(), declared.and_then(known_values)))
    }

    /// The type of a value whose property nobody knows.
    fn looks_like(&self, text: &str) -> CimType {
        if matches!(self.value, Operand::Quoted(_)) {
            return CimType::String;
        }
        [CimType::Boolean, CimType::Sint64, CimType::Uint64]
            .into_iter()
            // `0` and `1` are numbers before they are booleans.
            .find(|cim_type| {
                Value::parse(*cim_type, text).is_ok()
                    && (*cim_type != CimType::Boolean
                        || text.starts_with(|first: char| first.is_alphabetic()))
            })
            .unwrap_or(CimType::String)
    }

    fn literal(&self, value: &Value) -> Result<String, Failure> {
        let quoted = |text: String| Ok(wql::quote(&Text::new(text).map_err(Error::from)?));
        match value {
            Value::Null => Ok("NULL".to_owned()),
            Value::Boolean(value) => Ok(value.to_string().to_uppercase()),
            Value::String(text) => Ok(wql::quote(text)),
            Value::DateTime(DateTime::Interval(_) | DateTime::Timestamp(_)) | Value::Char16(_) => {
                quoted(value.to_plain_text())
            }
            Value::Real32(_) | Value::Real64(_) if value.to_plain_text().contains(['N', 'I']) => {
                Err(self.refused("WQL has no number for it", None))
            }
            number => Ok(number.to_plain_text()),
        }
    }

    fn refused(&self, reason: &str, hint: Option<String>) -> Failure {
        let message = format!("failed to use the condition on `{}`: {reason}", self.property);
        let error = Error::new(ErrorKind::Config, message);
        match hint {
            Some(hint) => error.with_hint(hint).into(),
            None => error.into(),
        }
    }
}

/// What to do where the schema may be older than the host.
pub(crate) const NO_CHECK: &str = "for a host that is newer than the schema there is --no-check";

/// A code by its name in the value map.
fn code_of(property: Property<'_>, name: &str) -> Option<i64> {
    property.values().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(code, _)| code)
}

/// The names that could have been given instead of a number.
fn known_values(property: Property<'_>) -> Option<String> {
    let names: Vec<String> = property.values().map(|(code, name)| format!("{code} ({name})")).collect();
    (!names.is_empty()).then(|| format!("it knows {}", names.join(", ")))
}

/// A class in a query is not quoted, so nothing but a name may stand there.
fn identifier(class: &str) -> Result<&str, Failure> {
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
    if !class.is_empty() && class.chars().all(plain) {
        return Ok(class);
    }
    let message = format!("failed to use `{class}` as a class: expected a name of letters, digits and `_`");
    Err(Error::new(ErrorKind::Config, message).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wql(class: &str, conditions: &[&str]) -> String {
        let conditions: Vec<Condition> = conditions.iter().map(|typed| typed.parse().unwrap()).collect();
        to_wql(&Epr::class_of(class, "root/virtualization/v2"), &conditions, Scope::of_tests())
            .map_or_else(|failure| failure.to_text(), Text::into_string)
    }

    fn condition(typed: &str) -> String {
        wql("Msvm_ComputerSystem", &[typed]).replace("SELECT * FROM Msvm_ComputerSystem WHERE ", "")
    }

    #[test]
    fn values_are_written_as_their_property_has_them() {
        for (typed, written) in [
            ("ElementName=web-01", "ElementName = 'web-01'"),
            ("ElementName = 5", "ElementName = '5'"),
            (r"ElementName=O'Neill\x", r"ElementName = 'O\'Neill\\x'"),
            ("ElementName=null", "ElementName IS NULL"),
            ("ElementName != null", "ElementName IS NOT NULL"),
            ("ElementName=\"null\"", "ElementName = 'null'"),
            ("ElementName='web-01'", "ElementName = 'web-01'"),
            ("ElementName=''web-01''", r"ElementName = '\'web-01\''"),
            ("ElementName=\"'x'\"", r"ElementName = '\'x\''"),
            ("EnabledState='2'", "EnabledState = 2"),
            ("ElementName~web-%", "ElementName LIKE 'web-%'"),
            ("ElementName=", "ElementName = ''"),
            ("EnabledState!=2", "EnabledState <> 2"),
            ("EnabledState=enabled", "EnabledState = 2"),
            ("enabledstate>=0x10", "enabledstate >= 16"),
            ("OnTimeInMilliseconds<18446744073709551615", "OnTimeInMilliseconds < 18446744073709551615"),
            (
                "TimeOfLastStateChange>2026-01-02T03:04:05+01:00",
                "TimeOfLastStateChange > '20260102020405.000000+000'",
            ),
        ] {
            assert_eq!(condition(typed), written, "{typed}");
        }
    }

    #[test]
    fn a_property_that_nobody_knows_has_the_type_that_its_value_looks_like() {
        for (typed, written) in [
            ("X=5", "X = 5"),
            ("X=1", "X = 1"),
            ("X=true", "X = TRUE"),
            ("X=5a", "X = '5a'"),
            ("X=\"5\"", "X = '5'"),
        ] {
            assert_eq!(
                wql("Win32_Service", &[typed]),
                format!("SELECT * FROM Win32_Service WHERE {written}")
            );
        }
    }

    #[test]
    fn several_conditions_all_hold() {
        assert_eq!(
            wql("Msvm_ComputerSystem", &["EnabledState=2", "ElementName~web%"]),
            "SELECT * FROM Msvm_ComputerSystem WHERE EnabledState = 2 AND ElementName LIKE 'web%'"
        );
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_a_hint() {
        insta::assert_snapshot!(condition("ElementNam=x"), @r"
            error: failed to use the condition on `ElementNam`: `Msvm_ComputerSystem` has no such property
            hint: did you mean `ElementName`?
        ");
        insta::assert_snapshot!(condition("EnabledState=on"), @r"
            error: failed to use the condition on `EnabledState`: expected uint16, got `on`
            hint: it knows 0 (Unknown), 1 (Other), 2 (Enabled), 3 (Disabled), 4 (Shutting Down), 5 (Not Applicable), 6 (Enabled but Offline), 7 (In Test), 8 (Deferred), 9 (Quiesce), 10 (Starting)
        ");
        insta::assert_snapshot!(condition("OperationalStatus=2"), @"error: failed to use the condition on `OperationalStatus`: neither WQL nor a selector filter compares arrays");
        insta::assert_snapshot!(wql("Msvm_X WHERE 1=1", &["A=1"]), @"error: failed to use `Msvm_X%20WHERE%201=1` as a class: expected a name of letters, digits and `_`");
    }

    #[test]
    fn text_that_is_no_condition_is_refused() {
        for typed in ["", "Name", "=x", "1a=x", "Na me=x", "Name!x", "Name<null"] {
            assert!(typed.parse::<Condition>().is_err(), "{typed}");
        }
    }

    #[test]
    fn selectors_are_equalities() {
        let filter = |typed: &str| {
            let condition: Condition = typed.parse().unwrap();
            to_selectors(
                &Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2"),
                &[condition],
                Scope::of_tests(),
            )
        };
        let Ok(Filter::Selector(selectors)) = filter("EnabledState=Enabled") else { panic!() };
        assert_eq!(selectors, [("EnabledState".to_owned(), Text::new("2").unwrap())]);
        assert!(filter("EnabledState>2").is_err());
        assert!(filter("ElementName=null").is_err());
        assert!(filter("ElementName=O'Neill").is_err());
        assert!(filter("InstallDate=2026-01-01T00:00:00Z").is_err());
    }

    proptest! {
        #[test]
        fn no_value_leaves_its_literal(value in "[a-z'\"\\\\ ]{0,12}") {
            prop_assume!(!value.trim().eq_ignore_ascii_case("null") && !value.trim().starts_with(['"', '\'']));
            let written = condition(&format!("ElementName={value}"));
            let expected = wql::quote(&Text::new(value.trim()).unwrap());
            prop_assert_eq!(written, format!("ElementName = {expected}"));
        }
    }
}
