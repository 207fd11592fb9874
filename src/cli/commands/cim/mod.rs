//! Commands about instances of any class.

mod enumerate;
mod get;
mod query;
mod stream;

pub(super) use enumerate::run as enumerate;
pub(super) use get::run as get;
pub(super) use query::run as query;
