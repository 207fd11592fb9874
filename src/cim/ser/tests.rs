//! What becomes of which type, and what is refused.

use std::collections::BTreeMap;

use serde::Serialize;

use super::parameters;
use crate::cim::{
    CimType, DateTime, Epr, Instance, Interval, Timestamp, Value, schema, schema::Schema, strategies,
};
use proptest::prelude::*;

fn text(text: &str) -> Value {
    Value::string(text).unwrap()
}

fn one<T: Serialize>(class: &str, property: &str, value: T) -> Result<Value, String> {
    let map = BTreeMap::from([(property, value)]);
    let instance = Instance::serialize(class, &map).map_err(|error| error.to_string())?;
    Ok(instance.properties().next().unwrap().1.clone())
}

#[test]
fn the_schema_types_and_checks_numbers() {
    assert_eq!(one("Msvm_ConcreteJob", "jobstate", 7_u64), Ok(Value::Uint16(7)));
    assert_eq!(one("X_Class", "JobState", 7_u64), Ok(Value::Uint64(7)));
    assert_eq!(
        one("Msvm_ConcreteJob", "jobstate", 70_000_u32),
        Err("`Msvm_ConcreteJob.JobState`: expected uint16, got `70000`".to_owned())
    );
    assert_eq!(
        one("Msvm_ConcreteJob", "JobState", "seven"),
        Err("`Msvm_ConcreteJob.JobState`: expected uint16, got `seven`".to_owned())
    );
    assert_eq!(one("X_Class", "A", u128::from(u64::MAX)), Ok(Value::Uint64(u64::MAX)));
    assert!(one("X_Class", "A", u128::MAX).is_err());
}

#[test]
fn arrays_are_made_and_taken_apart_as_declared() {
    assert_eq!(one("Msvm_ConcreteJob", "OperationalStatus", 2_u8), Ok(Value::from(vec![2_u16])));
    assert_eq!(one("Msvm_ConcreteJob", "OperationalStatus", [2_u8, 3]), Ok(Value::from(vec![2_u16, 3])));
    assert_eq!(one("Msvm_ConcreteJob", "JobState", [7_u8]), Ok(Value::Uint16(7)));
    assert_eq!(
        one("Msvm_ConcreteJob", "OperationalStatus", [2_u32, 70_000]),
        Err("`Msvm_ConcreteJob.OperationalStatus`: expected uint16, got `70000`".to_owned())
    );
    assert_eq!(one("X_Class", "A", (1_u8, "b")), Ok(Value::Array(vec![Value::from(1_u8), text("b")])));
}

#[test]
fn variants_become_the_numbers_of_their_names() {
    #[derive(Serialize)]
    enum State {
        CompletedWithWarnings,
        #[serde(rename = "9")]
        Killed,
        Dancing,
    }
    assert_eq!(one("Msvm_ConcreteJob", "JobState", State::CompletedWithWarnings), Ok(Value::Uint16(32768)));
    assert_eq!(one("Msvm_ConcreteJob", "JobState", State::Killed), Ok(Value::Uint16(9)));
    assert_eq!(one("X_Class", "A", State::Dancing), Ok(text("Dancing")));
    assert_eq!(
        one("Msvm_ConcreteJob", "JobState", State::Dancing),
        Err("`Msvm_ConcreteJob.JobState`: expected a name of the value map, got `Dancing`".to_owned())
    );
}

#[test]
fn datetimes_and_references_keep_their_types_and_are_read_from_text() {
    let stamp = DateTime::from_iso("2026-10-05T04:23:50Z").unwrap();
    assert_eq!(one("X_Class", "A", stamp), Ok(Value::from(stamp)));
    assert_eq!(one("X_Class", "A", Timestamp::NEVER), Ok(Value::from(Timestamp::NEVER)));
    let interval = Interval::from_micros(1).unwrap();
    assert_eq!(one("X_Class", "A", interval), Ok(Value::from(interval)));
    assert_eq!(one("Msvm_ConcreteJob", "StartTime", "2026-10-05T04:23:50Z"), Ok(Value::from(stamp)));

    let job = Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2").with("InstanceID", "J").unwrap();
    assert_eq!(one("Msvm_AffectedJobElement", "AffectingElement", &job), Ok(Value::from(&job)));
    assert_eq!(one("Msvm_AffectedJobElement", "AffectingElement", job.to_string()), Ok(Value::from(&job)));
    assert_eq!(one("X_Class", "A", &job), Ok(Value::from(job)));
    assert!(one("Msvm_AffectedJobElement", "AffectingElement", "nowhere").is_err());
}

#[test]
fn null_is_kept_and_what_is_skipped_is_left_out() {
    #[derive(Serialize)]
    struct Settings {
        copy_vm_storage: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        backup_intent: Option<u16>,
    }
    let settings = Settings { copy_vm_storage: None, backup_intent: None };
    let instance = Instance::serialize("Msvm_CollectionSnapshotExportSettingData", &settings).unwrap();
    assert_eq!(instance.properties().collect::<Vec<_>>(), [("CopyVmStorage", &Value::Null)]);
}

#[test]
fn structs_within_are_embedded_instances() {
    #[derive(Serialize)]
    #[serde(rename = "Msvm_ConcreteJob")]
    struct Named {
        job_state: u64,
    }
    #[derive(Serialize)]
    struct Told {
        #[serde(rename = "__CLASS")]
        class: &'static str,
        job_state: u64,
    }
    let expected = Value::from(Instance::new("Msvm_ConcreteJob").with("JobState", 7_u16));
    assert_eq!(one("X_Class", "A", Named { job_state: 7 }), Ok(expected.clone()));
    assert_eq!(one("X_Class", "A", Told { class: "Msvm_ConcreteJob", job_state: 7 }), Ok(expected));
    assert_eq!(
        one("X_Class", "A", Named { job_state: 70_000 }),
        Err("`Msvm_ConcreteJob.JobState`: expected uint16, got `70000`".to_owned())
    );
}

#[test]
fn parameters_are_typed_by_the_method() {
    #[derive(Serialize)]
    struct Create {
        collection: Epr,
        snapshot_type: u32,
        snapshot_settings: Instance,
    }
    let collection = Epr::class_of("Msvm_VirtualSystemCollection", "root/virtualization/v2")
        .with("CollectionID", "C")
        .unwrap();
    let settings = Instance::new("Msvm_VirtualSystemSnapshotSettingData").with("ConsistencyLevel", 1_u8);
    let create =
        Create { collection: collection.clone(), snapshot_type: 2, snapshot_settings: settings.clone() };
    let service = "Msvm_CollectionSnapshotService";
    assert_eq!(
        parameters(&Schema::default(), service, "CreateSnapshot", &create),
        Ok(vec![
            ("Collection".into(), Value::from(collection)),
            ("SnapshotType".into(), Value::Uint16(2)),
            ("SnapshotSettings".into(), Value::from(settings)),
        ])
    );
    let error = parameters(
        &Schema::default(),
        service,
        "CreateSnapshot",
        &Create { snapshot_type: 70_000, ..create },
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Msvm_CollectionSnapshotService.CreateSnapshot.SnapshotType`: expected uint16, got `70000`"
    );
    assert_eq!(parameters(&Schema::default(), service, "CreateSnapshot", &()), Ok(Vec::new()));
    assert!(parameters(&Schema::default(), service, "CreateSnapshot", &5).is_err());
}

#[test]
fn what_cim_has_no_form_for_is_refused() {
    #[derive(Serialize)]
    enum Shape {
        Pair(u8, u8),
        Named { a: u8 },
    }
    let refused = |shape| one("X_Class", "A", shape).unwrap_err();
    assert_eq!(
        refused(Shape::Pair(1, 2)),
        "`X_Class.A`: expected a value of CIM, got `the tuple variant Pair`"
    );
    assert_eq!(
        refused(Shape::Named { a: 1 }),
        "`X_Class.A`: expected a value of CIM, got `the struct variant Named`"
    );
    let error = Instance::serialize("X_Class", &5).unwrap_err();
    assert_eq!(error.to_string(), "expected a struct or a map, got `5`");
    assert_eq!(
        one("X_Class", "A", "\u{1}").unwrap_err(),
        "`X_Class.A`: expected text that XML can carry, got `U+0001 at byte 0`"
    );
}

/// An instance of a class with a value in each property, and a null in each fifth.
fn generated(class: schema::Class<'_>) -> Instance {
    let mut instance = Instance::new(class.name());
    for (index, property) in (0_u8..).zip(class.properties()) {
        let one = |salt: u8| scalar(property, index.wrapping_add(salt));
        let value = match (index % 5, property.is_array()) {
            (4, _) => Value::Null,
            (_, true) => Value::Array(vec![one(0), one(1)]),
            (_, false) => one(0),
        };
        instance.set(property.name(), value);
    }
    instance
}

fn scalar(property: schema::Property<'_>, salt: u8) -> Value {
    match property.cim_type() {
        CimType::Boolean => Value::from(salt.is_multiple_of(2)),
        CimType::String => text(&format!("text <{salt}> & \"quoted\"")),
        CimType::Char16 => Value::parse(CimType::Char16, "x").unwrap(),
        CimType::DateTime if salt.is_multiple_of(2) => {
            Value::from(DateTime::from_iso("2026-10-05T04:23:50.5Z").unwrap())
        }
        CimType::DateTime => Value::from(DateTime::from_iso("P1DT2H").unwrap()),
        CimType::Reference => {
            let class = property.class_name().unwrap();
            let id = format!(r#"Microsoft:{salt}\"x""#);
            Value::from(Epr::class_of(class, "root/virtualization/v2").with("InstanceID", &id).unwrap())
        }
        CimType::Object => Value::from(Instance::new(property.class_name().unwrap())),
        CimType::Uint64 => Value::from(u64::MAX - u64::from(salt)),
        CimType::Sint64 => Value::from(i64::MIN + i64::from(salt)),
        number => Value::parse(number, &salt.to_string()).unwrap(),
    }
}

#[test]
fn an_instance_of_every_class_goes_through_serde_and_back() {
    assert!(schema::classes().count() >= 429);
    for class in schema::classes() {
        let instance = generated(class);
        let exact: Instance = instance.deserialize().unwrap();
        assert_eq!(exact, instance);
        assert_eq!(Instance::serialize(class.name(), &exact), Ok(instance.clone()), "{class:?}");
        let map: BTreeMap<String, Value> = instance.deserialize().unwrap();
        assert_eq!(map.len(), instance.properties().count(), "{class:?}");
    }
}

#[test]
#[cfg(feature = "cli")]
fn an_instance_of_every_class_goes_through_json_and_back() {
    for class in schema::classes() {
        let instance = generated(class);
        let json = serde_json::to_string(&instance.deserialize::<serde_json::Value>().unwrap()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(Instance::serialize(class.name(), &json), Ok(instance), "{class:?}");
    }
}

proptest! {
    #[test]
    fn an_instance_is_itself_again(instance in strategies::instance()) {
        prop_assert_eq!(Instance::serialize(instance.class(), &instance), Ok(instance));
    }
}

#[test]
fn arguments_and_instances_of_a_loaded_class_are_typed_by_its_schema() {
    #[derive(Serialize)]
    struct Use {
        how_often: u32,
    }
    let mof = "class X_Tool { uint8 HowOften; uint32 Use([In] uint16 HowOften); };";
    let schema = Schema::default().extended("a.mof", mof).unwrap();
    let sent = parameters(&schema, "X_Tool", "Use", &Use { how_often: 3 }).unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!((&*sent[0].0, &sent[0].1), ("HowOften", &Value::Uint16(3)));
    let instance = Instance::serialize_with(&schema, "X_Tool", &Use { how_often: 3 }).unwrap();
    assert_eq!(instance.get("HowOften"), Some(&Value::Uint8(3)));
    let error = Instance::serialize_with(&schema, "X_Tool", &Use { how_often: 300 }).unwrap_err();
    assert_eq!(error.to_string(), "`X_Tool.HowOften`: expected uint8, got `300`");
}
