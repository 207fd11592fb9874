//! Commands about instances of any class, and about the schema.

pub(super) mod help;

use super::values;
use crate::cli::{cim::condition::Condition, render::Selection};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

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
