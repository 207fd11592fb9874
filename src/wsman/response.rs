//! Answers: the envelope is checked, the body becomes types.

use super::{fault::Fault, request::Operation};
use crate::cim::{Epr, Instance, Text, Value};
use crate::xml::{Limits, XmlError};

/// What an operation answered.
#[derive(Debug, Clone)]
pub(crate) enum Response {
    Identified(Identity),
    Got(Instance),
    /// Enumerate (optimized or plain) and Pull.
    Page(Page),
    Released,
    Invoked(Output),
    Fault(Box<Fault>),
}

/// One page of an enumeration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    /// The context to pull with; `None` after the end of the sequence.
    pub(crate) context: Option<Text>,
    pub(crate) end: bool,
}

/// One item, by the mode asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Item {
    pub(crate) instance: Option<Instance>,
    pub(crate) epr: Option<Epr>,
}

/// What Identify tells (DSP0226 11).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    pub(crate) protocol_version: String,
    pub(crate) product_vendor: String,
    pub(crate) product_version: String,
    pub(crate) security_profiles: Vec<String>,
}

/// The output of a method: its return value and out parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    pub(crate) class: String,
    pub(crate) method: String,
    pub(crate) return_value: u32,
    pub(crate) parameters: Vec<(String, Value)>,
}

impl Output {
    /// The return value as a number.
    #[must_use]
    pub fn return_value(&self) -> u32 {
        self.return_value
    }
    /// Its name by the method's own table in the schema.
    #[must_use]
    pub fn return_name(&self) -> Option<&'static str> {
        todo!()
    }
    /// An out parameter, any case; `None` when absent, `Value::Null` when nil.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        todo!("{name}")
    }
}

/// Why an answer is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ResponseError {
    #[error("the answer is not readable XML")]
    Xml(#[from] XmlError),
    /// `expected` and `found` in words.
    #[error("expected {expected}, got {found}")]
    Shape { expected: String, found: String },
    #[error("the answer relates to message `{found}`, expected `{expected}`")]
    RelatesTo { expected: String, found: String },
    #[error("a value in the answer cannot be read")]
    Value(#[from] crate::cim::CimError),
}

/// Reads the answer to `operation`. `message_id` is the request's (Identify answers carry none).
/// A fault is `Ok(Response::Fault)`; it must relate to the message too when it carries RelatesTo.
pub(crate) fn read(
    operation: &Operation,
    message_id: &str,
    body: &[u8],
    limits: &Limits,
) -> Result<Response, ResponseError> {
    todo!("{operation:?} {message_id} {body:?} {limits:?}")
}
