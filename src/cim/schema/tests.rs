//! What the compiled schema must hold.

use super::{Class, Direction, Method, Source, class, classes, compiler, data, layout, vendor_return_name};
use crate::cim::cim_type::{self, CimType};

fn named(name: &str) -> Class<'static> {
    class(name).unwrap_or_else(|| panic!("{name} is missing"))
}

fn method(class: &str, method: &str) -> Method<'static> {
    named(class).method(method).unwrap_or_else(|| panic!("{class}.{method} is missing"))
}

/// The names of the keys, sorted.
fn keys(class: &str) -> Vec<&'static str> {
    let mut keys: Vec<_> = named(class).keys().collect();
    keys.sort_unstable();
    keys
}

/// The text form, file by file.
pub(super) fn sources() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "mof") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            sources.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    sources.sort();
    sources
}

fn documented() -> impl Iterator<Item = Class<'static>> {
    classes().filter(|class| class.source() == Source::Documented)
}

#[test]
fn every_documented_class_and_method_is_there() {
    assert_eq!(documented().count(), 429);
    assert_eq!(documented().filter(|class| class.name().starts_with("Msvm_")).count(), 294);
    assert_eq!(documented().filter(|class| class.name().starts_with("CIM_")).count(), 135);
    assert_eq!(documented().filter(|class| class.is_association()).count(), 126);
    assert_eq!(documented().filter(|class| class.is_indication()).count(), 5);

    let own = |class: Class<'static>| {
        let own = class.methods().filter(move |method| method.declared_in() == class);
        own.filter(|method| method.source() == Source::Documented).count()
    };
    assert_eq!(documented().map(own).sum::<usize>(), 357);
    let msvm = documented().filter(|class| class.name().starts_with("Msvm_"));
    assert_eq!(msvm.map(own).sum::<usize>(), 314);
}

#[test]
fn what_was_seen_on_a_host_alone_is_there_and_says_so() {
    let seen: Vec<_> = classes().filter(|class| class.source() == Source::Host).collect();
    assert_eq!(seen.len(), 68);
    assert!(seen.iter().any(|class| class.name() == "Msvm_FlexIoDevice"));

    let settings = named("Msvm_VirtualSystemSettingData");
    let hibernation = settings.property("EnableHibernation").unwrap();
    assert_eq!((hibernation.source(), hibernation.cim_type()), (Source::Host, CimType::Boolean));
    assert_eq!(settings.property("Notes").unwrap().source(), Source::Documented);
    let untyped = settings.property("VirtualSlitType").unwrap();
    assert_eq!((untyped.declared_type(), untyped.cim_type()), (None, CimType::String));
    let hibernate = method("Msvm_ShutdownComponent", "InitiateHibernate");
    assert_eq!(hibernate.source(), Source::Host);
    assert_eq!(method("Msvm_ComputerSystem", "RequestStateChange").source(), Source::Documented);
    assert_eq!(
        keys("Msvm_FlexIoDevice"),
        ["CreationClassName", "DeviceID", "SystemCreationClassName", "SystemName"]
    );
}

#[test]
fn the_compiled_schema_is_small_and_made_of_the_text() {
    assert!(data::COMPILED.0.len() < 600 * 1024, "{} bytes", data::COMPILED.0.len());
    assert!(compiler::compile(&sources()).unwrap() == data::COMPILED.0, "rebuilding gives other bytes");
}

#[test]
fn lookups_ignore_case_and_miss_politely() {
    for class in classes() {
        assert_eq!(super::class(&class.name().to_ascii_uppercase()), Some(class));
        assert_eq!(super::class(&class.name().to_ascii_lowercase()), Some(class));
    }
    for missing in ["", "A", "Msvm_", "Msvm_ComputerSystemX", "zzz", "Msvm_Ünïcode"] {
        assert_eq!(class(missing), None);
    }
    let system = named("msvm_computersystem");
    assert_eq!(system.property("ELEMENTNAME").unwrap().name(), "ElementName");
    assert_eq!(system.method("requeststatechange").unwrap().name(), "RequestStateChange");
    assert!(system.property("NoSuchProperty").is_none());
    assert!(system.method("NoSuchMethod").is_none());
}

#[test]
fn superclasses_are_documented_or_on_the_short_list() {
    let mut outside: Vec<_> = classes()
        .filter(|class| class.superclass().is_none())
        .filter_map(|class| Some((class.name(), class.superclass_name()?)))
        .collect();
    outside.sort_unstable();
    assert_eq!(
        outside,
        [
            ("Msvm_ReferencedProfile", "CIM_ReferencedProfile"),
            ("Msvm_RegisteredProfile", "CIM_RegisteredProfile"),
        ]
    );
}

#[test]
fn classes_know_what_they_derive_from() {
    let system = named("Msvm_ComputerSystem");
    assert_eq!(system.superclass(), class("CIM_ComputerSystem"));
    assert!(system.is_a("CIM_ManagedElement") && system.is_a("msvm_computersystem"));
    assert!(!system.is_a("CIM_Job") && !system.is_a(""));
    assert!(named("CIM_AlertIndication").is_a("__ExtrinsicEvent"));
    assert!(named("CIM_ConcreteJob").is_abstract() && !named("Msvm_ConcreteJob").is_abstract());

    let jobs: Vec<_> = named("CIM_ConcreteJob").subclasses().map(Class::name).collect();
    assert!(jobs.contains(&"Msvm_ConcreteJob") && jobs.contains(&"Msvm_StorageJob"), "{jobs:?}");
    assert!(!jobs.contains(&"CIM_ConcreteJob"), "{jobs:?}");
    assert!(named("CIM_Job").subclasses().any(|class| class.name() == "Msvm_StorageJob"));
}

#[test]
fn keys_are_those_of_the_superclass_chain() {
    assert_eq!(keys("Msvm_ComputerSystem"), ["CreationClassName", "Name"]);
    assert_eq!(keys("Msvm_ConcreteJob"), ["InstanceID"]);
    assert_eq!(keys("Msvm_StorageJob"), ["InstanceID"]);
    assert_eq!(keys("Msvm_VirtualSystemSettingData"), ["InstanceID"]);
    for collection in ["Msvm_SnapshotCollection", "Msvm_VirtualSystemCollection", "Msvm_ManagementCollection"]
    {
        assert_eq!(keys(collection), ["CollectionID"]);
    }
    for service in ["Msvm_CollectionSnapshotService", "Msvm_VirtualSystemManagementService", "CIM_Service"] {
        assert_eq!(keys(service), ["CreationClassName", "Name", "SystemCreationClassName", "SystemName"]);
    }
    assert_eq!(keys("Msvm_AffectedJobElement"), ["AffectedElement", "AffectingElement"]);
    assert_eq!(keys("Msvm_Error"), Vec::<&str>::new());
}

#[test]
fn keys_and_their_properties_agree() {
    for class in classes() {
        let marked = class.properties().filter(|property| property.is_key()).map(super::Property::name);
        assert!(class.keys().eq(marked), "{class:?}");
        if class.is_association() {
            assert!(class.references().count() >= 2, "{class:?}");
        }
    }
}

#[test]
fn properties_and_methods_come_once_with_the_inherited_ones() {
    for class in classes() {
        let mut properties: Vec<_> = class.properties().map(|p| p.name().to_ascii_lowercase()).collect();
        let mut methods: Vec<_> = class.methods().map(|m| m.name().to_ascii_lowercase()).collect();
        for names in [&mut properties, &mut methods] {
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{class:?}");
        }
        if let Some(superclass) = class.superclass() {
            assert!(
                superclass.properties().all(|property| class.property(property.name()).is_some()),
                "{class:?}"
            );
            assert!(superclass.methods().all(|method| class.method(method.name()).is_some()), "{class:?}");
        }
    }
    let name = named("Msvm_CollectionSnapshotService").property("Name").unwrap();
    assert_eq!(name.declared_in(), named("CIM_Service"));
}

#[test]
fn no_name_of_a_value_is_a_remnant_of_the_page_it_comes_from() {
    let clean = |owner: &str, name: &str| {
        let is_remnant = name.starts_with("//") || name.contains("](") || name.contains(".md");
        assert!(!is_remnant && !name.trim().is_empty(), "{owner}: `{name}`");
    };
    for class in classes() {
        for property in class.properties() {
            property.values().for_each(|(_, name)| clean(property.name(), name));
        }
        for method in class.methods() {
            method.return_values().for_each(|(_, name)| clean(method.name(), name));
            for parameter in method.parameters() {
                parameter.values().for_each(|(_, name)| clean(parameter.name(), name));
            }
        }
    }
    let capabilities = named("Msvm_VirtualSystemManagementCapabilities");
    let methods = capabilities.property("SynchronousMethodsSupported").unwrap();
    assert_eq!(methods.value_name(32767), Some("ValidatePlannedSystem"));
    let port = named("Msvm_InternalEthernetPort").property("PortType").unwrap();
    assert_eq!(port.value_name(50), Some("Copper 10BaseT"));
}

#[test]
fn a_class_says_where_its_keys_come_from() {
    let from = |name: &str| named(name).keys_from().map(Class::name);
    assert_eq!(from("Msvm_ComputerSystem"), Some("CIM_System"));
    assert_eq!(from("Msvm_ConcreteJob"), Some("CIM_ConcreteJob"));
    assert_eq!(from("Msvm_Error"), None);
}

#[test]
fn what_the_documentation_requires_of_a_call_is_required() {
    let define = method("Msvm_VirtualSystemManagementService", "DefineSystem");
    let required: Vec<_> = define.parameters().filter(|parameter| parameter.is_required()).collect();
    assert_eq!(required.iter().map(|parameter| parameter.name()).collect::<Vec<_>>(), ["SystemSettings"]);
}

#[test]
fn every_type_is_known_and_every_class_named_exists() {
    assert_eq!(cim_type::ALL.map(CimType::name), layout::TYPES);
    let is_class = |name: &str| class(name).is_some() || name == "CIM_RegisteredProfile";
    for class in classes() {
        for property in class.properties() {
            let pointed = matches!(property.cim_type(), CimType::Reference | CimType::Object);
            assert_eq!(property.class_name().is_some(), pointed, "{class:?} {property:?}");
            assert!(property.class_name().is_none_or(is_class), "{class:?} {property:?}");
        }
        for method in class.methods() {
            assert!(!method.name().is_empty(), "{class:?}");
            for parameter in method.parameters() {
                assert!(!parameter.name().is_empty(), "{class:?} {method:?}");
                assert!(parameter.class_name().is_none_or(is_class), "{class:?} {method:?} {parameter:?}");
            }
        }
    }
}

#[test]
fn the_parameters_of_create_snapshot_are_in_order() {
    let create = method("Msvm_CollectionSnapshotService", "CreateSnapshot");
    let parameters: Vec<_> = create
        .parameters()
        .map(|p| (p.name(), p.direction(), p.cim_type(), p.class_name(), p.is_array()))
        .collect();
    assert_eq!(
        parameters,
        [
            ("Collection", Direction::In, CimType::Reference, Some("CIM_CollectionOfMSEs"), false),
            ("SnapshotSettings", Direction::In, CimType::String, None, false),
            ("SnapshotType", Direction::In, CimType::Uint16, None, false),
            (
                "ResultingSnapshotCollection",
                Direction::InOut,
                CimType::Reference,
                Some("CIM_Collection"),
                false
            ),
            ("Job", Direction::Out, CimType::Reference, Some("CIM_ConcreteJob"), false),
        ]
    );
    assert!(Direction::InOut.is_in() && Direction::InOut.is_out());
    assert!(!Direction::In.is_out() && !Direction::Out.is_in());
}

#[test]
fn snapshot_types_differ_between_groups_and_single_machines() {
    let types = |class| method(class, "CreateSnapshot").parameter("snapshottype").unwrap();
    let group = types("Msvm_CollectionSnapshotService");
    assert!(group.values().eq([(0, "Unknown"), (1, "Standard Snapshot"), (2, "Recovery Snapshot")]));
    let single = types("Msvm_VirtualSystemSnapshotService");
    assert_eq!(single.value_name(2), Some("Full Snapshot"));
}

#[test]
fn value_maps_name_job_states_and_effects() {
    for job in [
        "CIM_ConcreteJob",
        "Msvm_ConcreteJob",
        "Msvm_StorageJob",
        "Msvm_MigrationJob",
        "Msvm_CopyFileToGuestJob",
    ] {
        let state = named(job).property("JobState").unwrap();
        assert_eq!(state.cim_type(), CimType::Uint16);
        for (code, name) in [(4, "Running"), (7, "Completed"), (10, "Exception"), (12, "Query Pending")] {
            assert_eq!(state.value_name(code), Some(name), "{job}");
        }
        assert_eq!(state.value_name(32768), Some("Completed with Warnings"), "{job}");
        assert_eq!(state.value_name(1), None, "{job}");
    }
    let effects = named("Msvm_AffectedJobElement").property("ElementEffects").unwrap();
    assert!(effects.is_array());
    assert_eq!(effects.value_name(5), Some("Create"), "the map comes from the superclass");
    let day = named("Msvm_ConcreteJob").property("RunDayOfWeek").unwrap();
    assert_eq!(day.value_name(-1), Some("-Sunday"));
}

#[test]
fn return_codes_are_read_through_the_table_of_their_method() {
    assert_eq!(
        method("Msvm_CollectionSnapshotService", "CreateSnapshot").return_name(5),
        Some("Invalid State")
    );
    let change = method("Msvm_ConcreteJob", "RequestStateChange");
    assert_eq!(change.return_name(5), Some("Invalid Parameter"));
    assert_eq!(change.return_name(4099), Some("Busy"));
    assert_eq!(method("Msvm_CollectionManagementService", "AddMember").return_name(5), None);
    assert_eq!(method("Msvm_CollectionSnapshotService", "ExportSnapshot").return_values().count(), 0);
}

#[test]
fn a_job_method_without_a_table_of_its_own_has_the_inherited_one() {
    let change = method("Msvm_StorageJob", "RequestStateChange");
    assert_eq!(change.declared_in(), named("Msvm_StorageJob"));
    assert_eq!(change.return_name(4097), Some("Invalid State Transition"));
    assert_eq!(change.parameter("RequestedState").unwrap().value_name(4), Some("Terminate"));
    for job in
        ["Msvm_StorageJob", "Msvm_ConcreteJob", "Msvm_MigrationJob", "Msvm_CollectionReferencePointExportJob"]
    {
        assert!(method(job, "GetErrorEx").parameter("Errors").unwrap().is_array(), "{job}");
        assert!(named(job).method("KillJob").is_some(), "{job}");
    }
}

#[test]
fn embedded_objects_are_told_from_references() {
    let summary = method("Msvm_VirtualSystemManagementService", "GetSummaryInformation");
    let objects = summary.parameter("SummaryInformation").unwrap();
    assert_eq!(objects.cim_type(), CimType::Object);
    assert_eq!(objects.class_name(), Some("Msvm_SummaryInformationBase"));
    assert!(objects.is_array());
    let job = method("Msvm_ReplicationService", "InitiateFailback").parameter("Job").unwrap();
    assert_eq!(job.cim_type(), CimType::Reference);
}

#[test]
fn pages_that_change_an_inherited_type_are_not_followed() {
    assert_eq!(named("Msvm_DVDDrive").property("CreationClassName").unwrap().cim_type(), CimType::String);
    assert_eq!(named("Msvm_TerminalService").property("EnabledState").unwrap().cim_type(), CimType::Uint16);
}

#[test]
fn any_method_may_return_a_code_of_the_vendor_family() {
    assert_eq!(vendor_return_name(32768), Some("Failed"));
    assert_eq!(vendor_return_name(32779), Some("File not found"));
    assert_eq!(vendor_return_name(32780), None);
    assert_eq!(vendor_return_name(5), None);
}
