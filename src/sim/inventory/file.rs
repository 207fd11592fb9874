//! The file as it is written, and its checks.

use super::{
    AuthEntry, ClientCertificates, GroupEntry, HostEntry, HostLimits, JobTimes, MachineEntry, MachineState,
    SnapshotEntry, SnapshotKind, invalid,
};
use crate::{
    auth::{Secret, UserName, acceptor::BindingPolicy},
    cim::Text,
    sim::{
        SimError,
        ids::{Ids, Kind},
        parse_duration,
        texts::Locale,
    },
};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use serde::Deserialize;
use std::{collections::BTreeSet, time::Duration};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inventory {
    #[serde(default)]
    host: Host,
    #[serde(default)]
    vm: Vec<Machine>,
    #[serde(default)]
    group: Vec<Group>,
    #[serde(default)]
    snapshot: Vec<Snapshot>,
    #[serde(default)]
    jobs: Jobs,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    auth: Auth,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Host {
    name: String,
    build: String,
    groups: bool,
    locale: String,
}

impl Default for Host {
    fn default() -> Self {
        Self { name: "HV01".into(), build: "10.0.20348".into(), groups: true, locale: "en-US".into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    name: String,
    id: Option<String>,
    #[serde(default)]
    state: MachineState,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    id: Option<String>,
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    group: String,
    #[serde(default, rename = "type")]
    kind: SnapshotKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Jobs {
    snapshot: Time,
    export: Time,
    apply: Time,
    delete: Time,
    retention: Time,
}

impl Default for Jobs {
    fn default() -> Self {
        let seconds = |seconds| Time(Duration::from_secs(seconds));
        // Five minutes: TimeBeforeRemoval of Msvm_ConcreteJob (its MOF default; captured too).
        Self {
            snapshot: seconds(2),
            export: seconds(3),
            apply: seconds(2),
            delete: seconds(1),
            retention: seconds(300),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    max_envelope_size: usize,
    operations_per_user: usize,
    service_operations_per_user: usize,
    max_timeout: Time,
    context_timeout: Time,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // MaxEnvelopeSizekb 500 and EnumerationTimeoutms 240000 of a real configuration.
            max_envelope_size: 500 * 1024,
            context_timeout: Time(Duration::from_secs(240)),
            // [MS-WSMV] 3.1.4.1.34.3.1: quota of the WMI plug-in.
            operations_per_user: 15,
            // MaxConcurrentOperationsPerUser and MaxTimeoutms of the same configuration.
            service_operations_per_user: 1500,
            max_timeout: Time(Duration::from_secs(60)),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Auth {
    user: String,
    password: Option<String>,
    channel_binding: Binding,
    basic: bool,
    certificate: Ask,
    certificate_issuers: String,
    administrator: bool,
    sees_hyper_v: bool,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            user: r"EXAMPLE\operator".into(),
            password: None,
            channel_binding: Binding::Relaxed,
            basic: true,
            certificate: Ask::Never,
            certificate_issuers: String::new(),
            administrator: true,
            sees_hyper_v: true,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Binding {
    None,
    Relaxed,
    Strict,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ask {
    Never,
    Optional,
    Required,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Time(Duration);

impl TryFrom<String> for Time {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        parse_duration(&text)
            .map(Self)
            .ok_or_else(|| format!("expected a time such as `500ms`, `2s` or `5m`, got `{text}`"))
    }
}

impl Inventory {
    pub(super) fn check(self) -> Result<super::Inventory, SimError> {
        let mut ids = Ids::default();
        let mut taken = BTreeSet::new();
        let mut machines = Vec::<MachineEntry>::new();
        for machine in self.vm {
            let name = name("[[vm]]", machine.name)?;
            let id = id(machine.id, Kind::Machine, &mut ids, &mut taken)?;
            machines.push(MachineEntry { id, name, state: machine.state });
        }
        let mut groups = Vec::<GroupEntry>::new();
        for group in self.group {
            let name = name("[[group]]", group.name)?;
            let members = members(&name, group.members, &machines)?;
            let id = id(group.id, Kind::Group, &mut ids, &mut taken)?;
            groups.push(GroupEntry { id, name, members });
        }
        let snapshots = self
            .snapshot
            .into_iter()
            .map(|snapshot| {
                let group = one("[[snapshot]]: group", &snapshot.group, &groups, |group| &group.name)?;
                Ok(SnapshotEntry { group: group.id.clone(), kind: snapshot.kind })
            })
            .collect::<Result<_, SimError>>()?;
        Ok(super::Inventory {
            host: self.host.check()?,
            machines,
            groups,
            snapshots,
            jobs: JobTimes {
                snapshot: self.jobs.snapshot.0,
                export: self.jobs.export.0,
                apply: self.jobs.apply.0,
                delete: self.jobs.delete.0,
                retention: self.jobs.retention.0,
            },
            limits: self.limits.check()?,
            auth: self.auth.check()?,
        })
    }
}

/// Ids of the machines that a group names.
fn members(group: &str, names: Vec<String>, machines: &[MachineEntry]) -> Result<Vec<String>, SimError> {
    let what = format!("[[group]] `{group}`: member");
    let mut ids = Vec::new();
    for name in names {
        let id = &one(&what, &name, machines, |machine| &machine.name)?.id;
        if ids.contains(id) {
            return Err(invalid(format_args!("{what} `{name}` is named twice")));
        }
        ids.push(id.clone());
    }
    Ok(ids)
}

/// The one entry of this name.
fn one<'a, T>(
    what: &str,
    name: &str,
    entries: &'a [T],
    name_of: impl Fn(&T) -> &String,
) -> Result<&'a T, SimError> {
    let mut found = entries.iter().filter(|entry| name_of(entry) == name);
    match (found.next(), found.next()) {
        (Some(entry), None) => Ok(entry),
        (None, _) => Err(invalid(format_args!("{what}: nothing is called `{name}`"))),
        (Some(_), Some(_)) => Err(invalid(format_args!("{what}: several are called `{name}`"))),
    }
}

impl Host {
    fn check(self) -> Result<HostEntry, SimError> {
        let Some(locale) = Locale::from_tag(&self.locale) else {
            let expected = Locale::ALL.map(Locale::tag).join("` or `");
            return Err(invalid(format_args!("[host] locale: expected `{expected}`, got `{}`", self.locale)));
        };
        Ok(HostEntry {
            name: name("[host] name", self.name)?,
            build: name("[host] build", self.build)?,
            groups: self.groups,
            locale,
        })
    }
}

impl Limits {
    fn check(self) -> Result<HostLimits, SimError> {
        // A request cannot ask for less than 8192 (0x8033807E), so a host allows at least that.
        if self.max_envelope_size < 8192 {
            return Err(invalid(format_args!(
                "[limits] max_envelope_size: expected at least 8192, got {}",
                self.max_envelope_size
            )));
        }
        Ok(HostLimits {
            max_envelope_size: self.max_envelope_size,
            operations_per_user: self.operations_per_user,
            service_operations_per_user: self.service_operations_per_user,
            max_timeout: self.max_timeout.0,
            context_timeout: self.context_timeout.0,
        })
    }
}

impl Auth {
    fn check(self) -> Result<AuthEntry, SimError> {
        // What no client can log in as is no user: both go through the environment of a shell, too.
        if self.user.contains('@') || self.user.parse::<UserName>().is_err() {
            return Err(invalid(format_args!(
                "[auth] user: expected `DOMAIN\\user` or `user`, got `{}`",
                self.user
            )));
        }
        match self.password.as_deref() {
            Some("") => return Err(invalid("[auth] password: expected a password, got nothing")),
            Some(password) if password.contains(char::is_control) => {
                return Err(invalid("[auth] password: expected printable text, got a control character"));
            }
            _ => {}
        }
        let certificates = self.certificates()?;
        Ok(AuthEntry {
            user: self.user,
            password: self.password.map(Secret::new),
            channel_binding: match self.channel_binding {
                Binding::None => BindingPolicy::None,
                Binding::Relaxed => BindingPolicy::Relaxed,
                Binding::Strict => BindingPolicy::Strict,
            },
            basic: self.basic,
            certificates,
            administrator: self.administrator,
            sees_hyper_v: self.sees_hyper_v,
        })
    }
}

impl Auth {
    fn certificates(&self) -> Result<Option<ClientCertificates>, SimError> {
        if self.certificate == Ask::Never {
            return Ok(None);
        }
        let issuers = CertificateDer::pem_slice_iter(self.certificate_issuers.as_bytes());
        match issuers.collect::<Result<Vec<_>, _>>() {
            Ok(issuers) if !issuers.is_empty() => {
                Ok(Some(ClientCertificates { issuers, required: self.certificate == Ask::Required }))
            }
            _ => Err(invalid("[auth] certificate_issuers: expected certificates in PEM")),
        }
    }
}

/// A name that can be sent and seen.
fn name(what: &str, name: String) -> Result<String, SimError> {
    if name.trim().is_empty() {
        return Err(invalid(format_args!("{what}: expected a name, got nothing")));
    }
    match Text::new(name.as_str()) {
        Ok(_) => Ok(name),
        Err(error) => Err(invalid(format_args!("{what}: {error}"))),
    }
}

/// The id that was given, or the next counted one; never one that is taken.
fn id(
    given: Option<String>,
    kind: Kind,
    ids: &mut Ids,
    taken: &mut BTreeSet<String>,
) -> Result<String, SimError> {
    let id = match given {
        None => ids.next(kind),
        Some(text) => match uuid::Uuid::try_parse(&text) {
            Ok(uuid) => uuid.hyphenated().to_string().to_uppercase(),
            Err(_) => return Err(invalid(format_args!("expected a GUID as id, got `{text}`"))),
        },
    };
    if taken.insert(id.clone()) { Ok(id) } else { Err(invalid(format_args!("the id `{id}` is used twice"))) }
}
