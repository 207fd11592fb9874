//! WQL, the query language of WMI: literals and the two queries over associations.

use super::{CimError, Epr, SelectorValue, Text, path::escape};

/// `text` as a literal of a query, quoted and escaped.
///
/// ```
/// use hyperv_wsman::cim::{Text, wql};
///
/// let name = Text::new(r"O'Neill\web")?;
/// let query = format!("SELECT * FROM Msvm_VirtualSystemCollection WHERE ElementName={}", wql::quote(&name));
/// assert!(query.ends_with(r"ElementName='O\'Neill\\web'"));
/// # Ok::<(), hyperv_wsman::cim::CimError>(())
/// ```
#[must_use]
pub fn quote(text: &Text) -> String {
    format!("'{}'", escape(text.as_str(), '\''))
}

/// The instances of `result_class` that `assoc_class` joins with the instance `epr`.
///
/// # Errors
/// [`CimError::Character`] when a class name holds a character that XML cannot carry.
pub fn associators_of(epr: &Epr, assoc_class: &str, result_class: &str) -> Result<Text, CimError> {
    Text::new(format!(
        "ASSOCIATORS OF {{{}}} WHERE AssocClass={assoc_class} ResultClass={result_class}",
        relative_path(epr)
    ))
}

/// The associations of class `result_class` that refer to the instance `epr`.
///
/// # Errors
/// [`CimError::Character`] when a class name holds a character that XML cannot carry.
pub fn references_of(epr: &Epr, result_class: &str) -> Result<Text, CimError> {
    Text::new(format!("REFERENCES OF {{{}}} WHERE ResultClass={result_class}", relative_path(epr)))
}

/// `Class.Key='value',…`, the path within the namespace that the query goes to, with the single
/// quotes that are in use with Hyper-V hosts.
fn relative_path(epr: &Epr) -> String {
    let mut path = epr.class().to_owned();
    for (index, selector) in epr.selectors().iter().enumerate() {
        let value = match selector.value() {
            SelectorValue::Text(text) => text.as_str().to_owned(),
            SelectorValue::Reference(nested) => nested.to_string(),
        };
        path.push(if index == 0 { '.' } else { ',' });
        path.push_str(selector.name());
        path.push_str("='");
        path.push_str(&escape(&value, '\''));
        path.push('\'');
    }
    path
}
