//! What the schema says of a call before it is sent.

use crate::{
    cim::check::Refusal,
    error::{Error, ErrorKind},
};

impl From<Refusal> for Error {
    fn from(Refusal { message, hint }: Refusal) -> Self {
        let error = Self::new(ErrorKind::Config, message);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}
