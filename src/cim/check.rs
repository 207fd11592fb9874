//! What is about to be sent, compared with the schema.

use super::{
    CimType, Epr, Instance, Value,
    schema::{Class, Direction, Method, Parameter, Property, Schema, Source},
    similar::{self, did_you_mean},
};

/// Why something is not sent, and what may have been meant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// A method call as it is sent.
#[derive(Debug, PartialEq)]
pub(crate) struct Call {
    /// As declared, where it is.
    pub(crate) method: String,
    /// In the order of declaration.
    pub(crate) arguments: Vec<(String, Value)>,
}

/// The class of a reference; none where it is unknown and may well exist. Of `root/virtualization/v2` the schema is taken to
/// know all. Elsewhere a user may have loaded some, and only what is nearly the name of one of these is taken for it. A
/// class of another namespace is not the compiled one of its name: `root/cimv2` has a `CIM_Service` of its own.
///
/// # Errors
/// For a class that should be known.
pub(crate) fn class<'s>(schema: &'s Schema, epr: &Epr) -> Result<Option<Class<'s>>, Refusal> {
    let is_elsewhere =
        epr.namespace().is_some_and(|namespace| !namespace.eq_ignore_ascii_case(COMPILED_NAMESPACE));
    let found = schema.class(epr.class());
    let known = found.filter(|class| !is_elsewhere || class.source() == Source::Loaded);
    if known.is_some() || epr.namespace().is_none() {
        return Ok(known);
    }
    let is_slip =
        |class: Class| class.source() == Source::Loaded && similar::is_slip(epr.class(), class.name());
    if is_elsewhere && (found.is_some() || !schema.classes().any(is_slip)) {
        return Ok(None);
    }
    let hint = did_you_mean(epr.class(), schema.classes().map(Class::name));
    Err(Refusal { message: format!("failed to use `{}`: the schema has no such class", epr.class()), hint })
}

/// The namespace whose classes are compiled in.
const COMPILED_NAMESPACE: &str = "root/virtualization/v2";

/// A method by name.
///
/// # Errors
/// Where the class does not have it.
pub(crate) fn method<'s>(class: Class<'s>, name: &str) -> Result<Method<'s>, Refusal> {
    class.method(name).ok_or_else(|| Refusal {
        message: format!("failed to call `{name}`: `{}` has no such method", class.name()),
        hint: meant(name, class.methods().map(Method::name)),
    })
}

/// A call whose names, types and classes are those of the schema. One of a class that nobody knows is as it was.
///
/// # Errors
/// For what the schema does not have, what does not fit, and what is missing.
pub(crate) fn call(
    schema: &Schema,
    epr: &Epr,
    name: &str,
    arguments: &[(String, Value)],
) -> Result<Call, Refusal> {
    let Some(class) = class(schema, epr)? else {
        return Ok(Call { method: name.to_owned(), arguments: arguments.to_vec() });
    };
    let method = method(class, name)?;
    let owner = format!("{}.{}", class.name(), method.name());
    let mut sent = Vec::new();
    for (name, value) in arguments {
        let parameter = parameter(&owner, method, name)?;
        if sent.iter().any(|(known, _)| *known == parameter.name()) {
            let found = "it twice; an array is one argument";
            return Err(unfit(&owner, parameter.name(), "one value", found));
        }
        let expected = Expected::from(parameter);
        sent.push((parameter.name(), expected.of_type(schema, &owner, value.clone())?));
    }
    for parameter in method.parameters().filter(|parameter| parameter.is_required()) {
        let is_given = sent.iter().any(|(name, value)| *name == parameter.name() && !value.is_null());
        if parameter.direction().is_in() && !is_given {
            let message =
                format!("failed to call `{owner}`: expected a value of `{}`, got none", parameter.name());
            return Err(Refusal { message, hint: Some("the method requires it".to_owned()) });
        }
    }
    let mut ordered = Vec::new();
    for parameter in method.parameters() {
        let of_it = sent.iter().position(|(name, _)| *name == parameter.name());
        ordered.extend(of_it.map(|position| sent.swap_remove(position)));
    }
    let arguments = ordered.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Call { method: method.name().to_owned(), arguments })
}

/// Properties that are written, those of `named` as the class has them; the others are the host's own.
///
/// # Errors
/// For a property that the class does not have, and a value that does not fit.
pub(crate) fn properties(
    schema: &Schema,
    epr: &Epr,
    named: &[String],
    mut instance: Instance,
) -> Result<Instance, Refusal> {
    let Some(class) = class(schema, epr)? else { return Ok(instance) };
    for (name, value) in &mut instance.properties {
        if !named.iter().any(|named| named.eq_ignore_ascii_case(name)) {
            continue;
        }
        let property = property(class, name)?;
        *name = property.name().into();
        let given = std::mem::replace(value, Value::Null);
        *value = Expected::from(property).of_type(schema, class.name(), given)?;
    }
    Ok(instance)
}

/// A property by name.
///
/// # Errors
/// Where the class does not have it.
pub(crate) fn property<'s>(class: Class<'s>, name: &str) -> Result<Property<'s>, Refusal> {
    class.property(name).ok_or_else(|| Refusal {
        message: format!("failed to use `{name}`: `{}` has no such property", class.name()),
        hint: meant(name, class.properties().map(Property::name)),
    })
}

/// What narrows a walk along associations.
#[cfg(feature = "cli")]
#[derive(Debug, Default)]
pub(crate) struct Walk<'a> {
    pub(crate) association: Option<&'a str>,
    pub(crate) result: Option<&'a str>,
    /// Properties of the association.
    pub(crate) roles: Vec<&'a str>,
}

/// Looks for classes and roles of a walk from an instance.
///
/// # Errors
/// For a class that should be known, one that is no association where one is meant, and a property that no such
/// association has.
#[cfg(feature = "cli")]
pub(crate) fn walk(schema: &Schema, from: &Epr, walk: &Walk<'_>) -> Result<(), Refusal> {
    let beside = |name: &str| {
        let namespace = from.namespace().map(|namespace| Epr::class_of(name, namespace));
        namespace.map_or(Ok(None), |epr| class(schema, &epr))
    };
    if let Some(result) = walk.result {
        beside(result)?;
    }
    let association = walk.association.map(beside).transpose()?;
    if let Some(Some(class)) = association
        && !class.is_association()
    {
        let message =
            format!("failed to use `{}`: expected an association, got a class that is none", class.name());
        let known = schema.classes().filter(|class| class.is_association()).map(Class::name);
        return Err(Refusal { message, hint: did_you_mean(class.name(), known) });
    }
    // Of one that nobody knows, nobody knows the properties.
    let is_known = match association {
        Some(association) => association.is_some(),
        None => class(schema, from)?.is_some(),
    };
    for role in walk.roles.iter().filter(|_| is_known) {
        let ends: Vec<&str> = match association.flatten() {
            Some(class) => class.references().map(Property::name).collect(),
            None => schema.classes().filter(|class| class.is_association()).flat_map(ends).collect(),
        };
        if !ends.iter().any(|end| end.eq_ignore_ascii_case(role)) {
            let likely = did_you_mean(role, ends.iter().copied());
            let (reason, hint) = match association.flatten() {
                Some(class) => {
                    (format!("`{}` has no such reference", class.name()), likely.or_else(|| Some(has(&ends))))
                }
                None => ("no association has such a reference".to_owned(), likely),
            };
            return Err(Refusal { message: format!("failed to use `{role}` as a role: {reason}"), hint });
        }
    }
    Ok(())
}

#[cfg(feature = "cli")]
fn ends(class: Class<'_>) -> impl Iterator<Item = &str> {
    class.references().map(Property::name)
}

/// A parameter that is sent, by name.
///
/// # Errors
/// Where the method does not have it, or the host answers with it.
pub(crate) fn parameter<'s>(owner: &str, method: Method<'s>, name: &str) -> Result<Parameter<'s>, Refusal> {
    let sent = || method.parameters().filter(|parameter| parameter.direction().is_in()).map(Parameter::name);
    match method.parameter(name) {
        Some(parameter) if parameter.direction() == Direction::Out => {
            let found = "one that the host answers with";
            Err(Refusal {
                hint: Some(has(&sent().collect::<Vec<_>>())),
                ..unfit(owner, parameter.name(), "a parameter that is sent", found)
            })
        }
        Some(parameter) => Ok(parameter),
        None => Err(Refusal {
            message: format!("failed to use `{name}`: `{owner}` has no such parameter"),
            hint: meant(name, sent()),
        }),
    }
}

/// What a value has to be.
struct Expected<'s> {
    name: &'s str,
    declared_type: Option<(CimType, bool)>,
    class: Option<&'s str>,
    values: Vec<(i64, &'s str)>,
}

impl Expected<'_> {
    fn of_type(&self, schema: &Schema, owner: &str, value: Value) -> Result<Value, Refusal> {
        let Some((cim_type, is_array)) = self.declared_type else { return Ok(value) };
        let value = value.into_type(cim_type, is_array).map_err(|error| {
            let message = format!("failed to use `{}` of `{owner}`: {error}", self.name);
            let known: Vec<_> = self.values.iter().map(|(code, name)| format!("{code} ({name})")).collect();
            let hint = (!known.is_empty()).then(|| format!("it knows {}", known.join(", ")));
            Refusal { message, hint }
        })?;
        for element in value.as_slice() {
            self.of_class(schema, owner, element)?;
        }
        Ok(value)
    }

    /// Compares classes, where both are known.
    fn of_class(&self, schema: &Schema, owner: &str, value: &Value) -> Result<(), Refusal> {
        let Some(expected) = self.class.and_then(|class| schema.class(class)) else { return Ok(()) };
        let (kind, found) = match value {
            Value::Reference(epr) => ("a reference to", epr.class().to_owned()),
            Value::Instance(instance) => ("an instance of", instance.class().to_owned()),
            Value::String(text) => match Instance::from_cim_xml(text.as_str()) {
                Ok(instance) => ("an instance of", instance.class().to_owned()),
                Err(_) => return Ok(()),
            },
            _ => return Ok(()),
        };
        match schema.class(&found) {
            Some(found) if !found.is_a(expected.name()) => {
                let expected = format!("{kind} `{}`", expected.name());
                Err(unfit(owner, self.name, &expected, &format!("one of `{}`", found.name())))
            }
            _ => Ok(()),
        }
    }
}

macro_rules! expected_from {
    ($($member:ident)+) => {
        $(
            impl<'s> From<$member<'s>> for Expected<'s> {
                fn from(member: $member<'s>) -> Self {
                    Self {
                        name: member.name(),
                        declared_type: member.declared_type(),
                        class: member.class_name(),
                        values: member.values().collect(),
                    }
                }
            }
        )+
    };
}

expected_from!(Parameter Property);

fn unfit(owner: &str, name: &str, expected: &str, found: &str) -> Refusal {
    let message = format!("failed to use `{name}` of `{owner}`: expected {expected}, got {found}");
    Refusal { message, hint: None }
}

/// What was likely meant, else what there is.
fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let known: Vec<_> = known.collect();
    did_you_mean(name, known.iter().copied()).or_else(|| Some(has(&known)))
}

fn has(known: &[&str]) -> String {
    if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::Text;

    fn epr(class: &str) -> Epr {
        Epr::class_of(class, "root/virtualization/v2")
    }

    fn create_snapshot(arguments: &[(&str, Value)]) -> Result<Call, String> {
        call_of("Msvm_CollectionSnapshotService", "CreateSnapshot", arguments)
    }

    fn call_of(class: &str, method: &str, arguments: &[(&str, Value)]) -> Result<Call, String> {
        let arguments: Vec<_> =
            arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        call(&Schema::default(), &epr(class), method, &arguments).map_err(told)
    }

    fn told(refusal: Refusal) -> String {
        [Some(refusal.message), refusal.hint].into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn arguments_get_the_names_types_and_order_of_their_declaration() {
        let group = epr("Msvm_VirtualSystemCollection").with("CollectionID", "G").unwrap();
        let given = [("snapshottype", Value::from(2_u64)), ("COLLECTION", Value::from(&group))];
        let call = call_of("msvm_collectionsnapshotservice", "createsnapshot", &given).unwrap();
        assert_eq!(call.method, "CreateSnapshot");
        assert_eq!(
            call.arguments,
            [("Collection".to_owned(), Value::from(&group)), ("SnapshotType".to_owned(), Value::Uint16(2)),]
        );
    }

    #[test]
    fn what_the_schema_does_not_have_is_refused_with_what_was_meant() {
        insta::assert_snapshot!(call_of("Msvm_ConcreteJbo", "KillJob", &[]).unwrap_err(), @r"
        failed to use `Msvm_ConcreteJbo`: the schema has no such class
        did you mean `Msvm_ConcreteJob`?
        ");
        insta::assert_snapshot!(call_of("Msvm_ConcreteJob", "KilJob", &[]).unwrap_err(), @r"
        failed to call `KilJob`: `Msvm_ConcreteJob` has no such method
        did you mean `KillJob`?
        ");
        insta::assert_snapshot!(create_snapshot(&[("Kind", Value::Null)]).unwrap_err(), @r"
        failed to use `Kind`: `Msvm_CollectionSnapshotService.CreateSnapshot` has no such parameter
        it has Collection, SnapshotSettings, SnapshotType, ResultingSnapshotCollection
        ");
        insta::assert_snapshot!(create_snapshot(&[("job", Value::Null)]).unwrap_err(), @r"
        failed to use `Job` of `Msvm_CollectionSnapshotService.CreateSnapshot`: expected a parameter that is sent, got one that the host answers with
        it has Collection, SnapshotSettings, SnapshotType, ResultingSnapshotCollection
        ");
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        insta::assert_snapshot!(create_snapshot(&[("SnapshotType", Value::from(70_000_u32))]).unwrap_err(), @r"
        failed to use `SnapshotType` of `Msvm_CollectionSnapshotService.CreateSnapshot`: expected uint16, got `70000`
        it knows 0 (Unknown), 1 (Standard Snapshot), 2 (Recovery Snapshot)
        ");
        let twice = [("SnapshotType", Value::from(1_u16)), ("snapshottype", Value::from(2_u16))];
        insta::assert_snapshot!(create_snapshot(&twice).unwrap_err(), @"failed to use `SnapshotType` of `Msvm_CollectionSnapshotService.CreateSnapshot`: expected one value, got it twice; an array is one argument");
        let machine = epr("Msvm_ComputerSystem").with("Name", "V").unwrap();
        insta::assert_snapshot!(create_snapshot(&[("Collection", Value::from(&machine))]).unwrap_err(), @"failed to use `Collection` of `Msvm_CollectionSnapshotService.CreateSnapshot`: expected a reference to `CIM_CollectionOfMSEs`, got one of `Msvm_ComputerSystem`");
        insta::assert_snapshot!(
            call_of("Msvm_VirtualSystemManagementService", "DefineSystem", &[]).unwrap_err(),
            @r"
        failed to call `Msvm_VirtualSystemManagementService.DefineSystem`: expected a value of `SystemSettings`, got none
        the method requires it
        "
        );
    }

    #[test]
    fn an_embedded_instance_of_another_class_is_refused_as_object_and_as_text() {
        let mof = "class X_Setting { string A; };\nclass X_Own : X_Setting {};\nclass X_Other { string A; };\n\
                   class X { uint32 Use([In, EmbeddedInstance(\"X_Setting\")] string Text, [In] X_Setting Object); };";
        let schema = Schema::default().extended("a.mof", mof).unwrap();
        let given = |name: &str, value: Value| {
            call(&schema, &epr("X"), "Use", &[(name.to_owned(), value)]).map(drop).map_err(told)
        };
        let text = |class: &str| Value::String(Instance::new(class).to_cim_xml().unwrap());
        for name in ["Text", "Object"] {
            assert_eq!(given(name, text("X_Own")), Ok(()));
            assert_eq!(given(name, Instance::new("X_Own").into()), Ok(()));
            for wrong in [text("X_Other"), Instance::new("X_Other").into()] {
                let expected = "expected an instance of `X_Setting`, got one of `X_Other`";
                assert_eq!(given(name, wrong), Err(format!("failed to use `{name}` of `X.Use`: {expected}")));
            }
        }
        assert_eq!(given("Text", Value::String(Text::new("").unwrap())), Ok(()), "no instance");
    }

    #[test]
    fn a_class_of_another_namespace_is_not_the_compiled_one_of_its_name() {
        let service = Epr::class_of("CIM_Service", "root/cimv2");
        let arguments = [("Any".to_owned(), Value::from(1_u8))];
        let sent = call(&Schema::default(), &service, "NotOfHyperV", &arguments).unwrap();
        assert_eq!(sent.method, "NotOfHyperV");
        let refused = call(&Schema::default(), &epr("CIM_Service"), "NotOfHyperV", &arguments);
        assert!(refused.is_err());
    }

    #[test]
    fn classes_of_other_namespaces_are_nobodys_business_but_where_one_was_loaded_that_is_nearly_the_same() {
        let service = Epr::class_of("Win32_Servce", "root/cimv2");
        let arguments = [("Any".to_owned(), Value::from(1_u8))];
        let sent = call(&Schema::default(), &service, "Stop", &arguments).unwrap();
        assert_eq!((sent.method.as_str(), sent.arguments.as_slice()), ("Stop", &arguments[..]));
        let schema = Schema::default().extended("a.mof", "class Win32_Service { uint32 Stop(); };").unwrap();
        assert_eq!(
            call(&schema, &service, "Stop", &arguments).map_err(told),
            Err("failed to use `Win32_Servce`: the schema has no such class\ndid you mean `Win32_Service`?"
                .to_owned())
        );
        let process = Epr::class_of("Win32_Process", "root/cimv2");
        assert_eq!(call(&schema, &process, "Create", &arguments).unwrap().method, "Create");
    }

    #[cfg(feature = "cli")]
    #[test]
    fn classes_and_roles_of_a_walk_are_looked_up() {
        let machine = epr("Msvm_ComputerSystem").with("Name", "V").unwrap();
        let walked =
            |association: Option<&'static str>, result: Option<&'static str>, role: Option<&'static str>| {
                let narrow = Walk { association, result, roles: role.into_iter().collect() };
                walk(&Schema::default(), &machine, &narrow).map_err(told)
            };
        let settings = Some("Msvm_VirtualSystemSettingData");
        assert_eq!(walked(Some("msvm_settingsdefinestate"), settings, Some("managedelement")), Ok(()));
        assert_eq!(walked(None, None, Some("SettingData")), Ok(()));
        insta::assert_snapshot!(walked(Some("Msvm_SettingsDefinesState"), None, None).unwrap_err(), @r"
        failed to use `Msvm_SettingsDefinesState`: the schema has no such class
        did you mean `Msvm_SettingsDefineState`?
        ");
        insta::assert_snapshot!(walked(None, Some("Msvm_VirtualSystemSetingData"), None).unwrap_err(), @r"
        failed to use `Msvm_VirtualSystemSetingData`: the schema has no such class
        did you mean `Msvm_VirtualSystemSettingData`?
        ");
        insta::assert_snapshot!(walked(Some("Msvm_VirtualSystemSettingData"), None, None).unwrap_err(), @r"
        failed to use `Msvm_VirtualSystemSettingData`: expected an association, got a class that is none
        did you mean `Msvm_VirtualSystemSettingDataComponent`?
        ");
        insta::assert_snapshot!(walked(Some("Msvm_SettingsDefineState"), None, Some("Group")).unwrap_err(), @r"
        failed to use `Group` as a role: `Msvm_SettingsDefineState` has no such reference
        it has ManagedElement, SettingData
        ");
        insta::assert_snapshot!(walked(None, None, Some("SetingData")).unwrap_err(), @r"
        failed to use `SetingData` as a role: no association has such a reference
        did you mean `SettingData`?
        ");
        let elsewhere = Epr::class_of("Win32_Service", "root/cimv2").with("Name", "W").unwrap();
        let any = Walk { association: Some("Win32_Any"), result: Some("Win32_Other"), roles: vec!["Nobody"] };
        assert_eq!(walk(&Schema::default(), &elsewhere, &any), Ok(()));
    }

    #[test]
    fn properties_that_the_host_itself_has_told_are_left_alone() {
        let host = Instance::new("Msvm_ComputerSystem")
            .with("FromTheFuture", Value::Untyped(Text::new("1").unwrap()))
            .with("enabledstate", 2_u64);
        let written = |named: &[&str]| {
            let named: Vec<_> = named.iter().map(|name| (*name).to_owned()).collect();
            properties(&Schema::default(), &epr("Msvm_ComputerSystem"), &named, host.clone()).map_err(told)
        };
        let cast = written(&["EnabledState"]).unwrap();
        assert_eq!(cast.get("EnabledState"), Some(&Value::Uint16(2)));
        assert!(cast.get("FromTheFuture").is_some());
        assert!(
            written(&["FromTheFuture"]).unwrap_err().contains("`Msvm_ComputerSystem` has no such property")
        );
    }
}
