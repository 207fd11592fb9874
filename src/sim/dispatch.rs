//! From a request to an answer: the operations of WS-Transfer, WS-Enumeration and Invoke.

use super::{
    contexts::{Context, Contexts},
    environment::{self, Environment},
    ids::Kind,
    inventory::HostLimits,
    soap::{
        Envelope, Fault, Operation,
        answer::{self, Heading, Only, Page},
        filter::Filter,
        fragment::Fragment,
        parameters::Arguments,
        request::{Batch, Enumerate, Invoke, Pull, Resource, Target},
    },
    world::{self, CIM_NAMESPACE, Outcome, Plan, Query, Selected, World},
    wql,
};
use crate::{
    cim::{Epr, Instance, schema},
    xml::{Element, names},
};
use std::{collections::BTreeMap, time::Duration};

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// Identify without credentials.
    Anonymous,
    User(String),
}

impl Caller {
    fn name(&self) -> &str {
        match self {
            Self::Anonymous => "",
            Self::User(name) => name,
        }
    }
}

/// What rules change about one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Deviations {
    pub(super) plan: Plan,
    pub(super) wrong_relates_to: bool,
    pub(super) no_return_value: bool,
}

/// A written answer.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) status: u16,
    pub(super) xml: String,
}

/// The state that requests work on.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) world: World,
    pub(super) environment: Environment,
    pub(super) contexts: Contexts,
    pub(super) limits: HostLimits,
    /// Requests that are being worked on, by user.
    pub(super) in_flight: BTreeMap<String, usize>,
    /// Methods that ran, by name.
    pub(super) invocations: BTreeMap<String, u64>,
    /// Whether Basic is among the security profiles.
    pub(super) basic: bool,
    /// Whether the user may do what administrators may.
    pub(super) administrator: bool,
    pub(super) now: Duration,
}

impl Desk {
    /// Answers a message.
    pub(super) fn answer(
        &mut self,
        envelope: &Result<Envelope, Fault>,
        caller: &Caller,
        deviations: Deviations,
    ) -> Written {
        let mut heading = self.heading(envelope);
        if deviations.wrong_relates_to {
            heading.relates_to = Some(format!("uuid:{}", self.world.next_id(Kind::Message)));
        }
        let done = match envelope {
            Ok(envelope) => self.operate(envelope, caller, &heading, deviations),
            Err(fault) => Err(fault.clone()),
        };
        match done {
            Ok(xml) => Written { status: 200, xml },
            Err(fault) => self.fault(&heading, &fault),
        }
    }

    /// Answers with a fault that a rule asks for.
    pub(super) fn refuse(&mut self, envelope: &Result<Envelope, Fault>, fault: &Fault) -> Written {
        let heading = self.heading(envelope);
        self.fault(&heading, fault)
    }

    fn fault(&self, heading: &Heading, fault: &Fault) -> Written {
        let prefix = self.world.texts().fault_prefix;
        Written { status: 500, xml: answer::fault(heading, fault, &self.world.host().name, prefix) }
    }

    fn heading(&mut self, envelope: &Result<Envelope, Fault>) -> Heading {
        Heading {
            language: self.world.host().locale.tag(),
            message_id: self.world.next_id(Kind::Message),
            relates_to: envelope.as_ref().ok().and_then(Envelope::message_id),
            family: envelope.as_ref().map(Envelope::family).unwrap_or_default(),
        }
    }

    fn operate(
        &mut self,
        envelope: &Envelope,
        caller: &Caller,
        heading: &Heading,
        deviations: Deviations,
    ) -> Result<String, Fault> {
        let limit = envelope
            .max_envelope_size()
            .map_or(self.limits.max_envelope_size, |size| size.min(self.limits.max_envelope_size));
        match envelope.operation()? {
            Operation::Identify => Ok(self.identify(caller)),
            Operation::Get(target, None) if matches!(target.resource, Resource::Config) => {
                self.config(heading)
            }
            Operation::Get(target, fragment) => {
                self.check_quota(caller)?;
                let instance = self.read(&target)?;
                let xml = match &fragment {
                    None => answer::get(heading, &instance),
                    Some(fragment) => fragment_of(heading, "Get", &instance, fragment)?,
                };
                fitting(xml, limit)
            }
            Operation::Put(target, fragment, body) => {
                self.check_quota(caller)?;
                let xml = self.put(&target, fragment.as_ref(), &body, heading)?;
                // The instance is written: its answer is too large, not its request.
                fitting(xml, limit).map_err(|_| Fault::unreportable_success())
            }
            Operation::Create(target, body) => {
                self.check_quota(caller)?;
                check_store(&target, "PutInstance")?;
                Ok(answer::created(heading, &self.environment.create(&body)?))
            }
            Operation::Delete(target) => {
                self.check_quota(caller)?;
                check_store(&target, "DeleteInstance")?;
                self.environment.delete(&target.epr)?;
                Ok(answer::deleted(heading))
            }
            Operation::Enumerate(target, enumerate) => {
                self.check_quota(caller)?;
                self.enumerate(&target, &enumerate, caller, heading, limit)
            }
            // A Pull goes on with an operation that is counted already.
            Operation::Pull(pull) => self.pull(&pull, caller, heading, limit),
            Operation::Release { context } => {
                self.contexts.take(&context, caller.name())?;
                Ok(answer::release(heading))
            }
            Operation::Invoke(target, invoke) => {
                self.check_quota(caller)?;
                let xml = self.invoke(&target, &invoke, caller, heading, deviations)?;
                // The method has run: its answer is too large, not its request.
                fitting(xml, limit).map_err(|_| Fault::unreportable_success())
            }
        }
    }

    /// [MS-WSMV] 3.1.4.1.23: without credentials the version is not told.
    fn identify(&self, caller: &Caller) -> String {
        let host = self.world.host();
        let (version, profiles): (_, &[&str]) = match caller {
            Caller::Anonymous => ("0.0.0", &[]),
            Caller::User(_) if self.basic => (host.build.as_str(), &[NEGOTIATE_PROFILE, BASIC_PROFILE]),
            Caller::User(_) => (host.build.as_str(), &[NEGOTIATE_PROFILE]),
        };
        answer::identify(host.locale.tag(), &format!("OS: {version} SP: 0.0 Stack: 3.0"), profiles)
    }

    /// WinRM's configuration, which only administrators may read (its default `RootSDDL` grants it to them; what
    /// others are answered is chosen). Of its 40 values those that clients meet.
    fn config(&self, heading: &Heading) -> Result<String, Fault> {
        if !self.administrator {
            return Err(Fault::access_denied());
        }
        let limits = &self.limits;
        let service = [
            ("MaxConcurrentOperationsPerUser", limits.service_operations_per_user.to_string()),
            ("EnumerationTimeoutms", limits.context_timeout.as_millis().to_string()),
            ("MaxConnections", "300".to_owned()),
            ("MaxPacketRetrievalTimeSeconds", "120".to_owned()),
            ("AllowUnencrypted", "false".to_owned()),
        ];
        let config = [
            ("MaxEnvelopeSizekb", (limits.max_envelope_size / 1024).to_string()),
            ("MaxTimeoutms", limits.max_timeout.as_millis().to_string()),
            ("MaxBatchItems", "32000".to_owned()),
        ];
        Ok(answer::config(heading, &config, &service))
    }

    /// The quota of the plug-in: requests in work and open enumerations of one user.
    fn check_quota(&self, caller: &Caller) -> Result<(), Fault> {
        let in_flight = self.in_flight.get(caller.name()).copied().unwrap_or_default();
        let limit = self.limits.operations_per_user;
        if in_flight + self.contexts.of_user(caller.name()) > limit {
            Err(Fault::quota(limit))
        } else {
            Ok(())
        }
    }

    fn enumerate(
        &mut self,
        target: &Target,
        enumerate: &Enumerate,
        caller: &Caller,
        heading: &Heading,
        limit: usize,
    ) -> Result<String, Fault> {
        check_namespace(target)?;
        if target.epr.selectors().iter().any(|selector| selector.name != CIM_NAMESPACE) {
            return Err(Fault::keys_in_enumerate());
        }
        let mut only = Only::default();
        let query = match (target.resource, &enumerate.filter) {
            (Resource::AllClasses, Some(Filter::Wql(text))) => {
                only = Only { properties: wql::selected(text), is_in_namespace: false };
                Query::Wql(text)
            }
            (Resource::AllClasses, Some(Filter::Association(association))) => {
                only = Only { properties: association.properties.clone(), is_in_namespace: true };
                Query::Association(association)
            }
            (Resource::AllClasses, _) => return Err(Fault::all_classes_without_filter()),
            (Resource::Config, _) => return Err(Fault::invalid_resource_uri(target.epr.resource_uri())),
            (Resource::Environment, None) => Query::Found(self.environment.all().to_vec()),
            (Resource::Environment, Some(Filter::Selector(selectors))) => {
                Query::Found(self.environment.with_values(selectors)?)
            }
            (Resource::Environment, Some(_)) => {
                return Err(Fault::filter("This filter needs the resource URI of all classes", ""));
            }
            (Resource::Class(class), None) => Query::Class(class),
            (Resource::Class(class), Some(Filter::Selector(selectors))) => Query::Selectors(class, selectors),
            // Seen by go-wsman: with the URI of a class, Windows cannot process a query.
            (Resource::Class(class), Some(Filter::Wql(text))) => {
                let reason =
                    format!("A query needs the resource URI of all classes, not of {}", class.name());
                return Err(Fault::filter(&reason, text));
            }
            // [MS-WSMV] 3.1.4.1.13 and the trace of Windows' own client: it goes to all classes.
            (Resource::Class(class), Some(Filter::Association(_))) => {
                let reason = format!(
                    "A walk along associations needs the resource URI of all classes, not of {}",
                    class.name()
                );
                return Err(Fault::filter(&reason, ""));
            }
        };
        let items = self.world.query(query)?;
        let context = Context {
            id: self.world.next_id(Kind::Context),
            user: caller.name().to_owned(),
            items: items
                .iter()
                .map(|i| answer::item(heading.family, i, &reference(i), enumerate.mode, &only))
                .collect(),
            batch: enumerate.batch,
            last_used: self.now,
        };
        if !enumerate.optimized {
            let xml = answer::enumerate(heading, Some(&context.id), None);
            self.contexts.open(context);
            return Ok(xml);
        }
        let write = |context: Option<&str>, items: &str| {
            answer::enumerate(heading, None, Some(&Page { context, items }))
        };
        self.next_page(context, limit, write)
    }

    fn pull(
        &mut self,
        pull: &Pull,
        caller: &Caller,
        heading: &Heading,
        limit: usize,
    ) -> Result<String, Fault> {
        let mut context = self.contexts.take(&pull.context, caller.name())?;
        if !continues(context.batch, pull.batch) {
            // The enumeration stands: it was the request that was wrong (chosen).
            self.contexts.open(context);
            return Err(Fault::pull_parameters());
        }
        context.batch = pull.batch;
        context.id = self.world.next_id(Kind::Context);
        context.last_used = self.now;
        let write = |context: Option<&str>, items: &str| answer::pull(heading, &Page { context, items });
        self.next_page(context, limit, write)
    }

    /// Writes the next items of an enumeration, which stays open until its last one.
    fn next_page(
        &mut self,
        mut context: Context,
        limit: usize,
        write: impl Fn(Option<&str>, &str) -> String,
    ) -> Result<String, Fault> {
        let items = context.page(limit, write(Some(&context.id), "").len())?;
        if context.items.is_empty() {
            return Ok(write(None, &items));
        }
        let xml = write(Some(&context.id), &items);
        self.contexts.open(context);
        Ok(xml)
    }

    fn invoke(
        &mut self,
        target: &Target,
        invoke: &Invoke,
        caller: &Caller,
        heading: &Heading,
        deviations: Deviations,
    ) -> Result<String, Fault> {
        // Seen by go-wsman: an Invoke without selectors.
        if target.epr.selectors().is_empty() {
            return Err(Fault::invalid_method_parameters());
        }
        let instance = self.select(target, "ExecMethod")?;
        let method = invoke.method;
        let arguments = Arguments::read(method, &invoke.input, &target.uri)?;
        *self.invocations.entry(method.name().to_owned()).or_default() += 1;
        let Outcome { code, outputs } =
            self.world.invoke(&instance, method, &arguments, caller.name(), deviations.plan);
        let return_value = (!deviations.no_return_value).then_some(code);
        let class = class_name(target, &instance);
        Ok(answer::output(heading, class, method, &outputs, return_value))
    }

    /// The instance of a Get.
    fn read(&self, target: &Target) -> Result<Instance, Fault> {
        match target.resource {
            Resource::Environment => {
                check_namespace(target)?;
                self.environment.find(&target.epr, "GetObject").cloned()
            }
            _ => self.select(target, "GetObject"),
        }
    }

    /// Writes an instance, or a part of it.
    fn put(
        &mut self,
        target: &Target,
        fragment: Option<&Fragment>,
        body: &Element,
        heading: &Heading,
    ) -> Result<String, Fault> {
        check_store(target, "PutInstance")?;
        let Some(fragment) = fragment else {
            let instance = self.environment.put(&target.epr, body)?;
            return Ok(answer::put(heading, &instance));
        };
        let content = body
            .child(names::WSMAN, "XmlFragment")
            .ok_or_else(|| Fault::schema("the body does not hold XmlFragment"))?;
        let instance = if fragment.is_element() {
            // No property that can be written is an array.
            return Err(Fault::fragment_path(&fragment.expression));
        } else if fragment.is_text {
            self.environment.put_text(&target.epr, &fragment.property, &content.text())?
        } else {
            self.environment.put_property(&target.epr, &fragment.property, content)?
        };
        fragment_of(heading, "Put", &instance, fragment)
    }

    fn select(&self, target: &Target, operation: &'static str) -> Result<Instance, Fault> {
        check_namespace(target)?;
        let Resource::Class(class) = target.resource else {
            return Err(Fault::invalid_resource_uri(target.epr.resource_uri()));
        };
        if target.epr.selectors().is_empty() {
            return Err(Fault::no_keys(class.name()));
        }
        match self.world.select(class, &target.epr, false) {
            Selected::One(instance) => Ok(*instance),
            Selected::NoKey(name) => Err(Fault::unexpected_selector(&name)),
            Selected::Nothing => Err(Fault::not_found(operation, &target.epr.to_path().to_string())),
        }
    }
}

const NEGOTIATE_PROFILE: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/spnego-kerberos";
const BASIC_PROFILE: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/basic";

/// The class whose namespace the answer is in: that of the resource URI.
fn class_name(target: &Target, instance: &Instance) -> &'static str {
    match target.resource {
        Resource::Class(class) => class.name(),
        Resource::AllClasses | Resource::Config | Resource::Environment => {
            schema::class(instance.class()).map_or("", schema::Class::name)
        }
    }
}

/// microsoft/omi#398: a `__cimnamespace` selector must not name another namespace than the URI.
fn check_namespace(target: &Target) -> Result<(), Fault> {
    let own = match target.resource {
        Resource::Environment => environment::NAMESPACE,
        Resource::Class(_) | Resource::AllClasses | Resource::Config => super::NAMESPACE,
    };
    match target.epr.selector(CIM_NAMESPACE) {
        Some(namespace) if !namespace.replace('\\', "/").eq_ignore_ascii_case(own) => {
            Err(Fault::different_namespaces())
        }
        _ => Ok(()),
    }
}

/// Refuses what the providers of Hyper-V do not offer: their objects change by methods.
fn check_store(target: &Target, operation: &'static str) -> Result<(), Fault> {
    check_namespace(target)?;
    match target.resource {
        Resource::Environment => Ok(()),
        Resource::Class(class) => Err(Fault::not_capable(operation, class.name())),
        Resource::AllClasses | Resource::Config => {
            Err(Fault::invalid_resource_uri(target.epr.resource_uri()))
        }
    }
}

/// The answer with a part of an instance.
fn fragment_of(
    heading: &Heading,
    operation: &str,
    instance: &Instance,
    fragment: &Fragment,
) -> Result<String, Fault> {
    let is_declared = match instance.class() {
        environment::CLASS => environment::is_property(&fragment.property),
        class => schema::class(class).is_some_and(|class| class.property(&fragment.property).is_some()),
    };
    if is_declared {
        Ok(answer::fragment(heading, operation, instance, fragment))
    } else {
        Err(Fault::fragment_path(&fragment.expression))
    }
}

/// The reference to an instance of any class here.
fn reference(instance: &Instance) -> Epr {
    match instance.class() {
        environment::CLASS => environment::reference(instance),
        _ => world::reference(instance),
    }
}

/// 0x803381AD: a Pull repeats what the Enumerate said; where that said nothing about MaxElements,
/// the first Pull may (chosen: a plain Enumerate has no place for it in WS-Enumeration).
fn continues(before: Batch, now: Batch) -> bool {
    now.max_envelope_size == before.max_envelope_size
        && (before.max_elements.is_none() || now.max_elements == before.max_elements)
}

fn fitting(xml: String, limit: usize) -> Result<String, Fault> {
    if xml.len() > limit { Err(Fault::envelope_exceeded(xml.len(), limit)) } else { Ok(xml) }
}
