//! Calls that are awaited: Identify, Get, Invoke.

use super::{Client, GetFragmentCall, answer::action, per_call::per_call_options};
use crate::{
    cim::{Epr, Instance, Value, schema},
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
    client: Client,
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

/// A method call. Awaited, it gives the output whatever the return value is; a failure code is not
/// an error at this level. A call that is dropped while its request is under way may or may not have
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
    /// knows it, else in the order given.
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
    pub(super) fn class(&self) -> &str {
        self.epr.class()
    }
    #[cfg(feature = "serde")]
    pub(super) fn method(&self) -> &str {
        &self.method
    }

    fn into_operation(mut self) -> Operation {
        if let Some(method) = schema::class(self.epr.class()).and_then(|class| class.method(&self.method)) {
            let declared: Vec<&str> = method.parameters().map(schema::Parameter::name).collect();
            self.arguments.sort_by_key(|(name, _)| {
                declared
                    .iter()
                    .position(|declared| declared.eq_ignore_ascii_case(name))
                    .unwrap_or(declared.len())
            });
        }
        Operation::Invoke { epr: self.epr, method: self.method, parameters: self.arguments }
    }
}

impl IntoFuture for InvokeCall {
    type Output = Result<Output>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (client, timeout) = (self.client.clone(), self.timeout);
            let operation = self.into_operation();
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

/// The reader gives the response of the operation asked for; anything else is our own mistake.
pub(super) fn mixed_up(operation: &Operation) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("failed to {}: the reader gave another operation's response", action(operation)),
    )
}
