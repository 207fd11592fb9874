//! `hvctl schema show`.

use crate::{
    cim::{
        CimType,
        schema::{Class, Direction, Method, Parameter, Property, Schema, Source},
    },
    cli::{failure::Failure, output::Output, similar::did_you_mean},
    error::{Error, ErrorKind},
};
use serde::Serialize;
use std::fmt::Write as _;

#[derive(Debug, Serialize)]
struct ClassView<'s> {
    name: &'s str,
    superclasses: Vec<&'s str>,
    r#abstract: bool,
    association: bool,
    indication: bool,
    keys: Vec<&'s str>,
    /// The class that the keys come from.
    keys_from: Option<&'s str>,
    source: &'static str,
    #[serde(skip)]
    remark: Option<&'static str>,
    properties: Vec<PropertyView<'s>>,
    methods: Vec<MethodView<'s>>,
}

#[derive(Debug, Serialize)]
struct PropertyView<'s> {
    #[serde(flatten)]
    typed: Typed<'s>,
    key: bool,
    #[serde(flatten)]
    origin: Origin<'s>,
}

/// Where a member comes from.
#[derive(Debug, Serialize)]
struct Origin<'s> {
    declared_in: &'s str,
    source: &'static str,
    #[serde(skip)]
    remark: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct MethodView<'s> {
    name: &'s str,
    #[serde(flatten)]
    origin: Origin<'s>,
    parameters: Vec<ParameterView<'s>>,
    returns: Vec<ValueView<'s>>,
}

#[derive(Debug, Serialize)]
struct ParameterView<'s> {
    direction: &'static str,
    required: bool,
    #[serde(flatten)]
    typed: Typed<'s>,
}

/// What properties and parameters have in common.
#[derive(Debug, Serialize)]
struct Typed<'s> {
    name: &'s str,
    r#type: &'s str,
    array: bool,
    class: Option<&'s str>,
    values: Vec<ValueView<'s>>,
}

#[derive(Debug, Serialize)]
struct ValueView<'s> {
    value: i64,
    name: &'s str,
}

pub(super) fn run(output: &Output, schema: &Schema, name: &str, member: Option<&str>) -> Result<(), Failure> {
    let class = super::class(schema, name)?;
    let Some(member) = member else {
        let view = ClassView::new(class);
        return output.document(&view, || view.to_text());
    };
    if let Some(property) = class.property(member) {
        let view = PropertyView::new(property);
        return output.document(&view, || view.to_text());
    }
    if let Some(method) = class.method(member) {
        let view = MethodView::new(method);
        return output.document(&view, || view.to_text());
    }
    let message = format!("failed to find `{member}`: `{}` has no such property or method", class.name());
    let error = Error::new(ErrorKind::NotFound, message);
    let members = class.properties().map(Property::name).chain(class.methods().map(Method::name));
    Err(match did_you_mean(member, members) {
        Some(hint) => error.with_hint(hint).into(),
        None => error.into(),
    })
}

impl<'s> ClassView<'s> {
    fn new(class: Class<'s>) -> Self {
        let mut superclasses = Vec::new();
        let mut above = Some(class);
        while let Some(class) = above {
            superclasses.extend(class.superclass_name());
            above = class.superclass();
        }
        Self {
            name: class.name(),
            superclasses,
            r#abstract: class.is_abstract(),
            association: class.is_association(),
            indication: class.is_indication(),
            keys: class.keys().collect(),
            keys_from: class.keys_from().map(Class::name),
            source: class.source().name(),
            remark: super::remark(class.source()),
            properties: class.properties().map(PropertyView::new).collect(),
            methods: class.methods().map(MethodView::new).collect(),
        }
    }

    fn to_text(&self) -> String {
        let mut shown = String::from("class ");
        shown.push_str(self.name);
        for class in &self.superclasses {
            shown.push_str(" : ");
            shown.push_str(class);
        }
        shown.push('\n');
        let kinds = [
            (self.r#abstract, "abstract"),
            (self.association, "association"),
            (self.indication, "indication"),
        ];
        let kinds: Vec<_> = kinds.into_iter().filter_map(|(is, kind)| is.then_some(kind)).collect();
        // Writing to a string cannot fail.
        if !kinds.is_empty() {
            let _ = writeln!(shown, "kind  {}", kinds.join(", "));
        }
        if !self.keys.is_empty() {
            let from = self.keys_from.filter(|from| *from != self.name);
            let from = from.map(|from| format!("  ({from})")).unwrap_or_default();
            let _ = writeln!(shown, "keys  {}{from}", self.keys.join(", "));
        }
        if let Some(remark) = self.remark {
            let _ = writeln!(shown, "from  {remark}");
        }
        if !self.properties.is_empty() {
            shown.push('\n');
        }
        for property in &self.properties {
            shown.push_str(&property.to_text());
        }
        for method in &self.methods {
            shown.push('\n');
            shown.push_str(&method.to_text());
        }
        shown
    }
}

impl<'s> PropertyView<'s> {
    fn new(property: Property<'s>) -> Self {
        Self {
            typed: Typed {
                name: property.name(),
                r#type: property.declared_type().map_or(UNTYPED, |(cim_type, _)| cim_type.name()),
                array: property.is_array(),
                class: property.class_name(),
                values: property.values().map(ValueView::new).collect(),
            },
            key: property.is_key(),
            origin: Origin::new(property.declared_in(), property.source()),
        }
    }

    fn to_text(&self) -> String {
        let key = if self.key { "key " } else { "" };
        let mut shown = format!("{key}{}  ({})\n", self.typed.to_text(), self.origin.to_text());
        push_values(&self.typed.values, 2, &mut shown);
        shown
    }
}

impl<'s> MethodView<'s> {
    fn new(method: Method<'s>) -> Self {
        Self {
            name: method.name(),
            origin: Origin::new(method.declared_in(), method.source()),
            parameters: method.parameters().map(ParameterView::new).collect(),
            returns: method
                .return_values()
                .map(|(code, name)| ValueView { value: i64::from(code), name })
                .collect(),
        }
    }

    fn to_text(&self) -> String {
        let mut shown = format!("method {}  ({})\n", self.name, self.origin.to_text());
        for parameter in &self.parameters {
            // Writing to a string cannot fail.
            let required = if parameter.required { "  (required)" } else { "" };
            let _ = writeln!(shown, "  {:<6} {}{required}", parameter.direction, parameter.typed.to_text());
            push_values(&parameter.typed.values, 3, &mut shown);
        }
        if !self.returns.is_empty() {
            shown.push_str("  returns\n");
            push_values(&self.returns, 3, &mut shown);
        }
        shown
    }
}

impl<'s> ParameterView<'s> {
    fn new(parameter: Parameter<'s>) -> Self {
        Self {
            direction: match parameter.direction() {
                Direction::In => "in",
                Direction::Out => "out",
                Direction::InOut => "in out",
            },
            required: parameter.is_required(),
            typed: Typed {
                name: parameter.name(),
                r#type: parameter.declared_type().map_or(UNTYPED, |(cim_type, _)| cim_type.name()),
                array: parameter.is_array(),
                class: parameter.class_name(),
                values: parameter.values().map(ValueView::new).collect(),
            },
        }
    }
}

impl<'s> Origin<'s> {
    fn new(class: Class<'s>, source: Source) -> Self {
        Self { declared_in: class.name(), source: source.name(), remark: super::remark(source) }
    }

    fn to_text(&self) -> String {
        match self.remark {
            Some(remark) => format!("{}, {remark}", self.declared_in),
            None => self.declared_in.to_owned(),
        }
    }
}

/// The type of what nobody tells the type of.
const UNTYPED: &str = "untyped";

impl Typed<'_> {
    /// As MOF has it: `uint16 OperationalStatus[]`, `CIM_Job REF Job`; an embedded instance with its class.
    fn to_text(&self) -> String {
        let array = if self.array { "[]" } else { "" };
        let is_reference = self.r#type == CimType::Reference.name();
        let cim_type = match self.class {
            Some(class) if is_reference => format!("{class} REF"),
            Some(class) => format!("{} of {class}", self.r#type),
            None => self.r#type.to_owned(),
        };
        format!("{cim_type} {}{array}", self.name)
    }
}

impl<'s> ValueView<'s> {
    fn new((value, name): (i64, &'s str)) -> Self {
        Self { value, name }
    }
}

fn push_values(values: &[ValueView<'_>], depth: usize, shown: &mut String) {
    for ValueView { value, name } in values {
        // Writing to a string cannot fail.
        let _ = writeln!(shown, "{:indent$}{value:>6}  {name}", "", indent = depth * 2);
    }
}
