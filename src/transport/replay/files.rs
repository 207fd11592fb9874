//! Files that only their owner can read, and that are either whole or not there; and files of others,
//! which may be anything.

use std::{
    fs, io,
    io::{Read as _, Write as _},
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

/// Never through a link that someone else has put there, nor into a file with modes of its own.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.flush()
}

/// Reads a file of at most `longest` bytes. Links, devices and pipes are refused: a folder that came
/// from elsewhere must not reach out of itself, nor never end.
pub(super) fn read_regular(path: &Path, longest: u64) -> io::Result<Vec<u8>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "expected a regular file"));
    }
    let mut content = Vec::new();
    fs::File::open(path)?.take(longest.saturating_add(1)).read_to_end(&mut content)?;
    if u64::try_from(content.len()).is_ok_and(|length| length <= longest) {
        return Ok(content);
    }
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("expected at most {longest} bytes")))
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

    #[cfg(unix)]
    #[test]
    fn a_planted_link_is_not_written_through() {
        let temp = tempfile::tempdir().unwrap();
        let victim = temp.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let file = temp.path().join("cassette.json");
        std::os::unix::fs::symlink(&victim, temp.path().join("cassette.json.part")).unwrap();
        assert_eq!(write_private(&file, b"{}").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        // The link itself may be replaced, and is.
        std::os::unix::fs::symlink(&victim, &file).unwrap();
        write_private(&file, b"{}").unwrap();
        assert!(fs::symlink_metadata(&file).unwrap().is_file());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_regular(&path, 5).unwrap(), b"12345");
        assert_eq!(read_regular(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_regular(temp.path(), 5).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_are_not_read() {
        let temp = tempfile::tempdir().unwrap();
        let link = temp.path().join("link");
        std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
        for path in [link.as_path(), Path::new("/dev/zero")] {
            assert_eq!(read_regular(path, 5).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    }
}
