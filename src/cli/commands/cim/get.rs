//! `hvctl get`.

use super::super::Context;
use crate::{
    cim::Epr,
    cli::{
        args::{Format, cim::GetArgs},
        cim::{json, name, names::Names},
        failure::Failure,
        render::{Lines, Row, Shape, View, renderer},
        session::Session,
    },
};
use serde_json::json;

pub(in super::super) async fn run(context: &Context, args: GetArgs) -> Result<(), Failure> {
    let output = &context.output;
    let mut selection = args.show.selection(&context.settings.schema);
    selection.check_use(output.format(), false)?;
    if args.fragment.is_some() && output.format() == Format::Csv {
        return Err(Failure::usage(
            "--fragment brings one value, which is no table for --output csv",
            "take another format; look at HVCTL_OUTPUT too",
        ));
    }
    context
        .with_options(&args.call.options, async |session| {
            let scope = session.scope(args.no_check);
            let epr = name::instance(session, &args.instance, args.no_check).await?;
            if let Some(part) = &args.fragment {
                return fragment(context, session, &epr, part).await;
            }
            if let Some(class) = scope.class_of(&epr)
                && !args.no_check
            {
                selection = selection.checked(class.name())?;
            }
            let instance = session.client.get(&epr).await;
            let instance = instance.map_err(|error| name::no_instance(scope, error, &epr))?;
            let mut row = Row { instance: Some(instance), epr: Some(epr), wire: None };
            row.wire = session.wire().last();
            let mut shown = String::new();
            let mut renderer = renderer(output.format(), Shape::One, selection, row.class());
            renderer.row(&row, &mut shown)?;
            renderer.end(&mut shown)?;
            output.data(&shown)
        })
        .await
}

/// A part of an instance.
async fn fragment(context: &Context, session: &Session, epr: &Epr, part: &str) -> Result<(), Failure> {
    let value = session.client.get(epr).fragment(part).await;
    let value = value.map_err(|error| name::no_instance(session.scope(false), error, epr))?;
    if context.output.format() == Format::Xml {
        return context.output.data(&session.wire().last().unwrap_or_default());
    }
    let document = json!({ "fragment": part, "value": json::value(&value, Names::NONE) });
    context.output.document(&document, || {
        let mut lines = Lines::new(View {
            schema: &context.settings.schema,
            names: Names::NONE,
            namespace: epr.namespace(),
        });
        lines.add(part, &value, None);
        lines.finish()
    })
}
