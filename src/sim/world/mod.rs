//! The objects of the host, and what its methods do with them.

mod generated;
mod instances;
mod job;
mod methods;
mod query;
mod settings;

pub(super) use job::{Ending, Plan};
pub(super) use methods::Outcome;
pub(super) use query::Query;

use super::{
    ids::{Ids, Kind},
    inventory::{GroupEntry, HostEntry, Inventory, JobTimes, MachineEntry, SnapshotKind},
    texts::Texts,
};
use crate::cim::{Epr, Instance, SelectorValue, Text, Timestamp, Value, schema};
use job::Job;
use std::time::Duration;

/// Everything that instances are made from.
#[derive(Debug)]
pub(super) struct World {
    host: HostEntry,
    texts: &'static Texts,
    /// Whether the user is shown anything (the pages of the classes: UAC filtering may restrict access).
    is_seen: bool,
    machines: Vec<MachineEntry>,
    groups: Vec<GroupEntry>,
    snapshots: Vec<Snapshot>,
    jobs: Vec<Job>,
    /// Directories that hold an export.
    exports: Vec<String>,
    /// Made-up instances of each class.
    generate: usize,
    times: JobTimes,
    time_scale: f64,
    ids: Ids,
    now: Duration,
}

/// A snapshot collection.
#[derive(Debug, Clone)]
struct Snapshot {
    id: String,
    name: String,
    /// Id of the group it was taken of.
    group: String,
    kind: SnapshotKind,
    created: Duration,
    members: Vec<MachineSnapshot>,
}

/// The snapshot of one member.
#[derive(Debug, Clone)]
struct MachineSnapshot {
    /// `InstanceID` of its setting data.
    id: String,
    /// Id of the machine.
    machine: String,
}

/// How many objects a reference names.
#[derive(Debug)]
pub(super) enum Selected {
    One(Box<Instance>),
    /// A selector that is not a key.
    NoKey(String),
    Nothing,
}

impl World {
    pub(super) fn new(inventory: &Inventory, time_scale: f64, generate: usize) -> Self {
        let mut world = Self {
            host: inventory.host.clone(),
            texts: inventory.host.locale.texts(),
            is_seen: inventory.auth.sees_hyper_v,
            machines: inventory.machines.clone(),
            groups: inventory.groups.clone(),
            snapshots: Vec::new(),
            jobs: Vec::new(),
            exports: Vec::new(),
            generate,
            times: inventory.jobs.clone(),
            time_scale,
            ids: Ids::default(),
            now: Duration::ZERO,
        };
        for entry in &inventory.snapshots {
            world.add_snapshot(&entry.group, entry.kind);
        }
        world
    }

    /// Lets the time pass that has passed since the start of the host: jobs end, finished ones
    /// are forgotten.
    pub(super) fn advance(&mut self, elapsed: Duration) {
        while let Some(due) = self.next_due(elapsed) {
            self.now = self.now.max(due);
            self.settle_jobs();
        }
        self.now = self.now.max(elapsed);
    }

    pub(super) fn host(&self) -> &HostEntry {
        &self.host
    }

    pub(super) fn texts(&self) -> &'static Texts {
        self.texts
    }

    pub(super) fn next_id(&mut self, kind: Kind) -> String {
        self.ids.next(kind)
    }

    pub(super) fn snapshot_ids(&self) -> Vec<String> {
        self.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect()
    }

    pub(super) fn exports(&self) -> &[String] {
        &self.exports
    }

    /// The instance that a reference names.
    ///
    /// All keys are needed, as for `Msvm_ComputerSystem`, whose `Name` alone finds nothing (seen
    /// by go-wsman); except that `CreationClassName` alone finds a service (libvirt, go-wsman,
    /// virt-who), and that a reference in a parameter may be `lenient` about missing keys (seen by
    /// go-wsman).
    pub(super) fn select(&self, class: schema::Class, epr: &Epr, lenient: bool) -> Selected {
        let selectors = || epr.selectors().iter().filter(|selector| selector.name != CIM_NAMESPACE);
        let keys: Vec<&str> = class.keys().collect();
        let is_key = |name: &str| keys.iter().any(|key| key.eq_ignore_ascii_case(name));
        if let Some(unknown) = selectors().find(|selector| !is_key(&selector.name)) {
            return Selected::NoKey(unknown.name.clone());
        }
        let is_complete = keys.iter().all(|key| selectors().any(|s| s.name.eq_ignore_ascii_case(key)))
            || (class.is_a("CIM_Service") && epr.selector("CreationClassName").is_some())
            || (lenient && selectors().next().is_some());
        if !is_complete {
            return Selected::Nothing;
        }
        let names_it = |instance: &Instance| {
            selectors().all(|selector| match (&selector.value, instance.get(&selector.name)) {
                (SelectorValue::Text(text), Some(value)) => {
                    !value.is_null() && same(&value.to_plain_text(), text.as_str())
                }
                (SelectorValue::Reference(epr), Some(value)) => value.as_epr() == Some(epr),
                (_, None) => false,
            })
        };
        let mut found: Vec<_> = self.instances(class).into_iter().filter(names_it).collect();
        if found.len() > 1 {
            // An instance of a derived class may have the same keys (chosen: the class itself comes first).
            found.retain(|instance| instance.class() == class.name());
        }
        match (found.pop(), found.pop()) {
            (Some(only), None) => Selected::One(Box::new(only)),
            _ => Selected::Nothing,
        }
    }

    /// Whether this host has a class: groups came with Windows Server 2016 (their pages).
    pub(super) fn knows(&self, class: schema::Class) -> bool {
        self.host.groups || !OF_GROUPS.contains(&class.name())
    }

    fn group(&self, epr: &Epr) -> Option<&GroupEntry> {
        let id = epr.selector("CollectionID")?;
        self.groups.iter().find(|group| same(&group.id, id))
    }

    fn snapshot(&self, epr: &Epr) -> Option<&Snapshot> {
        let id = epr.selector("CollectionID")?;
        self.snapshots.iter().find(|snapshot| same(&snapshot.id, id))
    }

    /// Takes a snapshot of a group as it is now.
    fn add_snapshot(&mut self, group: &str, kind: SnapshotKind) -> Option<Epr> {
        let group = self.groups.iter().find(|entry| entry.id == group)?.clone();
        let id = self.ids.next(Kind::Snapshot);
        let earlier = self.snapshots.iter().filter(|snapshot| snapshot.group == group.id).count();
        let members = group
            .members
            .iter()
            .map(|machine| MachineSnapshot {
                id: format!("Microsoft:{}", self.ids.next(Kind::Setting)),
                machine: machine.clone(),
            })
            .collect();
        let epr = key_reference("Msvm_SnapshotCollection", "CollectionID", &id);
        self.snapshots.push(Snapshot {
            id,
            // How Windows names a snapshot of a group is not documented: chosen.
            name: format!("{} - snapshot {}", group.name, earlier + 1),
            group: group.id,
            kind,
            created: self.now,
            members,
        });
        Some(epr)
    }
}

/// The classes of groups and their snapshots.
const OF_GROUPS: [&str; 6] = [
    "Msvm_CollectedSnapshots",
    "Msvm_CollectedVirtualSystems",
    "Msvm_CollectionManagementService",
    "Msvm_CollectionSnapshotService",
    "Msvm_SnapshotCollection",
    "Msvm_VirtualSystemCollection",
];

/// Selector that clients of other servers send.
pub(super) const CIM_NAMESPACE: &str = "__cimnamespace";

/// The reference to an instance: its class and keys.
pub(super) fn reference(instance: &Instance) -> Epr {
    let class = instance.class();
    let mut epr = Epr::class_of(class, super::NAMESPACE);
    for key in schema::class(class).into_iter().flat_map(schema::Class::keys) {
        match instance.get(key) {
            Some(Value::Reference(nested)) => {
                epr = epr.clone().with_reference(key, (**nested).clone()).unwrap_or(epr);
            }
            Some(Value::Null) | None => {}
            Some(value) => epr = with_key(epr, key, &value.to_plain_text()),
        }
    }
    epr
}

fn key_reference(class: &str, key: &str, value: &str) -> Epr {
    with_key(Epr::class_of(class, super::NAMESPACE), key, value)
}

/// Keys hold names of the inventory and counted ids, which can all be sent.
fn with_key(epr: Epr, key: &str, value: &str) -> Epr {
    epr.clone().with(key, value).unwrap_or(epr)
}

/// Texts come from the inventory or from a parsed message: they can all be sent.
fn text(value: impl Into<String>) -> Value {
    Text::new(value).map_or(Value::Null, Value::String)
}

/// Identifiers compare without case (MS-WSMV 3.1.4.1.2).
fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Points in time: a fixed epoch and what has passed since the start of the host, in whole seconds
/// as those of captured jobs are.
fn timestamp(elapsed: Duration) -> Value {
    const EPOCH: u64 = 1_767_225_600; // 2026-01-01T00:00:00Z
    i64::try_from(elapsed.as_secs().saturating_add(EPOCH))
        .ok()
        .and_then(|seconds| Timestamp::from_unix_micros(seconds.checked_mul(1_000_000)?).ok())
        .map_or(Value::Null, |at| Value::DateTime(at.into()))
}
