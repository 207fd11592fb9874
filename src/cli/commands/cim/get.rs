//! `hvctl get`.

use super::super::Context;
use crate::cli::{
    args::cim::GetArgs,
    cim::name,
    failure::Failure,
    render::{Row, Shape, renderer},
};

pub(in super::super) async fn run(context: &Context, args: GetArgs) -> Result<(), Failure> {
    let output = &context.output;
    context
        .with_session(async |session| {
            let epr = name::instance(session, &args.instance, args.no_check).await?;
            let schema = session.client.schema();
            let instance = session.client.get(&epr).await;
            let instance = instance.map_err(|error| name::no_instance(schema, error, &epr))?;
            let mut row = Row { instance: Some(instance), epr: Some(epr), wire: None };
            row.wire = session.wire().last();
            let mut shown = String::new();
            let selection = args.show.selection(schema);
            let mut renderer = renderer(output.format(), Shape::One, selection, row.class());
            renderer.row(&row, &mut shown)?;
            renderer.end(&mut shown)?;
            output.data(&shown)
        })
        .await
}
