//! The file of profiles: where it is, who may read and change it, and how it is written.

use super::{owner, problem};
use crate::cli::failure::Failure;
use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};
use toml_edit::DocumentMut;

/// The file, which need not be there.
#[derive(Debug, Clone)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    /// Whether the user said where it is.
    named: bool,
}

impl ConfigFile {
    /// `HVCTL_CONFIG`, else the place that the system has for it.
    ///
    /// # Errors
    /// `Config`, if there is no such place.
    pub(crate) fn locate() -> Result<Self, Failure> {
        if let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            return Ok(Self { path: path.into(), named: true });
        }
        let directories = directories::ProjectDirs::from("", "", "hvctl").ok_or_else(|| {
            problem(
                "failed to find the file of profiles: this user has no home directory",
                Some(format!("name the file by {VARIABLE}")),
            )
        })?;
        Ok(Self { path: directories.config_dir().join("config.toml"), named: false })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether `HVCTL_CONFIG` names it.
    pub(crate) fn is_named(&self) -> bool {
        self.named
    }

    /// What is in it; `None` if it is not there.
    ///
    /// # Errors
    /// `Io`; `Config`, if it is somebody else's, or others could change it: it names commands that are run.
    pub(crate) fn read(&self) -> Result<Option<String>, Failure> {
        let mut file = match fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("read", error)),
        };
        // Of what is open: what the path leads to may be another file by now.
        let metadata = file.metadata().map_err(|error| self.failed("read", error))?;
        owner::expect_own_file(&self.path, &metadata)?;
        owner::expect_own_folder(&self.path)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| self.failed("read", error))?;
        Ok(Some(text))
    }

    /// Changes it: no other `hvctl` changes it meanwhile, and a reader finds the old or the new one.
    ///
    /// # Errors
    /// `Io`, `Config`, and those of `change`.
    pub(crate) fn edit<T>(
        &self,
        change: impl FnOnce(&mut DocumentMut) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // A link stays one: what it leads to is changed.
        let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        create_private(folder(&target)).map_err(|error| self.failed("change", error))?;
        // Before anything is made there: who may write there may have put a link to another file.
        owner::expect_own_folder(&self.path)?;
        let lock = open_private(&beside(&target, ".lock")).map_err(|error| self.failed("lock", error))?;
        fs4::FileExt::lock(&lock).map_err(|error| self.failed("lock", error))?;
        let text = self.read()?.unwrap_or_default();
        let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            problem(
                format!("failed to change `{}`: {}", self.path.display(), error.message().trim()),
                Some("`hvctl profile list` tells the place".to_owned()),
            )
        })?;
        let done = change(&mut document)?;
        let changed = document.to_string();
        if changed != text {
            write(&target, changed.as_bytes()).map_err(|error| self.failed("write", error))?;
        }
        Ok(done)
    }

    fn failed(&self, what: &str, error: io::Error) -> Failure {
        Failure::io(format!("failed to {what} `{}`", self.path.display()), error)
    }
}

const VARIABLE: &str = "HVCTL_CONFIG";

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a directory (0700 where the system knows modes), unless it is there.
fn create_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Opens a file for writing (0600 where the system knows modes).
fn open_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a file beside its place and moves it there.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let partial = beside(path, ".part");
    let written = open_private(&partial).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    let result = written.and_then(|()| fs::rename(&partial, path));
    if result.is_err() {
        // The first failure is what the user has to know.
        let _ = fs::remove_file(&partial);
    }
    result
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::{super::set, *};

    fn file(path: PathBuf) -> ConfigFile {
        ConfigFile { path, named: true }
    }

    #[test]
    fn concurrent_changes_are_all_kept() {
        let directory = tempfile::tempdir().unwrap();
        let file = file(directory.path().join("deep/config.toml"));
        std::thread::scope(|scope| {
            for number in 0..8 {
                let file = file.clone();
                scope.spawn(move || {
                    let name = format!("p{number}");
                    file.edit(|document| set(document, &name, &[("host", "hv1")])).unwrap();
                });
            }
        });
        let text = file.read().unwrap().unwrap();
        assert_eq!(text.matches("[profile.p").count(), 8, "{text}");
    }

    #[test]
    fn a_change_that_fails_leaves_the_file_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = file(directory.path().join("config.toml"));
        fs::write(&file.path, "[profile.a]\n").unwrap();
        let failed = file.edit(|document| {
            document.remove("profile");
            Err::<(), _>(problem("no", None))
        });
        assert!(failed.is_err());
        assert_eq!(file.read().unwrap().unwrap(), "[profile.a]\n");
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[cfg(unix)]
    fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private_and_a_link_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("dotfiles/hvctl.toml");
        let made = file(target.clone());
        made.edit(|document| set(document, "a", &[("host", "hv1")])).unwrap();
        assert_eq!(mode(target.parent().unwrap()), 0o700);
        let link = file(directory.path().join("config.toml"));
        std::os::unix::fs::symlink(&target, &link.path).unwrap();
        link.edit(|document| set(document, "b", &[("host", "hv2")])).unwrap();
        assert!(link.path.is_symlink());
        assert!(fs::read_to_string(&target).unwrap().contains("[profile.b]"));
        assert_eq!(mode(&target), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_change_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = file(directory.path().join("config.toml"));
        fs::write(&file.path, "").unwrap();
        set_mode(&file.path, 0o664);
        let failure = file.read().unwrap_err();
        assert_eq!(failure.exit_code(), 3);
        let shown = failure.to_text().replace(&directory.path().display().to_string(), "DIR");
        insta::assert_snapshot!(shown, @r"
        error: failed to trust `DIR/config.toml`: others (mode 0664) may change it, and it names commands to run
        hint: `chmod 600 DIR/config.toml` makes it yours alone; look first what it holds
        ");
    }

    #[cfg(unix)]
    #[test]
    fn in_a_folder_that_others_may_write_nothing_is_read_or_made() {
        let directory = tempfile::tempdir().unwrap();
        let open = directory.path().join("open");
        fs::create_dir(&open).unwrap();
        set_mode(&open, 0o777);
        let file = file(open.join("config.toml"));
        assert!(file.edit(|document| set(document, "a", &[("host", "hv1")])).is_err());
        assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
        fs::write(&file.path, "").unwrap();
        let failure = file.read().unwrap_err();
        assert_eq!(failure.exit_code(), 3);
        let shown = failure.to_text().replace(&directory.path().display().to_string(), "DIR");
        insta::assert_snapshot!(shown, @r"
        error: failed to trust `DIR/open`: others (mode 0777) may put another file of profiles there, which names commands to run
        hint: `chmod go-w DIR/open` keeps them out; look first what it holds
        ");
        // A link from elsewhere does not make it any safer.
        let link = directory.path().join("link.toml");
        std::os::unix::fs::symlink(&file.path, &link).unwrap();
        assert!(ConfigFile { path: link, named: true }.read().is_err());
        set_mode(&open, 0o1777);
        assert!(file.read().is_ok());
    }
}
