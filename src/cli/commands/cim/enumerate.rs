//! `hvctl enumerate`.

use super::{super::Context, stream};
use crate::{
    cim::Epr,
    cli::{
        args::cim::{EnumerateArgs, FilterArg},
        cim::{Scope, condition, name},
        failure::Failure,
    },
    wsman::Filter,
};

pub(in super::super) async fn run(context: &Context, args: EnumerateArgs) -> Result<(), Failure> {
    let namespace = crate::hyperv::HyperV::normalised(&context.settings.global.namespace);
    let schema = &context.settings.schema;
    let scope = Scope { schema, namespace: &namespace, unchecked: args.no_check };
    let class = name::class(&args.class, scope)?;
    let filter = filter(&class, &args, scope)?;
    context
        .with_session(async |session| {
            let mut call = session.client.enumerate(&class).mode(args.mode.into());
            if let Some(filter) = filter {
                call = call.filter(filter);
            }
            stream::print(context, session, call, &args.list, Some(class.class())).await
        })
        .await
}

fn filter(class: &Epr, args: &EnumerateArgs, scope: Scope<'_>) -> Result<Option<Filter>, Failure> {
    if args.conditions.is_empty() {
        return Ok(None);
    }
    let (name, conditions) = (class.class(), &args.conditions);
    match args.filter {
        FilterArg::Wql => Ok(Some(Filter::Wql(condition::to_wql(name, conditions, scope)?))),
        FilterArg::Selector => condition::to_selectors(name, conditions, scope).map(Some),
    }
}
