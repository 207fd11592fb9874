//! Instances, one after the other: what the rows of a page have in common is looked up once.

use super::{
    DecodeError, item,
    value::{self, Head},
};
use crate::{
    cim::{
        CimError, CimType, Instance, Name, Value,
        schema::{self, Schema},
    },
    xml::{Attribute, Event, Namespace, Source, names::CIM_COMMON},
};
use std::{
    borrow::Borrow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Decodes the instances of one message. What it finds out about their classes serves the messages after it.
#[derive(Debug)]
pub(crate) struct Decoder<'s> {
    schema: &'s Schema,
    /// One for each class that has come, but for those at work.
    plans: Vec<Plan>,
}

/// The properties of classes in the order in which they came last, with their types.
#[derive(Debug, Default)]
pub(crate) struct Shapes(Mutex<HashMap<Name, Arc<Shape>>>);

pub(super) type Shape = Vec<(Name, Option<(CimType, bool)>)>;

/// The start tag of an instance or of a property, as far as it is needed after it.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(super) namespace: Namespace,
    pub(super) head: Head<'a>,
}

/// What is known of the instances of a class: the properties that have come, in the order in which they first came.
#[derive(Debug)]
struct Plan {
    class: Name,
    columns: Vec<Column>,
    /// How many of them were known before.
    remembered: usize,
    /// Where those beyond the first `FEW` are.
    by_name: HashMap<Name, usize>,
    /// Number of the instance at hand, from 1.
    row: u64,
    /// Properties of the one before.
    width: usize,
}

#[derive(Debug)]
struct Column {
    name: Name,
    declared: Option<(CimType, bool)>,
    /// In which instance the property was last, and where.
    row: u64,
    position: usize,
}

impl<'s> Decoder<'s> {
    pub(crate) fn new(schema: &'s Schema) -> Self {
        Self { schema, plans: Vec::new() }
    }

    /// The instance whose start tag was the source's latest event; its end is read as well.
    pub(crate) fn item<'a>(
        &mut self,
        start: &Start<'_>,
        source: &mut impl Source<'a>,
    ) -> Result<Instance, DecodeError> {
        item::check_type(start, source, self.schema)?;
        self.instance(start.head.local, Some(&start.namespace), None, source)
    }

    /// The properties of an instance of this class up to the end of the element that they are in, which is not one of
    /// the class (`within` is its namespace where it is). The first may have begun already.
    pub(super) fn instance<'a>(
        &mut self,
        class: &str,
        within: Option<&Namespace>,
        first: Option<Start<'a>>,
        source: &mut impl Source<'a>,
    ) -> Result<Instance, DecodeError> {
        // An instance within one of its own class gets a plan of its own.
        let known = self.plans.iter().position(|plan| plan.class == *class);
        let mut plan = match known {
            Some(known) => self.plans.swap_remove(known),
            None => Plan::new(class, self.schema),
        };
        let instance = self.row(&mut plan, within, first, source);
        self.plans.push(plan);
        instance
    }

    fn row<'a>(
        &mut self,
        plan: &mut Plan,
        within: Option<&Namespace>,
        first: Option<Start<'a>>,
        source: &mut impl Source<'a>,
    ) -> Result<Instance, DecodeError> {
        let schema = self.schema;
        let mut row = Row { properties: Vec::with_capacity(plan.width), namespace: None, next: 0 };
        let may_begin = |namespace: &Namespace| {
            within.filter(|within| !item::may_hold(within, namespace, schema)).map_or(Ok(()), Err)
        };
        plan.row += 1;
        if let Some(first) = first {
            row.check_namespace(&plan.class, &first.namespace, first.head.local, may_begin)?;
            self.property(plan, &mut row, first.head, source)?;
        }
        loop {
            let head = match source.next()? {
                Event::Start { namespace, local, attributes } => {
                    row.check_namespace(&plan.class, namespace, local, may_begin)?;
                    Head::of(local, attributes)
                }
                Event::End => break,
                Event::Text(text) if text.trim_ascii().is_empty() => continue,
                Event::Text(text) => {
                    let expected = format!("properties in `{}`", plan.class);
                    return Err(CimError::form(&expected, &text).into());
                }
                Event::Eof => return Err(source.ended_early().into()),
            };
            self.property(plan, &mut row, head, source)?;
        }
        plan.width = row.properties.len();
        Ok(Instance { class: plan.class.clone(), properties: row.properties })
    }

    fn property<'a>(
        &mut self,
        plan: &mut Plan,
        row: &mut Row,
        head: Head<'a>,
        source: &mut impl Source<'a>,
    ) -> Result<(), DecodeError> {
        let local = head.local;
        let index = plan.column(local, row.next, self.schema);
        // What is repeated comes again before what follows it.
        row.next = index + 1;
        let Some(column) = plan.columns.get_mut(index) else { return Ok(()) };
        let declared = column.declared;
        let is_first = column.row != plan.row;
        if is_first {
            (column.row, column.position) = (plan.row, row.properties.len());
        }
        let (name, position) = (is_first.then(|| column.name.clone()), column.position);
        let whole = self.value(head, declared, source).and_then(|value| match name {
            Some(name) => {
                row.properties.push((name, value::first(value, declared)));
                Ok(())
            }
            None => match row.properties.get_mut(position) {
                Some((_, whole)) => Ok(value::add(whole, value)?),
                None => Ok(()),
            },
        });
        whole.map_err(|error| error.of_property(&plan.class, local))
    }
}

impl<'a> Start<'a> {
    /// As a source tells it.
    pub(crate) fn of(
        namespace: &Namespace,
        local: &'a str,
        attributes: impl IntoIterator<Item: Borrow<Attribute<'a>>>,
    ) -> Self {
        Self { namespace: namespace.clone(), head: Head::of(local, attributes) }
    }
}

/// Properties of an instance before any is known.
const USUAL: usize = 32;
/// So many columns are looked through one by one.
const FEW: usize = 64;

/// The instance at hand.
struct Row {
    properties: Vec<(Name, Value)>,
    /// The namespace that its properties are in.
    namespace: Option<Namespace>,
    /// The column that is likely to come next.
    next: usize,
}

impl Row {
    /// The properties of an instance are in one namespace, that of its class (DSP0230 7.1): those of another would be
    /// taken for properties of this class. `may_begin` has the namespace that must come first where another does.
    fn check_namespace<'n>(
        &mut self,
        class: &str,
        namespace: &Namespace,
        local: &str,
        may_begin: impl Fn(&Namespace) -> Result<(), &'n Namespace>,
    ) -> Result<(), CimError> {
        let expected = match &self.namespace {
            Some(first) if first == namespace => return Ok(()),
            _ if **namespace == *CIM_COMMON => return Ok(()),
            Some(first) => first,
            None => match may_begin(namespace) {
                Ok(()) => {
                    self.namespace = Some(namespace.clone());
                    return Ok(());
                }
                Err(expected) => expected,
            },
        };
        Err(CimError::Property {
            class: class.to_owned(),
            property: local.to_owned(),
            expected: format!("a property of namespace `{}`", &**expected),
            found: namespace.to_string(),
        })
    }
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        let new = self.plans.iter().filter(|plan| plan.columns.len() > plan.remembered);
        new.for_each(|plan| self.schema.shapes().keep(plan));
    }
}

impl Shapes {
    /// Classes, and bytes of the names of each, beyond which a peer could fill the memory.
    const MOST_CLASSES: usize = 512;
    const LONGEST_NAMES: usize = 16 * 1024;

    pub(super) fn of(&self, class: &str) -> Option<(Name, Arc<Shape>)> {
        let shapes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shapes.get_key_value(class).map(|(name, shape)| (name.clone(), Arc::clone(shape)))
    }

    fn keep(&self, plan: &Plan) {
        let mut shapes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = shapes.len() < Self::MOST_CLASSES || shapes.contains_key(&plan.class);
        let names = plan.columns.iter().map(|column| column.name.len()).sum::<usize>() + plan.class.len();
        if has_room && plan.columns.len() <= FEW && names <= Self::LONGEST_NAMES {
            let columns = plan.columns.iter().map(|column| (column.name.clone(), column.declared));
            shapes.insert(plan.class.clone(), Arc::new(columns.collect()));
        }
    }
}

impl Plan {
    fn new(class: &str, schema: &Schema) -> Self {
        let known = schema.shapes().of(class);
        let (class, shape) = known.map_or_else(|| (class.into(), None), |(name, shape)| (name, Some(shape)));
        let mut columns = Vec::with_capacity(USUAL);
        for (name, declared) in shape.iter().flat_map(|shape| shape.iter()) {
            columns.push(Column { name: name.clone(), declared: *declared, row: 0, position: 0 });
        }
        let (remembered, width) = (columns.len(), if columns.is_empty() { USUAL } else { columns.len() });
        Self { class, columns, remembered, by_name: HashMap::new(), row: 0, width }
    }

    /// The number of the column of a property, which is likely to be `next` or the one before.
    fn column(&mut self, name: &str, next: usize, schema: &Schema) -> usize {
        let is = |index: usize| self.columns.get(index).is_some_and(|column| column.name == *name);
        if is(next) {
            return next;
        }
        if let Some(before) = next.checked_sub(1).filter(|before| is(*before)) {
            return before;
        }
        if let Some(known) = self.known(name) {
            return known;
        }
        let declared = schema.class(&self.class).and_then(|class| class.property(name));
        let name = Name::from(name);
        if self.columns.len() >= FEW {
            self.by_name.insert(name.clone(), self.columns.len());
        }
        let declared = declared.and_then(schema::Property::declared_type);
        self.columns.push(Column { name, declared, row: 0, position: 0 });
        self.columns.len() - 1
    }

    fn known(&self, name: &str) -> Option<usize> {
        let mut few = self.columns.iter().take(FEW);
        few.position(|column| column.name == *name).or_else(|| self.by_name.get(name).copied())
    }
}
