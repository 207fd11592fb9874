//! `hvctl job`.

use super::Context;
use crate::{
    cli::{
        args::JobCommand,
        detail::JobDetail,
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
            JobCommand::Show { id } => {
                let job = session.hyperv.jobs().find(&id).await?;
                print(context, session, &job).await
            }
            JobCommand::Wait { id } => {
                let jobs = session.hyperv.jobs();
                let job = jobs.find(&id).await?;
                let (job, _) = wait::follow(session, &context.output, jobs.resume(&job)).await?;
                print(context, session, &job).await
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
    // One that has ended, or cannot be cancelled, is refused without a question.
    if !job.state.is_finished() && job.cancellable {
        let detail = JobDetail::read(session, &context.output, &job).await;
        let what = if kill {
            "this will kill the job: it ends at once, without saving data or preserving state"
        } else {
            "this will cancel the job: it ends cleanly, as far as the host can"
        };
        context.output.note(&format!("{what}\n{}", detail.to_text().trim_end()));
        context.confirm(yes, if kill { "kill the job?" } else { "cancel the job?" }).await?;
    }
    let look = format!("job show {}", shell::word(id));
    session.changing("RequestStateChange", &format!("job `{id}`"), &look);
    let job = jobs.cancel(&job, kill).await?;
    session.done();
    print(context, session, &job).await
}

async fn print(context: &Context, session: &Session, job: &Job) -> Result<(), Failure> {
    let detail = JobDetail::read(session, &context.output, job).await;
    context.output.document(&detail, || detail.to_text())
}
