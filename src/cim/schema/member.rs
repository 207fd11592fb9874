//! What a class has: properties, and methods with their parameters.

use std::{fmt, hash};

use super::{
    Class, Source,
    data::{self, Data, flag},
    layout::{method as method_record, typed},
};
use crate::cim::CimType;

/// A property, own or inherited.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Property<'s> {
    pub(super) data: Data<'s>,
    pub(super) record: u32,
}

/// A method, own or inherited.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Method<'s> {
    pub(super) data: Data<'s>,
    pub(super) record: u32,
}

/// A parameter of a method.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Parameter<'s> {
    data: Data<'s>,
    record: u32,
}

/// Direction of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    In,
    Out,
    InOut,
}

/// What properties and parameters have in common: a name, a type, names of values.
macro_rules! typed_member {
    ($member:ident) => {
        impl<'s> $member<'s> {
            /// Name as documented.
            #[must_use]
            pub fn name(self) -> &'s str {
                self.data.string(self.data.word(self.record, typed::NAME))
            }
            /// Type of the value, of one element for an array; `string` where nobody tells it.
            #[must_use]
            pub fn cim_type(self) -> CimType {
                data::cim_type(self.data.word(self.record, typed::TYPE))
            }
            /// Type of the value and whether it is an array, where that is known.
            #[must_use]
            pub fn declared_type(self) -> Option<(CimType, bool)> {
                let untyped = flag(self.data.word(self.record, typed::FLAGS), typed::UNTYPED);
                (!untyped).then(|| (self.cim_type(), self.is_array()))
            }
            /// Whether it is an array.
            #[must_use]
            pub fn is_array(self) -> bool {
                flag(self.data.word(self.record, typed::FLAGS), typed::ARRAY)
            }
            /// Class that a REF points to, or of an embedded object; of a loaded class also that of the instances
            /// which a string holds (`EmbeddedInstance`).
            #[must_use]
            pub fn class_name(self) -> Option<&'s str> {
                let name = self.data.string(self.data.word(self.record, typed::CLASS_NAME));
                Some(name).filter(|name| !name.is_empty())
            }
            /// Name of a value by its value map (`7` of `JobState` → `Completed`).
            #[must_use]
            pub fn value_name(self, code: i64) -> Option<&'s str> {
                name_of(self.values(), code)
            }
            /// The whole value map.
            pub fn values(self) -> impl Iterator<Item = (i64, &'s str)> {
                self.data.table(self.data.word(self.record, typed::VALUES))
            }
        }
    };
}

typed_member!(Property);
typed_member!(Parameter);

impl<'s> Property<'s> {
    /// Whether this is its name, whatever the case.
    pub(super) fn is_named(self, name: &str) -> bool {
        self.data.is_name(self.data.word(self.record, typed::NAME), name)
    }
    /// Where it is known from.
    #[must_use]
    pub fn source(self) -> Source {
        let flags = self.data.word(self.record, typed::FLAGS);
        Source::of(flag(flags, typed::SEEN), flag(flags, typed::LOADED))
    }
    /// The class that declares it, last down the line.
    #[must_use]
    pub fn declared_in(self) -> Class<'s> {
        Class { data: self.data, index: self.data.word(self.record, typed::DECLARED_IN) }
    }
    /// Whether it is one of the keys of its class.
    #[must_use]
    pub fn is_key(self) -> bool {
        flag(self.data.word(self.record, typed::FLAGS), typed::KEY)
    }
}

impl Parameter<'_> {
    /// Whether a call without it is refused, as the documentation or a loaded class says (`[Required]`).
    #[must_use]
    pub fn is_required(self) -> bool {
        flag(self.data.word(self.record, typed::FLAGS), typed::REQUIRED)
    }
    /// Direction.
    #[must_use]
    pub fn direction(self) -> Direction {
        let flags = self.data.word(self.record, typed::FLAGS);
        match (flag(flags, typed::IN), flag(flags, typed::OUT)) {
            (true, true) => Direction::InOut,
            (false, true) => Direction::Out,
            (_, false) => Direction::In,
        }
    }
}

impl<'s> Method<'s> {
    /// Name as documented.
    #[must_use]
    pub fn name(self) -> &'s str {
        self.data.string(self.data.word(self.record, method_record::NAME))
    }
    /// The class that declares it, last down the line.
    #[must_use]
    pub fn declared_in(self) -> Class<'s> {
        Class { data: self.data, index: self.data.word(self.record, method_record::DECLARED_IN) }
    }
    /// Where it is known from.
    #[must_use]
    pub fn source(self) -> Source {
        let flags = self.data.word(self.record, method_record::FLAGS);
        Source::of(flag(flags, method_record::SEEN), flag(flags, method_record::LOADED))
    }
    /// Parameters in the order of declaration.
    pub fn parameters(self) -> impl Iterator<Item = Parameter<'s>> {
        let data = self.data;
        let parameters = data.list(data.word(self.record, method_record::PARAMETERS));
        parameters.map(move |record| Parameter { data, record })
    }
    /// A parameter by name, any case.
    #[must_use]
    pub fn parameter(self, name: &str) -> Option<Parameter<'s>> {
        self.parameters().find(|parameter| parameter.name().eq_ignore_ascii_case(name))
    }
    /// Whether it returns a code, as all methods of Hyper-V do: a uint32. Others, which a user may have loaded, return nothing
    /// (`void`), or a value of another type.
    #[must_use]
    pub fn returns_code(self) -> bool {
        !flag(self.data.word(self.record, method_record::FLAGS), method_record::NO_CODE)
    }
    /// Name of a return code by this method's own table.
    #[must_use]
    pub fn return_name(self, code: u32) -> Option<&'s str> {
        name_of(self.return_values(), code)
    }
    /// The whole return table; empty where the documentation has none.
    pub fn return_values(self) -> impl Iterator<Item = (u32, &'s str)> {
        let table = self.data.table(self.data.word(self.record, method_record::RETURNS));
        table.filter_map(|(code, name)| Some((u32::try_from(code).ok()?, name)))
    }
}

impl Direction {
    /// Whether the caller sends it.
    #[must_use]
    pub fn is_in(self) -> bool {
        matches!(self, Self::In | Self::InOut)
    }
    /// Whether the host answers with it.
    #[must_use]
    pub fn is_out(self) -> bool {
        matches!(self, Self::Out | Self::InOut)
    }
}

fn name_of<'s, C: Copy + PartialEq>(
    mut table: impl Iterator<Item = (C, &'s str)>,
    code: C,
) -> Option<&'s str> {
    table.find(|(known, _)| *known == code).map(|(_, name)| name)
}

macro_rules! shown_by_name {
    ($($member:ident)+) => {
        $(
            impl fmt::Debug for $member<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_tuple(stringify!($member)).field(&self.name()).finish()
                }
            }

            impl hash::Hash for $member<'_> {
                fn hash<H: hash::Hasher>(&self, state: &mut H) {
                    self.record.hash(state);
                }
            }
        )+
    };
}

shown_by_name!(Property Method Parameter);
