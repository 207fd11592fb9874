//! Declarations to classes with everything they inherit.
//!
//! A class has the properties and methods of its superclass, in that order, then its own. One that
//! it declares again stays in its place and keeps what the new declaration leaves out: the key,
//! the value map, the return table, the value maps of parameters. Its type stays too; only the
//! class of a reference may become another one.

use std::collections::{BTreeMap, BTreeSet};

use super::super::layout::{TYPES, class as class_record, compare_names, typed};
use super::parse::{self, Declarations, Form, TableUse, Typed};
use super::{CompileError, Place};

/// All classes, by name without case, and what they are made of.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(super) classes: Vec<Class>,
    pub(super) properties: Vec<Element>,
    pub(super) methods: Vec<Method>,
}

#[derive(Debug)]
pub(crate) struct Class {
    pub(super) name: String,
    pub(super) superclass_name: Option<String>,
    /// Position among the classes.
    pub(super) superclass: Option<usize>,
    /// Flags of `layout::class`.
    pub(super) flags: u32,
    /// Positions in [`Schema::properties`].
    pub(super) properties: Vec<usize>,
    /// Positions in [`Schema::methods`].
    pub(super) methods: Vec<usize>,
}

/// A property or a parameter.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(super) name: String,
    /// Position in `TYPES`.
    pub(super) type_code: usize,
    pub(super) class_name: Option<String>,
    /// Flags of `layout::typed`.
    pub(super) flags: u32,
    pub(super) values: parse::Table,
    /// Position of the class.
    pub(super) declared_in: usize,
}

impl Element {
    fn is_array(&self) -> bool {
        self.flags & typed::ARRAY != 0
    }
    pub(super) fn is_key(&self) -> bool {
        self.flags & typed::KEY != 0
    }
}

#[derive(Debug)]
pub(crate) struct Method {
    pub(super) name: String,
    /// Flags of `layout::method`.
    pub(super) flags: u32,
    pub(super) parameters: Vec<Element>,
    pub(super) returns: parse::Table,
    /// Position of the class.
    pub(super) declared_in: usize,
}

/// Resolves names and inheritance.
pub(crate) fn resolve(declarations: &Declarations, form: Form) -> Result<Schema, CompileError> {
    let (mut sorted, additions) = apart(declarations);
    sorted.sort_by(|left, right| compare_names(&left.name, &right.name));
    for pair in sorted.windows(2) {
        if let [first, second] = pair
            && first.name.eq_ignore_ascii_case(&second.name)
        {
            let Place { file, line, .. } = &first.place;
            let message = format!("class `{}` is declared twice, first at {file}:{line}", second.name);
            return Err(second.place.error(message));
        }
    }
    let positions =
        sorted.iter().enumerate().map(|(at, class)| (class.name.to_ascii_lowercase(), at)).collect();
    let resolver = Resolver { declarations, additions, form, positions };

    let mut schema = Schema::default();
    for class in &sorted {
        let superclass = resolver.superclass(class)?;
        schema.classes.push(Class {
            name: class.name.clone(),
            superclass_name: class.superclass.clone(),
            superclass,
            flags: class.flags,
            properties: Vec::new(),
            methods: Vec::new(),
        });
    }
    for (class, at) in superclasses_first(&schema.classes, &sorted)? {
        resolver.inherit(&mut schema, class, at)?;
    }
    Ok(schema)
}

/// The classes, and apart from them what a host was seen to have beyond a documented class.
fn apart(declarations: &Declarations) -> (Vec<&parse::Class>, BTreeMap<String, &parse::Class>) {
    let is_seen = |class: &parse::Class| class.flags & class_record::SEEN != 0;
    let documented = declarations.classes.iter().filter(|class| !is_seen(class));
    let documented: BTreeSet<String> = documented.map(|class| class.name.to_ascii_lowercase()).collect();
    let mut additions = BTreeMap::new();
    let mut classes = Vec::new();
    for class in &declarations.classes {
        let name = class.name.to_ascii_lowercase();
        if is_seen(class) && documented.contains(&name) {
            additions.insert(name, class);
        } else {
            classes.push(class);
        }
    }
    (classes, additions)
}

/// The classes, each after the one that it derives from.
fn superclasses_first<'a>(
    classes: &[Class],
    declarations: &[&'a parse::Class],
) -> Result<Vec<(&'a parse::Class, usize)>, CompileError> {
    let mut order = Vec::new();
    for (at, declaration) in declarations.iter().enumerate() {
        let mut depth = 0;
        let mut superclass = classes.get(at).and_then(|class| class.superclass);
        while let Some(above) = superclass {
            depth += 1;
            if depth > DEEPEST {
                let message = format!(
                    "class `{}` derives from itself, or is more than {DEEPEST} deep",
                    declaration.name
                );
                return Err(declaration.place.error(message));
            }
            superclass = classes.get(above).and_then(|class| class.superclass);
        }
        order.push((depth, (*declaration, at)));
    }
    order.sort_by_key(|(depth, _)| *depth);
    Ok(order.into_iter().map(|(_, class)| class).collect())
}

/// Classes above one another. Real ones are at most a dozen.
const DEEPEST: usize = 64;
/// Members of one class with those that it inherits.
const MOST_MEMBERS: usize = 2048;

/// The spelling of a type that nobody tells.
const UNTYPED: &str = "untyped";

struct Resolver<'a> {
    declarations: &'a Declarations,
    /// What documented classes have besides, by lower-case name.
    additions: BTreeMap<String, &'a parse::Class>,
    form: Form,
    /// Position of a class by lower-case name.
    positions: BTreeMap<String, usize>,
}

impl Resolver<'_> {
    fn superclass(&self, class: &parse::Class) -> Result<Option<usize>, CompileError> {
        let Some(name) = &class.superclass else { return Ok(None) };
        match self.positions.get(&name.to_ascii_lowercase()) {
            Some(at) => Ok(Some(*at)),
            None if self.form == Form::Any || self.declarations.outside.contains(name) => Ok(None),
            None => {
                let message = format!("class `{}`: the superclass `{name}` is not declared", class.name);
                Err(class.place.error(message))
            }
        }
    }

    /// Fills in the members of one class; those of its superclass are filled in already.
    fn inherit(&self, schema: &mut Schema, class: &parse::Class, at: usize) -> Result<(), CompileError> {
        let superclass = schema.classes.get(at).and_then(|class| class.superclass);
        let above = superclass.and_then(|superclass| schema.classes.get(superclass));
        let mut properties = above.map_or_else(Vec::new, |above| above.properties.clone());
        let mut methods = above.map_or_else(Vec::new, |above| above.methods.clone());

        let has_keys = properties.iter().any(|at| schema.properties.get(*at).is_some_and(Element::is_key));
        let more = self.additions.get(&class.name.to_ascii_lowercase());
        for declared in class.properties.iter().chain(more.into_iter().flat_map(|more| &more.properties)) {
            let owner = format!("{}.{}", class.name, declared.name);
            let mut property = self.element(&owner, declared, at)?;
            let slot = properties.iter_mut().find(|known| {
                schema.properties.get(**known).is_some_and(|known| same_name(&known.name, &declared.name))
            });
            let position = schema.properties.len();
            if let Some(slot) = slot {
                if let Some(inherited) = schema.properties.get(*slot) {
                    let from = schema.classes.get(inherited.declared_in).map_or("", |class| &class.name);
                    refine(&mut property, inherited, &owner, from, declared, self.form)?;
                }
                *slot = position;
            } else {
                // Keys are those of the superclass chain.
                if has_keys && self.form == Form::Any {
                    property.flags &= !typed::KEY;
                }
                properties.push(position);
            }
            schema.properties.push(property);
        }
        for declared in class.methods.iter().chain(more.into_iter().flat_map(|more| &more.methods)) {
            let mut method = self.method(&class.name, declared, at)?;
            let slot = methods.iter_mut().find(|known| {
                schema.methods.get(**known).is_some_and(|known| same_name(&known.name, &declared.name))
            });
            let position = schema.methods.len();
            match slot {
                Some(slot) => {
                    if let Some(inherited) = schema.methods.get(*slot) {
                        complete(&mut method, inherited, at, &declared.place)?;
                    }
                    *slot = position;
                }
                None => methods.push(position),
            }
            schema.methods.push(method);
        }
        if properties.len() + methods.len() > MOST_MEMBERS {
            let message = format!(
                "expected at most {MOST_MEMBERS} members of `{}`, inherited ones included",
                class.name
            );
            return Err(class.place.error(message));
        }
        if let Some(class) = schema.classes.get_mut(at) {
            class.properties = properties;
            class.methods = methods;
        }
        Ok(())
    }

    fn method(&self, class: &str, declared: &parse::Method, at: usize) -> Result<Method, CompileError> {
        let owner = format!("{class}.{}", declared.name);
        let mut parameters: Vec<Element> = Vec::new();
        for parameter in &declared.parameters {
            let owner = format!("{owner}.{}", parameter.name);
            if parameters.iter().any(|known| same_name(&known.name, &parameter.name)) {
                return Err(parameter.place.error(format!("`{owner}` is declared twice")));
            }
            parameters.push(self.element(&owner, parameter, at)?);
        }
        let returns = self.table(declared.returns.as_ref())?;
        Ok(Method {
            name: declared.name.clone(),
            flags: declared.flags,
            parameters,
            returns,
            declared_in: at,
        })
    }

    fn element(&self, owner: &str, declared: &Typed, at: usize) -> Result<Element, CompileError> {
        let known_class = self.positions.contains_key(&declared.type_name.to_ascii_lowercase())
            || self.declarations.outside.contains(&declared.type_name)
            || (self.form == Form::Any && declared.is_reference);
        let untyped = declared.type_name == UNTYPED;
        let spelling = match (known_class, declared.is_reference) {
            (true, true) => "reference",
            (true, false) => "object",
            (false, true) => "",
            (false, false) if untyped => "string",
            (false, false) => &declared.type_name,
        };
        let Some(type_code) = TYPES.iter().position(|name| name.eq_ignore_ascii_case(spelling)) else {
            let message =
                format!("`{owner}`: `{}` is neither a type nor a declared class", declared.type_name);
            return Err(declared.place.error(message));
        };
        Ok(Element {
            name: declared.name.clone(),
            type_code,
            class_name: known_class.then(|| declared.type_name.clone()).or_else(|| declared.embedded.clone()),
            flags: declared.flags | if untyped { typed::UNTYPED } else { 0 },
            values: self.table(declared.values.as_ref())?,
            declared_in: at,
        })
    }

    fn table(&self, used: Option<&TableUse>) -> Result<parse::Table, CompileError> {
        match used {
            None => Ok(parse::Table::new()),
            Some(TableUse::Inline(table)) => Ok(table.clone()),
            Some(TableUse::Named(place, name)) => {
                let mut named = self.declarations.tables.iter().filter(|table| table.name == *name);
                match (named.next(), named.next()) {
                    (Some(found), None) => Ok(found.table.clone()),
                    (Some(_), Some(_)) => Err(place.error(format!("there are two tables `{name}`"))),
                    (None, _) => Err(place.error(format!("there is no table `{name}`"))),
                }
            }
        }
    }
}

/// Gives a property what the inherited one of its name has and it leaves out.
fn refine(
    property: &mut Element,
    inherited: &Element,
    owner: &str,
    from: &str,
    declared: &Typed,
    form: Form,
) -> Result<(), CompileError> {
    if inherited.declared_in == property.declared_in {
        return Err(declared.place.error(format!("`{owner}` is declared twice")));
    }
    if inherited.type_code != property.type_code || inherited.is_array() != property.is_array() {
        if form == Form::Own {
            let (own, above) = (spelling(property), spelling(inherited));
            let message = format!("`{owner}` is {own}, inherited from `{from}` it is {above}");
            return Err(declared.place.error(message));
        }
        // What was loaded knows better than what was documented, above or below.
        if property.flags & typed::LOADED == 0 {
            property.type_code = inherited.type_code;
            property.class_name.clone_from(&inherited.class_name);
            property.flags = property.flags & !typed::ARRAY | inherited.flags & typed::ARRAY;
        }
    }
    property.flags |= inherited.flags & typed::KEY;
    if property.values.is_empty() {
        property.values.clone_from(&inherited.values);
    }
    Ok(())
}

/// Gives a method the tables that the inherited one of its name has and it leaves out.
fn complete(method: &mut Method, inherited: &Method, at: usize, place: &Place) -> Result<(), CompileError> {
    if inherited.declared_in == at {
        return Err(place.error(format!("the method `{}` is declared twice", method.name)));
    }
    if method.returns.is_empty() {
        method.returns.clone_from(&inherited.returns);
    }
    for parameter in &mut method.parameters {
        let known = inherited.parameters.iter().find(|known| same_name(&known.name, &parameter.name));
        if let Some(known) = known
            && parameter.values.is_empty()
        {
            parameter.values.clone_from(&known.values);
        }
    }
    Ok(())
}

fn spelling(element: &Element) -> String {
    let name = TYPES.get(element.type_code).copied().unwrap_or_default();
    format!("{name}{}", if element.is_array() { "[]" } else { "" })
}

fn same_name(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
}
