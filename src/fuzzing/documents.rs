//! XML and the values in it: what reads and can be written reads back the same.

use crate::{
    cim::{
        CimType, DateTime, Epr, Instance, ObjectPath, Text, Value,
        schema::{Schema, Source},
    },
    wsman::{
        EnumerationMode,
        explain::explain,
        request::{Fragment, Operation},
        response::{self, Response},
    },
    xml::{Element, Limits, names},
};

pub(super) fn xml_document(data: &[u8]) {
    let Ok(document) = Element::parse(data, &Limits::default()) else { return };
    let written = document.to_pretty();
    match Element::parse(written.as_bytes(), &Limits::default()) {
        // Written for people it is longer, and may be deeper than a reader takes.
        Err(error) => assert!(error.to_string().contains("at most"), "{error}: {written}"),
        Ok(again) => assert_eq!(again.to_pretty(), written),
    }
}

pub(super) fn soap_answer(data: &[u8]) {
    let epr = Epr::class_of("Msvm_CollectionSnapshotService", "root/virtualization/v2");
    let class = epr.to_class();
    let (Ok(context), Ok(fragment)) = (Text::new("context"), Fragment::parse("Name")) else { return };
    let operations = [
        Operation::Identify,
        Operation::Get { epr: epr.clone() },
        Operation::GetFragment { epr: epr.clone(), fragment: fragment.clone() },
        Operation::Put { epr: epr.clone(), instance: Instance::new(epr.class()) },
        Operation::PutFragment { epr: epr.clone(), fragment, value: Value::Null },
        Operation::Create { class: epr.clone(), instance: Instance::new(epr.class()) },
        Operation::Delete { epr: epr.clone() },
        Operation::Pull {
            class: class.clone(),
            context: context.clone(),
            mode: EnumerationMode::ObjectAndEpr,
            max_elements: 10,
        },
        Operation::Pull {
            class: class.clone(),
            context: context.clone(),
            mode: EnumerationMode::Object,
            max_elements: 10,
        },
        Operation::Enumerate {
            class: class.clone(),
            mode: EnumerationMode::Epr,
            filter: None,
            max_elements: 10,
        },
        Operation::Release { class, context },
        Operation::Invoke { epr, method: "CreateSnapshot".to_owned(), parameters: Vec::new() },
    ];
    let message_id = relates_to(data);
    for operation in operations {
        match response::read(
            &operation,
            &message_id,
            data,
            &Limits::default(),
            &crate::cim::schema::Schema::default(),
        ) {
            Ok(Response::Fault(fault)) => {
                let _ = (fault.text().len(), fault.meaning(), fault.hint(), fault.retry_class());
            }
            Ok(Response::Got(instance)) => {
                written_and_read(&instance);
                deserialized(&instance);
            }
            Ok(Response::Page(page)) => {
                page.items.iter().filter_map(|item| item.instance.as_ref()).for_each(deserialized);
            }
            _ => {}
        }
    }
    let _ = response::left_open(&message_id, data, &Limits::default());
    let _ = explain(data, &Schema::default());
}

/// An instance fits the type that takes everything; one that is stricter may refuse it.
fn deserialized(instance: &Instance) {
    /// Fields of every kind of type.
    #[derive(serde::Deserialize)]
    struct Strict {
        _name: Option<String>,
        _element_name: Text,
        _enabled_state: u16,
        _operational_status: Vec<Option<i64>>,
        _install_date: Option<DateTime>,
        _job: Option<Epr>,
    }
    let again: Result<Instance, _> = instance.deserialize();
    assert_eq!(again.map(|again| again.properties().count()), Ok(instance.properties().count()));
    let _: Result<Strict, _> = instance.deserialize();
}

/// The message that the answer says it is to, so that it is not put away unread.
fn relates_to(data: &[u8]) -> String {
    let answer = Element::parse(data, &Limits::default());
    let header = answer.iter().find_map(|answer| answer.find(names::ADDRESSING, "RelatesTo"));
    header.map(Element::text).unwrap_or_default()
}

pub(super) fn embedded_instance(data: &[u8]) {
    if let Ok(instance) = text(data).map_or(Err(()), |text| Instance::from_cim_xml(text).map_err(drop)) {
        written_and_read(&instance);
    }
}

/// What can be written as an embedded instance reads back the same.
fn written_and_read(instance: &Instance) {
    let Ok(written) = instance.to_cim_xml() else { return };
    let again = Instance::from_cim_xml(written.as_str()).and_then(|again| again.to_cim_xml());
    assert_eq!(again, Ok(written));
}

/// Classes of a user, with those that are compiled in.
pub(super) fn mof(data: &[u8]) {
    if let Ok(schema) = Schema::default().extended("fuzzed.mof", data) {
        // Everything that was written can be looked up.
        for class in schema.classes().filter(|class| class.source() == Source::Loaded) {
            assert_eq!(schema.class(class.name()), Some(class));
            assert!(class.keys().all(|key| class.property(key).is_some()), "{class:?}");
        }
    }
}

pub(super) fn object_path(data: &[u8]) {
    let Some(Ok(path)) = text(data).map(ObjectPath::parse) else { return };
    assert_eq!(ObjectPath::parse(&path.to_string()).as_ref(), Ok(&path), "{path}");
    if let Ok(epr) = path.to_epr("root/virtualization/v2") {
        let _ = epr.to_path().to_string();
    }
}

pub(super) fn datetime(data: &[u8]) {
    let Some(Ok(datetime)) = text(data).map(DateTime::parse) else { return };
    assert_eq!(DateTime::from_dmtf(&datetime.to_dmtf()).as_ref(), Ok(&datetime), "{datetime:?}");
    assert_eq!(DateTime::from_iso(&datetime.to_iso()).as_ref(), Ok(&datetime), "{datetime:?}");
}

pub(super) fn value(data: &[u8]) {
    let Some(text) = text(data) else { return };
    for cim_type in [
        CimType::Boolean,
        CimType::Uint8,
        CimType::Uint64,
        CimType::Sint16,
        CimType::Sint64,
        CimType::Real32,
        CimType::Real64,
        CimType::Char16,
        CimType::DateTime,
        CimType::String,
        CimType::Reference,
    ] {
        let _ = Value::parse(cim_type, text);
    }
}

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
