//! Pages that no host should send: each ends the stream with an error that names what is wrong, and nothing stays open.

use crate::{
    enumerate::call,
    support::{Reply, Script, soap},
};
use hyperv_wsman::{
    Error, ErrorKind, Item,
    cim::{Epr, Instance},
    wsman::EnumerationMode,
};
use std::{fmt::Write, sync::Arc, time::Duration};

const C1: &str = "<n:EnumerationContext>uuid:C1</n:EnumerationContext>";
const C2: &str = "<n:EnumerationContext>uuid:C2</n:EnumerationContext>";
const END: &str = "<n:EndOfSequence/>";
const V2: &str = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2";

fn items(items: &str) -> String {
    format!("<n:Items>{items}</n:Items>")
}

fn job(id: &str) -> String {
    soap::job(id, 4, 198)
}

fn reference(id: &str) -> String {
    let job = soap::reference("Msvm_ConcreteJob", "InstanceID", id);
    format!("<a:EndpointReference>{job}</a:EndpointReference>")
}

/// A job whose properties are this XML.
fn job_of(properties: &str) -> String {
    format!("<p:Msvm_ConcreteJob xmlns:p=\"{V2}/Msvm_ConcreteJob\">{properties}</p:Msvm_ConcreteJob>")
}

/// Everything that an error says.
fn said(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        write!(text, "\n  caused by: {error}").unwrap();
        cause = error.source();
    }
    text
}

/// Takes the items of a stream up to its error, and sees that it has ended then.
async fn fails(script: &Arc<Script>, mode: EnumerationMode) -> (Vec<Item>, Error) {
    let client = script.client();
    let mut stream = call(&client).mode(mode).stream();
    let mut next = async || {
        std::future::poll_fn(|context| {
            futures_core::Stream::poll_next(std::pin::Pin::new(&mut stream), context)
        })
        .await
    };
    let mut taken = Vec::new();
    let error = loop {
        match next().await.expect("an error before the end") {
            Ok(item) => taken.push(item),
            Err(error) => break error,
        }
    };
    assert!(next().await.is_none(), "{error}");
    client.close(Duration::from_secs(1)).await.unwrap();
    (taken, error)
}

/// What is said of a second page with this content, after which these contexts are released.
async fn second_page(mode: EnumerationMode, content: &str, released: &[&str]) -> String {
    let first = match mode {
        EnumerationMode::Epr => reference("A"),
        _ => job("A"),
    };
    let first = soap::first_of(&format!("{C1}<w:Items>{first}</w:Items>"));
    let mut steps = vec![("Enumerate", first), ("Pull", soap::pulled_of(content))];
    steps.extend(released.iter().map(|_| ("Release", soap::released())));
    let script = Script::new(steps);
    let (taken, error) = fails(&script, mode).await;
    assert_eq!((taken.len(), error.kind()), (1, ErrorKind::Protocol), "{error}");
    for (body, context) in script.bodies("Release").iter().zip(released) {
        assert!(body.contains(&format!("uuid:{context}<")), "{content}: {body}");
    }
    script.assert_done();
    said(&error)
}

#[tokio::test]
async fn a_page_that_is_not_one_ends_the_stream_and_says_why() {
    let b = items(&job("B"));
    // What is known to be open afterwards: the context that the page names, and the one it was asked for with, of
    // which nobody can tell whether it still stands.
    let rows = [
        (b.clone(), vec!["C1"]),
        (format!("<n:EnumerationContext/>{b}"), vec!["C1"]),
        (format!("{b}{END}{END}"), vec!["C1"]),
        (format!("{b}{END}<w:EndOfSequence/>"), vec!["C1"]),
        (format!("{C2}{C2}{b}"), vec!["C2", "C1"]),
        (format!("{C2}{b}{b}"), vec!["C2", "C1"]),
        (format!("{C2}<n:Items>text</n:Items>"), vec!["C2", "C1"]),
        (format!("{C2}text{b}"), vec!["C2", "C1"]),
    ];
    let mut told = Vec::new();
    for (content, released) in rows {
        told.push(second_page(EnumerationMode::Object, &content, &released).await);
    }
    insta::assert_snapshot!(told.join("\n"), @r"
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected a context to pull with or the end of the sequence, got `PullResponse` without either
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected a context to pull with or the end of the sequence, got `PullResponse` without either
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected `EndOfSequence` once in `PullResponse`, got it twice
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected `EndOfSequence` once in `PullResponse`, got it twice
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected `EnumerationContext` once in `PullResponse`, got it twice
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected `Items` once in `PullResponse`, got it twice
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected an element, got text
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected an element, got text
    ");
}

#[tokio::test]
async fn an_item_that_cannot_be_one_is_named_with_class_and_property() {
    let rows = [
        job_of("<p:JobState>70000</p:JobState>"),
        job_of("<p:JobState>seven</p:JobState>"),
        job_of("<p:Cancellable>perhaps</p:Cancellable>"),
        job_of("<p:StartTime>soon</p:StartTime>"),
        job_of(&format!(
            "<p:InstanceID>B</p:InstanceID><q:JobState xmlns:q=\"{V2}/Msvm_StorageJob\">7</q:JobState>"
        )),
        job_of("<p:InstanceID>B</p:InstanceID><JobState>7</JobState>"),
        reference("B"),
        format!("<w:Item>{}{}</w:Item>", job("B"), reference("B")),
    ];
    let mut told = Vec::new();
    for item in rows {
        let content = format!("{C2}{}", items(&(job("B") + &item)));
        told.push(second_page(EnumerationMode::Object, &content, &["C2", "C1"]).await);
    }
    for item in [
        job("B"),
        "<a:EndpointReference/>".to_owned(),
        "<a:EndpointReference><a:ReferenceParameters/></a:EndpointReference>".to_owned(),
    ] {
        let content = format!("{C2}{}", items(&item));
        told.push(second_page(EnumerationMode::Epr, &content, &["C2", "C1"]).await);
    }
    insta::assert_snapshot!(told.join("\n"), @r"
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: a value in the answer cannot be read
          caused by: `Msvm_ConcreteJob.JobState`: expected uint16, got `70000`
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: a value in the answer cannot be read
          caused by: `Msvm_ConcreteJob.JobState`: expected uint16, got `seven`
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: a value in the answer cannot be read
          caused by: `Msvm_ConcreteJob.Cancellable`: expected boolean, got `perhaps`
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: a value in the answer cannot be read
          caused by: `Msvm_ConcreteJob.StartTime`: expected an ISO 8601 point in time or duration, `2025-12-17T09:55:22Z` or `P0DT0H5M0S`, got `soon`
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: a value in the answer cannot be read
          caused by: `Msvm_ConcreteJob.JobState`: expected a property of namespace `http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ConcreteJob`, got `http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_StorageJob`
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: a value in the answer cannot be read
          caused by: `Msvm_ConcreteJob.JobState`: expected a property of namespace `http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ConcreteJob`, got ``
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected an instance, got `EndpointReference`
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected an instance, got `Item`
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: expected `a:EndpointReference`, got `Msvm_ConcreteJob`
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: a value in the answer cannot be read
          caused by: expected a reference with `a:ReferenceParameters`, got `EndpointReference`
        failed to read the next page of `Msvm_ConcreteJob`: the answer cannot be used
          caused by: a value in the answer cannot be read
          caused by: expected a reference with `w:ResourceURI`, got `EndpointReference`
    ");
}

#[tokio::test]
async fn items_of_a_class_other_than_asked_are_refused() {
    let machine = soap::machine("M1", "web-01");
    let told = second_page(EnumerationMode::Object, &format!("{C2}{}", items(&machine)), &["C2"]).await;
    insta::assert_snapshot!(told, @"failed to enumerate `Msvm_ConcreteJob`: expected instances of `Msvm_ConcreteJob`, got one of `Msvm_ComputerSystem`");
    let machine = format!(
        "<a:EndpointReference>{}</a:EndpointReference>",
        soap::reference("Msvm_ComputerSystem", "Name", "M1")
    );
    let told = second_page(EnumerationMode::Epr, &format!("{}{END}", items(&machine)), &[]).await;
    insta::assert_snapshot!(told, @"failed to enumerate `Msvm_ConcreteJob`: expected instances of `Msvm_ConcreteJob`, got one of `Msvm_ComputerSystem`");
}

#[tokio::test]
async fn items_of_a_derived_class_and_of_one_that_nobody_knows_are_taken() {
    let derived = soap::instance("Msvm_StorageJob", &[("InstanceID", Some("B"))]);
    let unknown = soap::instance("Contoso_Job", &[("InstanceID", Some("C"))]);
    let script = Script::new([("Enumerate", soap::last_page(&[job("A"), derived, unknown]))]);
    let jobs = Epr::class_of("CIM_ConcreteJob", "root/virtualization/v2");
    let classes = script.client().enumerate(&jobs).instances().await.unwrap();
    let classes: Vec<_> = classes.iter().map(Instance::class).collect();
    assert_eq!(classes, ["Msvm_ConcreteJob", "Msvm_StorageJob", "Contoso_Job"]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_not_asked_for_again_and_what_it_opened_is_released() {
    let bad = job_of("<p:JobState>70000</p:JobState>");
    let script = Script::new([
        ("Enumerate", soap::first_of(&format!("{C1}<w:Items>{bad}</w:Items>"))),
        ("Release", soap::released()),
    ]);
    let (taken, error) = fails(&script, EnumerationMode::Object).await;
    assert!(taken.is_empty());
    insta::assert_snapshot!(said(&error), @r"
        failed to enumerate `Msvm_ConcreteJob`: the answer cannot be used
          caused by: a value in the answer cannot be read
          caused by: `Msvm_ConcreteJob.JobState`: expected uint16, got `70000`
    ");
    assert!(script.bodies("Release")[0].contains("uuid:C1<"));
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn what_every_damaged_answer_has_opened_is_released() {
    let damaged = |context: &str| {
        Reply::Soap(
            soap::text_of(&soap::first_page(&[job("A")], context)).replace("</n:EnumerateResponse>", ""),
        )
    };
    let script = Script::new([
        ("Enumerate", damaged("C1")),
        ("Release", soap::released()),
        ("Enumerate", damaged("C2")),
        ("Release", soap::released()),
        ("Enumerate", soap::last_page(&[job("A")])),
    ]);
    let client = script.client();
    assert_eq!(call(&client).instances().await.unwrap().len(), 1);
    let released = script.bodies("Release");
    assert!(released[0].contains("uuid:C1<") && released[1].contains("uuid:C2<"));
    script.assert_done();
}

#[tokio::test]
async fn an_enumeration_without_items_and_without_end_is_given_up_and_released() {
    let mut steps = vec![("Enumerate", soap::first_page(&[], "C1"))];
    steps.extend((0..100).map(|_| ("Pull", soap::pulled(&[], "C1"))));
    steps.push(("Release", soap::released()));
    let script = Script::new(steps);
    let (_, error) = fails(&script, EnumerationMode::Object).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    insta::assert_snapshot!(said(&error), @"failed to enumerate `Msvm_ConcreteJob`: expected items or an end, got 100 empty pages in a row");
    script.assert_done();
}

#[tokio::test]
async fn an_end_that_comes_with_a_context_is_the_end_in_either_namespace() {
    for end in ["<w:EndOfSequence/>", "<n:EndOfSequence/>"] {
        for items in ["w:Items", "n:Items"] {
            let page = format!("{C1}<{items}>{}</{items}>{end}", job("A"));
            let script = Script::new([("Enumerate", soap::first_of(&page))]);
            let client = script.client();
            assert_eq!(call(&client).instances().await.unwrap().len(), 1);
            client.close(Duration::from_secs(1)).await.unwrap();
        }
    }
}
