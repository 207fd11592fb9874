//! `hvctl associators` and `hvctl references`: along the associations of an instance.

use super::{super::Context, stream};
use crate::{
    cim::Epr,
    cli::{
        args::cim::{AssociationArgs, AssociatorsArgs, ReferencesArgs},
        cim::name,
        failure::Failure,
        session::Session,
    },
    client::AssociationCall,
};

pub(in super::super) async fn associators(context: &Context, args: AssociatorsArgs) -> Result<(), Failure> {
    print(context, &args.common, |session, epr| {
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
    print(context, &args.common, |session, epr| session.client.references(epr)).await
}

async fn print(
    context: &Context,
    args: &AssociationArgs,
    call: impl FnOnce(&Session, &Epr) -> AssociationCall,
) -> Result<(), Failure> {
    context
        .with_session(async |session| {
            let epr = name::instance(session, &args.instance, args.no_check).await?;
            let mut call = call(session, &epr);
            if let Some(class) = &args.result {
                call = call.result_class(class);
            }
            if let Some(role) = &args.role {
                call = call.role(role);
            }
            let call = call.enumerate().mode(args.mode.into());
            stream::print(context, session, call, &args.list, args.result.as_deref()).await
        })
        .await
}
