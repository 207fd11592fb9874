//! `hvctl enumerate`.

use super::{
    super::Context,
    stream::{self, About},
};
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
    let (host, namespace) = (context.host(), context.namespace());
    let schema = &context.settings.schema;
    let scope = Scope { schema, namespace: &namespace, host: host.as_deref(), unchecked: args.no_check };
    let class = name::class(&args.class, scope)?;
    let filter = filter(&class, &args, scope)?;
    let about = About {
        namespace: class.namespace().unwrap_or(&namespace),
        class: Some(&class),
        object: None,
        mode: args.mode,
    };
    let printing = stream::printing(context, &args.list, about, scope)?;
    context
        .with_options(&args.call.options, async |session| {
            let mut call = session.client.enumerate(&class);
            if let Some(filter) = filter {
                call = call.filter(filter);
            }
            stream::print(context, session, call, printing).await
        })
        .await
}

fn filter(class: &Epr, args: &EnumerateArgs, scope: Scope<'_>) -> Result<Option<Filter>, Failure> {
    if args.conditions.is_empty() {
        return Ok(None);
    }
    let conditions = &args.conditions;
    match args.filter {
        FilterArg::Wql => Ok(Some(Filter::Wql(condition::to_wql(class, conditions, scope)?))),
        FilterArg::Selector => condition::to_selectors(class, conditions, scope).map(Some),
    }
}
