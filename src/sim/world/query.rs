//! Queries and filters over the instances.

use super::{Selected, World, reference};
use crate::{
    cim::{Epr, Instance, Value, schema},
    sim::{
        NAMESPACE,
        soap::{
            Fault,
            filter::Association,
            request::{Resource, resource},
        },
        wql::{self, ObjectName, Query as Wql, Restrictions},
    },
};

/// What an enumeration asks for.
#[derive(Debug)]
pub(in crate::sim) enum Query<'a> {
    /// All of a class.
    Class(schema::Class<'static>),
    /// Those of a class with these values, all of them (MS-WSMV 3.1.4.1.13).
    Selectors(schema::Class<'static>, &'a [(String, String)]),
    /// WQL.
    Wql(&'a str),
    /// What is linked with an object, or the links.
    Association(&'a Association),
    /// These, which were found elsewhere.
    Found(Vec<Instance>),
}

impl World {
    /// The instances that a query finds.
    ///
    /// # Errors
    /// `n:CannotProcessFilter` and what it names.
    pub(in crate::sim) fn query(&self, query: Query<'_>) -> Result<Vec<Instance>, Fault> {
        match query {
            Query::Class(class) => Ok(self.instances(class)),
            Query::Selectors(class, selectors) => self.with_values(class, selectors),
            Query::Association(association) => self.associated(association),
            Query::Found(instances) => Ok(instances),
            Query::Wql(text) => {
                let parsed = wql::parse(text).map_err(|reason| Fault::filter(&reason, text))?;
                self.wql(&parsed, text)
            }
        }
    }

    /// The association filter asks what `ASSOCIATORS OF` and `REFERENCES OF` ask.
    fn associated(&self, association: &Association) -> Result<Vec<Instance>, Fault> {
        let text = association.object.to_path().to_string();
        let Resource::Class(class) = resource(association.object.resource_uri())? else {
            return Err(Fault::invalid_resource_uri(association.object.resource_uri()));
        };
        let object = match self.select(class, &association.object, false) {
            Selected::One(instance) => reference(&instance),
            Selected::NoKey(name) => return Err(Fault::unexpected_selector(&name)),
            Selected::Nothing => return Err(Fault::not_found("ExecQuery", &text)),
        };
        let restrictions = &association.restrictions;
        let class_of = |name: &Option<String>| {
            let known = |name: &String| self.named(name, &text);
            name.as_ref().map(known).transpose()
        };
        let result = class_of(&restrictions.result_class)?;
        if association.links {
            let role = restrictions.role.as_deref();
            return Ok(self.associations(&object, result, role).map(|(instance, _)| instance).collect());
        }
        Ok(self.associators(&object, class_of(&restrictions.assoc_class)?, result, restrictions))
    }

    /// A class of this host.
    fn named(&self, name: &str, query: &str) -> Result<schema::Class<'static>, Fault> {
        schema::class(name).filter(|class| self.knows(*class)).ok_or_else(|| {
            // The words of a captured fault, which had this code too.
            Fault::filter("The specified class does not exist in the given namespace", query)
        })
    }

    fn with_values(
        &self,
        class: schema::Class,
        selectors: &[(String, String)],
    ) -> Result<Vec<Instance>, Fault> {
        for (name, value) in selectors {
            let property = class
                .property(name)
                .ok_or_else(|| Fault::filter(&format!("{} has no property {name}", class.name()), ""))?;
            let is_scalar = !property.is_array()
                && !matches!(
                    property.cim_type(),
                    crate::cim::CimType::DateTime | crate::cim::CimType::Reference
                );
            if !is_scalar || value.contains(['\'', '"']) {
                return Err(Fault::filter(&format!("{name} cannot be compared with this value"), ""));
            }
        }
        let has_all = |instance: &Instance| {
            selectors.iter().all(|(name, value)| {
                instance.get(name).is_some_and(|own| super::same(&own.to_plain_text(), value))
            })
        };
        Ok(self.instances(class).into_iter().filter(has_all).collect())
    }

    fn wql(&self, query: &Wql, text: &str) -> Result<Vec<Instance>, Fault> {
        let class_of = |name: &str| self.named(name, text);
        match query {
            Wql::Select { properties, class, condition } => {
                let class = class_of(class)?;
                let compared = condition.iter().flat_map(wql::Condition::properties);
                let mut named = properties.iter().map(String::as_str).chain(compared);
                if let Some(unknown) = named.find(|name| class.property(name).is_none()) {
                    let reason = format!("{} has no property {unknown}", class.name());
                    return Err(Fault::filter(&reason, text));
                }
                let Some(condition) = condition else { return Ok(self.instances(class)) };
                let fits = |instance: &Instance| wql::matches(condition, instance);
                Ok(self.instances(class).into_iter().filter(fits).collect())
            }
            Wql::References { object, restrictions } => {
                let object = self.object(object, text)?;
                let class = restrictions.result_class.as_deref().map(class_of).transpose()?;
                let role = restrictions.role.as_deref();
                Ok(self.associations(&object, class, role).map(|(instance, _)| instance).collect())
            }
            Wql::Associators { object, restrictions } => {
                let object = self.object(object, text)?;
                let assoc = restrictions.assoc_class.as_deref().map(class_of).transpose()?;
                let result = restrictions.result_class.as_deref().map(class_of).transpose()?;
                Ok(self.associators(&object, assoc, result, restrictions))
            }
        }
    }

    /// The object that `ASSOCIATORS OF` starts from.
    fn object(&self, name: &ObjectName, query: &str) -> Result<Epr, Fault> {
        let class = schema::class(&name.class).ok_or_else(|| {
            Fault::filter("The specified class does not exist in the given namespace", query)
        })?;
        let mut epr = Epr::class_of(class.name(), NAMESPACE);
        for (key, value) in &name.keys {
            epr = epr.with(key, value).map_err(|error| Fault::filter(&error.to_string(), query))?;
        }
        match self.select(class, &epr, false) {
            Selected::One(instance) => Ok(reference(&instance)),
            // WMI answers WBEM_E_NOT_FOUND; how WinRM maps it is not documented: chosen.
            Selected::NoKey(_) | Selected::Nothing => Err(Fault::not_found("ExecQuery", query)),
        }
    }

    /// The association instances that name an object, with the references to the others.
    fn associations<'a>(
        &'a self,
        object: &'a Epr,
        class: Option<schema::Class<'static>>,
        role: Option<&'a str>,
    ) -> impl Iterator<Item = (Instance, Vec<(String, Epr)>)> + 'a {
        let is_role = move |name: &str| role.is_none_or(|role| role.eq_ignore_ascii_case(name));
        schema::classes()
            .filter(|known| known.is_association())
            .filter(move |known| class.is_none_or(|class| known.is_a(class.name())))
            .flat_map(|known| {
                // Each instance once, though its base classes are associations as well.
                let own = move |instance: &Instance| instance.class() == known.name();
                self.instances(known).into_iter().filter(own)
            })
            .filter_map(move |instance| {
                let references: Vec<(String, Epr)> = instance
                    .properties()
                    .filter_map(|(name, value)| match value {
                        Value::Reference(epr) => Some((name.to_owned(), (**epr).clone())),
                        _ => None,
                    })
                    .collect();
                let (mine, others): (Vec<_>, Vec<_>) =
                    references.into_iter().partition(|(name, epr)| epr == object && is_role(name));
                (!mine.is_empty()).then_some((instance, others))
            })
    }

    fn associators(
        &self,
        object: &Epr,
        assoc: Option<schema::Class<'static>>,
        result: Option<schema::Class<'static>>,
        restrictions: &Restrictions,
    ) -> Vec<Instance> {
        let is_result_role = |name: &str| {
            restrictions.result_role.as_deref().is_none_or(|role| role.eq_ignore_ascii_case(name))
        };
        let mut found: Vec<Instance> = Vec::new();
        for (_, others) in self.associations(object, assoc, restrictions.role.as_deref()) {
            for (_, epr) in others.into_iter().filter(|(name, _)| is_result_role(name)) {
                let Some(class) = schema::class(epr.class()) else { continue };
                if result.is_some_and(|result| !class.is_a(result.name())) {
                    continue;
                }
                // What was deleted meanwhile is passed over; what is found twice comes once.
                if let Selected::One(instance) = self.select(class, &epr, false)
                    && !found.contains(&instance)
                {
                    found.push(*instance);
                }
            }
        }
        found
    }
}
