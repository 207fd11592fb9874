//! `hvctl associators` and `hvctl references`: along the associations of an instance.

use super::{
    super::Context,
    stream::{self, About},
};
use crate::{
    cim::{
        Epr,
        check::{self, Walk},
    },
    cli::{
        args::cim::{AssociationArgs, AssociatorsArgs, ReferencesArgs},
        cim::{name, refused},
        failure::Failure,
        session::Session,
    },
    client::AssociationCall,
};

pub(in super::super) async fn associators(context: &Context, args: AssociatorsArgs) -> Result<(), Failure> {
    let (association, result_role) = (args.association.as_deref(), args.result_role.as_deref());
    let roles = args.common.role.as_deref().into_iter().chain(result_role).collect();
    let walk = Walk { association, result: args.common.result.as_deref(), roles };
    print(context, &args.common, &walk, |session, epr| {
        let mut call = session.client.associators(epr);
        if let Some(class) = &args.association {
            call = call.association_class(class);
        }
        if let Some(role) = &args.result_role {
            call = call.result_role(role);
        }
        call
    })
    .await
}

pub(in super::super) async fn references(context: &Context, args: ReferencesArgs) -> Result<(), Failure> {
    // What references give are the associations themselves.
    let association = args.common.result.as_deref();
    let walk = Walk { association, result: None, roles: args.common.role.as_deref().into_iter().collect() };
    print(context, &args.common, &walk, |session, epr| session.client.references(epr)).await
}

async fn print(
    context: &Context,
    args: &AssociationArgs,
    walk: &Walk<'_>,
    call: impl FnOnce(&Session, &Epr) -> AssociationCall,
) -> Result<(), Failure> {
    args.list.show.selection(&context.settings.schema).check_use(context.output.format(), false)?;
    context
        .with_options(&args.call.options, async |session| {
            let scope = session.scope(args.no_check);
            let epr = name::instance(session, &args.instance, args.no_check).await?;
            if !args.no_check {
                check::walk(scope.schema, &epr, walk).map_err(refused)?;
            }
            let namespace = epr.namespace().unwrap_or(scope.namespace);
            let class = args.result.as_ref().map(|class| Epr::class_of(class, namespace));
            let about = About { namespace, class: class.as_ref(), object: Some(&epr), mode: args.mode };
            let printing = stream::printing(context, &args.list, about, scope)?;
            let mut call = call(session, &epr);
            if let Some(class) = &args.result {
                call = call.result_class(class);
            }
            if let Some(role) = &args.role {
                call = call.role(role);
            }
            stream::print(context, session, call.enumerate(), printing).await
        })
        .await
}
