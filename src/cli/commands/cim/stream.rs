//! Instances printed as they arrive.

use super::super::Context;
use crate::{
    cli::{
        args::cim::ListArgs,
        cim::name,
        failure::Failure,
        output::Output,
        reader,
        render::{Row, Shape, renderer},
        session::Session,
    },
    client::{EnumerateCall, Item},
    error::{Error, Result as ClientResult},
    wsman::{Fault, FaultCode, RetryClass},
};
use futures_core::Stream;
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context as TaskContext, Poll, ready},
};

/// Prints what a call brings, up to the limit. `class` is the one asked for, where that is known.
///
/// # Errors
/// Of the call; [`Failure::ReaderGone`] as soon as nobody reads any more.
pub(super) async fn print(
    context: &Context,
    session: &Session,
    call: EnumerateCall,
    list: &ListArgs,
    class: Option<&str>,
) -> Result<(), Failure> {
    let output = &context.output;
    list.pages.check(output.format())?;
    let call = list.pages.of(call, list.limit, session.client.options().max_elements);
    tokio::select! {
        biased;
        () = reader::gone() => Err(Failure::ReaderGone),
        printed = print_all(output, session, call, list, class) => printed,
    }
}

async fn print_all(
    output: &Output,
    session: &Session,
    call: EnumerateCall,
    list: &ListArgs,
    class: Option<&str>,
) -> Result<(), Failure> {
    let namespace = session.hyperv.namespace();
    let mut renderer = renderer(output.format(), Shape::List, list.show.selection(), class);
    let mut items = call.stream();
    let mut printer = Printer { output, text: String::new() };
    let mut left = list.limit.unwrap_or(u64::MAX);
    let mut result = Ok(());
    while left > 0 {
        match poll_fn(|task| printer.poll_next(&mut items, task)).await? {
            None => break,
            Some(Ok(item)) => {
                let mut row = Row::new(item.instance, item.epr, namespace);
                row.wire = session.wire().next();
                renderer.row(&row, &mut printer.text)?;
                left -= 1;
            }
            Some(Err(error)) => {
                let would_repeat = list.limit.unwrap_or(u64::MAX) > left && !list.pages.resumes();
                result = Err(explained(error, class, would_repeat).into());
                break;
            }
        }
    }
    match result {
        Ok(()) => renderer.end(&mut printer.text)?,
        // What came is not lost with what did not; a document is not closed as if it were whole.
        Err(_) => renderer.give_up(&mut printer.text)?,
    }
    printer.flush()?;
    result
}

/// The query is the user's, or made of what the user said: where a host cannot process it, that is where to look first.
fn explained(error: Error, class: Option<&str>, would_repeat: bool) -> Error {
    /// `ERROR_WSMAN_ENUMERATE_CANNOT_PROCESS_FILTER`.
    const CANNOT_PROCESS: FaultCode = FaultCode(2_150_858_778);
    let class_of_fault = error.fault().map(Fault::retry_class);
    let error = if class_of_fault == Some(RetryClass::SmallerEnvelope) {
        error.with_hint(if would_repeat {
            "ask for fewer instances on a page from the start (--max-elements), or resume (--on-expiry resume)"
        } else {
            "one instance is larger than an answer may be: allow larger ones with --max-envelope-size, and on the host \
             (winrm set winrm/config @{MaxEnvelopeSizekb=\"8192\"})"
        })
    } else if class_of_fault == Some(RetryClass::RestartEnumeration) && would_repeat {
        error.with_hint("instances were printed already: start it again, or resume with --on-expiry resume")
    } else if error.fault().and_then(Fault::code) == Some(CANNOT_PROCESS) {
        error.with_hint(
            "look at the query, its class and the namespace; `hvctl schema show CLASS` names properties",
        )
    } else {
        error
    };
    name::unknown_class(error, class.unwrap_or_default())
}

/// Gathers text, and prints it before anything is waited for.
struct Printer<'a> {
    output: &'a Output,
    text: String,
}

/// How much is gathered at most.
const ENOUGH: usize = 64 * 1024;

impl Printer<'_> {
    fn poll_next<S>(
        &mut self,
        items: &mut S,
        task: &mut TaskContext<'_>,
    ) -> Poll<Result<Option<ClientResult<Item>>, Failure>>
    where
        S: Stream<Item = ClientResult<Item>> + Unpin,
    {
        if self.text.len() >= ENOUGH {
            self.flush()?;
        }
        let next = Pin::new(items).poll_next(task);
        if next.is_pending() {
            self.flush()?;
        }
        Poll::Ready(Ok(ready!(next)))
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if self.text.is_empty() {
            return Ok(());
        }
        self.output.data(&std::mem::take(&mut self.text))
    }
}
