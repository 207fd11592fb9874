//! The fixture lint.
use crate::transport::TransportError;
use std::path::{Path, PathBuf};

/// One finding of the fixture lint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// File.
    pub file: PathBuf,
    /// 1-based.
    pub line: usize,
    /// Kind of leak, in words.
    pub kind: &'static str,
    /// What was found, shortened; never a whole secret.
    pub excerpt: String,
}

/// Looks through a folder of fixtures for leaks and wrong origins.
///
/// # Errors
/// Kind `Io`.
pub fn lint(directory: &Path) -> Result<Vec<Finding>, TransportError> {
    todo!("{directory:?}")
}
