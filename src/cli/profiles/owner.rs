//! Who could change the file of profiles: nobody but its user and root may, as it names commands that are run.

use super::problem;
use crate::{cli::failure::Failure, hyperv::shell};
use std::{fs, path::Path};

/// Refuses a file that somebody else owns or may change.
///
/// # Errors
/// `Config`.
#[cfg(unix)]
pub(super) fn expect_own_file(path: &Path, metadata: &fs::Metadata) -> Result<(), Failure> {
    expect(path, metadata, false)
}

/// Refuses a file in a folder where others could put another one in its place: the one that is named, and the one
/// that a link leads to.
///
/// # Errors
/// `Config`; `Io` where a folder cannot be looked at.
#[cfg(unix)]
pub(super) fn expect_own_folder(path: &Path) -> Result<(), Failure> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    for path in [path, &target] {
        let folder = super::file::folder(path);
        let metadata = fs::metadata(folder)
            .map_err(|error| Failure::io(format!("failed to look at `{}`", folder.display()), error))?;
        expect(folder, &metadata, true)?;
    }
    Ok(())
}

#[cfg(unix)]
fn expect(path: &Path, metadata: &fs::Metadata, is_folder: bool) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt as _;
    let user = rustix::process::geteuid().as_raw();
    let Some((reason, command)) = stranger(metadata.uid(), metadata.mode(), user, is_folder) else {
        return Ok(());
    };
    let shown = path.display();
    let (what, to) = if is_folder {
        ("may put another file of profiles there, which", "keeps them out")
    } else {
        ("may change it, and it", "makes it yours alone")
    };
    Err(problem(
        format!("failed to trust `{shown}`: {reason} {what} names commands to run"),
        Some(format!("`{command} {}` {to}; look first what it holds", shell::word(&shown.to_string()))),
    ))
}

/// Who else may change a file or folder, and the command against it.
#[cfg(unix)]
fn stranger(owner: u32, mode: u32, user: u32, is_folder: bool) -> Option<(String, String)> {
    /// In such a folder each file is its owner's to replace.
    const STICKY: u32 = 0o1000;
    if owner != user && owner != 0 {
        return Some((format!("its owner (user {owner})"), format!("chown {user}")));
    }
    let is_open = mode & 0o022 != 0 && !(is_folder && mode & STICKY != 0);
    is_open.then(|| {
        let command = if is_folder { "chmod go-w" } else { "chmod 600" };
        (format!("others (mode {:04o})", mode & 0o7777), command.to_owned())
    })
}

/// Where there are no modes.
///
/// # Errors
/// None.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the signature where there are modes")]
pub(super) fn expect_own_file(_: &Path, _: &fs::Metadata) -> Result<(), Failure> {
    Ok(())
}

/// Where there are no modes.
///
/// # Errors
/// None.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the signature where there are modes")]
pub(super) fn expect_own_folder(_: &Path) -> Result<(), Failure> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_the_user_and_root_may_change_file_and_folder() {
        for (owner, mode, is_folder, refused) in [
            (1000, 0o600, false, None),
            (1000, 0o100_644, false, None),
            (0, 0o644, false, None),
            (1001, 0o600, false, Some("its owner (user 1001)")),
            (1000, 0o100_664, false, Some("others (mode 0664)")),
            (1000, 0o1666, false, Some("others (mode 1666)")),
            (1000, 0o755, true, None),
            (0, 0o041_777, true, None),
            (0, 0o777, true, Some("others (mode 0777)")),
            (1000, 0o040_775, true, Some("others (mode 0775)")),
            (1001, 0o755, true, Some("its owner (user 1001)")),
        ] {
            let found = stranger(owner, mode, 1000, is_folder).map(|(who, _)| who);
            assert_eq!(found.as_deref(), refused, "{owner} {mode:o} {is_folder}");
        }
    }
}
