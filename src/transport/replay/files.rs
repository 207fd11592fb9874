//! Files that only their owner can read, and that are either whole or not there.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

/// Makes a folder (0700 where the system knows modes), or takes an empty one.
pub(super) fn create_private_dir(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    match builder.create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_empty_dir(directory) => {
            make_private(directory)
        }
        result => result,
    }
}

fn is_empty_dir(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(unix)]
fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes a file (0600) beside its place and moves it there.
pub(super) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let partial = partial_path(path);
    let result = write_new(&partial, content).and_then(|()| fs::rename(&partial, path));
    if result.is_err() {
        // The first failure is what the user has to know; a left-over partial file says the same.
        let _ = fs::remove_file(&partial);
    }
    result
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.flush()
}

fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_content_is_refused_and_an_empty_one_is_taken() {
        let temp = tempfile::tempdir().unwrap();
        let directory = temp.path().join("deep/cassette");
        create_private_dir(&directory).unwrap();
        create_private_dir(&directory).unwrap();
        write_private(&directory.join("a"), b"1").unwrap();
        assert_eq!(create_private_dir(&directory).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[cfg(unix)]
    #[test]
    fn folders_are_0700_and_files_0600() {
        use std::os::unix::fs::PermissionsExt as _;
        let temp = tempfile::tempdir().unwrap();
        let directory = temp.path().join("cassette");
        create_private_dir(&directory).unwrap();
        let file = directory.join("a");
        write_private(&file, b"1").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_partial_one() {
        let temp = tempfile::tempdir().unwrap();
        let taken = temp.path().join("taken");
        fs::create_dir(&taken).unwrap();
        write_private(&taken, b"new").unwrap_err();
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    }
}
