//! `hvctl schema`: what is compiled in, without a host.

mod list;
mod search;
mod show;

use crate::{
    cim::schema,
    cli::{args::cim::SchemaCommand, failure::Failure, output::Output, similar::did_you_mean},
    error::{Error, ErrorKind},
};

pub(super) fn run(output: &Output, command: &SchemaCommand) -> Result<(), Failure> {
    match command {
        SchemaCommand::List { derived_from } => list::run(output, derived_from.as_deref()),
        SchemaCommand::Show { class, member } => show::run(output, class, member.as_deref()),
        SchemaCommand::Search { word } => search::run(output, word),
    }
}

/// A class by name.
fn class(name: &str) -> Result<schema::Class<'static>, Failure> {
    schema::class(name).ok_or_else(|| {
        let error = Error::new(ErrorKind::NotFound, format!("failed to find class `{name}` in the schema"));
        let names = schema::classes().map(schema::Class::name);
        let hint = did_you_mean(name, names).unwrap_or_else(|| {
            "the schema is that of root\\virtualization\\v2; `hvctl schema search WORD` looks in it"
                .to_owned()
        });
        error.with_hint(hint).into()
    })
}
