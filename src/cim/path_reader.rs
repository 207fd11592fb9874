//! Reading of WMI object paths.

use super::{
    CimError, ObjectPath,
    epr::MOST_KEYS,
    path::{KeyValue, Keys, is_bare},
    text::is_identifier,
};

/// Reads a whole path.
pub(super) fn read(text: &str) -> Result<ObjectPath, CimError> {
    let form = |expected: &str| CimError::form(expected, text);
    let (prefix, object) = split_prefix(text);
    let (host, namespace) = match prefix {
        Some(prefix) => split_host(prefix)
            .ok_or_else(|| form(r"a namespace as in `\\HOST\root\virtualization\v2:Class`"))?,
        None => (None, String::new()),
    };
    let class_end = object.find(['.', '=']).unwrap_or(object.len());
    let (class, rest) = object.split_at(class_end);
    if !is_identifier(class) {
        return Err(form("an object path with a class, `Class.Key=\"value\"`"));
    }
    let keys = match rest {
        "" => Keys::Named(Vec::new()),
        "=@" => Keys::Singleton,
        _ => match rest.strip_prefix('=') {
            Some(value) => Keys::Unnamed(unnamed_key(value).map_err(form)?),
            None => Keys::Named(named_keys(rest.strip_prefix('.').unwrap_or(rest)).map_err(form)?),
        },
    };
    Ok(ObjectPath { host, namespace, class: class.to_owned(), keys })
}

/// Splits at the `:` that ends host and namespace; one inside a value does not count.
fn split_prefix(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((prefix, object)) if !prefix.contains(['=', '"', '\'']) => (Some(prefix), object),
        _ => (None, text),
    }
}

/// `\\HOST\namespace` or `namespace`, either slash; the namespace comes with backslashes.
fn split_host(prefix: &str) -> Option<(Option<String>, String)> {
    let prefix = prefix.replace('/', "\\");
    let (host, namespace) = match prefix.strip_prefix(r"\\") {
        Some(rest) => {
            let (host, namespace) = rest.split_once('\\')?;
            (Some(host.to_owned()), namespace)
        }
        None => (None, prefix.as_str()),
    };
    let sound = host.as_deref() != Some("") && namespace.split('\\').all(|part| !part.is_empty());
    sound.then(|| (host, namespace.to_owned()))
}

/// The value of the only key; the error is what was expected.
fn unnamed_key(text: &str) -> Result<KeyValue, &'static str> {
    match key_value(text)? {
        (value, "") => Ok(value),
        _ => Err("one value without a name, or named keys, `Class.Key=\"value\"`"),
    }
}

/// `Key=value,Key=value`; the error is what was expected.
fn named_keys(mut rest: &str) -> Result<Vec<(String, KeyValue)>, &'static str> {
    let mut keys: Vec<(String, KeyValue)> = Vec::new();
    loop {
        let (name, after) = rest.split_once('=').ok_or("`=` after the name of a key")?;
        if !is_identifier(name) {
            return Err("a key name of letters, digits and `_`");
        }
        if keys.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Err("each key once");
        }
        if keys.len() >= MOST_KEYS {
            return Err("at most 256 keys");
        }
        let (value, after) = key_value(after)?;
        keys.push((name.to_owned(), value));
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None if after.is_empty() => return Ok(keys),
            None => return Err("`,` between keys"),
        }
    }
}

/// A value and what follows it.
fn key_value(text: &str) -> Result<(KeyValue, &str), &'static str> {
    for quote in ['"', '\''] {
        if let Some(text) = text.strip_prefix(quote) {
            let (value, after) = quoted(text, quote)?;
            return Ok((KeyValue::Quoted(value), after));
        }
    }
    let (value, after) = text.split_at(text.find(',').unwrap_or(text.len()));
    if is_bare(value) {
        Ok((KeyValue::Bare(value.to_owned()), after))
    } else {
        Err("a value in quotes, a number, `TRUE` or `FALSE`")
    }
}

/// The text up to the closing quote, unescaped, and what follows the quote.
fn quoted(text: &str, quote: char) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped @ ('\\' | '"' | '\'')) => value.push(escaped),
                _ => return Err(r#"backslashes and quotes inside a value escaped, `\\` and `\"`"#),
            },
            _ if character == quote => return Ok((value, characters.as_str())),
            _ => value.push(character),
        }
    }
    Err("a closing quote")
}
