//! Answers of real hosts, published by others, kept outside of this repository: every one must be
//! read, and each fault must yield what its file holds. What to expect is found in the files by
//! plain string search, independent of the reader.

use super::{
    EnumerationMode,
    explain::explain,
    fault::Fault,
    request::Operation,
    response::{self, Response},
};
use crate::{
    cim::{Epr, Instance, Selector, Text, decode, schema},
    xml::{Element, Limits, names},
};
use std::{env, fs, io::Write, path::PathBuf};

/// The captured files; none, saying so, where no folder is named.
fn captures() -> Vec<(PathBuf, String)> {
    let Some(folder) = env::var_os("WSMAN_CAPTURES") else {
        assert!(
            env::var_os("CI_REQUIRE_CAPTURES").is_none_or(|required| required != "1"),
            "CI_REQUIRE_CAPTURES=1, but WSMAN_CAPTURES names no folder"
        );
        // Not `println!`, which the test harness swallows.
        let notice = b"skipped: set WSMAN_CAPTURES=DIR to a folder of captured answers\n";
        std::io::stderr().write_all(notice).unwrap();
        return Vec::new();
    };
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds no captures", folder.display());
    files
}

fn parse(text: &str) -> Element {
    Element::parse(text.as_bytes(), &Limits::default()).unwrap()
}

/// What stands between the last `before` and the next `after`, its references resolved.
fn last_between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once(before)?;
    let (found, _) = rest.split_once(after)?;
    let found = found.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    Some(found.trim().to_owned())
}

/// The first text inside the last element whose start tag begins with `tag`.
fn last_text(text: &str, tag: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once(tag)?;
    let (up_to_text, _) = rest.split_once("</")?;
    let (_, found) = up_to_text.rsplit_once('>')?;
    Some(found.trim().to_owned())
}

#[test]
fn every_capture_is_explained() {
    for (path, text) in captures() {
        let explanation = explain(text.as_bytes(), &schema::Schema::default())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!explanation.summary.is_empty() && !explanation.lines.is_empty(), "{}", path.display());
        for (_, label, value) in &explanation.lines {
            assert!(!value.starts_with("cannot be read"), "{}: {label}: {value}", path.display());
        }
        let is_fault = text.contains("<s:Fault>");
        assert_eq!(explanation.fault.is_some(), is_fault, "{}", path.display());
    }
}

#[test]
fn each_captured_fault_yields_what_its_file_holds() {
    for (path, text) in captures() {
        let root = parse(&text);
        let Some(fault) = root.find(names::SOAP, "Fault") else { continue };
        let name = path.display();
        let fault = Fault::read(fault);

        // The code is in the file's name too: `pypsrp_fault_87_…`.
        let number = last_between(&text, "Code=\"", "\"").or_else(|| last_text(&text, "<p:error_Code"));
        let number = number.unwrap_or_else(|| panic!("{name}: no code"));
        assert!(path.to_string_lossy().contains(&format!("_{number}_")), "{name}: {number}");
        assert_eq!(fault.code().map(|code| code.0.to_string()), Some(number), "{name}");
        assert!(fault.code().unwrap().name().is_some(), "{name}");

        let subcode = last_between(&text, "<s:Subcode>", "</s:Subcode>").unwrap();
        assert!(subcode.contains(&format!(":{}<", fault.subcode().unwrap())), "{name}: {subcode}");
        assert!(!fault.subcode.as_ref().unwrap().0.is_empty(), "{name}: the prefix is resolved");

        // `f:Message` and `f:ProviderFault` are the innermost text in one or the other file.
        let message = ["<f:ProviderFault", "<f:Message", "<p:Message "].map(|tag| last_text(&text, tag));
        let message = message.into_iter().flatten().find(|text| !text.is_empty());
        assert_eq!(Some(fault.text().to_owned()), message, "{name}");

        let provider = last_between(&text, " provider=\"", "\"");
        assert_eq!(fault.provider().map(str::to_owned), provider, "{name}");
        assert_eq!(fault.provider_text().is_some(), provider.is_some(), "{name}");
        if let Some(provider_text) = fault.provider_text() {
            assert_eq!(provider_text, fault.text(), "{name}");
        }
        assert_eq!(fault.machine().map(str::to_owned), last_between(&text, "Machine=\"", "\""), "{name}");
        let detail = last_text(&text, "<w:FaultDetail");
        assert_eq!(fault.detail().map(str::to_owned), detail, "{name}");
        let parameter = last_text(&text, "<p:ParameterInfo").map(|text| text.replace("&quot;", "\""));
        let found = fault.extended().find(|(name, _)| *name == "ParameterInfo");
        assert_eq!(found.map(|(_, value)| value.to_owned()), parameter, "{name}");
    }
}

/// All references of a document.
fn references(element: &Element, found: &mut Vec<Epr>) {
    if element.child(names::ADDRESSING, "ReferenceParameters").is_some() {
        found.push(decode::epr(element).unwrap());
    }
    for child in element.elements() {
        references(child, found);
    }
}

#[test]
fn captured_references_have_the_keys_of_the_schema() {
    for (path, text) in captures() {
        let mut found = Vec::new();
        references(&parse(&text), &mut found);
        assert_eq!(found.len(), text.matches("<a:ReferenceParameters>").count(), "{}", path.display());
        for epr in found {
            // References to shells are of no CIM class.
            let Some(class) = schema::class(epr.class()) else { continue };
            let mut keys: Vec<_> = class.keys().collect();
            let mut selectors: Vec<_> = epr.selectors().iter().map(Selector::name).collect();
            keys.sort_unstable();
            selectors.sort_unstable();
            assert_eq!(selectors, keys, "{}: {}", path.display(), epr.class());
        }
    }
}

#[test]
fn captured_messages_survive_being_written_and_read_again() {
    for (path, text) in captures() {
        let root = parse(&text);
        let written = root.to_pretty();
        assert_eq!(parse(&written), root, "{}", path.display());
        assert_eq!(
            explain(written.as_bytes(), &schema::Schema::default()).unwrap(),
            explain(text.as_bytes(), &schema::Schema::default()).unwrap()
        );
    }
}

/// The request that a captured message answers, as far as its answer tells, and the id of that.
fn asked(root: &Element) -> (Operation, String) {
    let text = |local| root.find(names::ADDRESSING, local).map(Element::text).unwrap_or_default();
    let answer = root.find(names::SOAP, "Body").and_then(|body| body.elements().next()).unwrap();
    let class = Epr::from_uri(&answer.name.namespace);
    let context = Text::new("of-the-capture").unwrap();
    let mode = EnumerationMode::Object;
    let action = text("Action");
    let operation = match action.strip_suffix("Response").and_then(|action| action.rsplit_once('/')) {
        Some((_, "Pull")) => Operation::Pull { class, context, mode, max_elements: 10 },
        Some((_, "Enumerate")) => Operation::Enumerate { class, mode, filter: None, max_elements: 10 },
        Some((_, "Create")) => Operation::Create { class, instance: Instance::new("Shell") },
        Some((uri, method)) if uri.contains("/wmi/") => {
            Operation::Invoke { epr: Epr::from_uri(uri), method: method.to_owned(), parameters: Vec::new() }
        }
        // Faults answer anything.
        _ => Operation::Get { epr: class },
    };
    (operation, text("RelatesTo").trim().to_owned())
}

/// The elements of instances that a captured message holds.
fn instances<'e>(root: &'e Element, operation: &Operation) -> Vec<&'e Element> {
    let body = root.find(names::SOAP, "Body").unwrap();
    match operation {
        Operation::Pull { .. } | Operation::Enumerate { .. } => {
            let items = ["Items"].iter().find_map(|local| {
                body.find(names::ENUMERATION, local).or_else(|| body.find(names::WSMAN, local))
            });
            items.into_iter().flat_map(Element::elements).collect()
        }
        _ => body.elements().collect(),
    }
}

/// Every property of the element is there, and those that hold text hold the same.
fn assert_same(instance: &Instance, element: &Element, file: &str) {
    assert_eq!(instance.class(), element.name.local, "{file}");
    for property in element.elements() {
        let name = &property.name.local;
        let value = instance.get(name).unwrap_or_else(|| panic!("{file}: {name}"));
        assert_eq!(value.is_null(), property.is_nil(), "{file}: {name}");
        let is_alone = element.elements().filter(|other| other.name.local == *name).count() == 1;
        if is_alone && property.elements().next().is_none() && !value.is_null() {
            assert_eq!(value.to_plain_text(), property.text(), "{file}: {name}");
        }
    }
}

#[test]
fn every_capture_goes_through_the_whole_reader() {
    let (mut pages, mut items, mut got, mut faults) = (0, 0, 0, 0);
    let captures = captures();
    for (path, text) in &captures {
        let (root, file) = (parse(text), path.display().to_string());
        let (operation, id) = asked(&root);
        let limits = Limits::default();
        let read = response::read(&operation, &id, text.as_bytes(), &limits, &schema::Schema::default());
        let elements = instances(&root, &operation);
        match read.unwrap_or_else(|error| panic!("{file}: {error}")) {
            Response::Page(page) => {
                assert_eq!(page.items.len(), elements.len(), "{file}");
                assert_eq!(page.end, text.contains("EndOfSequence"), "{file}");
                assert_eq!(page.context.is_some(), !page.end, "{file}");
                for (item, element) in page.items.iter().zip(elements) {
                    assert_same(item.instance.as_ref().unwrap(), element, &file);
                    items += 1;
                }
                pages += 1;
            }
            Response::Got(instance) => {
                assert_same(&instance, elements.first().unwrap(), &file);
                got += 1;
            }
            Response::Invoked(output) => {
                let returned = last_text(text, "<p:ReturnValue").unwrap();
                assert_eq!(output.return_value().to_string(), returned, "{file}");
            }
            Response::Created(epr) => assert!(!epr.selectors().is_empty(), "{file}"),
            Response::Fault(fault) => {
                assert!(fault.code().is_some(), "{file}");
                faults += 1;
            }
            other => panic!("{file}: {other:?}"),
        }
    }
    let counts = (pages, items, got, faults);
    assert!(captures.is_empty() || (pages > 2 && items > 2 && got > 1 && faults > 3), "{counts:?}");
}
