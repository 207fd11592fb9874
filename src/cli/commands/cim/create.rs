//! `hvctl create`.

use super::{super::Context, change::Change, given};
use crate::cli::{
    args::cim::CreateArgs,
    cim::{argument::Target, json, name, refused},
    failure::Failure,
    text,
};
use serde_json::json;

pub(in super::super) async fn run(context: &Context, args: CreateArgs) -> Result<(), Failure> {
    if !args.change.dry_run {
        Context::can_ask(args.change.yes)?;
    }
    let given = given::read(&args.properties).await?;
    context
        .with_options(&args.call.options, async |session| {
            let scope = session.scope(args.no_check);
            let class = name::class(&args.class, scope)?;
            let values = Target::class(&class, scope)?.values(&given)?;
            let call = session.client.create(&class);
            let call = if args.no_check { call.unchecked() } else { call };
            let call = values.iter().fold(call, |call, (name, value)| call.property(name, value.clone()));
            call.check().map_err(refused)?;
            let change =
                Change { operation: "Create", question: "create it?", target: &class, values: &values };
            let created = change.send(context, session, &args.change, call).await;
            let created = created.map_err(|failure| name::explained(scope, failure, &class))?;
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
