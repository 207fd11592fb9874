//! Which library: the system's, looked for at run time.

use super::{
    error::{KerberosError, KerberosErrorKind},
    ffi::Api,
    outcome::Failure,
};
use std::{
    env,
    ffi::{OsStr, OsString},
    sync::{Mutex, PoisonError},
};

/// Names a library to be taken instead of the system's.
pub(crate) const VARIABLE: &str = "HVCTL_GSSAPI_LIBRARY";

/// Where libraries are, the first that loads being taken.
const CANDIDATES: &[&str] = if cfg!(target_os = "macos") {
    &[
        "/System/Library/Frameworks/GSS.framework/GSS",
        "/opt/homebrew/opt/krb5/lib/libgssapi_krb5.dylib",
        "/usr/local/opt/krb5/lib/libgssapi_krb5.dylib",
    ]
} else if cfg!(windows) {
    &[]
} else {
    // MIT; Heimdal; Heimdal as FreeBSD has it.
    &["libgssapi_krb5.so.2", "libgssapi.so.3", "libgssapi.so.10"]
};

const INSTALL: &str = if cfg!(target_os = "macos") {
    "macOS has one; `brew install krb5` brings another"
} else {
    "install it: `apt install libgssapi-krb5-2 krb5-user` (Debian, Ubuntu), `dnf install krb5-workstation` (Fedora, \
     RHEL), `zypper install krb5-client` (SUSE), `apk add krb5` (Alpine), `pkg install krb5` (FreeBSD); or set \
     HVCTL_GSSAPI_LIBRARY to the library"
};

/// What a library is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Logins over https with the user's own tickets: any library does.
    Tickets,
    /// Sealing, passwords, or keytabs: what only MIT's does, all in one.
    All,
}

/// A loaded GSSAPI library. Cheap to copy; loaded once for each process, and never unloaded.
#[derive(Debug, Clone)]
pub(crate) struct Gssapi {
    pub(super) api: Api,
    name: OsString,
}

impl Gssapi {
    /// Looks for the library, `HVCTL_GSSAPI_LIBRARY` first. One that does all that is needed is
    /// preferred, but one that does not is better than none: it says what it lacks.
    ///
    /// # Errors
    /// [`KerberosErrorKind::NoLibrary`] with what to install; [`KerberosErrorKind::Unsupported`] on Windows.
    pub(crate) fn load(need: Need) -> Result<Self, KerberosError> {
        let chosen = env::var_os(VARIABLE).filter(|value| !value.is_empty());
        Self::choose(chosen.as_deref(), CANDIDATES, need)
    }

    pub(super) fn choose(
        chosen: Option<&OsStr>,
        candidates: &[&str],
        need: Need,
    ) -> Result<Self, KerberosError> {
        if cfg!(windows) {
            return Err(unsupported());
        }
        if let Some(name) = chosen {
            return Self::open(name).map_err(|reason| {
                let reason = format!("`{}`, which {VARIABLE} names, does not load: {reason}", name.display());
                no_library(reason).with_hint(format!("correct or unset {VARIABLE}"))
            });
        }
        let mut first = None;
        let mut reasons = Vec::new();
        for name in candidates {
            match Self::open(OsStr::new(name)) {
                Ok(library) if need == Need::Tickets || library.does_all() => return Ok(library),
                Ok(library) => first = first.or(Some(library)),
                Err(reason) => reasons.push(reason),
            }
        }
        first.ok_or_else(|| no_library(format!("found none ({})", reasons.join("; "))).with_hint(INSTALL))
    }

    fn open(name: &OsStr) -> Result<Self, String> {
        static LOADED: Mutex<Vec<Gssapi>> = Mutex::new(Vec::new());
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = loaded.iter().find(|library| library.name == name) {
            return Ok(library.clone());
        }
        let library = Self { api: Api::open(name)?, name: name.to_owned() };
        loaded.push(library.clone());
        Ok(library)
    }

    /// What [`Need::All`] asks for.
    fn does_all(&self) -> bool {
        self.api.is_mit() && self.can_seal()
    }

    /// Which one it is, for people.
    pub(crate) fn name(&self) -> String {
        self.name.display().to_string()
    }

    /// Whether messages can be sealed with it. Where not, only https will do.
    pub(crate) fn can_seal(&self) -> bool {
        self.api.can_seal()
    }

    /// # Errors
    /// [`KerberosErrorKind::Unsupported`] when it cannot seal.
    pub(super) fn require_sealing(&self) -> Result<(), KerberosError> {
        if self.can_seal() {
            return Ok(());
        }
        let action = format!("seal with `{}`", self.name());
        Err(KerberosError::of(Failure::Missing("gss_wrap_iov"), action, &super::error::Subject::default()))
    }
}

#[cfg(test)]
impl Gssapi {
    /// A library by name, whatever the environment says.
    pub(in crate::auth) fn at(name: &str) -> Result<Self, KerberosError> {
        Self::choose(Some(OsStr::new(name)), &[], Need::All)
    }
}

fn no_library(reason: String) -> KerberosError {
    KerberosError::new(KerberosErrorKind::NoLibrary, "load a GSSAPI library, which Kerberos needs", reason)
}

fn unsupported() -> KerberosError {
    let reason = "not supported on Windows yet";
    KerberosError::new(KerberosErrorKind::Unsupported, "log in by Kerberos", reason)
        .with_hint("use NTLM: `--auth ntlm`")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_not_there_is_named_with_the_variable() {
        let error = Gssapi::at("/nonexistent").unwrap_err();
        assert_eq!(error.kind(), KerberosErrorKind::NoLibrary);
        let text = error.to_string();
        let start = "failed to load a GSSAPI library, which Kerberos needs: `/nonexistent`, which HVCTL_GSSAPI_LIBRARY names, does not load: ";
        assert!(text.starts_with(start), "{text}");
        assert_eq!(error.hint(), Some("correct or unset HVCTL_GSSAPI_LIBRARY"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_library_that_is_not_gssapi_lacks_its_functions() {
        let text = Gssapi::at("libc.so.6").unwrap_err().to_string();
        assert!(text.contains("gss_acquire_cred"), "{text}");
    }

    /// An environment of its own has only another process.
    #[test]
    fn the_environment_names_another_library() {
        if env::var_os(VARIABLE).is_some_and(|value| value == "/nonexistent") {
            let error = Gssapi::load(Need::All).unwrap_err();
            assert_eq!(error.kind(), KerberosErrorKind::NoLibrary);
            return;
        }
        let name = concat!(module_path!(), "::the_environment_names_another_library");
        let child = std::process::Command::new(env::current_exe().unwrap())
            .args(["--exact", name.split_once("::").unwrap().1])
            .env(VARIABLE, "/nonexistent")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && text.contains("1 passed"), "{text}");
    }

    #[test]
    fn the_packages_to_install_are_named() {
        let text = no_library("found none".to_owned()).with_hint(INSTALL);
        assert_eq!(text.to_string(), "failed to load a GSSAPI library, which Kerberos needs: found none");
        assert!(text.hint().unwrap().contains("krb5"));
    }
}
