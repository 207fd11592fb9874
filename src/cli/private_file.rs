//! Files with secrets: nobody but their owner may use them.

use super::failure::Failure;
use crate::{
    error::{Error, ErrorKind},
    hyperv::shell,
};
use std::{fs, path::Path};

/// Refuses a file that others may use; `what` names it in the message (`the password file`).
///
/// # Errors
/// `Config`; `Io` where it cannot be looked at.
#[cfg(unix)]
pub(crate) fn expect_private(what: &str, path: &Path, file: &fs::File) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = path.display();
    let metadata = file.metadata().map_err(|error| Failure::io(format!("failed to read `{path}`"), error))?;
    let mode = metadata.permissions().mode() & 0o7777;
    let others = mode & 0o077;
    if others == 0 {
        return Ok(());
    }
    let message = format!("failed to trust {what} `{path}`: others may use it (mode {mode:04o})");
    let command = format!("chmod 600 {}", shell::word(&path.to_string()));
    Err(Error::new(ErrorKind::Config, message)
        .with_hint(format!("`{command}` makes it yours alone; replace its secret if others could read it"))
        .into())
}

/// Where there are no modes.
///
/// # Errors
/// None.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the signature where there are modes")]
pub(crate) fn expect_private(_: &str, _: &Path, _: &fs::File) -> Result<(), Failure> {
    Ok(())
}
