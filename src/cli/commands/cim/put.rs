//! `hvctl put`.

use super::{super::Context, change::Change, given};
use crate::{
    cim::{Epr, Instance, Value},
    cli::{
        args::cim::PutArgs,
        cim::{argument::Target, json, name, names::Names, refused},
        failure::Failure,
        render::{Lines, View},
        session::Session,
    },
};
use serde_json::{Value as Json, json};

pub(in super::super) async fn run(context: &Context, args: PutArgs) -> Result<(), Failure> {
    if !args.change.dry_run {
        Context::can_ask(args.change.yes)?;
    }
    let given = given::read(&args.properties).await?;
    if args.fragment
        && let [first, rest @ ..] = given.as_slice()
        && rest.iter().any(|other| !other.name.eq_ignore_ascii_case(&first.name))
    {
        return Err(Failure::usage("--fragment sends one property, and several are given", "give one"));
    }
    context
        .with_options(&args.call.options, async |session| {
            let epr = name::instance(session, &args.instance, args.no_check).await?;
            let values = Target::class(&epr, session.scope(args.no_check))?.values(&given)?;
            let Some(now) = send(context, session, &args, &epr, &values).await? else { return Ok(()) };
            let document = json!({ "changed": json::reference(&epr), "instance": now.document });
            context
                .output
                .document(&document, || {
                    let mut lines = Lines::new(View {
                        schema: &context.settings.schema,
                        names: Names::NONE,
                        namespace: epr.namespace(),
                    });
                    lines.push("changed", epr.to_string());
                    now.properties.iter().for_each(|(name, value)| lines.add(name, value, None));
                    lines.finish()
                })
                .map_err(|failure| failure.after(&format!("`{epr}` was changed")))
        })
        .await
}

/// What the host says that it is now.
struct Now {
    document: Json,
    /// Those that were sent.
    properties: Vec<(String, Value)>,
}

/// Sends it as an instance, or as a part of one; nothing comes of a dry run.
async fn send(
    context: &Context,
    session: &Session,
    args: &PutArgs,
    epr: &Epr,
    values: &[(String, Value)],
) -> Result<Option<Now>, Failure> {
    let change = Change { operation: "Put", question: "change it?", target: epr, values };
    let not_there = |failure| name::not_there(session.scope(false), failure, epr);
    let call = session.client.put(epr);
    let call = if args.no_check { call.unchecked() } else { call };
    if args.fragment
        && let [(name, value)] = values
    {
        let call = call.fragment(name, value.clone());
        let now = change.send(context, session, &args.change, call).await.map_err(not_there)?;
        return Ok(now.map(|now| {
            let properties: Vec<_> = now.into_iter().map(|value| (name.clone(), value)).collect();
            let part =
                |(name, value): &(String, Value)| json!({ name.as_str(): json::value(value, Names::NONE) });
            Now { document: properties.first().map_or(Json::Null, part), properties }
        }));
    }
    let call = values.iter().fold(call, |call, (name, value)| call.property(name, value.clone()));
    call.check().map_err(refused)?;
    let now = change.send(context, session, &args.change, call).await.map_err(not_there)?;
    Ok(now.map(|now| {
        let is_sent = |name: &str| values.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(name));
        let properties = now.iter().flat_map(Instance::properties).filter(|(name, _)| is_sent(name));
        let properties = properties.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        Now { document: now.as_ref().map(|now| json::instance(now, Names::NONE)).into(), properties }
    }))
}
