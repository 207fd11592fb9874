//! CIM on the command line: how instances are named, filtered, and written as JSON.

pub(crate) mod argument;
pub(crate) mod condition;
pub(crate) mod json;
pub(crate) mod name;
