//! `hvctl doctor`: step by step to the main job, and what mends the first thing that is in the way.
//!
//! It only reads; all that it writes is, as every command does, that TLS has worked (`tls-used` of the profile). Each
//! step says what it saw; one that fails says the likeliest cause and the command that mends it, and what needs it is
//! skipped. The exit code is that of the first failure's kind, 0 only if the main job (snapshot a group and export it)
//! could run.
//!
//! # JSON
//! With `--output json` one document:
//!
//! | key | value |
//! |---|---|
//! | `schema` | 1; it grows when a key goes away or changes its meaning, not when one is added |
//! | `host`, `url` | as typed, and what is talked to (null before the port is chosen) |
//! | `ready`, `exit_code` | whether the main job could run, and the exit code |
//! | `first_failure` | name of the first step that failed, or null |
//! | `steps` | in order, each with the keys below |
//! | `step` | `settings`, `name`, `ports`, `tls`, `winrm`, `identify`, `schemes`, `kerberos`, `ntlm`, `login`, `sealing`, `access`, `namespace`, `services`, `groups`, `quotas`, `round-trip` |
//! | `status` | `ok`, `warning` (the main job can still run), `failed`, `skipped` |
//! | `seen` | lines for people |
//! | `facts` | values for programs, by step |
//! | `error` | as in errors of other commands, or null |
//! | `blocked_by` | the failed step because of which this one was skipped, or null |
//! | `advice` | `cause`, and `commands`: each `where` (`host` or `client`) and `command`; or null |

mod advice;
mod hyperv;
mod kerberos;
mod limits;
mod login;
mod network;
mod report;
mod tls;
mod winrm;

use super::Context;
use crate::{
    cli::{
        config,
        failure::Failure,
        login::Identity,
        output::Output,
        port::{self, Way},
        proxy::Proxies,
        session::Session,
        settings::Settings,
        text,
    },
    error::{Error, ErrorKind},
    transport::{Greeting, HttpSettings, HttpTransport, Record},
    wsman::Identity as HostIdentity,
};
use login::{Account, Seen};
use report::{Check, Finding, Report, Status};
use std::sync::Arc;

/// Whom the doctor looks at.
#[derive(Debug)]
struct Patient<'a> {
    settings: &'a Settings,
    /// As typed.
    host: &'a str,
    proxies: Proxies<'a>,
}

impl<'a> Patient<'a> {
    fn new(settings: &'a Settings, host: &'a str) -> Self {
        Self { settings, host, proxies: Proxies::new(&settings.global.proxy) }
    }
}

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    let Context { output, settings, .. } = context;
    let replayed = match config::replayed(settings, output) {
        Ok(replayed) => replayed,
        Err(failure) => {
            let host = settings.global.host.as_deref().unwrap_or_default();
            return Examination::new(output, host).end_at(Check::Settings, failure);
        }
    };
    if let Some(session) = replayed {
        let mut examination = Examination::new(output, session.client.url().as_str());
        let patient = Patient::new(settings, "");
        let ended =
            session.run(context, async |session| examination.recording(&patient, session).await).await;
        return examination.conclude(ended);
    }
    let patient = Patient::new(settings, config::host(settings)?);
    let mut examination = Examination::new(output, patient.host);
    let seen = Seen::default();
    let Prepared { way, mut http, lacking } = match prepare(&patient, output, &seen).await {
        Ok(prepared) => prepared,
        Err(failure) => return examination.end_at(Check::Settings, failure),
    };
    examination.done(Check::Settings, of_settings(settings))?;
    if !Box::pin(examination.network(&patient, way, &mut http)).await? {
        return examination.conclude(Ok(()));
    }
    let session = match config::over(settings, output, http.clone()) {
        Ok(session) => session,
        Err(failure) => return examination.end_at(Check::Winrm, failure),
    };
    let work = async |session: &Session| examination.host(&patient, session, &http, lacking, &seen).await;
    let ended = session.run(context, work).await;
    examination.conclude(ended)
}

/// What the settings make, before anything is asked of the network.
#[derive(Debug)]
struct Prepared {
    way: Way,
    http: HttpSettings,
    /// Why nobody can log in.
    lacking: Option<Failure>,
}

/// All that can be wrong with the settings shows here; who lacks a password still gets a report.
async fn prepare(patient: &Patient<'_>, output: &Output, seen: &Seen) -> Result<Prepared, Failure> {
    let settings = patient.settings;
    let way = port::way(config::question(settings, patient.host))?;
    let trust = config::trust(&settings.global)?;
    let proxy = patient.proxies.to(way.first())?.proxy;
    // Before the report begins, as a prompt would stand in the midst of it.
    let (identity, lacking) = match Identity::settle(settings).await {
        Ok(identity) => (identity, None),
        Err(failure) => (Identity::without_password(settings), Some(failure)),
    };
    let mut http = config::http(settings, way.first().clone(), proxy, trust);
    identity.put(&mut http, output);
    let told = seen.clone();
    // The report says all that would be noted on the way.
    http.on_login = Some(Arc::new(move |login| told.set(login)));
    HttpTransport::new(http.clone())?;
    if let Some(directory) = &settings.global.record {
        Record::prepare(directory)?;
    }
    Ok(Prepared { way, http, lacking })
}

fn of_settings(settings: &Settings) -> Finding {
    let profile = settings.profile.as_ref().map(|profile| profile.name.as_str());
    let told = match profile {
        Some(name) => format!("they go together; profile `{name}`"),
        None => "they go together; no profile".to_owned(),
    };
    Finding::ok(told).fact("profile", profile)
}

/// The examination as it goes on.
#[derive(Debug)]
struct Examination<'a> {
    output: &'a Output,
    report: Report,
}

impl<'a> Examination<'a> {
    fn new(output: &'a Output, host: &str) -> Self {
        Self { output, report: Report::new(host) }
    }

    /// Until something can be asked of the host: completes the URL, or says that it cannot be.
    async fn network(
        &mut self,
        patient: &Patient<'_>,
        way: Way,
        http: &mut HttpSettings,
    ) -> Result<bool, Failure> {
        self.begin(Check::Name)?;
        if !self.done(Check::Name, network::name(http).await)? {
            return Ok(false);
        }
        self.begin(Check::Ports)?;
        let (finding, taken) = network::ports(patient, http, way).await;
        self.report.url = taken.as_ref().map(|(url, _)| url.to_string());
        self.done(Check::Ports, finding)?;
        let Some((url, proxy)) = taken else { return Ok(false) };
        http.proxy = proxy;
        http.url = url;
        self.begin(Check::Tls)?;
        self.done(Check::Tls, tls::tls(patient, http).await)
    }

    /// What the host answers.
    async fn host(
        &mut self,
        patient: &Patient<'_>,
        session: &Session,
        http: &HttpSettings,
        lacking: Option<Failure>,
        seen: &Seen,
    ) -> Result<(), Failure> {
        let greeting = if http.auth_preemptive {
            for check in [Check::Winrm, Check::Identify, Check::Schemes] {
                self.done(check, Finding::skipped("`--auth-preemptive`: nothing is asked without a login"))?;
            }
            None
        } else {
            let greeting = self.greeting(patient, session, http).await?;
            if greeting.is_none() {
                return Ok(());
            }
            greeting
        };
        self.begin(Check::Kerberos)?;
        let (finding, by) = kerberos::kerberos(patient, http, greeting.as_ref(), lacking.is_some()).await;
        if !self.done(Check::Kerberos, finding)? {
            return Ok(());
        }
        self.done(Check::Ntlm, login::ntlm(http, by))?;
        if let Some(failure) = lacking {
            self.done(Check::Login, login::impossible(patient, failure))?;
            return Ok(());
        }
        self.begin(Check::Login)?;
        let (finding, identity) = login::login(patient, session, http, seen).await;
        self.done(Check::Login, finding)?;
        let Some(identity) = identity else { return Ok(()) };
        self.done(Check::Sealing, login::sealing(http, seen))?;
        self.inside(patient, session, &identity, seen).await
    }

    /// What the host says to somebody without a login; `None` where nothing can follow.
    async fn greeting(
        &mut self,
        patient: &Patient<'_>,
        session: &Session,
        http: &HttpSettings,
    ) -> Result<Option<Greeting>, Failure> {
        self.begin(Check::Winrm)?;
        let (finding, greeting) = winrm::winrm(http).await;
        self.done(Check::Winrm, finding)?;
        let Some(greeting) = greeting else { return Ok(None) };
        self.begin(Check::Identify)?;
        self.done(Check::Identify, winrm::identify(session).await)?;
        let can_go_on = self.done(Check::Schemes, winrm::schemes(patient, http, &greeting))?;
        Ok(can_go_on.then_some(greeting))
    }

    /// What a recording holds: no network, no login.
    async fn recording(&mut self, patient: &Patient<'_>, session: &Session) -> Result<(), Failure> {
        const WHY: &str = "a recording answers: there is no network";
        for check in [Check::Settings, Check::Name, Check::Ports, Check::Tls, Check::Winrm] {
            self.done(check, Finding::skipped(WHY))?;
        }
        self.report.url = Some(session.client.url().to_string());
        self.done(Check::Identify, winrm::identify(session).await)?;
        for check in [Check::Schemes, Check::Kerberos, Check::Ntlm] {
            self.done(check, Finding::skipped(WHY))?;
        }
        let identity = match session.client.identify().await {
            Ok(identity) => identity,
            Err(error) => {
                self.done(Check::Login, Finding::failed(error))?;
                return Ok(());
            }
        };
        self.done(Check::Login, Finding::skipped(WHY))?;
        self.done(Check::Sealing, Finding::skipped(WHY))?;
        self.inside(patient, session, &identity, &Seen::default()).await
    }

    /// What a user who is logged in can do.
    async fn inside(
        &mut self,
        patient: &Patient<'_>,
        session: &Session,
        identity: &HostIdentity,
        seen: &Seen,
    ) -> Result<(), Failure> {
        self.hyper_v(patient, session, identity, seen).await?;
        self.begin(Check::Quotas)?;
        self.done(Check::Quotas, limits::quotas(patient, session).await)?;
        self.begin(Check::RoundTrip)?;
        self.done(Check::RoundTrip, limits::round_trip(session).await).map(|_| ())
    }

    async fn hyper_v(
        &mut self,
        patient: &Patient<'_>,
        session: &Session,
        identity: &HostIdentity,
        seen: &Seen,
    ) -> Result<(), Failure> {
        self.begin(Check::Access)?;
        let host = session.client.url().host_str().unwrap_or_default();
        let account = Account::of(seen.get().as_ref(), patient.settings.global.user.as_deref(), host);
        let (finding, support) = hyperv::access(session, &account).await;
        self.done(Check::Access, finding)?;
        let Some(support) = support else { return Ok(()) };
        if !self.done(Check::Namespace, hyperv::namespace(patient, &support, identity))? {
            return Ok(());
        }
        self.done(Check::Services, hyperv::services(&support))?;
        self.begin(Check::Groups)?;
        self.done(Check::Groups, hyperv::groups(session, &support).await).map(|_| ())
    }

    /// Says what goes on, after what was left out.
    fn begin(&mut self, check: Check) -> Result<(), Failure> {
        self.fill(Some(check))?;
        self.output.working(check.action());
        Ok(())
    }

    /// Notes and prints what a step has found; whether what needs it can go on.
    fn done(&mut self, check: Check, finding: Finding) -> Result<bool, Failure> {
        self.fill(Some(check))?;
        self.note(check, finding)
    }

    /// Notes what was left out before a step, or at the end.
    fn fill(&mut self, until: Option<Check>) -> Result<(), Failure> {
        while let Some((missing, finding)) = self.report.missing_before(until) {
            self.note(missing, finding)?;
        }
        Ok(())
    }

    fn note(&mut self, check: Check, finding: Finding) -> Result<bool, Failure> {
        // The host's log says nothing of what is wrong here.
        let finding = if check == Check::Settings { finding } else { finding.with_a_way_on() };
        let passed = finding.status != Status::Failed;
        self.output.end_progress();
        if !self.output.is_document() {
            let color = match finding.status {
                Status::Ok => "32",
                Status::Warning => "33",
                Status::Failed => "1;31",
                Status::Skipped => "2",
            };
            self.output
                .data(&report::to_text(check, &finding, |status| self.output.paint_data(status, color)))?;
        }
        self.report.add(check, finding);
        Ok(passed)
    }

    /// The end, where a step cannot even be begun.
    fn end_at(mut self, check: Check, failure: Failure) -> Result<(), Failure> {
        self.done(check, Finding::failed(failure))?;
        self.conclude(Ok(()))
    }

    /// The end of the report. Whoever was interrupted gets none.
    fn conclude(mut self, ended: Result<(), Failure>) -> Result<(), Failure> {
        match ended {
            Err(Failure::Error(error)) if error.kind() == ErrorKind::Interrupted => return Err(error.into()),
            Err(Failure::ReaderGone) => return Err(Failure::ReaderGone),
            _ => {}
        }
        self.fill(None)?;
        if self.output.is_document() {
            let document = self.report.to_json();
            self.output.document(&document, String::new)?;
        } else if self.report.first_failure().is_none() {
            let warnings = match self.report.count(Status::Warning) {
                0 => String::new(),
                1 => " (with one warning)".to_owned(),
                more => format!(" (with {more} warnings)"),
            };
            self.output
                .data(&format!("\nready: a snapshot of a group can be taken and exported{warnings}\n"))?;
        }
        let Some((check, failure)) = self.report.first_failure() else { return ended };
        Err(not_ready(&self.report.host, check, failure))
    }
}

/// The first failure, as the one of the command: of its kind, so with its exit code.
fn not_ready(host: &str, check: Check, failure: &Failure) -> Failure {
    let message =
        format!("failed to find `{}` ready for the main job: see `{}`", text::line(host), check.name());
    match failure {
        Failure::Error(error) => Error::new(error.kind(), message).into(),
        Failure::Usage { .. } => Failure::Usage { message, hint: None },
        Failure::ReaderGone => Failure::ReaderGone,
    }
}
