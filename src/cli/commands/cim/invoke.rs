//! `hvctl invoke`.

use super::{super::Context, change::Change};
use crate::{
    cim::{
        Epr, Value, check,
        schema::{self, Method},
    },
    cli::{
        args::{
            Format,
            cim::{ChangeArgs, InvokeArgs},
        },
        cim::{
            Scope,
            argument::Target,
            json,
            name::{self, Found},
            names::{Mapped, Names},
            refused as refused_name, refused_class,
        },
        failure::Failure,
        render::{Lines, View},
        session::Session,
        view::{JobView, StartedJob},
        wait,
    },
    error::{Error, ErrorKind, Evidence, MethodFailure, UnknownOutcome},
    wsman::{Output, request::reads_only},
};
use serde::Serialize;
use serde_json::{Map, Value as Json};

pub(in super::super) async fn run(context: &Context, args: InvokeArgs) -> Result<(), Failure> {
    let changes = !reads_only(&args.method);
    if changes && !args.change.dry_run {
        Context::can_ask(args.change.yes)?;
    }
    context
        .with_options(&args.call.options, async |session| {
            let scope = session.scope(args.no_check);
            let Found { epr: target, is_there } = target(session, &args).await?;
            let method = method(&target, &args, scope)?;
            let name = method.map_or(args.method.as_str(), Method::name);
            let values = Target::method(target.class(), name, method, scope).values(&args.arguments)?;
            let change = ChangeArgs { yes: args.change.yes || !changes, ..args.change.clone() };
            let call = session.client.invoke(&target, name);
            let call = if args.no_check { call.unchecked() } else { call };
            let call = values.iter().fold(call, |call, (name, value)| call.argument(name, value.clone()));
            call.check().map_err(refused_name)?;
            // After a lost or refused call nobody could tell a wrong name from a call that has run.
            if changes && !is_there && !args.no_check && !args.change.dry_run {
                make_sure(session, &target).await?;
            }
            let about = Change { operation: name, question: "call it?", target: &target, values: &values };
            let output = about.send(context, session, &change, call).await;
            let output = output.map_err(|failure| name::not_there(scope, failure, &target))?;
            let Some(output) = output else { return Ok(()) };
            finish(context, session, &args, &target, output).await
        })
        .await
}

/// The object that the method is called on.
async fn target(session: &Session, args: &InvokeArgs) -> Result<Found, Failure> {
    if args.r#static {
        let class = name::class(&args.instance, session.scope(args.no_check))?;
        return Ok(Found { epr: class, is_there: true });
    }
    name::find(session, &args.instance, args.no_check).await
}

/// Makes sure that there is such an instance. A provider need not have a Get for what has methods: any other refusal
/// says nothing.
async fn make_sure(session: &Session, epr: &Epr) -> Result<(), Failure> {
    match session.client.get(epr).await {
        Ok(_) => Ok(()),
        Err(error) => match name::no_instance(session.scope(false), error, epr) {
            refusal if matches!(refusal.kind(), ErrorKind::Fault | ErrorKind::AccessDenied) => Ok(()),
            error => Err(error.into()),
        },
    }
}

/// The method by the schema; a class that nobody has to know may have any.
fn method<'s>(target: &Epr, args: &InvokeArgs, scope: Scope<'s>) -> Result<Option<Method<'s>>, Failure> {
    if scope.unchecked {
        return Ok(scope.schema.class(target.class()).and_then(|class| class.method(&args.method)));
    }
    let class = check::class(scope.schema, target).map_err(refused_class)?;
    class.map(|class| check::method(class, &args.method)).transpose().map_err(refused_name)
}

/// What a method answered, and the job that it has started.
#[derive(Debug, Serialize)]
struct Invoked {
    class: String,
    method: String,
    return_value: Json,
    return_name: Option<String>,
    parameters: Map<String, Json>,
    job: Option<JobView>,
    /// Of a job that is not waited for: the command that would.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<String>,
}

/// Follows the job if there is one, prints what came, and says whether it was what was wanted.
async fn finish(
    context: &Context,
    session: &Session,
    args: &InvokeArgs,
    target: &Epr,
    output: Output,
) -> Result<(), Failure> {
    /// The method goes on in a job.
    const JOB_STARTED: u32 = 4096;
    let wire = session.wire().last();
    let schema = &context.settings.schema;
    let names = Names::new(schema, args.names);
    let mut invoked = Invoked::new(&output, names);
    let job = match output.return_value() {
        JOB_STARTED => Some(job_of(&output).ok_or_else(|| without_job(target, &output))?),
        _ => None,
    };
    if let Some(epr) = job {
        let jobs = session.hyperv.jobs();
        let id = epr.selector("InstanceID").unwrap_or_default();
        session.waiting(id);
        if args.no_wait {
            let started = StartedJob { id: id.to_owned(), class: epr.class().to_owned() };
            invoked.wait = Some(session.wait_command(&started.id));
            session.done();
        } else {
            let job = jobs.get(epr).await?;
            let (job, _) = wait::follow(session, &context.output, jobs.resume(&job)).await?;
            invoked.job = Some((&job).into());
        }
    }
    let done = format!("`{}` of `{}` was called", invoked.method, invoked.class);
    let view = View { schema, names, namespace: target.namespace() };
    let printed = if context.output.format() == Format::Xml {
        context.output.data(&wire.unwrap_or_default())
    } else {
        context.output.document(&invoked, || invoked.to_text(view, &output))
    };
    printed.map_err(|failure| failure.after(&done))?;
    match output.return_value() {
        0 | JOB_STARTED => Ok(()),
        code => Err(refused(&output, code)),
    }
}

impl Invoked {
    fn new(output: &Output, names: Names<'_>) -> Self {
        let mut parameters = Map::new();
        for (name, value) in output.parameters() {
            json::insert(&mut parameters, name, value, mapped(output, name, names), names);
        }
        Self {
            class: output.class().to_owned(),
            method: output.method().to_owned(),
            return_value: if output.is_code() {
                output.return_value().into()
            } else {
                output.returned().into()
            },
            return_name: return_name(output),
            parameters,
            job: None,
            wait: None,
        }
    }

    fn to_text(&self, view: View<'_>, output: &Output) -> String {
        let mut lines = Lines::new(view);
        let returned = output.returned().unwrap_or_else(|| "-".to_owned());
        lines.push(
            "return value",
            match &self.return_name {
                Some(name) => format!("{returned} ({name})"),
                None => returned,
            },
        );
        for (name, value) in output.parameters() {
            lines.add(name, value, mapped(output, name, view.names));
        }
        if let Some(job) = &self.job {
            lines.push("job", job.in_short());
        }
        if let Some(wait) = &self.wait {
            lines.push("wait", wait.clone());
        }
        lines.finish()
    }
}

/// What the values of a parameter are called.
fn mapped<'s>(output: &Output, parameter: &str, names: Names<'s>) -> Option<Mapped<'s>> {
    names.parameter(output.class(), output.method(), parameter)
}

/// Name of the return value, by the method's own table, else by that of all of Hyper-V's.
fn return_name(output: &Output) -> Option<String> {
    let code = Some(output.return_value()).filter(|_| output.is_code())?;
    output.return_name().or_else(|| schema::vendor_return_name(code)).map(str::to_owned)
}

/// The reference to the job that a method has started.
fn job_of(output: &Output) -> Option<&Epr> {
    output.get("Job").and_then(Value::as_epr)
}

/// Started, and nobody can follow it.
fn without_job(target: &Epr, output: &Output) -> Failure {
    let method = output.method();
    let look = "hvctl job list".to_owned();
    let outcome = UnknownOutcome {
        operation: method.to_owned(),
        object: format!("`{target}`"),
        look: Some(look.clone()),
        ..UnknownOutcome::default()
    };
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!("failed to follow `{method}`: the host has started a job and does not say which"),
    )
    .with_hint(format!("look at the jobs with: {look}"))
    .with_evidence(Evidence::Outcome(Box::new(outcome)))
    .into()
}

/// A return value that is neither success nor a job.
fn refused(output: &Output, code: u32) -> Failure {
    let name = return_name(output);
    let named = name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let message =
        format!("failed to call `{}` of `{}`: it returned {code}{named}", output.method(), output.class());
    let failure =
        MethodFailure { class: output.class().to_owned(), method: output.method().to_owned(), code, name };
    Error::new(ErrorKind::Method, message).with_evidence(Evidence::Method(Box::new(failure))).into()
}
