//! Commands about instances of any class, and about the schema.

pub(super) mod help;
mod pages;

use super::values;
use crate::{
    cim::schema::Schema,
    cli::{
        cim::{argument::Argument, condition::Condition},
        render::Selection,
    },
    wsman::RequestOption,
};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

pub(crate) use pages::PageArgs;

/// What is printed of an instance.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ShowArgs {
    /// Only these properties, in this order; `__CLASS` and `__PATH` are class and object path
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = values::name)]
    pub(crate) fields: Vec<String>,
    /// With the names of values beside the numbers, where the schema has a value map
    #[arg(long)]
    pub(crate) names: bool,
}

impl ShowArgs {
    pub(crate) fn selection(&self, schema: &Schema) -> Selection {
        Selection {
            fields: self.fields.clone(),
            names: self.names,
            is_checked: false,
            schema: schema.clone(),
        }
    }
}

/// What is asked of the service beside the operation.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct CallArgs {
    /// Option for the service that answers (`w:OptionSet`); one that it does not know it may pass over
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = values::request_option)]
    pub(crate) options: Vec<RequestOption>,
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
    /// Only this part of it: `Notes`, `OperationalStatus[2]`, `EnabledState/text()`
    #[arg(long, value_name = "PART", value_parser = values::text, conflicts_with_all = ["fields", "names"])]
    pub(crate) fragment: Option<String>,
    #[command(flatten)]
    pub(crate) call: CallArgs,
    /// Do not compare keys and --fields with the schema
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
    /// What comes of each instance (default: object, and both where only the host can tell its reference)
    #[arg(long, value_enum, value_name = "MODE")]
    pub(crate) mode: Option<ModeArg>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
    #[command(flatten)]
    pub(crate) call: CallArgs,
    /// Do not compare the conditions and --fields with the schema
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
    #[command(flatten)]
    pub(crate) call: CallArgs,
    /// Do not compare --fields with the schema
    #[arg(long)]
    pub(crate) no_check: bool,
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
    /// What comes of each result (default: object, and both where only the host can tell its reference)
    #[arg(long, value_enum, value_name = "MODE")]
    pub(crate) mode: Option<ModeArg>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
    #[command(flatten)]
    pub(crate) call: CallArgs,
    /// Do not compare keys, classes, roles and --fields with the schema
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
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
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
    /// With the names of values beside the numbers, where the schema has a value map
    #[arg(long)]
    pub(crate) names: bool,
    #[command(flatten)]
    pub(crate) call: CallArgs,
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
    /// Send the one property that is given as a part of the instance, which leaves the others alone on any server
    #[arg(long)]
    pub(crate) fragment: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    #[command(flatten)]
    pub(crate) call: CallArgs,
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
    #[command(flatten)]
    pub(crate) call: CallArgs,
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
    #[command(flatten)]
    pub(crate) call: CallArgs,
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
