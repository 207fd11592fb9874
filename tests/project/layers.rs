//! The layers import only what the table in ARCHITECTURE.md allows.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, read, sources};

/// Layer → the layers that it may import.
type Matrix = BTreeMap<String, BTreeSet<String>>;

#[test]
fn layers_import_only_what_architecture_allows() {
    let matrix = matrix(&read("ARCHITECTURE.md"));
    let roots = root_names(&read("src/lib.rs"), &matrix);
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(layer) = layer_of(&source.path) else { continue };
        let Some(allowed) = matrix.get(layer) else {
            wrong.push(format!("{}: the layer `{layer}` is not in ARCHITECTURE.md", source.path));
            continue;
        };
        for (offset, name) in imports(&source) {
            let Some(target) = roots.get(&name) else {
                wrong.push(format!("{}: `{name}` belongs to no layer", source.place(offset)));
                continue;
            };
            if target != layer && !allowed.contains(target) {
                wrong.push(format!("{}: `{layer}` may not import `{target}`", source.place(offset)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_layer_is_above_itself() {
    let matrix = matrix(&read("ARCHITECTURE.md"));
    for (layer, allowed) in &matrix {
        for below in allowed {
            let back = matrix.get(below).unwrap_or_else(|| panic!("`{layer}` may import unknown `{below}`"));
            assert!(!back.contains(layer), "`{layer}` and `{below}` may import each other");
        }
    }
}

/// The table whose header starts with "layer" and "may import".
fn matrix(architecture: &str) -> Matrix {
    let rows = architecture.lines().skip_while(|line| !line.starts_with("| layer | may import |"));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let matrix: Matrix = rows
        .map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(names);
            let layer = cells.next().unwrap().first().cloned().expect("a layer in each row");
            (layer, cells.next().unwrap())
        })
        .collect();
    assert!(matrix.len() >= 10, "expected the table of layers in ARCHITECTURE.md, got {matrix:?}");
    matrix
}

/// The names between backticks.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(|name| name.trim_end_matches('/').to_owned()).collect()
}

/// What `crate::NAME` means: a layer, or an item that lib.rs exports from one.
fn root_names(lib: &str, matrix: &Matrix) -> BTreeMap<String, String> {
    let mut roots: BTreeMap<_, _> = matrix.keys().map(|layer| (layer.clone(), layer.clone())).collect();
    for statement in lib.split("pub use ").skip(1) {
        let (path, _) = statement.split_once(';').expect("the end of a `pub use`");
        let (layer, items) = path.split_once("::").expect("a path in a `pub use`");
        for item in items.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|item| !item.is_empty()) {
            roots.insert(item.to_owned(), layer.to_owned());
        }
    }
    roots
}

/// The layer of a file; `main.rs` and `lib.rs` are none.
fn layer_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let layer = inside.split('/').next()?.trim_end_matches(".rs");
    (!matches!(layer, "main" | "lib")).then_some(layer)
}

/// First names behind `crate::`, and behind a `super::` chain that leaves the layer.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for offset in source.words("crate") {
        let rest = &source.code[offset + "crate".len()..];
        if let Some(path) = rest.strip_prefix("::") {
            found.extend(first_names(path).into_iter().map(|name| (offset, name)));
        }
    }
    let mut behind_chain = 0;
    for offset in source.words("super") {
        if offset < behind_chain {
            continue;
        }
        let mut rest = &source.code[offset..];
        let mut climbed = 0;
        while let Some(after) = rest.strip_prefix("super::") {
            climbed += 1;
            rest = after;
        }
        behind_chain = source.code.len() - rest.len();
        if climbed >= depth(source, offset) {
            found.extend(first_names(rest).into_iter().map(|name| (offset, name)));
        }
    }
    found
}

/// How many modules deep the code at an offset is: its file's, and those opened inside it.
fn depth(source: &Source, offset: usize) -> usize {
    let path = source.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let mut open = Vec::new();
    let code = &source.code[..offset];
    for (at, brace) in code.match_indices(['{', '}']) {
        if brace == "{" {
            let before = code[..at].rsplit(['{', '}', ';']).next().unwrap_or_default();
            let mut words = before.split_whitespace().rev();
            open.push(words.next().is_some() && words.next() == Some("mod"));
        } else {
            open.pop();
        }
    }
    path.split('/').count() + open.iter().filter(|is_module| **is_module).count()
}

/// The first name of a path, or of each path of a group: `{a::B, c}` → a, c.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else { return vec![first_name(path)] };
    let mut names = Vec::new();
    let mut nested = 0;
    let mut at_start = true;
    for (offset, character) in group.char_indices() {
        match character {
            '{' => nested += 1,
            '}' if nested == 0 => break,
            '}' => nested -= 1,
            ',' if nested == 0 => at_start = true,
            c if at_start && !c.is_whitespace() => {
                names.push(first_name(&group[offset..]));
                at_start = false;
            }
            _ => {}
        }
    }
    names
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn imports_are_found_wherever_they_are_written() {
    let find = |path: &str, text: &str| {
        let source = Source { path: path.to_owned(), text: text.to_owned(), code: text.to_owned() };
        imports(&source).into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    assert_eq!(find("src/cim/a.rs", "use crate::{xml::{A, b}, wsman, Error};"), ["xml", "wsman", "Error"]);
    assert_eq!(find("src/cim/a.rs", "fn f(x: &crate::xml::Element) {}"), ["xml"]);
    assert_eq!(find("src/cim/a.rs", "pub(crate) use super::b;"), Vec::<String>::new());
    assert_eq!(find("src/cim/a.rs", "use super::super::auth;"), ["auth"]);
    assert_eq!(find("src/cim/mod.rs", "use super::auth;"), ["auth"]);
    assert_eq!(find("src/cim/a.rs", "mod tests { use super::super::b; }"), Vec::<String>::new());
    assert_eq!(find("src/cim/a.rs", "mod t { fn f() {} } use super::super::b;"), ["b"]);
    assert_eq!(find("src/error.rs", "use super::client;"), ["client"]);
}
