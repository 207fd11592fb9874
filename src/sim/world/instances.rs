//! The objects as CIM instances.

use super::{Snapshot, World, generated, job::machine_reference, key_reference, text, timestamp};
use crate::{
    cim::{Epr, Instance, Value, schema},
    sim::inventory::{MachineEntry, MachineState, SnapshotKind},
};
use std::time::Duration;

/// Instances of one class.
type Rows = fn(&World) -> Vec<Instance>;

/// The classes that have instances here.
const CLASSES: [(&str, Rows); 12] = [
    ("Msvm_ComputerSystem", World::computer_systems),
    ("Msvm_VirtualSystemCollection", World::collections),
    ("Msvm_CollectedVirtualSystems", World::collected_systems),
    ("Msvm_SnapshotCollection", World::snapshot_collections),
    ("Msvm_SnapshotOfVirtualSystemCollection", World::snapshots_of_collections),
    ("Msvm_CollectedSnapshots", World::collected_snapshots),
    ("Msvm_VirtualSystemSettingData", World::setting_data),
    ("Msvm_SettingsDefineState", World::settings_define_state),
    ("Msvm_SnapshotOfVirtualSystem", World::snapshots_of_systems),
    ("Msvm_ConcreteJob", World::jobs),
    ("Msvm_AffectedJobElement", World::affected_elements),
    ("CIM_Service", World::services),
];

/// Class, `Name` and `ElementName` of the services. `vmms` is documented; the `Name`s of the others are not:
/// chosen. All their methods are refused as not supported, but for those of the snapshot service of groups.
const SERVICES: [(&str, &str, &str); 4] = [
    ("Msvm_VirtualSystemManagementService", "vmms", "Hyper-V Virtual System Management Service"),
    ("Msvm_VirtualSystemSnapshotService", "vssnapsvc", "Hyper-V Virtual System Snapshot Service"),
    ("Msvm_CollectionManagementService", "colmgmtsvc", "Hyper-V Collection Management Service"),
    ("Msvm_CollectionSnapshotService", "colsnapsvc", "Hyper-V Collection Snapshot Service"),
];

impl World {
    /// The instances of a class and of the classes derived from it.
    pub(in crate::sim) fn instances(&self, class: schema::Class) -> Vec<Instance> {
        let is_a = |name: &str, base: &str| schema::class(name).is_some_and(|known| known.is_a(base));
        CLASSES
            .into_iter()
            .filter(|_| self.is_seen)
            .filter(|(name, _)| is_a(name, class.name()) || class.is_a(name))
            .flat_map(|(_, rows)| rows(self))
            .filter(|instance| is_a(instance.class(), class.name()))
            .chain(generated::instances(class, self.generate))
            .collect()
    }

    /// The host's own row, as captured, and one for each machine.
    fn computer_systems(&self) -> Vec<Instance> {
        let texts = self.texts;
        let host = Instance::new("Msvm_ComputerSystem")
            .with("Caption", text(texts.host_caption))
            .with("CreationClassName", text("Msvm_ComputerSystem"))
            .with("Description", text(texts.host_description))
            .with("ElementName", text(self.host.name.as_str()))
            .with("EnabledDefault", Value::Uint16(2))
            .with("EnabledState", Value::Uint16(2))
            .with("HealthState", Value::Uint16(5))
            .with("Name", text(self.host.name.as_str()))
            .with("NumberOfNumaNodes", Value::Uint16(1))
            .with("OperationalStatus", numbers(&[2]))
            .with("RequestedState", Value::Uint16(12))
            .with("ResetCapability", Value::Uint16(1))
            .with("Status", text("OK"))
            .with("StatusDescriptions", Value::Array(vec![text("OK")]));
        let machines = self.machines.iter().map(|machine| self.machine(machine));
        std::iter::once(host).chain(machines).collect()
    }

    fn machine(&self, machine: &MachineEntry) -> Instance {
        let enabled_state = match machine.state {
            MachineState::Running => 2,
            MachineState::Off => 3,
            MachineState::Saved => 6,
            MachineState::Paused => 9,
        };
        // 11 "In Service" with the work as second value (win32 page of the class).
        let operational = match self.machine_status(&machine.id) {
            Some(status) => numbers(&[11, status]),
            None => numbers(&[2]),
        };
        let is_running = machine.state == MachineState::Running;
        let on_time = if is_running { u64::try_from(self.now.as_millis()).unwrap_or_default() } else { 0 };
        Instance::new("Msvm_ComputerSystem")
            .with("Caption", text(self.texts.machine_caption))
            .with("CreationClassName", text("Msvm_ComputerSystem"))
            .with("Description", text(self.texts.machine_description))
            .with("ElementName", text(machine.name.as_str()))
            .with("EnabledDefault", Value::Uint16(2))
            .with("EnabledState", Value::Uint16(enabled_state))
            .with("HealthState", Value::Uint16(5))
            .with("InstallDate", timestamp(Duration::ZERO))
            .with("Name", text(machine.id.as_str()))
            .with("NumberOfNumaNodes", Value::Uint16(1))
            .with("OnTimeInMilliseconds", Value::Uint64(on_time))
            .with("OperationalStatus", operational)
            .with("RequestedState", Value::Uint16(12))
            .with("ResetCapability", Value::Uint16(1))
            .with("Status", text("OK"))
            .with("StatusDescriptions", Value::Array(vec![text("OK")]))
            .with("TimeOfLastStateChange", timestamp(Duration::ZERO))
    }

    fn collections(&self) -> Vec<Instance> {
        let row = |id: &str, name: &str| {
            Instance::new("Msvm_VirtualSystemCollection")
                .with("CollectionID", text(id))
                .with("ElementName", text(name))
                .with("FailedOverReplicationType", Value::Uint16(0))
                .with("ReplicationMode", Value::Uint16(0))
                .with("ReplicationState", Value::Uint16(0))
        };
        self.groups.iter().map(|group| row(&group.id, &group.name)).collect()
    }

    fn collected_systems(&self) -> Vec<Instance> {
        let mut rows = Vec::new();
        for group in &self.groups {
            for member in self.machines.iter().filter(|machine| group.members.contains(&machine.id)) {
                rows.push(association(
                    "Msvm_CollectedVirtualSystems",
                    ("Collection", collection(&group.id)),
                    ("Member", machine_reference(member)),
                ));
            }
        }
        rows
    }

    fn snapshot_collections(&self) -> Vec<Instance> {
        let row = |snapshot: &Snapshot| {
            Instance::new("Msvm_SnapshotCollection")
                .with("CollectionID", text(snapshot.id.as_str()))
                .with("ElementName", text(snapshot.name.as_str()))
        };
        self.snapshots.iter().map(row).collect()
    }

    fn snapshots_of_collections(&self) -> Vec<Instance> {
        let row = |snapshot: &Snapshot| {
            association(
                "Msvm_SnapshotOfVirtualSystemCollection",
                ("Antecedent", collection(&snapshot.group)),
                ("Dependent", snapshot_collection(&snapshot.id)),
            )
        };
        self.snapshots.iter().map(row).collect()
    }

    fn collected_snapshots(&self) -> Vec<Instance> {
        let mut rows = Vec::new();
        for snapshot in &self.snapshots {
            for member in &snapshot.members {
                rows.push(association(
                    "Msvm_CollectedSnapshots",
                    ("Collection", snapshot_collection(&snapshot.id)),
                    ("Member", setting(&member.id)),
                ));
            }
        }
        rows
    }

    /// The settings of the machines and of their snapshots.
    fn setting_data(&self) -> Vec<Instance> {
        let mut rows = Vec::new();
        for machine in &self.machines {
            let id = machine_setting_id(machine);
            let kind = "Microsoft:Hyper-V:System:Realized";
            rows.push(setting_row(&id, &machine.name, &machine.id, kind, Duration::ZERO));
        }
        for snapshot in &self.snapshots {
            let kind = match snapshot.kind {
                SnapshotKind::Standard => "Microsoft:Hyper-V:Snapshot:Realized",
                SnapshotKind::Recovery => "Microsoft:Hyper-V:Snapshot:Recovery",
            };
            for member in &snapshot.members {
                let machine = self.machines.iter().find(|machine| machine.id == member.machine);
                let name = machine.map_or("", |machine| machine.name.as_str());
                rows.push(setting_row(&member.id, name, &member.machine, kind, snapshot.created));
            }
        }
        rows
    }

    fn settings_define_state(&self) -> Vec<Instance> {
        let row = |machine: &MachineEntry| {
            association(
                "Msvm_SettingsDefineState",
                ("ManagedElement", machine_reference(machine)),
                ("SettingData", setting(&machine_setting_id(machine))),
            )
        };
        self.machines.iter().map(row).collect()
    }

    fn snapshots_of_systems(&self) -> Vec<Instance> {
        let mut rows = Vec::new();
        for member in self.snapshots.iter().flat_map(|snapshot| &snapshot.members) {
            for machine in self.machines.iter().filter(|machine| machine.id == member.machine) {
                rows.push(association(
                    "Msvm_SnapshotOfVirtualSystem",
                    ("Antecedent", machine_reference(machine)),
                    ("Dependent", setting(&member.id)),
                ));
            }
        }
        rows
    }

    /// The services, each with the four keys of `CIM_Service`.
    fn services(&self) -> Vec<Instance> {
        let row = |(class, name, element_name): (&str, &str, &str)| {
            Instance::new(class)
                .with("SystemCreationClassName", text("Msvm_ComputerSystem"))
                .with("SystemName", text(self.host.name.as_str()))
                .with("CreationClassName", text(class))
                .with("Name", text(name))
                .with("ElementName", text(element_name))
                .with("EnabledState", Value::Uint16(2))
                .with("HealthState", Value::Uint16(5))
                .with("OperationalStatus", numbers(&[2]))
                .with("RequestedState", Value::Uint16(12))
                .with("Started", Value::Boolean(true))
                .with("StartMode", text("Automatic"))
                .with("Status", text("OK"))
        };
        let known = |class: &str| schema::class(class).is_some_and(|class| self.knows(class));
        SERVICES.into_iter().filter(|(class, ..)| known(class)).map(row).collect()
    }
}

fn setting_row(id: &str, name: &str, machine: &str, kind: &str, created: Duration) -> Instance {
    Instance::new("Msvm_VirtualSystemSettingData")
        .with("InstanceID", text(id))
        .with("ElementName", text(name))
        .with("VirtualSystemIdentifier", text(machine))
        .with("VirtualSystemType", text(kind))
        .with("VirtualSystemSubType", text("Microsoft:Hyper-V:SubType:2"))
        .with("ConfigurationID", text(id.trim_start_matches("Microsoft:")))
        .with("CreationTime", timestamp(created))
        .with("Version", text("10.0"))
}

fn association(class: &str, one: (&str, Epr), other: (&str, Epr)) -> Instance {
    Instance::new(class)
        .with(one.0, Value::Reference(Box::new(one.1)))
        .with(other.0, Value::Reference(Box::new(other.1)))
}

fn collection(id: &str) -> Epr {
    key_reference("Msvm_VirtualSystemCollection", "CollectionID", id)
}

fn snapshot_collection(id: &str) -> Epr {
    key_reference("Msvm_SnapshotCollection", "CollectionID", id)
}

fn setting(id: &str) -> Epr {
    key_reference("Msvm_VirtualSystemSettingData", "InstanceID", id)
}

fn machine_setting_id(machine: &MachineEntry) -> String {
    format!("Microsoft:{}", machine.id)
}

fn numbers(values: &[u16]) -> Value {
    Value::Array(values.iter().copied().map(Value::Uint16).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Inventory;

    /// A simulator that shows properties no host has would teach clients wrong.
    #[test]
    fn every_property_is_documented_and_of_its_documented_type() {
        let mut world = World::new(&Inventory::default(), 1.0, 0);
        let group = world.groups[0].clone();
        world.add_snapshot(&group.id, SnapshotKind::Recovery);
        world.start(
            super::super::job::Task::Create { group: group.id, kind: SnapshotKind::Standard },
            group.members,
            "EXAMPLE\\operator",
            super::super::Plan::default(),
        );
        world.advance(Duration::from_secs(10));
        let mut classes = Vec::new();
        for (_, rows) in CLASSES {
            for instance in rows(&world) {
                let class = schema::class(instance.class()).unwrap();
                classes.push(class.name());
                for (name, value) in instance.properties() {
                    let property = class.property(name).unwrap_or_else(|| panic!("{}.{name}", class.name()));
                    assert_eq!(property.name(), name, "{}", class.name());
                    assert_eq!(
                        matches!(value, Value::Array(_)),
                        property.is_array(),
                        "{}.{name}",
                        class.name()
                    );
                    assert_eq!(value.cim_type(), Some(property.cim_type()), "{}.{name}", class.name());
                }
                assert!(class.keys().all(|key| instance.get(key).is_some()), "{}", class.name());
            }
        }
        classes.dedup();
        assert_eq!(classes.len(), CLASSES.len() - 1 + SERVICES.len());
    }
}
