//! The structural difference of two documents, for golden requests and replay mismatches.

use super::tree::{Element, Node};

/// The first place where two documents differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Path of local names, `Envelope/Body/CreateSnapshot_INPUT/SnapshotType`; an attribute is
    /// `…/@Name`, the second of two elements of one name is `…/Selector[2]`.
    pub(crate) path: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// Compares by namespace, local name, attributes (any order) and text; white space between
/// elements and prefixes do not count. Elements for which `ignore` holds are passed over in both.
pub(crate) fn first_difference(
    expected: &Element,
    found: &Element,
    ignore: &dyn Fn(&Element) -> bool,
) -> Option<Difference> {
    compare(expected, found, &expected.name.local, ignore)
}

fn compare(
    expected: &Element,
    found: &Element,
    path: &str,
    ignore: &dyn Fn(&Element) -> bool,
) -> Option<Difference> {
    let difference = |path: &str, expected: String, found: String| {
        Some(Difference { path: path.to_owned(), expected, found })
    };
    if expected.name != found.name {
        return difference(path, name_of(expected), name_of(found));
    }
    for (name, value) in &expected.attributes {
        let other = found.attribute(&name.namespace, &name.local);
        if !other.is_some_and(|other| same_text(expected, value, found, other)) {
            let other = other.map_or_else(|| "no such attribute".to_owned(), quoted);
            return difference(&format!("{path}/@{}", name.local), quoted(value), other);
        }
    }
    for (name, value) in &found.attributes {
        if expected.attribute(&name.namespace, &name.local).is_none() {
            let path = format!("{path}/@{}", name.local);
            return difference(&path, "no such attribute".to_owned(), quoted(value));
        }
    }
    let (expected_text, found_text) = (content_text(expected), content_text(found));
    if !same_text(expected, &expected_text, found, &found_text) {
        return difference(path, quoted(&expected_text), quoted(&found_text));
    }

    let mut expected_children = expected.elements().filter(|element| !ignore(element));
    let mut found_children = found.elements().filter(|element| !ignore(element));
    let mut seen: Vec<&str> = Vec::new();
    loop {
        let (expected, found) = match (expected_children.next(), found_children.next()) {
            (None, None) => return None,
            (Some(expected), None) => {
                return difference(path, name_of(expected), "nothing more".to_owned());
            }
            (None, Some(found)) => return difference(path, "nothing more".to_owned(), name_of(found)),
            (Some(expected), Some(found)) => (expected, found),
        };
        let local = expected.name.local.as_str();
        let before = seen.iter().filter(|other| **other == local).count();
        seen.push(local);
        let path =
            if before == 0 { format!("{path}/{local}") } else { format!("{path}/{local}[{}]", before + 1) };
        if let Some(difference) = compare(expected, found, &path, ignore) {
            return Some(difference);
        }
    }
}

/// Equal as text, or as qualified names that mean the same.
fn same_text(expected: &Element, expected_text: &str, found: &Element, found_text: &str) -> bool {
    expected_text == found_text
        || (expected_text.contains(':')
            && matches!(
                (expected.resolve(expected_text), found.resolve(found_text)),
                (Some(expected), Some(found)) if expected == found
            ))
}

/// The text of an element; white space between child elements is not text.
fn content_text(element: &Element) -> String {
    let text = element.text();
    let has_children = element.children.iter().any(|node| matches!(node, Node::Element(_)));
    if has_children && text.trim().is_empty() { String::new() } else { text }
}

fn name_of(element: &Element) -> String {
    if element.name.namespace.is_empty() {
        format!("<{}>", element.name.local)
    } else {
        format!("<{}> of `{}`", element.name.local, &*element.name.namespace)
    }
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Limits;

    fn parse(xml: &str) -> Element {
        Element::parse(xml.as_bytes(), &Limits::default()).unwrap()
    }

    fn difference(expected: &str, found: &str) -> Option<String> {
        first_difference(&parse(expected), &parse(found), &|element| element.is("", "MessageID"))
            .map(|d| format!("{}: expected {}, found {}", d.path, d.expected, d.found))
    }

    #[test]
    fn prefixes_layout_attribute_order_and_ignored_elements_do_not_count() {
        let one = "<p:a xmlns:p='u' i='1' j='2'><MessageID>1</MessageID><b>p:X</b></p:a>";
        let two = "<a xmlns='u' xmlns:q='u' j='2' i='1'>\n <b xmlns=''>q:X</b>\n</a>";
        assert_eq!(difference(one, two), None);
    }

    #[test]
    fn the_first_difference_is_named_with_its_path() {
        let cases = [
            ("<a/>", "<b/>", "a: expected <a>, found <b>"),
            ("<a/>", "<a xmlns='u'/>", "a: expected <a>, found <a> of `u`"),
            ("<a><b>1</b><b>2</b></a>", "<a><b>1</b><b>3</b></a>", "a/b[2]: expected `2`, found `3`"),
            ("<a><b/><c/></a>", "<a><b/></a>", "a: expected <c>, found nothing more"),
            ("<a/>", "<a><c/></a>", "a: expected nothing more, found <c>"),
            ("<a i='1'/>", "<a/>", "a/@i: expected `1`, found no such attribute"),
            ("<a/>", "<a i='1'/>", "a/@i: expected no such attribute, found `1`"),
        ];
        for (expected, found, message) in cases {
            assert_eq!(difference(expected, found).as_deref(), Some(message));
        }
    }
}
