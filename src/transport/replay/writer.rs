//! Writing a cassette, exchange by exchange.

use super::{
    Origin, RecordSettings, Redactor,
    cassette::{self, Entry, Failure, FailureKind, Index, Response},
    encoded, files, lexical,
};
use crate::{
    transport::{Answer, Exchange, Phase, TransportError, TransportErrorKind},
    xml::{Element, Limits, names},
};
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The endpoint of a cassette in which no request names one.
const NO_ENDPOINT: &str = "https://hv01.example.test:5986/wsman";

/// A cassette that is being written. After the first failure it writes nothing more, and remembers.
#[derive(Debug)]
pub(super) struct Writer {
    directory: PathBuf,
    index: Index,
    redactor: Redactor,
    /// The caller's lanes, as numbered here.
    lanes: HashMap<u32, u32>,
    requests: u32,
    /// The first thing that went wrong; nothing is written after it.
    failed: Option<io::Error>,
}

/// An exchange that has passed.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) exchange: Exchange,
    pub(super) n: u32,
    pub(super) lane: u32,
    /// From the beginning of the recording to the request.
    pub(super) at: Duration,
    pub(super) took: Duration,
    pub(super) outcome: Outcome,
}

/// How an exchange ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Abandoned,
    Answered(Answer),
    Failed(Failure),
}

impl Writer {
    /// Makes the directory of a cassette.
    pub(super) fn prepare(directory: &Path) -> Result<(), TransportError> {
        files::create_private_dir(directory).map_err(|source| cannot_write(directory, source))
    }

    /// Starts a cassette.
    pub(super) fn start(directory: &Path, settings: RecordSettings) -> Result<Self, TransportError> {
        let index = Index {
            version: cassette::VERSION,
            about: settings.about,
            origin: Origin::Unknown,
            url: NO_ENDPOINT.to_owned(),
            names_kept: settings.keep_names,
            lanes: 0,
            pseudonyms: Vec::new(),
            exchanges: Vec::new(),
        };
        Self::prepare(directory)?;
        cassette::write_index(directory, &index).map_err(|source| cannot_write(directory, source))?;
        Ok(Self {
            directory: directory.to_owned(),
            index,
            redactor: Redactor::new(&settings.known, settings.keep_names),
            lanes: HashMap::new(),
            requests: 0,
            failed: None,
        })
    }

    /// Counts a request: its number, and that of its lane here.
    pub(super) fn number(&mut self, lane: u32) -> (u32, u32) {
        self.requests += 1;
        let next = self.index.lanes + 1;
        let lane = *self.lanes.entry(lane).or_insert(next);
        self.index.lanes = self.index.lanes.max(lane);
        (self.requests, lane)
    }

    /// Notes who answers.
    pub(super) fn set_origin(&mut self, origin: Origin) {
        if matches!(origin, Origin::Simulated { .. }) {
            self.redactor.trust_the_host();
            self.index.names_kept = true;
        }
        if !origin.hides_its_build() || self.index.origin == Origin::Unknown {
            self.index.origin = origin;
        }
    }

    /// Writes an exchange, redacted.
    pub(super) fn write(&mut self, passed: &Passed) {
        if self.failed.is_none()
            && let Err(error) = self.try_write(passed)
        {
            self.failed = Some(error);
        }
    }

    fn try_write(&mut self, passed: &Passed) -> io::Result<()> {
        let request = &passed.exchange.body;
        if let Outcome::Answered(answer) = &passed.outcome {
            // What the answer teaches counts for the request, too.
            self.redacted(&answer.body);
        }
        let stem = format!("{:02}-{}", passed.n, label(&passed.exchange));
        let request_text = self.redacted(request);
        if self.index.exchanges.is_empty()
            && let Some(url) = endpoint(&request_text)
        {
            self.index.url = url;
        }
        let mut entry = Entry {
            n: passed.n,
            lane: passed.lane,
            name: passed.exchange.name.clone(),
            request: cassette::write_body(&self.directory, &format!("{stem}.request"), &request_text)?,
            response: None,
            error: None,
            at_ms: milliseconds(passed.at),
            took_ms: milliseconds(passed.took),
            changes_host: passed.exchange.changes_host,
            anonymous: passed.exchange.anonymous,
        };
        match &passed.outcome {
            Outcome::Answered(answer) => {
                let body = self.redacted(&answer.body);
                let file = cassette::write_body(&self.directory, &format!("{stem}.response"), &body)?;
                let content_type = answer.content_type.as_deref().map(|text| self.redactor.redact(text));
                entry.response = Some(Response { content_type, ..Response::new(file, answer) });
            }
            Outcome::Failed(failure) => {
                entry.error = Some(failure.with_texts(|text| self.redactor.redact(text)));
            }
            Outcome::Abandoned => entry.error = Some(abandoned()),
        }
        let at = self.index.exchanges.partition_point(|other| other.n < entry.n);
        self.index.exchanges.insert(at, entry);
        self.index.pseudonyms = self.redactor.issued();
        cassette::write_index(&self.directory, &self.index)
    }

    fn redacted(&mut self, body: &[u8]) -> Vec<u8> {
        if let Ok(text) = std::str::from_utf8(body) {
            return self.redactor.redact(text).into_bytes();
        }
        match encoded::as_text(body) {
            Some((text, coding)) => coding.encode(&self.redactor.redact(&text)),
            None if self.redactor.leaves_alone(body) => body.to_vec(),
            None => b"\xffredacted".to_vec(),
        }
    }

    /// A value may have been learned after a message that holds it had been written.
    pub(super) fn redact_again(&mut self) {
        if self.failed.is_none()
            && let Err(error) = self.try_redact_again()
        {
            self.failed = Some(error);
        }
    }

    fn try_redact_again(&mut self) -> io::Result<()> {
        let names = self.index.exchanges.iter().flat_map(|entry| {
            [Some(entry.request.clone()), entry.response.as_ref().map(|response| response.file.clone())]
        });
        for name in names.flatten().collect::<Vec<_>>() {
            let path = self.directory.join(&name);
            let content = fs::read(&path)?;
            let Ok(text) = String::from_utf8(content) else { continue };
            let again = self.redactor.redact(&text);
            if again != text {
                files::write_private(&path, again.as_bytes())?;
            }
        }
        for entry in &mut self.index.exchanges {
            let again = entry.error.as_ref().map(|error| error.with_texts(|text| self.redactor.redact(text)));
            entry.error = again;
        }
        self.index.pseudonyms = self.redactor.issued();
        cassette::write_index(&self.directory, &self.index)
    }

    /// The first thing that went wrong.
    pub(super) fn failure(&self) -> Option<TransportError> {
        let error = self.failed.as_ref()?;
        let copy = io::Error::new(error.kind(), error.to_string());
        let mut failure = cannot_write(&self.directory, copy);
        failure.hint = Some(format!(
            "{} of {} exchanges were recorded; what was asked of the host was done all the same",
            self.index.exchanges.len(),
            self.requests
        ));
        Some(failure)
    }
}

fn cannot_write(directory: &Path, source: io::Error) -> TransportError {
    let hint = (source.kind() == io::ErrorKind::AlreadyExists)
        .then(|| "name a folder that does not exist or is empty".to_owned());
    TransportError {
        kind: TransportErrorKind::Io,
        phase: Phase::NotSent,
        message: format!("failed to write recording `{}`", directory.display()),
        hint,
        source: Some(Box::new(source)),
    }
}

fn abandoned() -> Failure {
    Failure {
        kind: FailureKind::Timeout,
        maybe_sent: true,
        message: "failed to wait for the answer: the caller had abandoned the exchange".to_owned(),
        hint: None,
        causes: Vec::new(),
    }
}

/// `enumerate-Msvm_ComputerSystem`, `invoke-CreateSnapshot`.
fn label(exchange: &Exchange) -> String {
    let name = &exchange.name;
    let plain = ["Identify", "Get", "Put", "Create", "Delete", "Enumerate", "Pull", "Release"]
        .contains(&name.as_str());
    let label = match (plain, class(&exchange.body)) {
        (true, Some(class)) => format!("{}-{class}", name.to_lowercase()),
        (true, None) => name.to_lowercase(),
        (false, _) => format!("invoke-{name}"),
    };
    label.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(80).collect()
}

fn class(request: &[u8]) -> Option<String> {
    let request = Element::parse(request, &Limits::default()).ok()?;
    let uri = request.find(names::WSMAN, "ResourceURI")?.text();
    let (_, class) = uri.rsplit_once('/')?;
    (class != "*").then(|| class.to_owned())
}

fn endpoint(request: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(request).ok()?;
    let mut endpoint = None;
    lexical::rewrite(text, &mut |place, text| {
        if place.name == "To" && url::Url::parse(text).is_ok() {
            endpoint.get_or_insert_with(|| text.to_owned());
        }
        None
    });
    endpoint
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
