//! The file of profiles: where it is, who may read and change it, and how it is written.

use super::problem;
use crate::cli::failure::Failure;
use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Write as _},
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
    /// `Io`; `Config`, if others could change it: it names commands that are run.
    pub(crate) fn read(&self) -> Result<Option<String>, Failure> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("read", error)),
        };
        self.refuse_strangers()?;
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
        let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        create_private(directory.unwrap_or(Path::new("."))).map_err(|error| self.failed("change", error))?;
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

    #[cfg(unix)]
    fn refuse_strangers(&self) -> Result<(), Failure> {
        let mode = mode(&self.path).map_err(|error| self.failed("read", error))?;
        if mode & 0o022 == 0 {
            return Ok(());
        }
        let path = self.path.display();
        Err(problem(
            format!(
                "failed to trust `{path}`: others may change it (mode {mode:04o}), and it names commands to run"
            ),
            Some(format!(
                "`chmod 600 {}` makes it yours alone",
                crate::hyperv::shell::word(&path.to_string())
            )),
        ))
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the signature where there are modes")]
    fn refuse_strangers(&self) -> Result<(), Failure> {
        Ok(())
    }
}

const VARIABLE: &str = "HVCTL_CONFIG";

/// The permission bits of a file.
#[cfg(unix)]
fn mode(path: &Path) -> io::Result<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode() & 0o7777)
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
    #[test]
    fn the_file_is_private_and_a_link_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("dotfiles/hvctl.toml");
        let made = file(target.clone());
        made.edit(|document| set(document, "a", &[("host", "hv1")])).unwrap();
        assert_eq!(mode(target.parent().unwrap()).unwrap(), 0o700);
        let link = file(directory.path().join("config.toml"));
        std::os::unix::fs::symlink(&target, &link.path).unwrap();
        link.edit(|document| set(document, "b", &[("host", "hv2")])).unwrap();
        assert!(link.path.is_symlink());
        assert!(fs::read_to_string(&target).unwrap().contains("[profile.b]"));
        assert_eq!(mode(&target).unwrap(), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_change_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let file = file(directory.path().join("config.toml"));
        fs::write(&file.path, "").unwrap();
        fs::set_permissions(&file.path, fs::Permissions::from_mode(0o664)).unwrap();
        let failure = file.read().unwrap_err();
        assert_eq!(failure.exit_code(), 3);
        assert!(failure.to_text().contains("chmod 600"), "{}", failure.to_text());
    }
}
