//! CIM on the command line: how instances are named, filtered, and written as JSON.

pub(crate) mod argument;
pub(crate) mod condition;
pub(crate) mod json;
pub(crate) mod name;
pub(crate) mod names;
pub(crate) mod place;

use crate::{cim::schema::Schema, cli::failure::Failure, error::Error};

/// What typed names are looked up in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'s> {
    pub(crate) schema: &'s Schema,
    /// Of names without one.
    pub(crate) namespace: &'s str,
    /// That the connection is to, as it was typed; none where a recording answers, which does so for any.
    pub(crate) host: Option<&'s str>,
    /// Whether names and values that the schema does not have pass (`--no-check`).
    pub(crate) unchecked: bool,
}

#[cfg(any(test, fuzzing))]
impl Scope<'static> {
    /// That of a user who has said nothing.
    pub(crate) fn of_tests() -> Self {
        static SCHEMA: std::sync::LazyLock<Schema> = std::sync::LazyLock::new(Schema::default);
        Self {
            schema: &SCHEMA,
            namespace: "root/virtualization/v2",
            host: Some("hv1.example.org"),
            unchecked: false,
        }
    }
}

/// What the schema refuses, with a way round it.
pub(crate) fn refused(refusal: impl Into<Error>) -> Failure {
    let error = refusal.into();
    let hint = match error.hint() {
        Some(hint) if hint.starts_with("it has ") => format!("{hint}; {}", condition::NO_CHECK),
        Some(_) => return error.into(),
        None => condition::NO_CHECK.to_owned(),
    };
    error.with_hint(hint).into()
}

/// As [`refused`], of a class: one that nobody has documented yet is as likely as a slip.
pub(crate) fn refused_class(refusal: impl Into<Error>) -> Failure {
    let error = refusal.into();
    let hint = match error.hint() {
        Some(hint) => format!("{hint} If not: {}", condition::NO_CHECK),
        None => condition::NO_CHECK.to_owned(),
    };
    error.with_hint(hint).into()
}
