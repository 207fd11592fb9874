//! Calls of WS-Transfer that change something, or take a part: Put, Create, Delete, fragments.

use super::{
    Client,
    calls::mixed_up,
    per_call::{per_call_options, unchecked},
    retry::Failure,
};
use crate::{
    cim::{CimError, Epr, Instance, Value, check},
    error::{Error, ErrorKind, Result},
    transport::BoxFuture,
    wsman::{
        request::{Fragment, Operation},
        response::Response,
    },
};
use std::{future::IntoFuture, time::Duration};

/// Get of a part of an instance, to be awaited for its value: null where there is nothing.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct GetFragmentCall {
    pub(super) client: Client,
    pub(super) epr: Epr,
    pub(super) fragment: Result<Fragment, CimError>,
    pub(super) timeout: Option<Duration>,
}

impl GetFragmentCall {
    /// Longest wait for the answer, repetitions included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl IntoFuture for GetFragmentCall {
    type Output = Result<Value>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, epr, fragment, timeout } = self;
            let fragment = fragment.map_err(|source| no_fragment("read", &epr, source))?;
            let operation = Operation::GetFragment { epr, fragment };
            match client.call(&operation, false, timeout).await {
                Ok(Response::GotFragment(value)) => Ok(value),
                other => Err(failed(&operation, other)),
            }
        })
    }
}

/// Put: new values for an instance. Awaited, it gives the instance as the host says it is now, if it
/// says so. Sent once: a lost answer is [`ErrorKind::OutcomeUnknown`], and so is, for who drops it, a
/// call that is dropped while its request is under way.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct PutCall {
    client: Client,
    epr: Epr,
    instance: Instance,
    /// The properties that were given one by one.
    named: Vec<String>,
    timeout: Option<Duration>,
}

impl PutCall {
    pub(super) fn new(client: Client, epr: Epr) -> Self {
        let instance = Instance::new(epr.class());
        Self { client, epr, instance, named: Vec::new(), timeout: None }
    }
    /// A property and its new value. Windows leaves those that are not sent as they are; other
    /// services may want all of them.
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.instance.set(name, value);
        self.named.push(name.to_owned());
        self
    }
    /// All properties of an instance.
    pub fn instance(mut self, instance: &Instance) -> Self {
        self.instance.properties.clone_from(&instance.properties);
        self
    }
    /// Instead of the instance, a part of it: an expression in the first level of `XPath` such as `Notes` or
    /// `Notes[2]`. Other properties that were set are not sent.
    pub fn fragment(self, expression: &str, value: impl Into<Value>) -> PutFragmentCall {
        let Self { client, epr, timeout, .. } = self;
        PutFragmentCall { client, epr, fragment: Fragment::parse(expression), value: value.into(), timeout }
    }
    /// Longest wait for the answer, repetitions included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Compares the class and the properties that were given one by one with the schema
    /// ([`Options::schema`](super::Options::schema)), as it is done before the call is sent. Those of a whole instance
    /// are left alone: hosts have properties that nobody has documented.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an unknown class or property, and for a value that does not fit.
    pub fn check(&self) -> Result<()> {
        checked(&self.client, &self.epr, &self.named, self.instance.clone()).map(drop)
    }
}

impl IntoFuture for PutCall {
    type Output = Result<Option<Instance>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, epr, instance, named, timeout } = self;
            let instance = checked(&client, &epr, &named, instance)?;
            let operation = Operation::Put { epr, instance };
            match client.call(&operation, false, timeout).await {
                Ok(Response::Put(instance)) => Ok(instance),
                other => Err(failed(&operation, other)),
            }
        })
    }
}

/// Put of a part of an instance. Awaited, it gives the value as the host says it is now, if it says so.
/// Sent once, as [`PutCall`].
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct PutFragmentCall {
    client: Client,
    epr: Epr,
    fragment: Result<Fragment, CimError>,
    value: Value,
    timeout: Option<Duration>,
}

impl PutFragmentCall {
    /// Longest wait for the answer, repetitions included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl IntoFuture for PutFragmentCall {
    type Output = Result<Option<Value>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, epr, fragment, value, timeout } = self;
            let fragment = fragment.map_err(|source| no_fragment("change", &epr, source))?;
            let operation = Operation::PutFragment { epr, fragment, value };
            match client.call(&operation, false, timeout).await {
                Ok(Response::PutFragment(value)) => Ok(value),
                other => Err(failed(&operation, other)),
            }
        })
    }
}

/// Create: a new instance of a class, to be awaited for its reference. Sent once: a lost answer is
/// [`ErrorKind::OutcomeUnknown`].
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct CreateCall {
    client: Client,
    class: Epr,
    instance: Instance,
    /// The properties that were given one by one.
    named: Vec<String>,
    timeout: Option<Duration>,
}

impl CreateCall {
    pub(super) fn new(client: Client, class: Epr) -> Self {
        let instance = Instance::new(class.class());
        Self { client, class, instance, named: Vec::new(), timeout: None }
    }
    /// A property of the new instance.
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.instance.set(name, value);
        self.named.push(name.to_owned());
        self
    }
    /// All properties of an instance.
    pub fn instance(mut self, instance: &Instance) -> Self {
        self.instance.properties.clone_from(&instance.properties);
        self
    }
    /// Longest wait for the answer, repetitions included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Compares the class and the properties that were given one by one with the schema
    /// ([`Options::schema`](super::Options::schema)), as it is done before the call is sent. Those of a whole instance
    /// are left alone: hosts have properties that nobody has documented.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an unknown class or property, and for a value that does not fit.
    pub fn check(&self) -> Result<()> {
        checked(&self.client, &self.class, &self.named, self.instance.clone()).map(drop)
    }
}

impl IntoFuture for CreateCall {
    type Output = Result<Epr>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, class, instance, named, timeout } = self;
            let instance = checked(&client, &class, &named, instance)?;
            let operation = Operation::Create { class, instance };
            match client.call(&operation, false, timeout).await {
                Ok(Response::Created(epr)) => Ok(epr),
                other => Err(failed(&operation, other)),
            }
        })
    }
}

/// Delete: an instance by its keys, to be awaited. Sent once: a lost answer is
/// [`ErrorKind::OutcomeUnknown`].
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct DeleteCall {
    client: Client,
    epr: Epr,
    timeout: Option<Duration>,
}

impl DeleteCall {
    pub(super) fn new(client: Client, epr: Epr) -> Self {
        Self { client, epr, timeout: None }
    }
    /// Longest wait for the answer, repetitions included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl IntoFuture for DeleteCall {
    type Output = Result<()>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, epr, timeout } = self;
            let operation = Operation::Delete { epr };
            match client.call(&operation, false, timeout).await {
                Ok(Response::Deleted) => Ok(()),
                other => Err(failed(&operation, other)),
            }
        })
    }
}

per_call_options!(GetFragmentCall);
per_call_options!(PutCall);
per_call_options!(PutFragmentCall);
per_call_options!(CreateCall);
unchecked!(PutCall);
unchecked!(CreateCall);
per_call_options!(DeleteCall);

/// The instance as it is sent: compared with the schema, unless the client does not.
fn checked(client: &Client, epr: &Epr, named: &[String], instance: Instance) -> Result<Instance> {
    let options = client.options();
    if !options.check {
        return Ok(instance);
    }
    Ok(check::properties(&options.schema, epr, named, instance)?)
}

/// The error of a call that failed, or of a response that belongs to another operation.
fn failed(operation: &Operation, outcome: Result<Response, Failure>) -> Error {
    match outcome {
        Ok(_) => mixed_up(operation),
        Err(failure) => failure.error,
    }
}

/// The caller's expression is none; nothing was sent.
fn no_fragment(verb: &str, epr: &Epr, source: CimError) -> Error {
    let message = format!("failed to {verb} a fragment of `{}`: it cannot be named so", epr.class());
    Error::new(ErrorKind::Config, message).with_source(source)
}
