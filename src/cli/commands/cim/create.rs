//! `hvctl create`.

use super::{super::Context, change::Change, given};
use crate::{
    cim::schema,
    cli::{
        args::cim::CreateArgs,
        cim::{argument::Target, json, name},
        failure::Failure,
        text,
    },
};
use serde_json::json;

pub(in super::super) async fn run(context: &Context, args: CreateArgs) -> Result<(), Failure> {
    if !args.change.dry_run {
        Context::can_ask(args.change.yes)?;
    }
    let given = given::read(&args.properties).await?;
    context
        .with_session(async |session| {
            let namespace = session.hyperv.namespace();
            let class = name::class(&args.class, namespace)?;
            let target = Target::class(class.class(), schema::class(class.class()), args.no_check);
            let values = target.values(&given, namespace)?;
            let call = values.iter().fold(session.client.create(&class), |call, (name, value)| {
                call.property(name, value.clone())
            });
            let change =
                Change { operation: "Create", question: "create it?", target: &class, values: &values };
            let created = change.send(context, session, &args.change, call).await;
            let created = created.map_err(|failure| name::explained(failure, class.class()))?;
            let Some(epr) = created else { return Ok(()) };
            context
                .output
                .document(&json!({ "created": json::reference(&epr) }), || {
                    text::fields([("created", epr.to_string())])
                })
                .map_err(|failure| failure.after(&format!("`{epr}` was created")))
        })
        .await
}
