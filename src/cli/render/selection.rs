//! Which properties are printed, and what they look like as JSON.

use super::Row;
use crate::{
    cim::{
        Instance, Value,
        schema::{Class, Property, Schema},
    },
    cli::{
        args::Format,
        cim::{condition::NO_CHECK, json, names::Names},
        failure::Failure,
        similar::did_you_mean,
    },
    error::{Error, ErrorKind},
};
use serde_json::{Map, Value as Json};

/// Fields that every instance has beside its properties, named as WMI names them.
pub(crate) const CLASS: &str = "__CLASS";
pub(crate) const PATH: &str = "__PATH";

/// What `--fields` and `--names` say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// In this order; none means all.
    pub(crate) fields: Vec<String>,
    /// With the names of values by the schema's value maps.
    pub(crate) names: bool,
    /// The fields are known to exist, though not every instance may have them.
    pub(crate) is_checked: bool,
    /// Where properties, keys and value maps are looked up.
    pub(crate) schema: Schema,
}

impl Selection {
    /// Makes sure that the fields mean something to the format, and to what comes.
    ///
    /// # Errors
    /// `Usage`.
    pub(crate) fn check_use(&self, format: Format, is_reference: bool) -> Result<(), Failure> {
        if self.fields.is_empty() {
            return Ok(());
        }
        if is_reference {
            return Err(Failure::usage(
                "--fields chooses properties, and with --mode epr there are none",
                "leave one of both out",
            ));
        }
        if format == Format::Xml {
            return Err(Failure::usage(
                "--output xml prints what came over the wire, which --fields does not choose from",
                "leave --fields out, or take another format; look at HVCTL_OUTPUT too",
            ));
        }
        Ok(())
    }

    /// Makes sure that a class, or one that derives from it, has what was asked for, before anything is sent.
    ///
    /// # Errors
    /// `Config`, with the name that was likely meant.
    pub(crate) fn checked(mut self, class: &str) -> Result<Self, Failure> {
        let classes = || self.schema.classes().filter(|other| other.is_a(class));
        let declared = || classes().flat_map(Class::properties).map(Property::name);
        let exists =
            |field: &str| declared().chain([CLASS, PATH]).any(|name| name.eq_ignore_ascii_case(field));
        if let Some(field) = self.fields.iter().find(|field| !exists(field)) {
            let hint = did_you_mean(field, declared().chain([CLASS, PATH]));
            return Err(no_property(field, class, &hint.unwrap_or_else(|| NO_CHECK.to_owned())));
        }
        self.is_checked = true;
        Ok(self)
    }

    /// Whether the object path is among what is printed.
    pub(crate) fn shows_path(&self) -> bool {
        self.fields.is_empty() || self.fields.iter().any(|field| field.eq_ignore_ascii_case(PATH))
    }

    /// Makes sure that what was asked for exists, when the first row is at hand. A host may know properties that the
    /// schema does not: they exist if the row has them.
    ///
    /// # Errors
    /// `Config`, with the name that was likely meant.
    pub(crate) fn check_first(&self, row: &Row, rows_before: u64) -> Result<(), Failure> {
        if rows_before > 0 || self.is_checked {
            return Ok(());
        }
        let Some(instance) = &row.instance else { return Ok(()) };
        let class = self.schema.class(instance.class());
        let declared = || class.into_iter().flat_map(Class::properties).map(Property::name);
        for field in &self.fields {
            let known = instance.get(field).is_some()
                || [CLASS, PATH].iter().any(|own| own.eq_ignore_ascii_case(field))
                || declared().any(|name| name.eq_ignore_ascii_case(field));
            if known {
                continue;
            }
            let mut known: Vec<&str> = declared().chain([CLASS, PATH]).collect();
            known.extend(instance.properties().map(|(name, _)| name));
            let hint = did_you_mean(field, known)
                .unwrap_or_else(|| "without --fields all properties are printed".to_owned());
            return Err(no_property(field, instance.class(), &hint));
        }
        Ok(())
    }

    /// A row as JSON: an object of its fields; for a reference alone, the reference.
    pub(crate) fn document(&self, row: &Row) -> Json {
        let Some(instance) = &row.instance else {
            return row.epr.as_ref().map_or(Json::Null, json::reference);
        };
        let mut fields = Map::new();
        if self.fields.is_empty() {
            fields.insert(CLASS.to_owned(), instance.class().into());
            fields.insert(PATH.to_owned(), self.path(row));
            for (name, value) in instance.properties() {
                self.insert(&mut fields, instance, name, value);
            }
        } else {
            for field in &self.fields {
                if field.eq_ignore_ascii_case(CLASS) {
                    fields.insert(CLASS.to_owned(), instance.class().into());
                } else if field.eq_ignore_ascii_case(PATH) {
                    fields.insert(PATH.to_owned(), self.path(row));
                } else {
                    self.insert(&mut fields, instance, field, instance.get(field).unwrap_or(&Value::Null));
                }
            }
        }
        Json::Object(fields)
    }

    fn insert(&self, fields: &mut Map<String, Json>, instance: &Instance, name: &str, value: &Value) {
        let names = self.names();
        json::insert(fields, name, value, names.property(instance.class(), name), names);
    }

    pub(super) fn names(&self) -> Names<'_> {
        Names::new(&self.schema, self.names)
    }

    fn path(&self, row: &Row) -> Json {
        row.epr.as_ref().map(|epr| epr.to_path_with(&self.schema).to_string()).into()
    }
}

fn no_property(field: &str, class: &str, hint: &str) -> Failure {
    let message = format!("failed to print `{field}`: `{class}` has no such property");
    Error::new(ErrorKind::Config, message).with_hint(hint).into()
}
