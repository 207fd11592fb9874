//! Property-test strategies for the values of this layer.

use proptest::{collection::vec, option, prelude::*};

use super::{Char16, DateTime, Epr, Instance, Interval, Text, Timestamp, Value};

/// Any sendable text, rich in what escaping is about.
pub(crate) fn text() -> impl Strategy<Value = Text> {
    let character = prop_oneof![
        3 => prop::sample::select("&<>\"'\\\r\n\t ]{}*=,.:@%ab01ä漢🦀\u{85}\u{2028}\u{FFFD}".chars().collect::<Vec<_>>()),
        1 => any::<char>().prop_filter("XML can carry it", |character| Text::new(*character).is_ok()),
    ];
    vec(character, 0..12)
        .prop_map(|characters| Text::new(characters.into_iter().collect::<String>()).unwrap())
}

/// A name of CIM that the schema does not have.
pub(crate) fn identifier() -> impl Strategy<Value = String> {
    "X_[A-Za-z0-9_]{0,8}"
}

/// Year 0 to 9999.
pub(crate) fn timestamp() -> impl Strategy<Value = Timestamp> {
    (-62_167_219_200_000_000_i64..=253_402_300_799_999_999)
        .prop_map(|micros| Timestamp::from_unix_micros(micros).unwrap())
}

pub(crate) fn interval() -> impl Strategy<Value = Interval> {
    (0..=8_639_999_999_999_999_999_u64).prop_map(|micros| Interval::from_micros(micros).unwrap())
}

pub(crate) fn datetime() -> impl Strategy<Value = DateTime> {
    prop_oneof![timestamp().prop_map(DateTime::from), interval().prop_map(DateTime::from)]
}

/// References with text keys.
pub(crate) fn flat_epr() -> impl Strategy<Value = Epr> {
    let namespace = prop::sample::select(vec!["root/virtualization/v2", "root/cimv2"]);
    (identifier(), namespace, vec((identifier(), text()), 0..4)).prop_map(|(class, namespace, keys)| {
        let epr = Epr::class_of(&class, namespace);
        keys.into_iter().fold(epr, |epr, (name, value)| epr.with(&name, value.as_str()).unwrap())
    })
}

/// References with text keys and, some of them, one that is a reference.
pub(crate) fn epr() -> impl Strategy<Value = Epr> {
    (flat_epr(), option::of((identifier(), flat_epr()))).prop_map(|(epr, nested)| match nested {
        Some((name, nested)) => epr.with_reference(&name, nested).unwrap(),
        None => epr,
    })
}

/// Every scalar that has a text or a reference form, null aside.
pub(crate) fn scalar() -> impl Strategy<Value = Value> {
    let unit = any::<char>().prop_filter_map("a sendable character of 16 bits", |it| Char16::new(it).ok());
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<u8>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        any::<u16>().prop_map(Value::from),
        any::<i16>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f32>().prop_filter("comparable", |it| !it.is_nan()).prop_map(Value::from),
        any::<f64>().prop_filter("comparable", |it| !it.is_nan()).prop_map(Value::from),
        unit.prop_map(Value::from),
        text().prop_map(Value::from),
        datetime().prop_map(Value::from),
        epr().prop_map(Value::from),
    ]
}

/// Two or more scalars of one type.
pub(crate) fn array() -> impl Strategy<Value = Value> {
    prop_oneof![
        vec(any::<u64>(), 2..4).prop_map(Value::from),
        vec(text(), 2..4).prop_map(Value::from),
        vec(datetime(), 2..4).prop_map(Value::from),
        vec(option::of(any::<i16>()), 2..4)
            .prop_filter("a type", |elements| elements.iter().any(Option::is_some))
            .prop_map(Value::from),
    ]
}

/// An instance of a class that the schema does not have.
pub(crate) fn instance() -> impl Strategy<Value = Instance> {
    let value = prop_oneof![4 => scalar(), 1 => array(), 1 => Just(Value::Null)];
    (identifier(), vec((identifier(), value), 0..6)).prop_map(|(class, properties)| {
        properties
            .into_iter()
            .fold(Instance::new(class), |instance, (name, value)| instance.with(&name, value))
    })
}
