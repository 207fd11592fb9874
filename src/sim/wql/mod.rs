//! WQL of the kinds that clients of Hyper-V send: `SELECT … FROM Class WHERE …`,
//! `ASSOCIATORS OF {path} WHERE …` and `REFERENCES OF {path} WHERE …`
//! (Win32 documentation, "WQL (SQL for WMI)").

mod eval;
mod lexer;
mod parser;

pub(super) use eval::matches;
pub(super) use parser::{ObjectName, Query, Restrictions, parse};

use std::cmp::Ordering;

/// The properties that a query lists; none for all, and for what is no such query.
pub(super) fn selected(query: &str) -> Vec<String> {
    match parse(query) {
        Ok(Query::Select { properties, .. }) => properties,
        _ => Vec::new(),
    }
}

/// The `WHERE` of a `SELECT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    Compare { property: String, operator: Operator, literal: Literal },
    IsNull { property: String, negated: bool },
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

impl Condition {
    /// The properties it reads.
    pub(super) fn properties(&self) -> Vec<&str> {
        match self {
            Self::Compare { property, .. } | Self::IsNull { property, .. } => vec![property],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::properties).collect(),
            Self::Not(inner) => inner.properties(),
        }
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
}

impl Operator {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal | Self::Like => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// What a property is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    /// Quoted, with its escapes resolved.
    Text(String),
    /// Digits, `TRUE`, `FALSE`: as written.
    Word(String),
}

impl Literal {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Word(text) => text,
        }
    }
}
