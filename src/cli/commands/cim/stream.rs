//! Instances printed as they arrive.

use super::super::Context;
use crate::{
    cim::{Epr, schema::Class},
    cli::{
        args::{
            ClassNames, Format,
            cim::{ListArgs, ModeArg, PageArgs},
        },
        cim::{Scope, name, place},
        failure::Failure,
        output::Output,
        reader,
        render::{Row, Selection, Shape, renderer},
        session::Session,
    },
    client::{EnumerateCall, Item},
    error::{Error, Result as ClientResult},
    wsman::{EnumerationMode, Fault, FaultCode, RetryClass},
};
use futures_core::Stream;
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context as TaskContext, Poll, ready},
};

/// What a list is asked for.
#[derive(Debug)]
pub(super) struct About<'a> {
    pub(super) namespace: &'a str,
    /// The class, where that is known.
    pub(super) class: Option<&'a Epr>,
    /// The object whose associations they are.
    pub(super) object: Option<&'a Epr>,
    /// What comes, if that was said.
    pub(super) mode: Option<ModeArg>,
}

/// How a list is printed.
#[derive(Debug)]
pub(super) struct Printing<'a> {
    about: About<'a>,
    selection: Selection,
    mode: EnumerationMode,
    limit: Option<u64>,
    pages: PageArgs,
}

/// What can be said about the printing before anything is sent.
///
/// # Errors
/// `Usage` for options that do not go together; `Config` for a property that the class does not have.
pub(super) fn printing<'a>(
    context: &Context,
    list: &ListArgs,
    about: About<'a>,
    scope: Scope<'_>,
) -> Result<Printing<'a>, Failure> {
    let format = context.output.format();
    let mut selection = list.show.selection(scope.schema);
    list.pages.check(format)?;
    selection.check_use(format, about.mode == Some(ModeArg::Epr))?;
    let known = about.class.and_then(|class| scope.class_of(class));
    if let Some(class) = known
        && !scope.unchecked
    {
        selection = selection.checked(class.name())?;
    }
    // Of the associations of Hyper-V the schema knows the classes, whichever come.
    let has_keys = known.is_some() || about.class.is_none() && place::is_described(about.namespace);
    // Tables have no path; XML is what came, which should be what was asked for.
    let shows_path = selection.shows_path() && !matches!(format, Format::Table | Format::Xml);
    // That Windows knows the mode is documented; of others it is not known.
    let is_windows = context.settings.global.dialect == ClassNames::Windows;
    let default = if has_keys || !shows_path || !is_windows { ModeArg::Object } else { ModeArg::Both };
    let mode = match about.mode.unwrap_or(default) {
        ModeArg::Object => EnumerationMode::Object,
        ModeArg::Epr => EnumerationMode::Epr,
        ModeArg::Both => EnumerationMode::ObjectAndEpr,
    };
    Ok(Printing { about, selection, mode, limit: list.limit, pages: list.pages.clone() })
}

/// Prints what a call brings, up to the limit.
///
/// # Errors
/// Of the call; [`Failure::ReaderGone`] as soon as nobody reads any more.
pub(super) async fn print(
    context: &Context,
    session: &Session,
    call: EnumerateCall,
    printing: Printing<'_>,
) -> Result<(), Failure> {
    let output = &context.output;
    let call = call.mode(printing.mode);
    let call = printing.pages.of(call, printing.limit, session.client.options().max_elements);
    tokio::select! {
        biased;
        () = reader::gone() => Err(Failure::ReaderGone),
        printed = print_all(output, session, call, printing) => printed,
    }
}

async fn print_all(
    output: &Output,
    session: &Session,
    call: EnumerateCall,
    Printing { about, selection, limit, pages, .. }: Printing<'_>,
) -> Result<(), Failure> {
    let scope = session.scope(false);
    let class = about.class.and_then(|class| scope.class_of(class)).map(Class::name);
    let mut renderer = renderer(output.format(), Shape::List, selection, class);
    let mut items = call.stream();
    let mut printer = Printer { output, text: String::new() };
    let mut left = limit.unwrap_or(u64::MAX);
    let mut result = Ok(());
    while left > 0 {
        match poll_fn(|task| printer.poll_next(&mut items, task)).await? {
            None => break,
            Some(Ok(item)) => {
                let mut row =
                    Row::new(item.instance, item.epr, Scope { namespace: about.namespace, ..scope });
                row.wire = session.wire().next();
                renderer.row(&row, &mut printer.text)?;
                left -= 1;
            }
            Some(Err(error)) => {
                let would_repeat = limit.unwrap_or(u64::MAX) > left && !pages.resumes();
                result = Err(explained(scope, error, &about, would_repeat).into());
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
    if let Some(left_out) = renderer.left_out() {
        output.warning(&left_out);
    }
    result
}

/// The query is the user's, or made of what the user said: where a host cannot process it, that is where to look first.
fn explained(scope: Scope<'_>, error: Error, about: &About<'_>, would_repeat: bool) -> Error {
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
    match (about.object, about.class) {
        (Some(object), _) => name::no_instance(scope, error, object),
        (None, Some(class)) => name::unknown_class(scope, error, class),
        (None, None) => error,
    }
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
