//! References (DSP0226 5.1, DSP0230 7.2.5).

use crate::{
    cim::{CimError, Epr},
    xml::{
        Element,
        names::{ADDRESSING, ANONYMOUS, WSMAN},
    },
};

/// A reference: `a:Address` + `a:ReferenceParameters` directly inside `element`, or wrapped in
/// `a:EndpointReference`.
pub(crate) fn epr(element: &Element) -> Result<Epr, CimError> {
    let missing = |what: &str| CimError::form(what, &element.name.local);
    let holder = element.child(ADDRESSING, "EndpointReference").unwrap_or(element);
    let parameters = holder
        .child(ADDRESSING, "ReferenceParameters")
        .ok_or_else(|| missing("a reference with `a:ReferenceParameters`"))?;
    let resource_uri = parameters
        .child(WSMAN, "ResourceURI")
        .map(|uri| uri.text().trim().to_owned())
        .filter(|uri| !uri.is_empty())
        .ok_or_else(|| missing("a reference with `w:ResourceURI`"))?;
    let address = holder.child(ADDRESSING, "Address").map(|address| address.text().trim().to_owned());
    let mut epr =
        Epr { address: address.unwrap_or_else(|| ANONYMOUS.to_owned()), resource_uri, selectors: Vec::new() };
    let selectors = parameters.child(WSMAN, "SelectorSet");
    for selector in
        selectors.into_iter().flat_map(Element::elements).filter(|child| child.is(WSMAN, "Selector"))
    {
        let name = selector.attribute("", "Name").ok_or_else(|| missing("a selector with `Name`"))?;
        epr = if selector.child(ADDRESSING, "EndpointReference").is_some() {
            epr.with_reference(name, self::epr(selector)?)?
        } else {
            epr.with(name, &selector.text())?
        };
    }
    Ok(epr)
}
