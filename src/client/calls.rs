//! Calls that are awaited: Identify, Get, Invoke.

use super::{
    Client, GetFragmentCall,
    answer::action,
    per_call::{per_call_options, unchecked},
};
use crate::{
    cim::{Epr, Instance, Value, check},
    error::{Error, ErrorKind, Result},
    transport::BoxFuture,
    wsman::{
        Identity, Output,
        request::{Fragment, Operation},
        response::Response,
    },
};
use std::{future::IntoFuture, time::Duration};

/// Identify, to be awaited.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct IdentifyCall {
    client: Client,
    anonymous: bool,
    timeout: Option<Duration>,
}

impl IdentifyCall {
    pub(super) fn new(client: Client) -> Self {
        Self { client, anonymous: false, timeout: None }
    }
    /// Without credentials; the host then tells less.
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }
    /// Longest wait for the answer, repetitions included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl IntoFuture for IdentifyCall {
    type Output = Result<Identity>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let operation = Operation::Identify;
            match self.client.call(&operation, self.anonymous, self.timeout).await {
                Ok(Response::Identified(identity)) => Ok(identity),
                Ok(_) => Err(mixed_up(&operation)),
                Err(failure) => Err(failure.error),
            }
        })
    }
}

/// Get, to be awaited.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct GetCall {
    pub(super) client: Client,
    epr: Epr,
    timeout: Option<Duration>,
}

impl GetCall {
    pub(super) fn new(client: Client, epr: Epr) -> Self {
        Self { client, epr, timeout: None }
    }
    /// Instead of the instance, a part of it: an expression in the first level of `XPath` such as `Notes`,
    /// `OperationalStatus[2]` or `EnabledState/text()`.
    pub fn fragment(self, expression: &str) -> GetFragmentCall {
        let Self { client, epr, timeout } = self;
        GetFragmentCall { client, epr, fragment: Fragment::parse(expression), timeout }
    }
    /// Longest wait for the answer, repetitions included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl IntoFuture for GetCall {
    type Output = Result<Instance>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let operation = Operation::Get { epr: self.epr };
            match self.client.call(&operation, false, self.timeout).await {
                Ok(Response::Got(instance)) => Ok(instance),
                Ok(_) => Err(mixed_up(&operation)),
                Err(failure) => Err(failure.error),
            }
        })
    }
}

/// A method call. It is compared with the schema before it is sent ([`Self::check`]). Awaited, it gives the output
/// whatever the return value is; a failure code is not an error at this level. A call that is dropped while its request is under way may or may not have
/// happened, as with [`ErrorKind::OutcomeUnknown`].
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct InvokeCall {
    client: Client,
    epr: Epr,
    method: String,
    arguments: Vec<(String, Value)>,
    timeout: Option<Duration>,
}

impl InvokeCall {
    pub(super) fn new(client: Client, epr: Epr, method: &str) -> Self {
        Self { client, epr, method: method.to_owned(), arguments: Vec::new(), timeout: None }
    }
    /// Adds an argument; they are sent in the order of the method's declaration where the schema
    /// knows it, else in the order given, and as values of the types declared.
    pub fn argument(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.arguments.push((name.to_owned(), value.into()));
        self
    }
    /// Longest wait for the answer, repetitions included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    #[cfg(feature = "serde")]
    pub(super) fn schema(&self) -> &crate::cim::schema::Schema {
        self.client.schema()
    }
    #[cfg(feature = "serde")]
    pub(super) fn class(&self) -> &str {
        self.epr.class()
    }
    #[cfg(feature = "serde")]
    pub(super) fn method(&self) -> &str {
        &self.method
    }

    /// Compares class, method and arguments with the schema ([`Options::schema`](super::Options::schema)), as it is
    /// done before the call is sent. A class of another namespace than `root/virtualization/v2` that nobody has
    /// loaded may have any method, unless its name is that of a loaded one but for a slip.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an unknown class, method or parameter, a value that does not fit its type, a
    /// reference to an instance of another class, and a missing argument that is required.
    pub fn check(&self) -> Result<()> {
        self.checked().map(drop)
    }

    fn checked(&self) -> Result<check::Call> {
        let options = self.client.options();
        if options.check {
            return Ok(check::call(&options.schema, &self.epr, &self.method, &self.arguments)?);
        }
        let mut arguments = self.arguments.clone();
        let class = options.schema.class(self.epr.class());
        if let Some(method) = class.and_then(|class| class.method(&self.method)) {
            arguments.sort_by_key(|(name, _)| {
                let mut declared = method.parameters();
                declared.position(|declared| declared.name().eq_ignore_ascii_case(name)).unwrap_or(usize::MAX)
            });
        }
        Ok(check::Call { method: self.method.clone(), arguments })
    }
}

impl IntoFuture for InvokeCall {
    type Output = Result<Output>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let check::Call { method, arguments } = self.checked()?;
            let Self { client, epr, timeout, .. } = self;
            let operation = Operation::Invoke { epr, method, parameters: arguments };
            match client.call(&operation, false, timeout).await {
                Ok(Response::Invoked(output)) => Ok(output),
                Ok(_) => Err(mixed_up(&operation)),
                Err(failure) => Err(failure.error),
            }
        })
    }
}

per_call_options!(GetCall);
per_call_options!(InvokeCall);
unchecked!(InvokeCall);

/// The reader gives the response of the operation asked for; anything else is our own mistake.
pub(super) fn mixed_up(operation: &Operation) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("failed to {}: the reader gave another operation's response", action(operation)),
    )
}
