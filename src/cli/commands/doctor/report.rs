//! What the doctor finds: the steps, what became of each, and both renderings.

use super::advice::{self, Advice, Place};
use crate::{
    cli::{failure::Failure, text},
    error::Error,
};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// A step, in the order of the report. The names are part of the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Check {
    Settings,
    Name,
    Ports,
    Tls,
    Winrm,
    Identify,
    Schemes,
    Kerberos,
    Ntlm,
    Login,
    Sealing,
    Access,
    Namespace,
    Services,
    Groups,
    Quotas,
    RoundTrip,
}

impl Check {
    pub(super) const ALL: [Self; 17] = [
        Self::Settings,
        Self::Name,
        Self::Ports,
        Self::Tls,
        Self::Winrm,
        Self::Identify,
        Self::Schemes,
        Self::Kerberos,
        Self::Ntlm,
        Self::Login,
        Self::Sealing,
        Self::Access,
        Self::Namespace,
        Self::Services,
        Self::Groups,
        Self::Quotas,
        Self::RoundTrip,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Name => "name",
            Self::Ports => "ports",
            Self::Tls => "tls",
            Self::Winrm => "winrm",
            Self::Identify => "identify",
            Self::Schemes => "schemes",
            Self::Kerberos => "kerberos",
            Self::Ntlm => "ntlm",
            Self::Login => "login",
            Self::Sealing => "sealing",
            Self::Access => "access",
            Self::Namespace => "namespace",
            Self::Services => "services",
            Self::Groups => "groups",
            Self::Quotas => "quotas",
            Self::RoundTrip => "round-trip",
        }
    }

    /// What is done, for who waits.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Settings => "looking at the settings",
            Self::Name => "looking up the name",
            Self::Ports => "knocking at the ports",
            Self::Tls => "looking at the certificate",
            Self::Winrm => "asking who answers",
            Self::Identify => "asking without a login",
            Self::Schemes => "comparing the ways to log in",
            Self::Kerberos => "asking for a ticket",
            Self::Ntlm => "looking at the user name",
            Self::Login => "logging in, once",
            Self::Sealing => "looking at the protection of messages",
            Self::Access => "asking for Hyper-V",
            Self::Namespace => "looking at the namespace",
            Self::Services => "looking at the services",
            Self::Groups => "asking for the groups",
            Self::Quotas => "reading the limits",
            Self::RoundTrip => "measuring the way there and back",
        }
    }

    /// The steps without which this one makes no sense.
    fn needs(self) -> &'static [Self] {
        match self {
            Self::Settings => &[],
            Self::Name => &[Self::Settings],
            Self::Ports => &[Self::Name],
            Self::Tls => &[Self::Ports],
            Self::Winrm => &[Self::Tls],
            Self::Identify | Self::Schemes => &[Self::Winrm],
            Self::Kerberos => &[Self::Schemes],
            Self::Ntlm => &[Self::Kerberos],
            Self::Login => &[Self::Schemes, Self::Kerberos, Self::Ntlm],
            Self::Sealing => &[Self::Login],
            Self::Access | Self::Quotas | Self::RoundTrip => &[Self::Sealing],
            Self::Namespace => &[Self::Access],
            Self::Services => &[Self::Namespace],
            Self::Groups => &[Self::Services],
        }
    }
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    /// The main job can still run.
    Warning,
    /// It cannot.
    Failed,
    /// Not done: it does not apply, or a step that it needs has failed.
    Skipped,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// What a step has found.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) status: Status,
    /// What was seen, the most important first.
    seen: Vec<String>,
    facts: Map<String, Value>,
    failure: Option<Failure>,
    advice: Option<Advice>,
    /// Skipped because of this step, which has failed.
    because_of: Option<Check>,
}

impl Finding {
    fn new(status: Status, seen: impl Into<String>) -> Self {
        Self {
            status,
            seen: vec![seen.into()],
            facts: Map::new(),
            failure: None,
            advice: None,
            because_of: None,
        }
    }

    pub(super) fn ok(seen: impl Into<String>) -> Self {
        Self::new(Status::Ok, seen)
    }

    pub(super) fn warning(seen: impl Into<String>) -> Self {
        Self::new(Status::Warning, seen)
    }

    /// It does not apply, and nothing is lost by that.
    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self::new(Status::Skipped, why)
    }

    pub(super) fn failed(failure: impl Into<Failure>) -> Self {
        let failure = failure.into();
        let mut lines = told(&failure).into_iter();
        let mut finding = Self::new(Status::Failed, lines.next().unwrap_or_default());
        finding.seen.extend(lines);
        finding.failure = Some(failure);
        finding
    }

    /// Something that went wrong, and that the main job does not need.
    pub(super) fn lacking(what: &str, error: Error) -> Self {
        let failure = Failure::from(error);
        let mut finding = Self::warning(what);
        finding.seen.extend(told(&failure));
        finding.failure = Some(failure);
        finding
    }

    fn blocked(by: Check) -> Self {
        Self { because_of: Some(by), ..Self::skipped(format!("needs `{}`, which failed", by.name())) }
    }

    /// One more line of what was seen.
    pub(super) fn line(mut self, line: impl Into<String>) -> Self {
        self.seen.push(line.into());
        self
    }

    /// A value for programs.
    pub(super) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// The likeliest cause, and what mends it.
    pub(super) fn advise(mut self, advice: Advice) -> Self {
        self.advice = Some(advice);
        self
    }

    /// Where nothing else is said of a failure, where to look.
    pub(super) fn with_a_way_on(self) -> Self {
        if self.status == Status::Failed && self.advice.is_none() && self.hint().is_none() {
            return self.advise(advice::look_at_the_log());
        }
        self
    }

    /// Down to a warning, if it is no more than that.
    pub(super) fn at_most_warning(mut self) -> Self {
        if self.status == Status::Ok {
            self.status = Status::Warning;
        }
        self
    }

    fn hint(&self) -> Option<&str> {
        match self.failure.as_ref()? {
            Failure::Error(error) => error.hint(),
            Failure::Usage { hint, .. } => hint.as_deref(),
            Failure::ReaderGone => None,
        }
    }
}

/// A failure and its causes, a line each.
fn told(failure: &Failure) -> Vec<String> {
    let document = failure.to_json();
    let error = document.get("error").unwrap_or(&Value::Null);
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    let causes = error.get("causes").and_then(Value::as_array).into_iter().flatten();
    std::iter::once(message).chain(causes.filter_map(Value::as_str).map(str::to_owned)).collect()
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Report {
    steps: Vec<(Check, Finding)>,
    pub(super) host: String,
    pub(super) url: Option<String>,
}

impl Report {
    pub(super) fn new(host: &str) -> Self {
        Self { host: host.to_owned(), ..Self::default() }
    }

    /// Notes a finding.
    pub(super) fn add(&mut self, check: Check, finding: Finding) {
        self.steps.push((check, finding));
    }

    /// The first step that has nothing noted and comes before `check`, with the reason why it was skipped.
    pub(super) fn missing_before(&self, check: Option<Check>) -> Option<(Check, Finding)> {
        let missing = Check::ALL
            .into_iter()
            .take_while(|one| check.is_none_or(|check| *one < check))
            .find(|one| self.of(*one).is_none())?;
        let root = missing.needs().iter().find_map(|needed| self.root_of_trouble(*needed));
        let finding = root.map_or_else(|| Finding::skipped("not looked at"), Finding::blocked);
        Some((missing, finding))
    }

    /// The failed step because of which this one is not passed.
    fn root_of_trouble(&self, check: Check) -> Option<Check> {
        let finding = self.of(check)?;
        if finding.status == Status::Failed { Some(check) } else { finding.because_of }
    }

    fn of(&self, check: Check) -> Option<&Finding> {
        self.steps.iter().find(|(known, _)| *known == check).map(|(_, finding)| finding)
    }

    pub(super) fn count(&self, status: Status) -> usize {
        self.steps.iter().filter(|(_, finding)| finding.status == status).count()
    }

    /// The first step that failed, and why.
    pub(super) fn first_failure(&self) -> Option<(Check, &Failure)> {
        let mut failed = self.steps.iter().filter(|(_, finding)| finding.status == Status::Failed);
        failed.find_map(|(check, finding)| Some((*check, finding.failure.as_ref()?)))
    }

    /// The document for programs.
    pub(super) fn to_json(&self) -> Value {
        let failure = self.first_failure();
        json!({
            "schema": 1,
            "host": self.host,
            "url": self.url,
            "ready": failure.is_none(),
            "exit_code": failure.map_or(0, |(_, failure)| failure.exit_code()),
            "first_failure": failure.map(|(check, _)| check.name()),
            "steps": self.steps.iter().map(|(check, finding)| step_json(*check, finding)).collect::<Vec<_>>(),
        })
    }
}

fn step_json(check: Check, finding: &Finding) -> Value {
    let error = finding.failure.as_ref().map(|failure| {
        let mut document = failure.to_json();
        document.get_mut("error").map(Value::take).unwrap_or_default()
    });
    json!({
        "step": check.name(),
        "status": finding.status.name(),
        "seen": finding.seen,
        "facts": finding.facts,
        "error": error,
        "blocked_by": finding.because_of.map(Check::name),
        "advice": finding.advice.as_ref().map(Advice::to_json),
    })
}

/// The lines of a step for people; `paint` colours the status.
pub(super) fn to_text(check: Check, finding: &Finding, paint: impl Fn(&str) -> String) -> String {
    let mut lines: Vec<(&str, &str)> = finding.seen.iter().map(|line| ("", line.as_str())).collect();
    match (&finding.advice, finding.hint()) {
        (Some(advice), hint) => {
            // Of a login the error knows more than the step: how far it came, and as whom.
            let hint = hint.filter(|_| matches!(check, Check::Kerberos | Check::Login));
            lines.push(("cause: ", &advice.cause));
            lines.extend(advice.commands.iter().map(|(place, command)| (place.label(), command.as_str())));
            lines.extend(hint.filter(|hint| !advice.cause.starts_with(hint)).map(|hint| ("hint: ", hint)));
        }
        (None, Some(hint)) => lines.push(("hint: ", hint)),
        (None, None) => {}
    }
    let status = finding.status.name();
    let gap = STATUS_WIDTH.saturating_sub(status.len());
    let mut shown = format!("{}{:gap$}{:STEP_WIDTH$}", paint(status), "", check.name());
    for (number, (label, line)) in lines.into_iter().enumerate() {
        let margin = if number == 0 { 0 } else { STATUS_WIDTH + STEP_WIDTH };
        // Writing to a String cannot fail.
        let _ = writeln!(shown, "{:margin$}{label}{}", "", text::line(line));
    }
    shown
}

const STATUS_WIDTH: usize = 9;
const STEP_WIDTH: usize = 12;

impl Place {
    fn label(self) -> &'static str {
        match self {
            Self::Host => "on the host: ",
            Self::Here => "here: ",
        }
    }
}
