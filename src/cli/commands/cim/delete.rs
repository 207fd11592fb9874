//! `hvctl delete`.

use super::{super::Context, change::Change};
use crate::cli::{
    args::cim::DeleteArgs,
    cim::{json, name},
    failure::Failure,
    text,
};
use serde_json::json;

pub(in super::super) async fn run(context: &Context, args: DeleteArgs) -> Result<(), Failure> {
    if !args.change.dry_run {
        Context::can_ask(args.change.yes)?;
    }
    context
        .with_options(&args.call.options, async |session| {
            let epr = name::instance(session, &args.instance, args.no_check).await?;
            let change = Change { operation: "Delete", question: "delete it?", target: &epr, values: &[] };
            let call = session.client.delete(&epr);
            let deleted = change.send(context, session, &args.change, call).await;
            let deleted = deleted.map_err(|failure| name::not_there(session.scope(false), failure, &epr))?;
            if deleted.is_none() {
                return Ok(());
            }
            context
                .output
                .document(&json!({ "deleted": json::reference(&epr) }), || {
                    text::fields([("deleted", epr.to_string())])
                })
                .map_err(|failure| failure.after(&format!("`{epr}` was deleted")))
        })
        .await
}
