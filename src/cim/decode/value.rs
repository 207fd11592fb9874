//! One value: what an element holds, by the type that is announced or declared for it, else by its shape.

use super::{DecodeError, Decoder, announced::Announced, instances::Start, reference::epr};
use crate::{
    cim::{CimError, CimType, DateTime, Text, Value},
    xml::{
        Attribute, Element, Event, Source,
        names::{ADDRESSING, CIM_COMMON, XSI},
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::borrow::{Borrow, Cow};

/// The start tag of a property.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) local: &'a str,
    nil: bool,
    /// The text of an `xsi:type`.
    pub(super) announced: Option<Cow<'a, str>>,
}

impl<'a> Head<'a> {
    pub(super) fn of(local: &'a str, attributes: impl IntoIterator<Item: Borrow<Attribute<'a>>>) -> Self {
        let mut head = Self { local, nil: false, announced: None };
        for attribute in attributes {
            let attribute = attribute.borrow();
            match attribute.local {
                _ if *attribute.namespace != *XSI => {}
                "nil" => head.nil = matches!(attribute.value.trim(), "true" | "1"),
                "type" => head.announced = Some(attribute.value.clone()),
                _ => {}
            }
        }
        head
    }
}

/// The value of a property that has come for the first time. A null array is one nil element (MS-WSMV 3.1.4.1.26).
pub(super) fn first(value: Value, declared: Option<(CimType, bool)>) -> Value {
    match value {
        whole @ (Value::Null | Value::Array(_)) => whole,
        one if is_array(declared) => Value::Array(vec![one]),
        one => one,
    }
}

/// Adds one more element of the same name to a value, which becomes an array, whatever is declared: what a host sends
/// more than once is not lost.
pub(super) fn add(whole: &mut Value, value: Value) -> Result<(), CimError> {
    if let Value::Array(bytes) = &value {
        return Err(CimError::form("one element", &format!("another of {} bytes", bytes.len())));
    }
    match whole {
        Value::Array(elements) => elements.push(value),
        one => *one = Value::Array(vec![std::mem::replace(one, Value::Null), value]),
    }
    Ok(())
}

impl Decoder<'_> {
    /// The value of an element whose start tag was the source's latest event; its end is read as well.
    pub(super) fn value<'a>(
        &mut self,
        head: Head<'a>,
        declared: Option<(CimType, bool)>,
        source: &mut impl Source<'a>,
    ) -> Result<Value, DecodeError> {
        let announced = match head.announced {
            Some(name) => Some(Announced::read(name, source)?),
            None => None,
        };
        if head.nil {
            source.skip()?;
            return Ok(Value::Null);
        }
        let declared = declared.map(|(cim_type, _)| cim_type);
        if let Some(text) = source.leaf() {
            return Ok(of_text(Cow::Borrowed(text), announced.as_ref(), declared)?);
        }
        let mut text = Cow::Borrowed("");
        loop {
            match source.next()? {
                Event::End => return Ok(of_text(text, announced.as_ref(), declared)?),
                Event::Text(more) => text = more,
                Event::Start { namespace, local, attributes } => {
                    if !text.trim_ascii().is_empty() {
                        return Err(CimError::form("text or elements", "both").into());
                    }
                    // A class that the server names is not measured by what the schema has in its place. Text is.
                    let declared = declared.filter(|_| !matches!(announced, Some(Announced::Other(_))));
                    if **namespace == *CIM_COMMON {
                        refuse_unless(declared, |declared| declared == CimType::DateTime, local)?;
                        return datetime(local, source);
                    }
                    if **namespace == *ADDRESSING {
                        refuse_unless(declared, |declared| declared == CimType::Reference, local)?;
                        let first = Element::start(namespace, local, attributes);
                        let holder = Element::start(&first.name.namespace, head.local, &[]);
                        return Ok(Value::from(epr(&holder.read_content_from(first, source)?)?));
                    }
                    refuse_unless(
                        declared,
                        |declared| matches!(declared, CimType::Object | CimType::String),
                        local,
                    )?;
                    let class = embedded_class(announced, namespace).unwrap_or(Cow::Borrowed(head.local));
                    let first = Start::of(namespace, local, attributes);
                    return Ok(Value::from(self.instance(&class, None, Some(first), source)?));
                }
                Event::Eof => return Err(source.ended_early().into()),
            }
        }
    }
}

/// Elements stand for values of some types alone.
fn refuse_unless(
    declared: Option<CimType>,
    holds: impl Fn(CimType) -> bool,
    element: &str,
) -> Result<(), CimError> {
    match declared {
        Some(declared) if !holds(declared) => Err(CimError::form(declared.name(), &format!("<{element}>"))),
        _ => Ok(()),
    }
}

/// The value of an element that holds text alone. Strings are not trimmed. Text of nothing is null where it cannot be a
/// value; Windows writes null as `xsi:nil`, other servers so.
fn of_text(
    text: Cow<'_, str>,
    announced: Option<&Announced<'_>>,
    declared: Option<CimType>,
) -> Result<Value, CimError> {
    let cim_type = match announced {
        Some(Announced::Base64) => {
            let bytes = STANDARD.decode(text.split_ascii_whitespace().collect::<String>());
            return bytes.map(Value::from).map_err(|_| CimError::form("base64", &text));
        }
        Some(Announced::Hex) => {
            return hex(&text).map(Value::from).ok_or_else(|| CimError::form("hex", &text));
        }
        Some(Announced::Scalar(cim_type)) => Some(*cim_type),
        Some(Announced::Other(_)) | None => declared,
    };
    Ok(match cim_type {
        None => Value::Untyped(Text::of_document(text)),
        // An embedded object that came as CIM-XML text stays text, see `Instance::from_cim_xml`.
        Some(CimType::String | CimType::Object) => Value::String(Text::of_document(text)),
        Some(CimType::Char16) => Value::parse(CimType::Char16, &text)?,
        Some(_) if text.trim_ascii().is_empty() => Value::Null,
        // Fields that are not known make it no point in time.
        Some(CimType::DateTime) if text.contains('*') => wildcard(text)?,
        Some(cim_type) => Value::parse(cim_type, &text)?,
    })
}

/// The content of a datetime (DSP0230 5.7.5), whose wrapper has just begun, and the end of what it is in. `cim:Date`,
/// `cim:Time` and text with `*` fields are no point in time and stay text.
fn datetime<'a>(wrapper: &'a str, source: &mut impl Source<'a>) -> Result<Value, DecodeError> {
    let mut text = Cow::Borrowed("");
    // The wrapper and what it is in.
    let mut open = 2_u8;
    while open > 0 {
        match source.next()? {
            Event::Text(more) if open == 2 => text = more,
            Event::Text(more) if more.trim_ascii().is_empty() => {}
            Event::End => open -= 1,
            Event::Text(more) => return Err(CimError::form("one datetime", &more).into()),
            Event::Start { local, .. } => {
                return Err(CimError::form("one datetime", &format!("<{local}>")).into());
            }
            Event::Eof => return Err(source.ended_early().into()),
        }
    }
    let is =
        |allowed: fn(u8) -> bool| !text.trim_ascii().is_empty() && text.trim_ascii().bytes().all(allowed);
    Ok(match wrapper {
        "CIM_DateTime" if text.contains('*') => wildcard(text)?,
        "Datetime" | "Interval" | "CIM_DateTime" => {
            DateTime::parse(text.trim_ascii()).map(Value::DateTime)?
        }
        "Date" if is(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b':' | b'Z')) => {
            Value::Untyped(Text::of_document(text))
        }
        "Time" if is(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b':' | b'.' | b'Z')) => {
            Value::Untyped(Text::of_document(text))
        }
        "Date" | "Time" => return Err(CimError::form("a date or a time of day", &text).into()),
        _ => {
            let expected = "`Datetime`, `Interval`, `CIM_DateTime`, `Date` or `Time`";
            return Err(CimError::form(expected, wrapper).into());
        }
    })
}

/// A datetime of which not every field is known (DSP0004 5.2.4).
fn wildcard(text: Cow<'_, str>) -> Result<Value, CimError> {
    let is_field = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'.' | b'+' | b'-' | b':');
    let trimmed = text.trim_ascii();
    if trimmed.len() == 25 && trimmed.bytes().all(is_field) {
        Ok(Value::Untyped(Text::of_document(text)))
    } else {
        Err(CimError::form("a datetime", &text))
    }
}

/// The class of an embedded object: its `xsi:type` (`q:Class_Type`), else the last segment of the
/// namespace that its properties are in.
fn embedded_class<'a>(announced: Option<Announced<'a>>, namespace: &str) -> Option<Cow<'a, str>> {
    let class = match announced {
        Some(Announced::Other(name)) => match name {
            Cow::Borrowed(name) => Cow::Borrowed(name.strip_suffix("_Type").unwrap_or(name)),
            Cow::Owned(name) => Cow::Owned(name.strip_suffix("_Type").unwrap_or(&name).to_owned()),
        },
        _ => Cow::Owned(namespace.rsplit('/').next().unwrap_or_default().to_owned()),
    };
    Some(class).filter(|class| !class.is_empty())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_ascii().as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        Some(digit(*high)? << 4 | digit(*low)?)
    };
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

fn is_array(declared: Option<(CimType, bool)>) -> bool {
    declared.is_some_and(|(_, is_array)| is_array)
}
