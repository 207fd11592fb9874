//! What fits what, and what is said when it does not.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

use crate::cim::{DateTime, Epr, Instance, Interval, Text, Timestamp, Value, schema, strategies};
use proptest::prelude::*;

fn text(text: &str) -> Value {
    Value::string(text).unwrap()
}

fn untyped(text: &str) -> Value {
    Value::Untyped(Text::new(text).unwrap())
}

/// Of an instance that is lent, which has to be the same for one that is given.
fn read<T: serde::de::DeserializeOwned + fmt::Debug>(value: impl Into<Value>) -> Result<T, String> {
    #[derive(Debug, Deserialize)]
    struct Holder<T> {
        a: T,
    }
    let instance = Instance::new("X_Class").with("A", value);
    let holder = instance.deserialize::<Holder<T>>();
    assert_eq!(format!("{:?}", instance.into_typed::<Holder<T>>()), format!("{holder:?}"));
    holder.map(|holder| holder.a).map_err(|error| error.to_string())
}

#[test]
fn integers_go_where_they_fit_whatever_their_width() {
    assert_eq!(read::<u64>(u64::MAX), Ok(u64::MAX));
    assert_eq!(read::<u8>(255_u64), Ok(255));
    assert_eq!(read::<i8>(-128_i64), Ok(-128));
    assert_eq!(read::<u128>(7_u8), Ok(7));
    assert_eq!(read::<u16>(untyped("26")), Ok(26));
    assert_eq!(read::<u8>(256_u16), Err("`X_Class.A`: expected u8, got `256`".to_owned()));
    assert_eq!(read::<u32>(-1_i32), Err("`X_Class.A`: expected u32, got `-1`".to_owned()));
    assert_eq!(read::<u8>(text("7")), Err("`X_Class.A`: expected u8, got `7`".to_owned()));
    assert_eq!(read::<u8>(true), Err("`X_Class.A`: expected u8, got `true`".to_owned()));
}

#[test]
fn booleans_reals_and_characters() {
    assert_eq!(read::<bool>(true), Ok(true));
    assert_eq!(read::<bool>(untyped("TRUE")), Ok(true));
    assert_eq!(read::<bool>(1_u8), Err("`X_Class.A`: expected bool, got `1`".to_owned()));
    assert_eq!(read::<f64>(1.5_f32), Ok(1.5));
    assert_eq!(read::<f32>(untyped("1.5")), Ok(1.5));
    assert_eq!(read::<f64>(3_u8), Ok(3.0));
    assert_eq!(read::<char>(text("x")), Ok('x'));
}

#[test]
fn text_is_what_is_text_and_no_number() {
    assert_eq!(read::<String>(text(" a ")), Ok(" a ".to_owned()));
    assert_eq!(read::<String>(untyped("5")), Ok("5".to_owned()));
    assert_eq!(read::<String>(5_u8), Err("`X_Class.A`: expected a string, got `5`".to_owned()));
    let stamp = DateTime::from_iso("2026-10-05T04:23:50Z").unwrap();
    assert_eq!(read::<String>(stamp), Ok("2026-10-05T04:23:50Z".to_owned()));
}

#[test]
fn null_is_none_or_the_default_and_else_named() {
    #[derive(Debug, Deserialize)]
    struct Job {
        owner: Option<String>,
        missing: Option<u8>,
        #[serde(default)]
        operational_status: Vec<u16>,
    }
    #[derive(Debug, Deserialize)]
    struct Strict {
        #[serde(rename = "JobState")]
        _job_state: u16,
    }
    let instance = Instance::new("Msvm_ConcreteJob")
        .with("Owner", Value::Null)
        .with("OperationalStatus", Value::Null)
        .with("JobState", Value::Null);
    let job: Job = instance.deserialize().unwrap();
    assert!(job.owner.is_none() && job.missing.is_none() && job.operational_status.is_empty());
    assert_eq!(
        instance.deserialize::<Strict>().unwrap_err().to_string(),
        "`Msvm_ConcreteJob.JobState`: expected a value, got `null`"
    );
    assert_eq!(
        Instance::new("Msvm_ConcreteJob").deserialize::<Strict>().unwrap_err().to_string(),
        "`Msvm_ConcreteJob.JobState`: expected a value, got no such property"
    );
}

#[test]
fn a_single_value_and_an_array_of_one_stand_for_each_other() {
    assert_eq!(read::<Vec<u16>>(2_u16), Ok(vec![2]));
    assert_eq!(read::<Vec<u16>>(vec![2_u16, 3]), Ok(vec![2, 3]));
    assert_eq!(read::<u16>(vec![2_u16]), Ok(2));
    assert_eq!(read::<Vec<Option<u16>>>(vec![Some(2_u16), None]), Ok(vec![Some(2), None]));
    assert_eq!(
        read::<(u8, String)>(Value::Array(vec![Value::from(1_u8), text("b")])),
        Ok((1, "b".to_owned()))
    );
    assert_eq!(read::<u16>(vec![2_u16, 3]), Err("`X_Class.A`: expected u16, got `an array of 2`".to_owned()));
    assert_eq!(read::<Vec<u8>>(vec![2_u16, 300]), Err("`X_Class.A`: expected u8, got `300`".to_owned()));
}

#[test]
fn datetimes_are_their_types_or_text() {
    let stamp = DateTime::from_iso("2026-10-05T04:23:50.5Z").unwrap();
    let interval = DateTime::from_iso("PT5M").unwrap();
    assert_eq!(read::<Timestamp>(stamp), Ok(stamp.as_timestamp().unwrap()));
    assert_eq!(read::<Interval>(interval), Ok(interval.as_interval().unwrap()));
    assert_eq!(read::<DateTime>(untyped("20261005042350.500000+000")), Ok(stamp));
    assert_eq!(
        read::<Timestamp>(interval),
        Err("`X_Class.A`: expected a point in time, got `P0DT0H5M0S`".to_owned())
    );
    assert_eq!(
        read::<DateTime>(text("soon")),
        Err("`X_Class.A`: expected a point in time or an interval, got `soon`".to_owned())
    );
}

#[test]
fn references_are_their_type_or_an_object_path() {
    let job = Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2").with("InstanceID", r"A\B").unwrap();
    let outer = Epr::class_of("X_Link", "root/virtualization/v2").with_reference("Job", job.clone()).unwrap();
    assert_eq!(read::<Epr>(&outer), Ok(outer));
    assert_eq!(read::<Epr>(text(&job.to_string())), Ok(job.clone()));
    assert_eq!(read::<String>(&job), Ok(job.to_string()));
    assert_eq!(
        read::<Epr>(text("x y")),
        Err("`X_Class.A`: expected a reference or an object path, got `x y`".to_owned())
    );
}

#[derive(Debug, PartialEq, Deserialize)]
enum JobState {
    Running,
    CompletedWithWarnings,
    #[serde(rename = "10")]
    Failed,
    #[serde(other)]
    Other,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Strict {
    Running,
}

#[test]
fn enums_come_from_numbers_by_value_map_or_from_text() {
    #[derive(Debug, Deserialize)]
    struct Job<T> {
        job_state: T,
    }
    let state = |code: u16| {
        Instance::new("Msvm_ConcreteJob")
            .with("JobState", code)
            .deserialize::<Job<JobState>>()
            .unwrap()
            .job_state
    };
    assert_eq!(state(4), JobState::Running);
    assert_eq!(state(32768), JobState::CompletedWithWarnings);
    assert_eq!(state(10), JobState::Failed);
    assert_eq!(state(9), JobState::Other);
    assert_eq!(state(60000), JobState::Other);
    assert_eq!(read::<JobState>(text("running")), Ok(JobState::Running));

    let strict = |code: u16| {
        let instance = Instance::new("Msvm_ConcreteJob").with("JobState", code);
        instance.deserialize::<Job<Strict>>().map(|job| job.job_state).map_err(|error| error.to_string())
    };
    assert_eq!(strict(4), Ok(Strict::Running));
    assert_eq!(strict(7), Err("`Msvm_ConcreteJob.JobState`: expected Running, got `Completed`".to_owned()));
    assert_eq!(strict(60000), Err("`Msvm_ConcreteJob.JobState`: expected Running, got `60000`".to_owned()));
}

#[derive(Debug, PartialEq, Deserialize)]
struct Summary {
    #[serde(rename = "__CLASS")]
    class: String,
    health_state: u16,
}

#[test]
fn embedded_instances_come_as_elements_and_as_text() {
    let inner = Instance::new("Msvm_SummaryInformation").with("HealthState", 5_u16);
    let summary = Summary { class: "Msvm_SummaryInformation".to_owned(), health_state: 5 };
    assert_eq!(read::<Vec<Summary>>(vec![inner.clone()]), Ok(vec![summary]));
    let as_text = Value::from(inner.to_cim_xml().unwrap());
    assert_eq!(read::<Summary>(as_text).unwrap().health_state, 5);
    assert_eq!(read::<BTreeMap<String, u16>>(inner.clone()).unwrap()["HealthState"], 5);
    assert_eq!(read::<Instance>(inner.clone()), Ok(inner.clone()));
    assert_eq!(
        read::<Summary>(Instance::new("Msvm_SummaryInformation").with("HealthState", 70_000)),
        Err("`Msvm_SummaryInformation.HealthState`: expected u16, got `70000`".to_owned())
    );
    assert!(read::<Summary>(text("no XML")).unwrap_err().contains("got `no XML`"));
    assert_eq!(
        read::<Summary>(text("<INSTANCE")).unwrap_err(),
        "`X_Class.A`: expected an embedded instance as XML, got text that is not readable"
    );
}

#[test]
fn an_enum_of_classes_takes_an_instance_by_its_class() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Job {
        #[serde(rename = "Msvm_StorageJob")]
        Storage(Instance),
        #[serde(rename = "msvm_concretejob")]
        Concrete { job_state: u16 },
        #[serde(other)]
        Other,
    }
    let storage = Instance::new("Msvm_StorageJob").with("Type", 1_u8);
    assert_eq!(storage.deserialize(), Ok(Job::Storage(storage)));
    let concrete = Instance::new("Msvm_ConcreteJob").with("JobState", 7_u16);
    assert_eq!(concrete.deserialize(), Ok(Job::Concrete { job_state: 7 }));
    assert_eq!(Instance::new("Msvm_MigrationJob").deserialize(), Ok(Job::Other));
}

#[test]
fn what_a_field_does_not_ask_for_is_passed_over_and_can_be_flattened() {
    #[derive(Debug, Deserialize)]
    struct Rest {
        known: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    let instance =
        Instance::new("X_Class").with("KNOWN", 1_u8).with("Answer", 42_u16).with("Void", Value::Null);
    let rest: BTreeMap<String, Option<u16>> = instance.deserialize().unwrap();
    assert_eq!(rest.len(), 3);
    let error = instance.deserialize::<Rest>().unwrap_err().to_string();
    assert_eq!(
        error, "`X_Class.known`: expected a value, got no such property",
        "flattening is exact in names"
    );
    let rest: Rest =
        Instance::new("X_Class").with("known", 1_u8).with("Answer", 42_u16).deserialize().unwrap();
    assert_eq!((rest.known, rest.rest["Answer"].clone()), (1, Value::Uint16(42)));
}

#[test]
fn what_a_deserialize_of_the_callers_says_is_kept_with_its_property() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "u16")]
    struct Even(#[expect(dead_code, reason = "read by nobody")] u16);
    impl TryFrom<u16> for Even {
        type Error = String;
        fn try_from(number: u16) -> Result<Self, String> {
            if number.is_multiple_of(2) { Ok(Self(number)) } else { Err(format!("{number} is odd")) }
        }
    }
    assert!(read::<Even>(2_u16).is_ok());
    assert_eq!(read::<Even>(3_u16).unwrap_err(), "`X_Class.A`: 3 is odd");
}

#[test]
fn a_text_that_is_given_is_moved_and_not_copied() {
    #[derive(Deserialize)]
    struct Machine {
        name: String,
        notes: Vec<String>,
    }
    let long = Text::new("x".repeat(100)).unwrap();
    let at = |value: &Value| value.as_str().unwrap().as_ptr();
    let instance =
        Instance::new("X_Class").with("Name", long.clone()).with("Notes", vec![long.clone(), long]);
    let name = at(instance.get("Name").unwrap());
    let notes: Vec<_> = instance.get("Notes").unwrap().as_slice().iter().map(at).collect();
    let machine: Machine = instance.into_typed().unwrap();
    assert_eq!(machine.name.as_ptr(), name);
    assert_eq!(machine.notes.iter().map(|note| note.as_ptr()).collect::<Vec<_>>(), notes);
}

#[test]
fn a_property_whose_text_was_taken_is_not_null() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never made")]
    struct Twice {
        #[serde(rename = "JobState")]
        state: String,
        job_state: String,
    }
    let instance = Instance::new("X_Class").with("JobState", text("a"));
    let lent = instance.deserialize::<Twice>().unwrap_err();
    assert_eq!(lent.to_string(), "`X_Class.job_state`: expected a value, got no such property");
    assert_eq!(instance.into_typed::<Twice>().unwrap_err(), lent);
}

proptest! {
    #[test]
    fn an_instance_is_an_instance_again(instance in strategies::instance()) {
        prop_assert_eq!(instance.deserialize::<Instance>(), Ok(instance.clone()));
        prop_assert_eq!(instance.clone().into_typed::<Instance>(), Ok(instance));
    }

    #[test]
    fn what_is_given_reads_as_what_is_lent(instance in strategies::instance()) {
        type Map<T> = BTreeMap<String, T>;
        prop_assert_eq!(instance.clone().into_typed::<Map<Value>>(), instance.deserialize::<Map<Value>>());
        prop_assert_eq!(instance.clone().into_typed::<Map<String>>(), instance.deserialize::<Map<String>>());
        let texts = instance.deserialize::<Map<Vec<String>>>();
        prop_assert_eq!(instance.into_typed::<Map<Vec<String>>>(), texts);
    }
}

#[test]
fn every_documented_value_name_finds_its_variant() {
    let named = schema::class("Msvm_ConcreteJob").unwrap().property("JobState").unwrap();
    for (code, name) in named.values() {
        let squashed: String = name.split_whitespace().collect();
        assert!(crate::cim::names::is_variant(&squashed, name), "{code}");
    }
}

#[test]
fn the_names_of_values_of_a_loaded_class_are_those_of_its_schema() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Kind {
        Plain,
        Special,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Tool {
        kind: Kind,
        part: Box<Option<Self>>,
    }
    let mof = "class X_Tool { [ValueMap {\"7\", \"8\"}, Values {\"Plain\", \"Special\"}] uint8 Kind; string Part; };";
    let schema = schema::Schema::default().extended("a.mof", mof).unwrap();
    let part = Instance::new("X_Tool").with("Kind", 8_u8);
    let tool = Instance::new("X_Tool").with("Kind", 7_u8).with("Part", part);
    let read: Tool = tool.deserialize_with(&schema).unwrap();
    let part = Tool { kind: Kind::Special, part: Box::new(None) };
    assert_eq!(read, Tool { kind: Kind::Plain, part: Box::new(Some(part)) });
    assert!(tool.deserialize::<Tool>().is_err(), "nobody knows the class");
}
