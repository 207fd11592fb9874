//! What was likely meant by a name that does not exist.

pub(crate) use crate::cim::similar::{did_you_mean, similar};
