//! `hvctl schema`: what is compiled in, and what `--mof` loads, without a host.

mod list;
mod search;
mod show;

use super::Context;
use crate::{
    cim::schema::{Class, Schema, Source},
    cli::{args::cim::SchemaCommand, failure::Failure, similar::did_you_mean},
    error::{Error, ErrorKind},
};

pub(super) fn run(context: &Context, command: &SchemaCommand) -> Result<(), Failure> {
    let (output, schema) = (&context.output, &context.settings.schema);
    match command {
        SchemaCommand::List { derived_from } => list::run(output, schema, derived_from.as_deref()),
        SchemaCommand::Show { class, member } => show::run(output, schema, class, member.as_deref()),
        SchemaCommand::Search { word } => search::run(output, schema, word),
    }
}

/// A class by name.
fn class<'s>(schema: &'s Schema, name: &str) -> Result<Class<'s>, Failure> {
    schema.class(name).ok_or_else(|| {
        let error = Error::new(ErrorKind::NotFound, format!("failed to find class `{name}` in the schema"));
        let names = schema.classes().map(Class::name);
        let hint = did_you_mean(name, names).unwrap_or_else(|| {
            "the schema is that of root\\virtualization\\v2, and what --mof loads; `hvctl schema search WORD` looks in it"
                .to_owned()
        });
        error.with_hint(hint).into()
    })
}

/// What to say of where something is known from; of what is documented nothing.
fn remark(source: Source) -> Option<&'static str> {
    match source {
        Source::Host => Some("undocumented (seen on a host of version 23H2)"),
        Source::Loaded => Some("loaded"),
        _ => None,
    }
}
