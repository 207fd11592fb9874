//! `hvctl group`.

use super::Context;
use crate::cli::{
    args::GroupCommand,
    failure::Failure,
    view::{GroupDetail, GroupView, groups_text},
};

pub(super) async fn run(context: &Context, command: GroupCommand) -> Result<(), Failure> {
    let output = &context.output;
    context
        .with_session(async |session| match command {
            GroupCommand::List => {
                let groups: Vec<GroupView> = session.hyperv.groups().await?.iter().map(Into::into).collect();
                output.document(&groups, || groups_text(&groups))
            }
            GroupCommand::Show { group } => {
                let group = session.hyperv.group(&group).await?;
                let members = session.hyperv.members(&group).await?;
                let detail =
                    GroupDetail { group: (&group).into(), members: members.iter().map(Into::into).collect() };
                output.document(&detail, || detail.to_text())
            }
        })
        .await
}
