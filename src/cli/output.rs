//! The only place that prints: data to standard output, everything else to standard error.

use super::{
    args::Format,
    failure::Failure,
    render::{ndjson, yaml},
    text,
};
use crate::hyperv::Job;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    fmt,
    io::{self, BufRead, IsTerminal, Write},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Where a command prints. Cloning is cheap; clones print to the same place.
#[derive(Clone)]
pub(crate) struct Output {
    inner: Arc<Inner>,
}

struct Inner {
    format: Format,
    /// Standard error is a terminal.
    interactive: bool,
    color: bool,
    /// Standard output is a terminal that may be coloured.
    color_data: bool,
    stdout: Mutex<Box<dyn Write + Send>>,
    stderr: Mutex<Box<dyn Write + Send>>,
    bar: Mutex<Option<ProgressBar>>,
    /// The last progress line, so that only changes are printed.
    last_progress: Mutex<String>,
    /// A question stands on the last line, without an answer.
    asking: AtomicBool,
}

impl Output {
    /// The process's own streams.
    pub(crate) fn standard(format: Format, no_color: bool) -> Self {
        let interactive = io::stderr().is_terminal();
        let colors = [interactive, io::stdout().is_terminal()].map(|is_terminal| is_terminal && !no_color);
        Self::new(format, interactive, colors, Box::new(io::stdout()), Box::new(io::stderr()))
    }

    fn new(
        format: Format,
        interactive: bool,
        [color, color_data]: [bool; 2],
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                format,
                interactive,
                color,
                color_data,
                stdout: Mutex::new(stdout),
                stderr: Mutex::new(stderr),
                bar: Mutex::new(None),
                last_progress: Mutex::new(String::new()),
                asking: AtomicBool::new(false),
            }),
        }
    }

    /// The format that data is printed in.
    pub(crate) fn format(&self) -> Format {
        self.inner.format
    }

    /// Whether a program reads along: what goes to standard error is then lines of JSON too.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.inner.format, Format::Json | Format::Ndjson)
    }

    /// Whether data is printed for programs, as one document.
    pub(crate) fn is_document(&self) -> bool {
        matches!(self.inner.format, Format::Json | Format::Ndjson | Format::Yaml)
    }

    /// Prints the result of a command: one document, an array of [`Format::Ndjson`] as lines, or text.
    ///
    /// # Errors
    /// [`Failure::ReaderGone`], or `Io`.
    pub(crate) fn document(
        &self,
        document: &impl Serialize,
        as_text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let failed = |error| Failure::output(io::Error::other(error));
        match self.inner.format {
            // The last two are refused for commands that print a document, see `commands::check_format`.
            Format::Table | Format::Csv | Format::Xml => self.data(&as_text()),
            Format::Json => {
                let document = serde_json::to_string_pretty(document).map_err(failed)?;
                self.data(&(text::json(&document) + "\n"))
            }
            Format::Ndjson => self.data(&ndjson::document(&serde_json::to_value(document).map_err(failed)?)),
            Format::Yaml => self.data(&yaml::document(&serde_json::to_value(document).map_err(failed)?)),
        }
    }

    /// Prints data as it is.
    ///
    /// # Errors
    /// [`Failure::ReaderGone`], or `Io`.
    pub(crate) fn data(&self, data: &str) -> Result<(), Failure> {
        self.bytes(data.as_bytes())
    }

    /// Prints bytes as they are.
    ///
    /// # Errors
    /// [`Failure::ReaderGone`], or `Io`.
    pub(crate) fn bytes(&self, data: &[u8]) -> Result<(), Failure> {
        let mut stdout = lock(&self.inner.stdout);
        stdout.write_all(data).and_then(|()| stdout.flush()).map_err(Failure::output)
    }

    /// Tells what goes on; not in JSON mode, unless somebody watches.
    pub(crate) fn note(&self, message: &str) {
        if !self.is_json() || self.inner.interactive {
            self.say(&format!("{}\n", text::lines(message)));
        }
    }

    /// Warns; one line of JSON in JSON mode.
    pub(crate) fn warning(&self, message: &str) {
        if self.is_json() && !self.inner.interactive {
            self.say(&format!("{}\n", text::json(&json!({ "warning": message }).to_string())));
        } else {
            self.say(&format!("{} {}\n", self.paint("warning:", "33"), text::line(message)));
        }
    }

    /// Says why the command failed; one line of JSON in JSON mode.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.end_progress();
        if matches!(failure, Failure::ReaderGone) {
            return;
        }
        if self.is_json() {
            self.json_line(&failure.to_json());
        } else {
            let shown = failure.to_text();
            let rest = shown.strip_prefix("error:").unwrap_or(&shown);
            self.say(&format!("{}{rest}", self.paint("error:", "1;31")));
        }
    }

    /// Prints a line of JSON on standard error.
    pub(crate) fn json_line(&self, value: &Value) {
        self.say(&format!("{}\n", text::json(&value.to_string())));
    }

    /// Prints lines that were asked for (`-v`), made safe.
    pub(crate) fn trace(&self, message: &str) {
        self.say(&format!("{}\n", text::lines(message)));
    }

    /// Shows how far a job is: a bar on a terminal, else a line when something changed.
    pub(crate) fn progress(&self, job: &Job) {
        let percent = job.percent.unwrap_or(0).min(100);
        let state = job.state.name();
        if self.inner.interactive {
            let mut bar = lock(&self.inner.bar);
            let bar = bar.get_or_insert_with(new_bar);
            bar.set_position(percent.into());
            bar.set_message(text::line(&state));
        } else if !self.is_json() {
            let shown = format!("job {percent}%: {}", text::line(&state));
            let mut last = lock(&self.inner.last_progress);
            if *last != shown {
                self.say(&format!("{shown}\n"));
                *last = shown;
            }
        }
    }

    /// Shows what is being done, to whoever watches.
    pub(crate) fn working(&self, action: &str) {
        if self.inner.interactive {
            self.end_progress();
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
                bar.set_style(style.tick_chars("|/-\\ "));
            }
            bar.set_message(text::line(action));
            bar.enable_steady_tick(Duration::from_millis(200));
            *lock(&self.inner.bar) = Some(bar);
        }
    }

    /// Takes the progress bar away.
    pub(crate) fn end_progress(&self) {
        if let Some(bar) = lock(&self.inner.bar).take() {
            bar.finish_and_clear();
        }
        lock(&self.inner.last_progress).clear();
    }

    /// Asks a question that wants a `yes`; the caller has made sure that somebody can answer.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) async fn confirm(&self, question: &str) -> Result<bool, Failure> {
        let answer = self.answer(&format!("{} [y/N] ", text::line(question))).await?;
        Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks for a line; the caller has made sure that somebody can answer.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) async fn ask(&self, question: &str) -> Result<String, Failure> {
        self.answer(&format!("{}: ", text::line(question))).await
    }

    /// Reads a line. Nothing is blocked meanwhile, so that Ctrl-C is heard.
    async fn answer(&self, prompt: &str) -> Result<String, Failure> {
        self.say(prompt);
        self.inner.asking.store(true, Ordering::Relaxed);
        let (answered, answer) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            // Nobody listens any more after an interruption.
            let _ = answered.send(io::stdin().lock().read_line(&mut line).map(|_| line));
        });
        let line = answer
            .await
            .unwrap_or_else(|closed| Err(io::Error::other(closed)))
            .map_err(|error| Failure::io("failed to read the answer", error))?;
        if line.ends_with('\n') {
            self.inner.asking.store(false, Ordering::Relaxed);
        }
        Ok(line.trim().to_owned())
    }

    /// Writes to standard error. There is nobody to tell when that fails.
    fn say(&self, message: &str) {
        let gap = if self.inner.asking.swap(false, Ordering::Relaxed) { "\n" } else { "" };
        let write = || {
            let mut stderr = lock(&self.inner.stderr);
            let _ = stderr.write_all(format!("{gap}{message}").as_bytes()).and_then(|()| stderr.flush());
        };
        match lock(&self.inner.bar).as_ref() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// A word of the data, coloured where data goes to a terminal.
    pub(crate) fn paint_data(&self, word: &str, color: &str) -> String {
        if self.inner.color_data { painted(word, color) } else { word.to_owned() }
    }

    fn paint(&self, label: &str, color: &str) -> String {
        if self.inner.color { painted(label, color) } else { label.to_owned() }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("format", &self.inner.format).finish_non_exhaustive()
    }
}

fn painted(word: &str, color: &str) -> String {
    format!("\u{1b}[{color}m{word}\u{1b}[0m")
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("[{wide_bar}] {pos:>3}%  {msg}  {elapsed}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

/// What a panicking thread left is still a place to print to.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl Sink {
        fn text(&self) -> String {
            String::from_utf8(lock(&self.0).clone()).unwrap()
        }
    }
    impl Write for Sink {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            lock(&self.0).extend_from_slice(data);
            Ok(data.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn output(format: Format) -> (Output, Sink, Sink) {
        let (stdout, stderr) = (Sink::default(), Sink::default());
        (
            Output::new(format, false, [false; 2], Box::new(stdout.clone()), Box::new(stderr.clone())),
            stdout,
            stderr,
        )
    }

    #[test]
    fn json_mode_keeps_standard_error_to_lines_of_json() {
        let (output, stdout, stderr) = output(Format::Json);
        output.note("creating");
        output.warning("disk merging");
        output.document(&json!({ "id": "a\u{9b}" }), || "table".to_owned()).unwrap();
        output.failure(&Error::new(ErrorKind::Fault, "refused").into());
        assert_eq!(stdout.text(), "{\n  \"id\": \"a\\u009b\"\n}\n");
        let lines: Vec<Value> =
            stderr.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["warning"], "disk merging");
        assert_eq!(lines[1]["error"]["code"], 10);
    }

    #[test]
    fn a_reader_that_went_away_is_told_apart() {
        let output = Output::new(Format::Table, false, [false; 2], Box::new(Gone), Box::new(io::sink()));
        assert!(matches!(output.data("x"), Err(Failure::ReaderGone)));
    }

    #[test]
    fn what_is_said_into_an_open_question_begins_a_line() {
        let (output, _, stderr) = output(Format::Table);
        output.inner.asking.store(true, Ordering::Relaxed);
        output.failure(&Failure::usage("no", "yes"));
        assert_eq!(stderr.text(), "\nerror: no\nhint: yes\n");
    }

    #[test]
    fn text_mode_labels_errors_and_warnings() {
        let (output, _, stderr) = output(Format::Table);
        output.warning("look\u{7}out");
        output.failure(&Failure::usage("no host", "give --host"));
        assert_eq!(stderr.text(), "warning: look\\u{7}out\nerror: no host\nhint: give --host\n");
    }
}
