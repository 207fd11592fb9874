//! Trees back to text, with the prefixes that Windows uses.

use super::{
    escape::escape,
    names,
    scope::Namespace,
    tree::{Element, Node, QName},
};

/// What Windows calls the namespaces (captures), as far as the names do not clash; `pm` instead of
/// its second `p`.
const PREFIXES: [(&str, &str); 14] = [
    ("s", names::SOAP),
    ("a", names::ADDRESSING),
    ("w", names::WSMAN),
    ("n", names::ENUMERATION),
    ("x", names::TRANSFER),
    ("wsmid", names::IDENTITY),
    ("pm", names::MS_WSMAN),
    ("f", names::FAULT),
    ("b", names::CIM_BINDING),
    ("cim", names::CIM_COMMON),
    ("xsi", names::XSI),
    ("e", "http://schemas.xmlsoap.org/ws/2004/08/eventing"),
    ("cfg", "http://schemas.microsoft.com/wbem/wsman/1/config"),
    ("rsp", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"),
];

impl Element {
    /// Serialised for people, with the prefixes that Windows uses (s, a, w, n, …; p for others):
    /// indented by two spaces, text elements on one line, a line break at the end. Reading it back
    /// gives an equal tree.
    pub(crate) fn to_pretty(&self) -> String {
        let mut text = Writer::new().document(self);
        text.push('\n');
        text
    }
}

struct Writer {
    out: String,
    /// Off inside mixed content, where every white space would count.
    pretty: bool,
    /// Prefix and URI of all declarations in scope, innermost last.
    bindings: Vec<(String, String)>,
}

impl Writer {
    fn new() -> Self {
        Self { out: String::new(), pretty: true, bindings: vec![("xml".to_owned(), names::XML.to_owned())] }
    }

    fn document(mut self, root: &Element) -> String {
        let mut used = Vec::new();
        collect_namespaces(root, &mut used);
        let declared: Vec<_> = PREFIXES.iter().filter(|(_, uri)| used.contains(uri)).collect();
        let from = self.bindings.len();
        self.bindings.extend(declared.into_iter().map(|&(prefix, uri)| (prefix.to_owned(), uri.to_owned())));
        self.element(root, from, 0);
        self.out
    }

    /// `from`: where the declarations of this element begin in `bindings`.
    fn element(&mut self, element: &Element, from: usize, depth: usize) {
        for value in qname_contents(element) {
            self.keep_binding(element, value, from);
        }
        let name = self.qualified(&element.name, from, false);
        let attributes: Vec<_> = element
            .attributes
            .iter()
            .map(|(name, value)| (self.qualified(name, from, true), value.as_str()))
            .collect();

        self.out.push('<');
        self.out.push_str(&name);
        for (attribute, value) in attributes {
            self.attribute(&attribute, value);
        }
        for (prefix, uri) in self.bindings.get(from..).unwrap_or_default().to_vec() {
            let declaration = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            self.attribute(&declaration, &uri);
        }
        if element.children.is_empty() {
            self.out.push_str("/>");
        } else {
            self.out.push('>');
            self.content(element, depth);
            self.out.push_str("</");
            self.out.push_str(&name);
            self.out.push('>');
        }
        self.bindings.truncate(from);
    }

    fn content(&mut self, element: &Element, depth: usize) {
        let has_text = element.children.iter().any(|node| matches!(node, Node::Text(_)));
        let pretty = self.pretty;
        self.pretty = pretty && !has_text;
        for node in &element.children {
            match node {
                Node::Text(text) => self.out.push_str(&escape(text)),
                Node::Element(child) => {
                    self.line(depth + 1);
                    self.element(child, self.bindings.len(), depth + 1);
                }
            }
        }
        self.line(depth);
        self.pretty = pretty;
    }

    fn line(&mut self, depth: usize) {
        if self.pretty {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(depth));
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.out.push_str(&escape(value));
        self.out.push('"');
    }

    /// A text that is a qualified name keeps its meaning: its prefix is declared as it was read.
    fn keep_binding(&mut self, element: &Element, value: &str, from: usize) {
        let Some((prefix, _)) = value.trim().split_once(':') else { return };
        let Some(QName { namespace, .. }) = element.resolve(value) else { return };
        if self.uri_of(prefix) != Some(&namespace) {
            // The root's customary declarations give way.
            let customary = (from..self.bindings.len())
                .find(|&index| self.bindings.get(index).is_some_and(|(other, _)| other == prefix));
            if let Some(index) = customary {
                self.bindings.remove(index);
            }
            self.bindings.push((prefix.to_owned(), namespace.to_string()));
        }
    }

    /// The name with a prefix that means its namespace here, declared if need be.
    fn qualified(&mut self, name: &QName, from: usize, is_attribute: bool) -> String {
        if name.namespace.is_empty() {
            return name.local.clone();
        }
        let prefix = self.prefix_of(&name.namespace).unwrap_or_else(|| {
            let prefix = self.new_prefix(&name.namespace, from);
            self.bindings.push((prefix.clone(), name.namespace.to_string()));
            prefix
        });
        debug_assert!(!(prefix.is_empty() && is_attribute), "no default namespace is ever declared");
        format!("{prefix}:{}", name.local)
    }

    /// A prefix that is bound to `uri` and not hidden.
    fn prefix_of(&self, uri: &str) -> Option<String> {
        let mut candidates = self.bindings.iter().rev().filter(|(_, bound)| bound == uri);
        candidates
            .find(|(prefix, _)| self.uri_of(prefix).is_some_and(|bound| bound == uri))
            .map(|(prefix, _)| prefix.clone())
    }

    fn uri_of(&self, prefix: &str) -> Option<&str> {
        self.bindings.iter().rev().find(|(other, _)| other == prefix).map(|(_, uri)| uri.as_str())
    }

    /// The customary prefix, else `p`, else `p1`, …, not yet declared on this element.
    fn new_prefix(&self, uri: &str, from: usize) -> String {
        let here = self.bindings.get(from..).unwrap_or_default();
        let customary = PREFIXES.iter().find(|(_, known)| *known == uri).map(|(prefix, _)| *prefix);
        let numbered = (1..).map(|number| format!("p{number}"));
        let mut candidates = customary.into_iter().chain(["p"]).map(str::to_owned).chain(numbered);
        candidates.find(|prefix| !here.iter().any(|(other, _)| other == prefix)).unwrap_or_default()
    }
}

/// The values of an element that may be qualified names: its text when that is all it holds, and
/// its attributes.
fn qname_contents(element: &Element) -> impl Iterator<Item = &str> {
    let text = match element.children.as_slice() {
        [Node::Text(text)] => Some(text.as_str()),
        _ => None,
    };
    text.into_iter().chain(element.attributes.iter().map(|(_, value)| value.as_str()))
}

fn collect_namespaces<'e>(element: &'e Element, used: &mut Vec<&'e str>) {
    let attributes = element.attributes.iter().map(|(name, _)| &name.namespace);
    for namespace in std::iter::once(&element.name.namespace).chain(attributes) {
        let namespace: &Namespace = namespace;
        if !used.contains(&&**namespace) {
            used.push(namespace);
        }
    }
    for child in element.elements() {
        collect_namespaces(child, used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Limits;

    fn parse(xml: &str) -> Element {
        Element::parse(xml.as_bytes(), &Limits::default()).unwrap()
    }

    const MESSAGE: &str = r#"<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xml:lang="en-US">
        <e:Body><o xmlns="urn:class" i="1"><k a="&quot;">a &lt; b
c</k><empty/></o></e:Body></e:Envelope>"#;

    #[test]
    fn customary_prefixes_are_declared_once_and_others_where_they_occur() {
        insta::assert_snapshot!(parse(MESSAGE).to_pretty(), @r#"
        <s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope">
          <s:Body>
            <p:o i="1" xmlns:p="urn:class">
              <p:k a="&quot;">a &lt; b&#10;c</p:k>
              <p:empty/>
            </p:o>
          </s:Body>
        </s:Envelope>
        "#);
        assert_eq!(parse(&parse(MESSAGE).to_pretty()), parse(MESSAGE));
    }

    #[test]
    fn mixed_content_gets_no_white_space() {
        let mixed = parse("<a>one <b><c/></b> two</a>");
        assert_eq!(mixed.to_pretty(), "<a>one <b><c/></b> two</a>\n");
    }

    #[test]
    fn qualified_names_in_content_keep_their_meaning() {
        for xml in [
            "<z:a xmlns:z='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'>z:Denied</z:a>",
            "<w:a xmlns:w='urn:other'>w:Denied</w:a>",
            "<a xmlns='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd' xmlns:w='urn:other'>w:Denied</a>",
        ] {
            let before = parse(xml);
            let written = before.to_pretty();
            let after = parse(&written);
            assert_eq!(after, before, "{written}");
            assert_eq!(after.resolve(&after.text()), before.resolve(&before.text()), "{written}");
        }
    }
}
