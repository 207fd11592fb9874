//! What the schema does not have is not sent.

use crate::support::{Reply, Script, soap, text};
use hyperv_wsman::{
    Client, Error, ErrorKind,
    cim::{Epr, Value, schema::Schema},
};

const V2: &str = "root/virtualization/v2";

fn service() -> Epr {
    Epr::class_of("Msvm_CollectionSnapshotService", V2)
        .with("CreationClassName", "Msvm_CollectionSnapshotService")
        .unwrap()
}

fn nothing_sent(error: &Error, script: &Script) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(script.sent().is_empty(), "{:?}", script.sent());
}

async fn create_snapshot(client: &Client, name: &str, value: impl Into<Value>) -> Error {
    client.invoke(&service(), "CreateSnapshot").argument(name, value).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_schema_does_not_have_is_refused_before_it_is_sent() {
    let script = Script::new([]);
    let client = script.client();
    for error in [
        client.invoke(&service(), "CreateSnapshto").await.unwrap_err(),
        client.invoke(&Epr::class_of("Msvm_NoSuch", V2), "Any").await.unwrap_err(),
        create_snapshot(&client, "SnapshotTyp", 1_u16).await,
        create_snapshot(&client, "Job", Value::Null).await,
        create_snapshot(&client, "Collection", service()).await,
        client.put(&service()).property("Captoin", text("x")).await.unwrap_err(),
        client.create(&Epr::class_of("Msvm_NoSuch", V2)).await.unwrap_err(),
    ] {
        nothing_sent(&error, &script);
    }
    let error = create_snapshot(&client, "SnapshotType", 70_000_u32).await;
    nothing_sent(&error, &script);
    insta::assert_snapshot!(error, @"failed to use `SnapshotType` of `Msvm_CollectionSnapshotService.CreateSnapshot`: expected uint16, got `70000`");
    let error = client.invoke(&service(), "CreateSnapshto").await.unwrap_err();
    assert_eq!(error.hint(), Some("did you mean `CreateSnapshot`?"));
}

#[tokio::test(start_paused = true)]
async fn an_unchecked_call_is_sent_as_it_is() {
    let answer = || soap::returned("FromTheFuture", 0);
    let script = Script::new([("FromTheFuture", answer()), ("FromTheFuture", answer())]);
    let one = script.client().invoke(&service(), "FromTheFuture").argument("Kind", 1_u64).unchecked();
    one.await.unwrap();
    let client = script.client_with(|options| options.check = false);
    client.invoke(&service(), "FromTheFuture").await.unwrap();
    assert!(script.sent()[0].body.contains("<p:Kind>1</p:Kind>"), "{}", script.sent()[0].body);
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn a_loaded_class_is_checked_and_its_arguments_are_in_order() {
    let mof =
        "class X_Tool { [Key] string Name; uint32 Use([In, Required] string What, [In] uint8 HowOften); };";
    let schema = Schema::default().extended("a.mof", mof).unwrap();
    let script = Script::new([("Use", Reply::NotSent)]);
    let client = script.client_with(|options| (options.schema, options.attempts) = (schema, 1));
    let tool = Epr::class_of("X_Tool", "root/tools").with("Name", "A").unwrap();
    let error = client.invoke(&tool, "Use").argument("HowOften", 2_u32).await.unwrap_err();
    nothing_sent(&error, &script);
    insta::assert_snapshot!(error, @"failed to call `X_Tool.Use`: expected a value of `What`, got none");
    let call = client.invoke(&tool, "Use").argument("howoften", 2_u32).argument("What", text("it"));
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Transport);
    let sent = &script.sent()[0].body;
    assert!(sent.contains("<p:What>it</p:What><p:HowOften>2</p:HowOften>"), "{sent}");
}
