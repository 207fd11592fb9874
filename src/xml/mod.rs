//! XML as WS-Management needs it: strict, namespace-aware, bounded.
//!
//! [`reader`] pulls events and refuses what must not reach the layers above (DOCTYPE, undeclared
//! prefixes, two roots, excessive depth or size); [`tree`] is a small document built on it;
//! [`fragment`] is the only type that enters a message template unescaped.

#[cfg(any(feature = "replay", test))]
pub(crate) mod diff;
mod encoding;
pub(crate) mod escape;
pub(crate) mod fragment;
pub(crate) mod names;
pub(crate) mod reader;
mod scope;
mod source;
mod tag;
pub(crate) mod tree;
#[cfg(any(feature = "replay", test))]
mod write;

pub(crate) use encoding::decode;
pub(crate) use fragment::XmlFragment;
pub(crate) use reader::{Attribute, Event, Reader};
pub(crate) use scope::Namespace;
pub(crate) use source::{Source, Walk};
pub(crate) use tree::{Element, Node};

pub use reader::{Limits, XmlError};
