use super::*;
use crate::xml::{Element, decode};
use proptest::prelude::*;
use std::path::Path;

fn parse(xml: &str) -> Result<Element, String> {
    Element::parse(xml.as_bytes(), &Limits::default()).map_err(|error| error.to_string())
}

fn repeated(count: u32, text: impl Fn(u32) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

fn text_of(xml: &str) -> String {
    parse(xml).unwrap().text()
}

#[test]
fn references_cdata_and_comments_join_to_one_text() {
    let xml = "<a>x&lt;&#x41;<![CDATA[<&b]]>\r\n<!-- c -->y<?pi?>z</a>";
    let mut reader = Reader::new(xml, &Limits::default()).unwrap();
    assert!(matches!(reader.next(), Ok(Event::Start { local: "a", .. })));
    assert!(matches!(reader.next(), Ok(Event::Text(text)) if text == "x<A<&b\nyz"));
    assert!(matches!(reader.next(), Ok(Event::End)));
    assert!(matches!(reader.next(), Ok(Event::Eof)));
    assert!(matches!(reader.next(), Ok(Event::Eof)));
}

#[test]
fn plain_text_is_borrowed() {
    let mut reader = Reader::new("<a>plain</a>", &Limits::default()).unwrap();
    reader.next().unwrap();
    assert!(matches!(reader.next(), Ok(Event::Text(Cow::Borrowed("plain")))));
}

#[test]
fn prefixes_are_resolved_where_they_are_declared_and_may_be_rebound() {
    let xml = "<p:a xmlns:p='u:1' xmlns='d'><p:b xmlns:p='u:2' p:i='1' j='2'/><c xmlns=''/></p:a>";
    let mut reader = Reader::new(xml, &Limits::default()).unwrap();
    let mut seen = Vec::new();
    loop {
        match reader.next().unwrap() {
            Event::Start { namespace, local, attributes } => {
                seen.push(format!("{}|{local}", &**namespace));
                seen.extend(attributes.iter().map(|a| format!("@{}|{}={}", &*a.namespace, a.local, a.value)));
            }
            Event::Eof => break,
            Event::End | Event::Text(_) => {}
        }
    }
    assert_eq!(seen, ["u:1|a", "u:2|b", "@u:2|i=1", "@|j=2", "|c"]);
}

#[test]
fn a_declaration_a_mark_and_white_space_around_the_root_are_accepted() {
    assert_eq!(text_of("\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- c --><a>t</a>\n"), "t");
    assert_eq!(text_of("<?xml version='1.0'?><a>t</a>"), "t");
}

#[test]
fn each_file_of_the_reject_folder_is_refused_for_its_reason() {
    // `name.xml` is refused with the message in `name.txt`.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reject");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        let expected = std::fs::read_to_string(path.with_extension("txt")).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let error = Element::parse(&bytes, &Limits::default()).expect_err(&path.display().to_string());
        assert_eq!(error.to_string(), expected.trim_end(), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 25, "only {seen} files");
}

#[test]
fn a_hundred_thousand_levels_are_refused_at_the_limit() {
    let deep = "<a>".repeat(100_000);
    assert_eq!(parse(&deep).unwrap_err(), "elements are nested more than 128 deep at byte 384");
    let limits = Limits { depth: usize::MAX, ..Limits::default() };
    let error = Element::parse(deep.as_bytes(), &limits).unwrap_err();
    assert_eq!(error.to_string(), "elements are nested more than 256 deep at byte 768");
}

#[test]
fn the_deepest_tree_that_the_limits_allow_can_be_written_compared_and_dropped() {
    let limits = Limits { depth: 256, ..Limits::default() };
    let deep = format!("{}{}", "<a>".repeat(256), "</a>".repeat(256));
    let tree = Element::parse(deep.as_bytes(), &limits).unwrap();
    assert_eq!(Element::parse(tree.to_pretty().as_bytes(), &limits).unwrap(), tree);
    assert_eq!(crate::xml::diff::first_difference(&tree, &tree.clone(), &|_| false), None);
}

#[test]
fn a_document_of_nothing_but_elements_is_refused_before_it_fills_the_memory() {
    let many = format!("<a>{}</a>", "<b/>".repeat(1_000_000));
    assert_eq!(parse(&many).unwrap_err(), "the document has more than 1000000 elements at byte 3999999");
    let limits = Limits { elements: 3, ..Limits::default() };
    assert!(Element::parse(b"<a><b/><b/></a>", &limits).is_ok());
    assert!(Element::parse(b"<a><b/><b/><b/></a>", &limits).is_err());
}

#[test]
fn attributes_and_declarations_share_one_limit() {
    let attributes = repeated(200, |i| format!(" a{i}=''"));
    let declarations = repeated(57, |i| format!(" xmlns:n{i}='u'"));
    assert!(parse(&format!("<a{attributes}/>")).is_ok());
    let error = parse(&format!("<a{attributes}{declarations}/>")).unwrap_err();
    assert!(error.starts_with("an element has more than 256 attributes at byte "), "{error}");
}

#[test]
fn namespaces_in_scope_are_limited_across_levels() {
    let level = |depth: u32| {
        let declarations = repeated(100, |i| format!(" xmlns:n{depth}x{i}='u'"));
        format!("<a{declarations}>")
    };
    let two = format!("{}{}</a></a>", level(0), level(1));
    assert!(parse(&two).is_ok());
    let three = format!("{}{}{}</a></a></a>", level(0), level(1), level(2));
    let error = parse(&three).unwrap_err();
    assert!(error.starts_with("more than 256 namespaces are in scope at byte "), "{error}");
}

#[test]
fn a_namespace_is_held_once_however_many_elements_are_in_it() {
    let uri = "u".repeat(100_000);
    let xml = format!("<a xmlns='{uri}'>{}</a>", "<b/>".repeat(1000));
    let tree = parse(&xml).unwrap();
    let held: std::collections::HashSet<_> =
        tree.elements().map(|element| element.name.namespace.as_ptr()).collect();
    assert_eq!(held.len(), 1);
}

#[test]
fn utf16_reads_as_utf8_does() {
    let xml = "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-16\"?><a b='é'>日本😀</a>";
    let bytes: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let tree = Element::parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(tree.text(), "日本😀");
    assert_eq!(tree.attribute("", "b"), Some("é"));
}

fn sendable() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("only what XML can carry", |text| escape::first_forbidden(text).is_none())
}

/// What quick-xml tells of a document: its tags as they are written, and its text.
fn told_by_another(xml: &str) -> Option<Vec<String>> {
    use quick_xml::events::Event as Markup;
    let mut parser = quick_xml::Reader::from_str(xml);
    parser.config_mut().expand_empty_elements = true;
    parser.config_mut().enable_all_checks(true);
    let mut told = vec![String::new()];
    loop {
        let text = match parser.read_event().ok()? {
            Markup::Start(tag) => {
                told.extend([format!("<{}>", tag.name().as_ref()), String::new()]);
                continue;
            }
            Markup::End(_) => {
                told.extend(["</>".to_owned(), String::new()]);
                continue;
            }
            Markup::Text(text) => text.into_inner().into_owned(),
            Markup::CData(text) => text.into_inner().into_owned(),
            Markup::GeneralRef(name) => escape::resolve_reference(&name)?.to_string(),
            Markup::Eof => return Some(told),
            _ => continue,
        };
        told.last_mut().unwrap().push_str(&text.replace("\r\n", "\n").replace('\r', "\n"));
    }
}

fn told_by_scanner(xml: &str) -> Option<Vec<String>> {
    let mut scanner = Scanner::new(xml);
    let mut told = vec![String::new()];
    loop {
        match scanner.next().ok()? {
            Token::Start(tag) => {
                let colon = if tag.prefix.is_empty() { "" } else { ":" };
                told.push(format!("<{}{colon}{}>", tag.prefix, tag.local));
                told.push(String::new());
            }
            Token::End => told.extend(["</>".to_owned(), String::new()]),
            Token::Text { text, .. } => told.last_mut().unwrap().push_str(&text),
            Token::Eof => return (scanner.depth() == 0).then_some(told),
        }
    }
}

/// The events of a document up to its error; leaves are taken as such where `by_leaf`.
fn told(xml: &str, by_leaf: bool) -> (Vec<String>, Option<String>) {
    let mut told = Vec::new();
    let mut reader = match Reader::new(xml, &Limits::default()) {
        Ok(reader) => reader,
        Err(error) => return (told, Some(error.to_string())),
    };
    loop {
        let is_start = match reader.next() {
            Ok(Event::Start { namespace, local, attributes }) => {
                let attributes =
                    attributes.iter().map(|one| format!(" {}|{}={}", &*one.namespace, one.local, one.value));
                told.push(format!("<{}|{local}{}>", &**namespace, attributes.collect::<String>()));
                true
            }
            Ok(Event::Text(text)) => {
                told.push(text.into_owned());
                false
            }
            Ok(Event::End) => {
                told.push("</>".to_owned());
                false
            }
            Ok(Event::Eof) => return (told, None),
            Err(error) => return (told, Some(error.to_string())),
        };
        if by_leaf
            && is_start
            && let Some(text) = reader.leaf()
        {
            told.extend([text.to_owned(), "</>".to_owned()].into_iter().filter(|one| !one.is_empty()));
        }
    }
}

#[test]
fn a_leaf_is_told_where_its_end_is_plain_to_see() {
    for (xml, leaf) in [
        ("<a>text</a>", Some("text")),
        ("<a></a>", Some("")),
        ("<a> \n</a>", Some(" \n")),
        ("<a/>", None),
        ("<a>text</a >", None),
        ("<a>a&amp;b</a>", None),
        ("<a>text<b/></a>", None),
        ("<a><![CDATA[text]]></a>", None),
        ("<a>te<!-- c -->xt</a>", None),
        ("<a>te\r\nxt</a>", None),
        ("<a>te]]>xt</a>", None),
        ("<a>text</b>", None),
        ("<a>text</ab>", None),
        ("<a>text", None),
    ] {
        let mut reader = Reader::new(xml, &Limits::default()).unwrap();
        assert!(matches!(reader.next(), Ok(Event::Start { .. })), "{xml}");
        assert_eq!(reader.leaf(), leaf, "{xml}");
        assert_eq!(told(xml, true), told(xml, false), "{xml}");
    }
}

#[test]
fn a_leaf_ends_the_scope_that_it_began() {
    let (told, error) = told("<a><p:b xmlns:p='u'>t</p:b><p:c>t</p:c></a>", true);
    assert_eq!(told, ["<|a>", "<u|b>", "t", "</>"]);
    assert_eq!(error.unwrap(), "the prefix `p` is not declared at byte 27");
}

#[test]
fn attributes_that_come_again_are_those_of_the_scope_that_they_are_in() {
    let xml = "<r xmlns:p='u'><a p:i='1'/><b p:i='1'/><c/><d xmlns:p='v' p:i='1'><a p:i='1'/><b p:i='1'/></d>\
               <a p:i='1'/><d xmlns:p='v' p:i='1'><a p:i='1'/></d><a p:i=\"1\"/><a p:i='1' i='1'/></r>";
    assert_eq!(
        told(xml, true).0.concat().replace("</>", ""),
        "<|r><|a u|i=1><|b u|i=1><|c><|d v|i=1><|a v|i=1><|b v|i=1><|a u|i=1><|d v|i=1><|a v|i=1><|a u|i=1>\
         <|a u|i=1 |i=1>"
    );
    let twice = told("<r xmlns:p='u'><a p:i='1'/><a p:i='1' p:i='1'/></r>", true).1.unwrap();
    assert_eq!(twice, "the attribute `i` occurs twice at byte 27");
}

proptest! {
    #[test]
    fn what_is_told_by_leaves_is_what_is_told_without(
        parts in proptest::collection::vec(
            prop::sample::select(vec![
                "<a>", "</a>", "<p:b xmlns:p='u'>", "</p:b>", "<p:b>", "<a xmlns:p='v' p:i='1'>", "<a p:i='1'>", "<a p:i='1'/>",
                "<a/>", "text", "&amp;", "<!---->", "</a >", " ",
            ]),
            0..16,
        ),
    ) {
        let xml = format!("<r>{}</r>", parts.concat());
        prop_assert_eq!(told(&xml, true), told(&xml, false), "{}", xml);
    }

    #[test]
    fn what_the_scanner_accepts_another_parser_reads_as_the_same(
        parts in proptest::collection::vec(
            prop::sample::select(vec![
                "<a>", "</a>", "<p:b c='>' d=\"'/>\">", "</p:b>", "</p:b \n>", "<é/>", "<a\t/>", "text", "&amp;", "&#x41;",
                "&lt", "]]>", "<![CDATA[<&]]>", "<!-- - -->", "<!---->", "<!-->", "<?pi x?>", "<?xml version='1.0'?>",
                "\r\n", " ", "<", ">", "&", "'", "/",
            ]),
            0..12,
        ),
    ) {
        let xml = parts.concat();
        if let Some(told) = told_by_scanner(&xml) {
            prop_assert_eq!(Some(told), told_by_another(&xml), "{}", xml);
        }
        // Around a whole document nothing is missed that another parser can read.
        let whole = format!("<r>{xml}</r>");
        let stricter = |told: &[String]| {
            let names = told.iter().filter_map(|one| one.strip_prefix('<')?.strip_suffix('>'));
            whole.contains("<?xml") || whole.contains("]]>") || names.filter(|name| *name != "/").any(|name| split_name(name).is_none())
        };
        if told_by_another(&whole).is_some_and(|told| !stricter(&told)) {
            prop_assert!(told_by_scanner(&whole).is_some(), "{}", whole);
        }
    }

    #[test]
    fn any_text_survives_escaping_in_elements_and_attributes(text in sendable()) {
        let escaped = escape::escape(&text);
        let xml = format!("<a b=\"{escaped}\">{escaped}</a>");
        let tree = Element::parse(xml.as_bytes(), &Limits::default()).unwrap();
        prop_assert_eq!(tree.attribute("", "b"), Some(text.as_str()));
        prop_assert_eq!(tree.text(), text.clone());
        prop_assert_eq!(Element::parse(tree.to_pretty().as_bytes(), &Limits::default()).unwrap(), tree);
    }

    #[test]
    fn first_forbidden_agrees_with_the_production(text in any::<String>()) {
        let slow = text.char_indices().find(|(_, c)| !escape::is_char(*c));
        prop_assert_eq!(escape::first_forbidden(&text), slow);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Element::parse(&bytes, &Limits::default());
    }

    #[test]
    fn no_markup_makes_the_reader_panic(xml in "[<>/a:!\\[\\]?&;#x='\" -]{0,40}") {
        if let Ok(tree) = parse(&xml) {
            prop_assert_eq!(parse(&tree.to_pretty()), Ok(tree));
        }
    }

    #[test]
    fn decoding_a_document_in_utf16_gives_the_same_text(text in "[ -~é日😀]{0,20}") {
        let text = format!("<a>{text}");
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        prop_assert_eq!(decode(&bytes, &Limits::default()).unwrap(), text);
    }
}
