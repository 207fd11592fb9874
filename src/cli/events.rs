//! What the client says of its work, for `-v`: that it asks for less, or begins an enumeration anew.

use std::fmt::{self, Write as _};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};

/// Whoever writes a line of the trace.
type Line = Box<dyn Fn(&str) + Send + Sync>;

/// Hears the events of the client, and nothing else. What is below them in weight, the requests, the trace has better.
pub(super) struct Events {
    line: Line,
}

impl Events {
    /// From now on each is a line. There is one trace in a process: the first stays.
    pub(super) fn listen(line: impl Fn(&str) + Send + Sync + 'static) {
        let _ = tracing::subscriber::set_global_default(Self { line: Box::new(line) });
    }
}

impl Subscriber for Events {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && *metadata.level() <= Level::INFO
            && metadata.target().starts_with("hyperv_wsman::client")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::from("* "));
        event.record(&mut message);
        (self.line)(&message.0);
    }

    // There are no spans.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}
