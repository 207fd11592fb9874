//! `hvctl put`.

use super::{super::Context, change::Change, given};
use crate::{
    cim::Instance,
    cli::{
        args::cim::PutArgs,
        cim::{argument::Target, json, name, refused},
        failure::Failure,
        text,
    },
};
use serde_json::json;

pub(in super::super) async fn run(context: &Context, args: PutArgs) -> Result<(), Failure> {
    if !args.change.dry_run {
        Context::can_ask(args.change.yes)?;
    }
    let given = given::read(&args.properties).await?;
    context
        .with_session(async |session| {
            let epr = name::instance(session, &args.instance, args.no_check).await?;
            let values = Target::class(&epr, session.scope(args.no_check))?.values(&given)?;
            let call = session.client.put(&epr);
            let call = if args.no_check { call.unchecked() } else { call };
            let call = values.iter().fold(call, |call, (name, value)| call.property(name, value.clone()));
            call.check().map_err(refused)?;
            let change = Change { operation: "Put", question: "change it?", target: &epr, values: &values };
            let Some(now) = change.send(context, session, &args.change, call).await? else { return Ok(()) };
            let document =
                json!({ "changed": json::reference(&epr), "instance": now.as_ref().map(json::instance) });
            context
                .output
                .document(&document, || {
                    let own = [("changed", epr.to_string())].into_iter();
                    let properties = now.iter().flat_map(Instance::properties);
                    let sent = properties
                        .filter(|(name, _)| values.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(name)));
                    text::fields(own.chain(sent.map(|(name, value)| (name, value.to_plain_text()))))
                })
                .map_err(|failure| failure.after(&format!("`{epr}` was changed")))
        })
        .await
}
