//! Cassettes: recorded conversations as folders of readable XML.
//!
//! [`Record`] sits in front of another transport, above authentication and encryption, and writes
//! what passes: `cassette.json` and one file for each message. [`Replay`] answers from such a
//! folder with no host, no network and no credentials. What a recording may hold is the business
//! of [`Redactor`]; [`lint`] looks for what escaped it.
//!
//! # Format
//! `cassette.json` has a version, a line `about` it, the [`Origin`], the endpoint, the number of
//! lanes (conversations), the texts that stand for others (`pseudonyms`), and the exchanges: lane,
//! operation, files, status or transport failure, and times in milliseconds. Messages are
//! `01-enumerate-Msvm_ComputerSystem.request.xml` and `….response.xml`, pretty-printed where that
//! does not change them and taken back to their wire form when they are read; `.txt` holds a body
//! that is no XML, `.bin` base64 of one that is no text.
//!
//! # Pseudonyms and replay
//! A cassette does not hold what its pseudonyms stand for, not even as hashes. So a live request
//! may have any text in the place of a pseudonym that the recorder gave, the same one throughout,
//! and the answers then show that text: `--group web-tier` replays although the cassette says
//! `group-1`. Everything else has to be as recorded. Once an answer has shown a pseudonym to the
//! client, it stands for itself.

mod cassette;
mod clock;
mod encoded;
mod epoch;
mod files;
#[cfg(all(feature = "cli", any(test, fuzzing)))]
pub(crate) mod fuzzing;
mod lexical;
mod lint;
mod matching;
mod origin;
mod player;
mod pseudonyms;
mod record;
mod redact;
mod rules;
mod secrets;
mod tokens;
mod words;
mod writer;

#[cfg(feature = "cli")]
pub(crate) use lexical::pretty;
pub use lint::{Finding, lint};
pub use origin::Origin;
pub use player::Replay;
pub use record::Record;
pub use redact::Redactor;

/// What a recorder does beside writing.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RecordSettings {
    /// One line about the recording.
    pub about: String,
    /// Keep ElementName and Notes as they are. A simulator's are kept in any case.
    pub keep_names: bool,
    /// Texts to be replaced wherever they appear: host as typed, user, domain.
    pub known: Vec<Known>,
}

/// A text that must not reach a cassette.
#[derive(Clone)]
#[non_exhaustive]
pub enum Known {
    /// Host name or address, as typed or as resolved; a URL is taken for its host.
    Host(String),
    /// User name: `DOMAIN\user`, `user@realm` or bare.
    User(String),
    /// Domain or realm.
    Domain(String),
}

impl std::fmt::Debug for Known {
    /// Its kind, never its text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Host(_) => "Host(…)",
            Self::User(_) => "User(…)",
            Self::Domain(_) => "Domain(…)",
        })
    }
}
