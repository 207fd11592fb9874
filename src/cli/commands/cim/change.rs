//! What commands that change the host have in common: they say what they will send, ask, send it once, and tell what
//! is known when the answer is lost.

use super::super::Context;
use crate::{
    cim::{Epr, Value},
    cli::{args::cim::ChangeArgs, failure::Failure, session::Session, shell, text},
    error::{Error, Evidence, Result as ClientResult},
};
use serde_json::json;
use std::fmt::Write as _;

/// A change that is about to be asked for.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// Name of the operation: a method, `Put`, `Create`, `Delete`.
    pub(super) operation: &'a str,
    /// What happens, as a question: `call the method?`
    pub(super) question: &'a str,
    pub(super) target: &'a Epr,
    pub(super) values: &'a [(String, Value)],
}

impl Change<'_> {
    /// Sends it; with `--dry-run` nothing is sent, the message is printed, and there is no result.
    ///
    /// # Errors
    /// `Interrupted` when somebody declines; of the call.
    pub(super) async fn send<T>(
        &self,
        context: &Context,
        session: &Session,
        args: &ChangeArgs,
        call: impl IntoFuture<Output = ClientResult<T>>,
    ) -> Result<Option<T>, Failure> {
        if args.dry_run {
            return self.show(context, session, call).await;
        }
        if !args.yes {
            context.output.note(&self.announcement());
        }
        context.confirm(args.yes, self.question).await?;
        let look = self.look();
        session.changing(self.operation, &format!("`{}`", self.target), &look);
        let outcome = call.await.map_err(|error| self.located(error, &look))?;
        session.done();
        Ok(Some(outcome))
    }

    async fn show<T>(
        &self,
        context: &Context,
        session: &Session,
        call: impl IntoFuture<Output = ClientResult<T>>,
    ) -> Result<Option<T>, Failure> {
        session.hold_back();
        let outcome = call.await;
        match (session.held_back(), outcome) {
            (Some(message), _) => {
                let document = json!({ "dry_run": true, "message": message });
                context.output.document(&document, || text::lines(&message)).map(|()| None)
            }
            // It failed before there was a message.
            (None, Err(error)) => Err(error.into()),
            (None, Ok(_)) => Ok(None),
        }
    }

    fn announcement(&self) -> String {
        let mut shown = format!("{} of `{}`", self.operation, self.target);
        for (name, value) in self.values {
            let value = if value.is_null() { "null".to_owned() } else { value.to_plain_text() };
            // Writing to a string cannot fail.
            let _ = write!(shown, "\n  {name} = {value}");
        }
        shown
    }

    /// The command that shows what became of it.
    fn look(&self) -> String {
        match self.target.keys().next() {
            None => format!("enumerate {}", shell::word(self.target.class())),
            Some(_) => format!("get {}", shell::word(&self.target.to_string())),
        }
    }

    /// Says of an unknown outcome what it is about, and where to look.
    fn located(&self, error: Error, look: &str) -> Error {
        let Some(mut outcome) = error.unknown_outcome().cloned() else { return error };
        let look = format!("hvctl {look}");
        outcome.object = format!("`{}`", self.target);
        outcome.look = Some(look.clone());
        error
            .with_hint(format!("before doing it again, look with: {look}"))
            .with_evidence(Evidence::Outcome(Box::new(outcome)))
    }
}
