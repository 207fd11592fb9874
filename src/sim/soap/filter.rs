//! Filters of enumerations, by their dialect.

use super::{Fault, request::reference_content};
use crate::{
    cim::Epr,
    sim::wql::Restrictions,
    xml::{Element, names},
};

#[derive(Debug)]
pub(in crate::sim) enum Filter {
    Wql(String),
    Selector(Vec<(String, String)>),
    Association(Association),
}

/// `b:AssociatedInstances` or `b:AssociationInstances` (DSP0227).
#[derive(Debug)]
pub(in crate::sim) struct Association {
    pub(in crate::sim) object: Epr,
    /// Whether the links themselves are wanted.
    pub(in crate::sim) links: bool,
    pub(in crate::sim) restrictions: Restrictions,
    /// `b:IncludeResultProperty`; all when there is none.
    pub(in crate::sim) properties: Vec<String>,
}

const WQL_DIALECT: &str = "http://schemas.microsoft.com/wbem/wsman/1/WQL";
const SELECTOR_DIALECT: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter";
const ASSOCIATION_DIALECT: &str = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter";

/// Reads `w:Filter`.
///
/// # Errors
/// The fault that answers a filter that cannot be read.
pub(super) fn read(element: &Element) -> Result<Filter, Fault> {
    match element.attribute("", "Dialect") {
        Some(WQL_DIALECT) => Ok(Filter::Wql(element.text())),
        Some(SELECTOR_DIALECT) => {
            let selectors = element
                .child(names::WSMAN, "SelectorSet")
                .ok_or_else(|| Fault::filter("The selector filter holds no SelectorSet", ""))?;
            let pair =
                |selector: &Element| Some((selector.attribute("", "Name")?.to_owned(), selector.text()));
            Ok(Filter::Selector(selectors.elements().filter_map(pair).collect()))
        }
        Some(ASSOCIATION_DIALECT) => association(element).map(Filter::Association),
        dialect => Err(Fault::filter_dialect(dialect.unwrap_or_default())),
    }
}

fn association(filter: &Element) -> Result<Association, Fault> {
    let (links, element) = match (
        filter.child(names::CIM_BINDING, "AssociatedInstances"),
        filter.child(names::CIM_BINDING, "AssociationInstances"),
    ) {
        (Some(associated), None) => (false, associated),
        (None, Some(links)) => (true, links),
        _ => return Err(Fault::filter("The association filter asks for neither or for both", "")),
    };
    let mut restrictions = Restrictions::default();
    let mut properties = Vec::new();
    let mut object = None;
    for part in element.elements() {
        let text = || Some(part.text().trim().to_owned());
        match (&*part.name.namespace, part.name.local.as_str()) {
            (names::CIM_BINDING, "Object") if object.is_none() => object = Some(reference_content(part)?),
            (names::CIM_BINDING, "AssociationClassName") if !links => restrictions.assoc_class = text(),
            (names::CIM_BINDING, "ResultClassName") => restrictions.result_class = text(),
            (names::CIM_BINDING, "Role") => restrictions.role = text(),
            (names::CIM_BINDING, "ResultRole") if !links => restrictions.result_role = text(),
            (names::CIM_BINDING, "IncludeResultProperty") => properties.extend(text()),
            (_, name) => {
                return Err(Fault::filter(&format!("The association filter cannot hold {name}"), ""));
            }
        }
    }
    let object = object.ok_or_else(|| Fault::filter("The association filter names no object", ""))?;
    Ok(Association { object, links, restrictions, properties })
}
