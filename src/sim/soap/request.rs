//! Requests: headers checked, operation recognised, body at hand.

use super::{
    Fault, enumeration,
    family::{self, Family},
    filter::{self, Filter},
    fragment::Fragment,
    transfer,
};
use crate::{
    cim::{Epr, schema},
    sim::{NAMESPACE, environment},
    xml::{Element, Limits, names},
};

/// A message that is SOAP 1.2.
#[derive(Debug)]
pub(in crate::sim) struct Envelope {
    root: Element,
}

/// What a message asks for.
#[derive(Debug)]
pub(in crate::sim) enum Operation {
    Identify,
    Get(Target, Option<Fragment>),
    /// With the body.
    Put(Target, Option<Fragment>, Element),
    Create(Target, Element),
    Delete(Target),
    Enumerate(Target, Enumerate),
    Pull(Pull),
    Release {
        context: String,
    },
    Invoke(Target, Invoke),
}

/// Resource URI and selectors.
#[derive(Debug)]
pub(in crate::sim) struct Target {
    pub(in crate::sim) resource: Resource,
    /// The reference that URI and selectors form, as Windows names it.
    pub(in crate::sim) epr: Epr,
    /// As it came.
    pub(in crate::sim) uri: String,
}

/// What a resource URI names.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) enum Resource {
    Class(schema::Class<'static>),
    /// `…/root/virtualization/v2/*`.
    AllClasses,
    /// WinRM's own configuration.
    Config,
    /// `Win32_Environment` of `root/cimv2`.
    Environment,
}

#[derive(Debug)]
pub(in crate::sim) struct Enumerate {
    pub(in crate::sim) mode: Mode,
    pub(in crate::sim) filter: Option<Filter>,
    /// Whether `w:OptimizeEnumeration` is there.
    pub(in crate::sim) optimized: bool,
    pub(in crate::sim) batch: Batch,
}

#[derive(Debug)]
pub(in crate::sim) struct Pull {
    pub(in crate::sim) context: String,
    pub(in crate::sim) batch: Batch,
}

/// How much one answer may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Batch {
    pub(in crate::sim) max_elements: Option<usize>,
    pub(in crate::sim) max_envelope_size: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Mode {
    Object,
    Epr,
    ObjectAndEpr,
}

#[derive(Debug)]
pub(in crate::sim) struct Invoke {
    pub(in crate::sim) method: schema::Method<'static>,
    /// `Method_INPUT`.
    pub(in crate::sim) input: Element,
}

impl Envelope {
    /// Reads a message.
    ///
    /// # Errors
    /// The fault that answers something else.
    pub(in crate::sim) fn read(body: &[u8]) -> Result<Self, Fault> {
        let root = Element::parse(body, &Limits::default())
            .map_err(|error| Fault::malformed(&format!("The request is not well-formed XML: {error}.")))?;
        if root.is(names::SOAP, "Envelope") {
            return Ok(Self { root });
        }
        // SOAP 1.2 part 1, 5.4.7: an envelope of another namespace is another version.
        if root.name.local == "Envelope" {
            return Err(Fault::version_mismatch());
        }
        Err(Fault::malformed("The request is not a SOAP envelope."))
    }

    /// `a:MessageID`, to which the answer relates.
    pub(in crate::sim) fn message_id(&self) -> Option<String> {
        self.header(names::ADDRESSING, "MessageID").map(Element::text)
    }

    /// Name of the operation for rules and counters: `Get`, `CreateSnapshot`, or nothing.
    pub(in crate::sim) fn name(&self) -> String {
        if self.is_identify() {
            return "Identify".to_owned();
        }
        let action = self.header(names::ADDRESSING, "Action").map(Element::text).unwrap_or_default();
        action.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// DSP0226 11: Identify needs no headers.
    pub(in crate::sim) fn is_identify(&self) -> bool {
        self.body().is_some_and(|body| body.child(names::IDENTITY, "Identify").is_some())
    }

    /// How it names classes.
    pub(in crate::sim) fn family(&self) -> Family {
        let uri = self.header(names::WSMAN, "ResourceURI").map(Element::text).unwrap_or_default();
        Family::of(uri.trim())
    }

    /// The largest answer that is wanted.
    pub(in crate::sim) fn max_envelope_size(&self) -> Option<usize> {
        self.header(names::WSMAN, "MaxEnvelopeSize").and_then(|size| size.text().trim().parse().ok())
    }

    /// Checks the headers and finds out what is asked for.
    ///
    /// # Errors
    /// The fault that answers a message that cannot be understood.
    pub(in crate::sim) fn operation(&self) -> Result<Operation, Fault> {
        if self.is_identify() {
            return Ok(Operation::Identify);
        }
        self.check_headers()?;
        self.check_options()?;
        let fragment = self.header(names::WSMAN, "FragmentTransfer").map(Fragment::read).transpose()?;
        let action = self.required(names::ADDRESSING, "Action")?;
        let operation = |name: &str| action == transfer(name) || action == enumeration(name);
        if operation("Get") {
            return Ok(Operation::Get(self.target()?, fragment));
        } else if operation("Put") {
            return Ok(Operation::Put(self.target()?, fragment, self.whole_body()?));
        }
        if fragment.is_some() {
            return Err(Fault::no_fragments());
        }
        if operation("Create") {
            Ok(Operation::Create(self.target()?, self.whole_body()?))
        } else if operation("Delete") {
            Ok(Operation::Delete(self.target()?))
        } else if operation("Enumerate") {
            Ok(Operation::Enumerate(self.target()?, self.enumerate()?))
        } else if operation("Pull") {
            let pull = self.content(names::ENUMERATION, "Pull")?;
            let batch = self.batch(pull, names::ENUMERATION)?;
            Ok(Operation::Pull(Pull { context: context(pull)?, batch }))
        } else if operation("Release") {
            let release = self.content(names::ENUMERATION, "Release")?;
            Ok(Operation::Release { context: context(release)? })
        } else {
            self.invoke(&action)
        }
    }

    fn check_headers(&self) -> Result<(), Fault> {
        for header in self.root.child(names::SOAP, "Header").into_iter().flat_map(Element::elements) {
            check_understood(header)?;
        }
        if self.required(names::ADDRESSING, "MessageID")?.len() > 2048 {
            // [MS-WSMV] 3.1.4.1.11: at most 2 KB.
            return Err(Fault::invalid_header("MessageID is longer than 2048 bytes"));
        }
        self.required(names::ADDRESSING, "To")?;
        // [MS-WSMV] 3.1.4.1.9: ReplyTo is required and anonymous.
        let reply_to = self
            .header(names::ADDRESSING, "ReplyTo")
            .and_then(|reply_to| reply_to.child(names::ADDRESSING, "Address"))
            .ok_or_else(|| Fault::header_required("ReplyTo"))?;
        if reply_to.text().trim() != names::ANONYMOUS {
            return Err(Fault::invalid_header("ReplyTo is not the anonymous address"));
        }
        if let Some(size) = self.header(names::WSMAN, "MaxEnvelopeSize") {
            match size.text().trim().parse::<u64>() {
                Err(_) => return Err(Fault::invalid_header("MaxEnvelopeSize is not a number")),
                // [MS-WSMV] 3.1.4.1.5 and 0x8033807E.
                Ok(size) if size < 8192 => return Err(Fault::min_envelope(size)),
                Ok(_) => {}
            }
        }
        if let Some(timeout) = self.header(names::WSMAN, "OperationTimeout") {
            let text = timeout.text();
            let is_valid = text.trim().parse::<jiff::Span>().is_ok_and(|span| !span.is_negative());
            if !is_valid {
                // The text is that of a captured fault.
                return Err(Fault::invalid_header(&format!(
                    "The XML contains an invalid timeout field in the SOAP header: {text}"
                )));
            }
        }
        Ok(())
    }

    /// Options that need not be complied with are ignored; those for the WMI provider and those that Windows'
    /// own client sends are known ([MS-WSMV] 3.1.4.1.12, 4.11.1).
    fn check_options(&self) -> Result<(), Fault> {
        let is_known = |name: &str| {
            name.starts_with("wmi:") || matches!(name, "ShowExtensions" | "msftwinrm:UsePreciseArrays")
        };
        let options = self.header(names::WSMAN, "OptionSet").into_iter().flat_map(Element::elements);
        for option in options {
            let name = option.attribute("", "Name").unwrap_or_default();
            let must = option.attribute("", "MustComply").map(str::trim);
            if matches!(must, Some("true" | "1")) && !is_known(name) {
                return Err(Fault::unknown_option(name));
            }
        }
        Ok(())
    }

    fn enumerate(&self) -> Result<Enumerate, Fault> {
        // Without the element WinRM answers SchemaValidationError (seen by pypsrp's users).
        let enumerate = self.content(names::ENUMERATION, "Enumerate")?;
        let mode = match enumerate.child(names::WSMAN, "EnumerationMode").map(Element::text).as_deref() {
            None | Some("EnumerateObject") => Mode::Object,
            Some("EnumerateEPR") => Mode::Epr,
            Some("EnumerateObjectAndEPR") => Mode::ObjectAndEpr,
            Some(other) => return Err(Fault::enumeration_mode(other)),
        };
        if enumerate.find(names::CIM_BINDING, "PolymorphismMode").is_some() {
            return Err(Fault::polymorphism());
        }
        Ok(Enumerate {
            mode,
            filter: enumerate.child(names::WSMAN, "Filter").map(filter::read).transpose()?,
            optimized: enumerate.child(names::WSMAN, "OptimizeEnumeration").is_some(),
            // DSP0226 8.2.3: the element belongs to WS-Management here, to WS-Enumeration in Pull.
            batch: self.batch(enumerate, names::WSMAN)?,
        })
    }

    fn batch(&self, body: &Element, namespace: &str) -> Result<Batch, Fault> {
        let max_elements = match body.child(namespace, "MaxElements") {
            None => None,
            Some(element) => match element.text().trim().parse() {
                Ok(0) | Err(_) => return Err(Fault::schema("MaxElements is not a positive number")),
                Ok(number) => Some(number),
            },
        };
        Ok(Batch { max_elements, max_envelope_size: self.max_envelope_size() })
    }

    /// DSP0227 11 and [MS-WSMV] 3.1.4.1.28: any other action is the resource URI and a method.
    fn invoke(&self, action: &str) -> Result<Operation, Fault> {
        let uri = self.required(names::WSMAN, "ResourceURI")?;
        let method = action.strip_prefix(uri.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let Some(method) = method else { return Err(Fault::action_not_supported(action)) };
        let target = self.target()?;
        let Resource::Class(class) = target.resource else {
            return Err(Fault::action_not_supported(action));
        };
        let method = class.method(method).ok_or_else(|| Fault::action_not_supported(action))?;
        // Its namespace is not looked at: clients in production send a wrong one and are served.
        let expected = format!("{}_INPUT", method.name());
        let input = self
            .body()
            .and_then(|body| body.elements().next())
            .filter(|input| input.name.local.eq_ignore_ascii_case(&expected))
            .ok_or_else(|| Fault::schema(&format!("The body does not hold {expected}")))?;
        Ok(Operation::Invoke(target, Invoke { method, input: input.clone() }))
    }

    fn target(&self) -> Result<Target, Fault> {
        let uri = self.required(names::WSMAN, "ResourceURI")?;
        let epr = reference(&uri, self.header(names::WSMAN, "SelectorSet"))?;
        Ok(Target { resource: resource(epr.resource_uri())?, epr, uri })
    }

    fn required(&self, namespace: &str, local: &str) -> Result<String, Fault> {
        let text = self.header(namespace, local).map(Element::text).unwrap_or_default();
        let text = text.trim();
        if text.is_empty() { Err(Fault::header_required(local)) } else { Ok(text.to_owned()) }
    }

    fn header(&self, namespace: &str, local: &str) -> Option<&Element> {
        self.root.child(names::SOAP, "Header")?.child(namespace, local)
    }

    fn body(&self) -> Option<&Element> {
        self.root.child(names::SOAP, "Body")
    }

    fn whole_body(&self) -> Result<Element, Fault> {
        self.body().cloned().ok_or_else(|| Fault::schema("There is no body"))
    }

    fn content(&self, namespace: &str, local: &str) -> Result<&Element, Fault> {
        self.body()
            .and_then(|body| body.child(namespace, local))
            .ok_or_else(|| Fault::schema(&format!("The body does not hold {local}")))
    }
}

/// SOAP 1.2 part 1, 5.4.8: a header that must be understood and is not is a fault.
fn check_understood(header: &Element) -> Result<(), Fault> {
    let must = header
        .attribute(names::SOAP, "mustUnderstand")
        .is_some_and(|value| matches!(value.trim(), "true" | "1"));
    if !must {
        return Ok(());
    }
    if header.is(names::WSMAN, "Locale") {
        // [MS-WSMV] 3.1.4.1.4 and 0x80338087.
        return Err(Fault::locale());
    }
    match &*header.name.namespace {
        names::ADDRESSING | names::WSMAN | names::MS_WSMAN => Ok(()),
        _ => Err(Fault::must_understand(&header.name)),
    }
}

/// Which class a resource URI names.
pub(in crate::sim) fn resource(uri: &str) -> Result<Resource, Fault> {
    if uri.eq_ignore_ascii_case(names::WINRM_CONFIG) {
        return Ok(Resource::Config);
    }
    let path = strip_prefix_ignoring_case(uri, names::WMI_CLASS_PREFIX);
    let in_cimv2 =
        path.and_then(|path| strip_prefix_ignoring_case(path, environment::NAMESPACE)?.strip_prefix('/'));
    if in_cimv2.is_some_and(environment::is_class) {
        return Ok(Resource::Environment);
    }
    let class = path
        .and_then(|path| strip_prefix_ignoring_case(path, NAMESPACE))
        .and_then(|path| path.strip_prefix('/'))
        .ok_or_else(|| Fault::invalid_resource_uri(uri))?;
    if class == "*" {
        return Ok(Resource::AllClasses);
    }
    schema::class(class).map(Resource::Class).ok_or_else(|| Fault::unknown_class(class))
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Resource URI and `w:SelectorSet` as a reference, as Windows names it.
pub(in crate::sim) fn reference(uri: &str, selectors: Option<&Element>) -> Result<Epr, Fault> {
    let mut epr = Epr::from_uri(uri);
    for selector in selectors.into_iter().flat_map(Element::elements) {
        if !selector.is(names::WSMAN, "Selector") {
            return Err(Fault::schema("SelectorSet holds something that is not a Selector"));
        }
        let name = selector.attribute("", "Name").ok_or_else(|| Fault::schema("a Selector has no Name"))?;
        if epr.selectors().iter().any(|known| known.name.eq_ignore_ascii_case(name)) {
            return Err(Fault::duplicate_selector(name));
        }
        epr = match selector.child(names::ADDRESSING, "EndpointReference") {
            // DSP0226 5.1.2.2: the key of an association is itself a reference.
            Some(nested) => epr.with_reference(name, reference_content(nested)?),
            None => epr.with(name, &selector.text()),
        }
        .map_err(|error| Fault::schema(&error.to_string()))?;
    }
    family::as_windows(epr)
}

/// `a:Address` and `a:ReferenceParameters` directly inside `element`.
pub(in crate::sim) fn reference_content(element: &Element) -> Result<Epr, Fault> {
    if element.child(names::ADDRESSING, "Address").is_none() {
        return Err(Fault::schema("a reference has no Address"));
    }
    let parameters = element
        .child(names::ADDRESSING, "ReferenceParameters")
        .ok_or_else(|| Fault::schema("a reference has no ReferenceParameters"))?;
    let uri = parameters
        .child(names::WSMAN, "ResourceURI")
        .ok_or_else(|| Fault::schema("a reference has no ResourceURI"))?
        .text();
    reference(uri.trim(), parameters.child(names::WSMAN, "SelectorSet"))
}

fn context(body: &Element) -> Result<String, Fault> {
    body.child(names::ENUMERATION, "EnumerationContext")
        .map(|context| context.text().trim().to_owned())
        .ok_or_else(|| Fault::schema("EnumerationContext is missing"))
}
