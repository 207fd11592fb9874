//! Commands about instances of any class, and about the schema.

pub(super) mod help;
mod pages;

use super::values;
use crate::{
    cli::{
        cim::{argument::Argument, condition::Condition},
        render::Selection,
    },
    wsman::EnumerationMode,
};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

pub(crate) use pages::PageArgs;

/// What is printed of an instance.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ShowArgs {
    /// Only these properties, in this order; `__CLASS` and `__PATH` are class and object path
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = values::text)]
    pub(crate) fields: Vec<String>,
    /// With the names of values beside the numbers, where the schema has a value map
    #[arg(long)]
    pub(crate) names: bool,
}

impl ShowArgs {
    pub(crate) fn selection(&self) -> Selection {
        Selection { fields: self.fields.clone(), names: self.names }
    }
}

/// What is printed of several instances.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) show: ShowArgs,
    /// Not more than so many
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) pages: PageArgs,
}

/// Arguments of `get`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GetArgs {
    /// `Class.Key="value",…`, `Class` for its only instance, a reference in JSON, or `-` for standard input
    #[arg(value_name = "INSTANCE")]
    pub(crate) instance: String,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
    /// Do not compare the keys with the schema
    #[arg(long)]
    pub(crate) no_check: bool,
}

/// Arguments of `enumerate`.
#[derive(Debug, ClapArgs)]
pub(crate) struct EnumerateArgs {
    /// Class; its subclasses come too
    #[arg(value_name = "CLASS", value_parser = values::text)]
    pub(crate) class: String,
    /// Only instances whose property is so: `Name=x`, also `!=`, `<`, `<=`, `>`, `>=`, `~` for LIKE; all that are given hold
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) conditions: Vec<Condition>,
    /// What the conditions become
    #[arg(long, value_enum, value_name = "DIALECT", default_value = "wql")]
    pub(crate) filter: FilterArg,
    /// What comes of each instance
    #[arg(long, value_enum, value_name = "MODE", default_value = "object")]
    pub(crate) mode: ModeArg,
    #[command(flatten)]
    pub(crate) list: ListArgs,
    /// Do not compare the conditions with the schema
    #[arg(long)]
    pub(crate) no_check: bool,
}

/// Arguments of `query`.
#[derive(Debug, ClapArgs)]
pub(crate) struct QueryArgs {
    /// Query
    #[arg(value_name = "WQL", value_parser = values::text)]
    pub(crate) wql: String,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// What conditions become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FilterArg {
    /// A WQL query
    Wql,
    /// A selector filter: `=` alone, for servers without WQL
    Selector,
}

/// What comes of each instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// The instance; its reference is made of its keys
    Object,
    /// Its reference
    Epr,
    /// Both; the reference is the host's own
    Both,
}

impl From<ModeArg> for EnumerationMode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Object => Self::Object,
            ModeArg::Epr => Self::Epr,
            ModeArg::Both => Self::ObjectAndEpr,
        }
    }
}

/// Along the associations of an instance.
#[derive(Debug, ClapArgs)]
pub(crate) struct AssociationArgs {
    /// Whose associations: named as for `get`
    #[arg(value_name = "INSTANCE")]
    pub(crate) instance: String,
    /// Only results of this class, and of its subclasses
    #[arg(long, value_name = "CLASS", value_parser = values::text)]
    pub(crate) result: Option<String>,
    /// Only where the instance is in this property of the association
    #[arg(long, value_name = "PROPERTY", value_parser = values::text)]
    pub(crate) role: Option<String>,
    /// What comes of each result
    #[arg(long, value_enum, value_name = "MODE", default_value = "object")]
    pub(crate) mode: ModeArg,
    #[command(flatten)]
    pub(crate) list: ListArgs,
    /// Do not compare the keys with the schema
    #[arg(long)]
    pub(crate) no_check: bool,
}

/// Arguments of `associators`.
#[derive(Debug, ClapArgs)]
pub(crate) struct AssociatorsArgs {
    #[command(flatten)]
    pub(crate) common: AssociationArgs,
    /// Only by way of this association class
    #[arg(long, value_name = "CLASS", value_parser = values::text)]
    pub(crate) association: Option<String>,
    /// Only results that are in this property of the association
    #[arg(long, value_name = "PROPERTY", value_parser = values::text)]
    pub(crate) result_role: Option<String>,
}

/// Arguments of `references`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReferencesArgs {
    #[command(flatten)]
    pub(crate) common: AssociationArgs,
}

/// How a change is made.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ChangeArgs {
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Print the message that would be sent, and do not send it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Arguments of `invoke`.
#[derive(Debug, ClapArgs)]
pub(crate) struct InvokeArgs {
    /// Object of the method: named as for `get`
    #[arg(value_name = "INSTANCE")]
    pub(crate) instance: String,
    /// Method
    #[arg(value_name = "METHOD", value_parser = values::text)]
    pub(crate) method: String,
    /// Parameters: `name=value` (repeated: an array), `name=@file`, `name:=json`
    #[arg(value_name = "NAME=VALUE")]
    pub(crate) arguments: Vec<Argument>,
    /// Call it on the class, not on an instance
    #[arg(long)]
    pub(crate) r#static: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// If it starts a job, print the job and end
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Do not compare keys, method and parameters with the schema
    #[arg(long)]
    pub(crate) no_check: bool,
}

/// Properties of an instance.
#[derive(Debug, ClapArgs)]
pub(crate) struct PropertyArgs {
    /// Properties: `name=value` (repeated: an array), `name=@file`, `name:=json`
    #[arg(value_name = "NAME=VALUE")]
    pub(crate) properties: Vec<Argument>,
    /// Take properties from an instance in JSON, too; `-` is standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) from: Option<PathBuf>,
}

/// Arguments of `put`.
#[derive(Debug, ClapArgs)]
pub(crate) struct PutArgs {
    /// Which one: named as for `get`
    #[arg(value_name = "INSTANCE")]
    pub(crate) instance: String,
    #[command(flatten)]
    pub(crate) properties: PropertyArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// Do not compare keys and properties with the schema
    #[arg(long)]
    pub(crate) no_check: bool,
}

/// Arguments of `create`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CreateArgs {
    /// Class
    #[arg(value_name = "CLASS", value_parser = values::text)]
    pub(crate) class: String,
    #[command(flatten)]
    pub(crate) properties: PropertyArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// Do not compare properties with the schema
    #[arg(long)]
    pub(crate) no_check: bool,
}

/// Arguments of `delete`.
#[derive(Debug, ClapArgs)]
pub(crate) struct DeleteArgs {
    /// Which one: named as for `get`
    #[arg(value_name = "INSTANCE")]
    pub(crate) instance: String,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// Do not compare keys with the schema
    #[arg(long)]
    pub(crate) no_check: bool,
}

/// Commands about the schema, which is compiled in: no host is asked.
#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// List the classes
    #[command(after_help = help::SCHEMA_LIST)]
    List {
        /// Only those that derive from this one, directly or not
        #[arg(long, value_name = "CLASS", value_parser = values::text)]
        derived_from: Option<String>,
    },
    /// Show a class: keys, properties with their values, methods
    #[command(after_help = help::SCHEMA_SHOW)]
    Show {
        /// Class
        #[arg(value_name = "CLASS", value_parser = values::text)]
        class: String,
        /// Only this property or method
        #[arg(value_name = "MEMBER", value_parser = values::text)]
        member: Option<String>,
    },
    /// Find classes, properties, methods, parameters and names of values that contain a word
    #[command(after_help = help::SCHEMA_SEARCH)]
    Search {
        /// Part of a name, in any case
        #[arg(value_name = "WORD", value_parser = values::text)]
        word: String,
    },
}
