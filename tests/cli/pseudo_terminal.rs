//! `hvctl` on a terminal: what somebody sees who sits at it, and types.

use crate::interruption::DEADLINE;
use pty_process::{
    Size,
    blocking::{Command, Pty, open},
};
use rustix::termios::{LocalModes, tcgetattr};
use std::{
    io::{Read, Write},
    num::NonZero,
    process::Child,
    sync::{Arc, mpsc},
    thread,
    time::Instant,
};

/// A process that has a terminal of its own.
pub(crate) struct Terminal {
    child: Child,
    pty: Arc<Pty>,
    written: mpsc::Receiver<Vec<u8>>,
    /// All that was written, with what moves the cursor.
    text: String,
    /// Up to where it was read.
    read: usize,
}

/// What was left when the process ended.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) code: i32,
    /// What the terminal shows at last, by lines.
    pub(crate) screen: String,
    /// All that was written.
    pub(crate) text: String,
    /// Whether the terminal shows what is typed.
    pub(crate) echoes: bool,
}

const ROWS: NonZero<u16> = NonZero::new(60).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(160).unwrap();

impl Terminal {
    pub(crate) fn start(command: std::process::Command) -> Self {
        let (pty, slave) = open().unwrap();
        pty.resize(Size::new(ROWS.get(), COLUMNS.get())).unwrap();
        let child = Command::from(command).env("TERM", "xterm").spawn(slave).unwrap();
        let pty = Arc::new(pty);
        let (output, written) = mpsc::channel();
        let reader = Arc::clone(&pty);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // At its end a terminal reads as an error or as nothing, by the system.
            while let Ok(count @ 1..) = (&*reader).read(&mut buffer) {
                if output.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, pty, written, text: String::new(), read: 0 }
    }

    /// Waits until this is written, after what was waited for before.
    pub(crate) fn expect(&mut self, text: &str) {
        let end = Instant::now() + DEADLINE;
        while !self.text[self.read..].contains(text) {
            match self.written.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(more) => self.text.push_str(&String::from_utf8(more).unwrap()),
                Err(error) => panic!("no `{text}` ({error}): {}", self.text),
            }
        }
        self.read += self.text[self.read..].find(text).unwrap() + text.len();
    }

    /// Waits until what is typed is not shown.
    pub(crate) fn expect_silence(&self) {
        let end = Instant::now() + DEADLINE;
        while self.echoes() {
            assert!(Instant::now() < end, "what is typed is shown");
            thread::yield_now();
        }
    }

    pub(crate) fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.pty).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ICANON)
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Left {
        let end = Instant::now() + DEADLINE;
        loop {
            match self.written.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(more) => self.text.push_str(&String::from_utf8(more).unwrap()),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    self.child.kill().unwrap();
                    panic!("does not end: {}", self.text);
                }
            }
        }
        let code = self.child.wait().unwrap().code().expect("ended by a signal");
        let mut emulator = vt100::Parser::new(ROWS, COLUMNS, 0);
        emulator.process(self.text.as_bytes());
        let rows: Vec<String> = emulator.screen().rows(0, COLUMNS.get()).collect();
        Left { code, screen: rows.join("\n").trim_end().to_owned(), echoes: self.echoes(), text: self.text }
    }
}
