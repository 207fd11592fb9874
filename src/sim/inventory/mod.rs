//! The inventory: what a host holds, from a TOML file. `default.toml` documents every key.

mod file;

use super::{SimError, texts::Locale};
use crate::auth::{Secret, acceptor::BindingPolicy};
use rustls_pki_types::CertificateDer;
use serde::Deserialize;
use std::{path::Path, time::Duration};

const DEFAULT: &str = include_str!("default.toml");

/// What the host holds, how long its jobs take, what it allows, and who may log in.
#[derive(Debug, Clone)]
pub struct Inventory {
    pub(super) host: HostEntry,
    pub(super) machines: Vec<MachineEntry>,
    pub(super) groups: Vec<GroupEntry>,
    pub(super) snapshots: Vec<SnapshotEntry>,
    pub(super) jobs: JobTimes,
    pub(super) limits: HostLimits,
    pub(super) auth: AuthEntry,
}

#[derive(Debug, Clone)]
pub(super) struct HostEntry {
    pub(super) name: String,
    pub(super) build: String,
    /// Whether it knows groups of virtual machines.
    pub(super) groups: bool,
    pub(super) locale: Locale,
}

#[derive(Debug, Clone)]
pub(super) struct MachineEntry {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) state: MachineState,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MachineState {
    #[default]
    Running,
    Off,
    Saved,
    Paused,
}

#[derive(Debug, Clone)]
pub(super) struct GroupEntry {
    pub(super) id: String,
    pub(super) name: String,
    /// Ids of machines.
    pub(super) members: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct SnapshotEntry {
    /// Id of the group.
    pub(super) group: String,
    pub(super) kind: SnapshotKind,
}

/// The values of `SnapshotType` of `Msvm_CollectionSnapshotService.CreateSnapshot`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SnapshotKind {
    #[default]
    Standard,
    Recovery,
}

#[derive(Debug, Clone)]
pub(super) struct JobTimes {
    pub(super) snapshot: Duration,
    pub(super) export: Duration,
    pub(super) apply: Duration,
    pub(super) delete: Duration,
    pub(super) retention: Duration,
}

#[derive(Debug, Clone)]
pub(super) struct HostLimits {
    pub(super) max_envelope_size: usize,
    /// Of the WMI plug-in.
    pub(super) operations_per_user: usize,
    /// Of the whole service: told, and never met, as the plug-in's is lower.
    pub(super) service_operations_per_user: usize,
    pub(super) max_timeout: Duration,
    pub(super) context_timeout: Duration,
}

#[derive(Debug, Clone)]
pub(super) struct AuthEntry {
    pub(super) user: String,
    pub(super) password: Option<Secret>,
    pub(super) channel_binding: BindingPolicy,
    pub(super) basic: bool,
    /// Whose client certificates are mapped to the user; `None` where they are not asked for.
    pub(super) certificates: Option<ClientCertificates>,
    pub(super) administrator: bool,
    /// Whether Hyper-V shows its objects to the user.
    pub(super) sees_hyper_v: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ClientCertificates {
    pub(super) issuers: Vec<CertificateDer<'static>>,
    /// Whether a handshake without one fails.
    pub(super) required: bool,
}

impl Default for Inventory {
    fn default() -> Self {
        // The text is compiled in and a test reads it.
        Self::from_toml(DEFAULT).unwrap_or_else(|error| unreachable!("the built-in inventory: {error}"))
    }
}

impl Inventory {
    /// Reads TOML text.
    ///
    /// ```
    /// use hyperv_wsman::sim::Inventory;
    ///
    /// let inventory = Inventory::from_toml(
    ///     r#"
    ///     [[vm]]
    ///     name = "db-01"
    ///     [[group]]
    ///     name = "db"
    ///     members = ["db-01"]
    ///     "#,
    /// );
    /// assert!(inventory.is_ok());
    /// ```
    ///
    /// # Errors
    /// Where and why it is not an inventory.
    pub fn from_toml(text: &str) -> Result<Self, SimError> {
        let file: file::Inventory = toml::from_str(text).map_err(|error| invalid(located(&error, text)))?;
        file.check()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As [`Inventory::from_toml`], and for files that cannot be read.
    pub fn read(path: &Path) -> Result<Self, SimError> {
        let text = std::fs::read_to_string(path).map_err(|source| SimError::Io {
            action: format!("failed to read `{}`", path.display()),
            source,
        })?;
        Self::from_toml(&text)
    }
}

/// Where it is and what it is, without the line itself: that may hold the password.
fn located(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, error.message())
}

fn invalid(reason: impl std::fmt::Display) -> SimError {
    SimError::Input(format!("failed to read the inventory: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_has_a_web_tier_of_three_an_awkward_name_and_an_empty_group() {
        let inventory = Inventory::default();
        let members: Vec<_> = inventory.groups.iter().map(|g| (g.name.as_str(), g.members.len())).collect();
        assert_eq!(members, [("web-tier", 3), (r#"R&D "blue" <team>'s"#, 2), ("empty", 0)]);
        assert_eq!(inventory.host.name, "HV01");
    }

    #[test]
    fn the_default_file_states_the_defaults_of_the_keys_it_could_leave_out() {
        let from_file = Inventory::default();
        let empty = Inventory::from_toml("").unwrap();
        assert_eq!(format!("{:?}", from_file.jobs), format!("{:?}", empty.jobs));
        assert_eq!(format!("{:?}", from_file.limits), format!("{:?}", empty.limits));
        assert_eq!(format!("{:?}", from_file.auth), format!("{:?}", empty.auth));
        assert_eq!(format!("{:?}", from_file.host), format!("{:?}", empty.host));
    }

    fn refused(toml: &str) -> String {
        Inventory::from_toml(toml).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_said_with_what_was_expected() {
        for (toml, expected) in [
            ("[[group]]\nname='g'\nmembers=['x']", "[[group]] `g`: member: nothing is called `x`"),
            (
                "[[vm]]\nname='a'\n[[vm]]\nname='a'\n[[group]]\nname='g'\nmembers=['a']",
                "several are called `a`",
            ),
            ("[[vm]]\nname='a'\n[[group]]\nname='g'\nmembers=['a','a']", "member `a` is named twice"),
            ("[[vm]]\nname=' '", "[[vm]]: expected a name, got nothing"),
            ("[[vm]]\nname=\"a\\u0001\"", "U+0001"),
            ("[[vm]]\nname='a'\nid='7'", "expected a GUID as id, got `7`"),
            ("[jobs]\nsnapshot='soon'", "expected a time such as `500ms`, `2s` or `5m`, got `soon`"),
            ("[host]\nlocale='de-DE'", "[host] locale: expected `en-US` or `ja-JP`, got `de-DE`"),
            ("[limits]\nmax_envelope_size=100", "expected at least 8192, got 100"),
            ("[auth]\npassword=''", "[auth] password: expected a password, got nothing"),
            ("[auth]\npassword=\"a\\nb\"", "[auth] password: expected printable text"),
            ("[auth]\nuser=\"a\\u001bb\"", "got `a\u{1b}b`"),
            (
                r"[auth]
user='a\b\c'",
                r"expected `DOMAIN\user` or `user`, got `a\b\c`",
            ),
            ("[hosts]\nname='x'", "unknown field `hosts`"),
            ("[[vm]]\nname='a'\nstat='off'", "unknown field `stat`"),
            ("[[snapshot]]\ngroup='g'", "[[snapshot]]: group: nothing is called `g`"),
        ] {
            let message = refused(toml);
            assert!(message.starts_with("failed to read the inventory: "), "{message}");
            assert!(message.contains(expected), "{toml}: {message}");
        }
    }

    #[test]
    fn given_ids_are_kept_in_upper_case_and_refused_twice() {
        let id = "0a1b2c3d-0000-4000-8000-000000000001";
        let inventory = Inventory::from_toml(&format!("[[vm]]\nname='a'\nid='{id}'")).unwrap();
        assert_eq!(inventory.machines.first().unwrap().id, id.to_uppercase());
        let twice = format!("[[vm]]\nname='a'\nid='{id}'\n[[vm]]\nname='b'\nid='{id}'");
        assert!(refused(&twice).contains("is used twice"));
    }

    #[test]
    fn passwords_do_not_show() {
        let inventory = Inventory::from_toml("[auth]\npassword='geheim'").unwrap();
        assert!(!format!("{inventory:?}").contains("geheim"));
        let message = refused("[auth]\nuser='x'\npassword='geheim");
        assert!(message.starts_with("failed to read the inventory: line 3: "), "{message}");
        assert!(!message.contains("geheim"), "{message}");
    }
}
