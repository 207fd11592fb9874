//! `hvctl job`.

use super::Context;
use crate::{
    cli::{
        args::JobCommand,
        failure::Failure,
        session::Session,
        shell,
        view::{JobView, jobs_text},
        wait,
    },
    hyperv::Job,
};

pub(super) async fn run(context: &Context, command: JobCommand) -> Result<(), Failure> {
    if let JobCommand::Cancel { yes, .. } = &command {
        Context::can_ask(*yes)?;
    }
    context
        .with_session(async |session| match command {
            JobCommand::List => list(context, session).await,
            JobCommand::Show { id } => print(context, &session.hyperv.jobs().find(&id).await?),
            JobCommand::Wait { id } => {
                let jobs = session.hyperv.jobs();
                let job = jobs.find(&id).await?;
                let (job, _) = wait::follow(session, &context.output, jobs.resume(&job)).await?;
                print(context, &job)
            }
            JobCommand::Cancel { id, kill, yes } => cancel(context, session, &id, kill, yes).await,
        })
        .await
}

async fn list(context: &Context, session: &Session) -> Result<(), Failure> {
    let jobs: Vec<JobView> = session.hyperv.jobs().list().await?.iter().map(Into::into).collect();
    context.output.document(&jobs, || jobs_text(&jobs))
}

async fn cancel(
    context: &Context,
    session: &Session,
    id: &str,
    kill: bool,
    yes: bool,
) -> Result<(), Failure> {
    let jobs = session.hyperv.jobs();
    let job = jobs.find(id).await?;
    let what = if kill { "kill" } else { "cancel" };
    context.output.note(&format!("this will {what} the job:\n{}", JobView::from(&job).to_text().trim_end()));
    if !context.confirm(yes, &format!("{what} the job?")).await? {
        return Ok(());
    }
    let look = format!("job show {}", shell::word(id));
    session.changing("RequestStateChange", &format!("job `{id}`"), &look);
    let job = jobs.cancel(&job, kill).await?;
    session.done();
    print(context, &job)
}

fn print(context: &Context, job: &Job) -> Result<(), Failure> {
    let view = JobView::from(job);
    context.output.document(&view, || view.to_text())
}
