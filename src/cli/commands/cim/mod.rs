//! Commands about instances of any class.

mod associations;
mod change;
mod create;
mod delete;
mod enumerate;
mod get;
mod given;
mod invoke;
mod put;
mod query;
mod stream;

pub(super) use associations::{associators, references};
pub(super) use create::run as create;
pub(super) use delete::run as delete;
pub(super) use enumerate::run as enumerate;
pub(super) use get::run as get;
pub(super) use invoke::run as invoke;
pub(super) use put::run as put;
pub(super) use query::run as query;
