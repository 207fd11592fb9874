//! What code under `src/` must not do.

use crate::source::{Source, sources};

/// Files that may contain `unsafe`: the calls of the GSSAPI library.
const MAY_BE_UNSAFE: [&str; 1] = ["src/auth/gssapi/ffi.rs"];

/// The only file that prints.
const PRINTS: &str = "src/cli/output.rs";

/// Longest file, in lines.
const LONGEST: usize = 600;

/// Files that are tables: one line for each code.
const MAY_BE_LONGER: [&str; 1] = ["src/wsman/codes/"];

/// Fails with all places that break a rule.
fn refuse(rule: &str, find: impl Fn(&Source) -> Vec<String>) {
    let places: Vec<_> = sources().iter().flat_map(find).collect();
    assert!(places.is_empty(), "{rule}:\n{}", places.join("\n"));
}

/// Places of words in code.
fn places(source: &Source, words: &[&str]) -> Vec<String> {
    let offsets = words.iter().flat_map(|word| source.words(word));
    offsets.map(|offset| source.place(offset)).collect()
}

#[test]
fn nothing_is_unsafe() {
    refuse("`unsafe` outside the allowed files", |source| {
        if MAY_BE_UNSAFE.contains(&source.path.as_str()) { Vec::new() } else { places(source, &["unsafe"]) }
    });
}

#[test]
fn only_the_output_module_prints() {
    refuse("printing outside the output module", |source| {
        if source.path == PRINTS {
            return Vec::new();
        }
        places(source, &["println!", "eprintln!", "print!", "eprint!", "dbg!"])
    });
}

#[test]
fn every_exception_from_a_lint_has_a_reason() {
    refuse("an exception without a reason", |source| {
        let mut wrong = Vec::new();
        for start in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
            for (offset, _) in source.code.match_indices(start) {
                let attribute = source.code[offset..].split(']').next().unwrap_or_default();
                if !attribute.contains("reason =") {
                    wrong.push(source.place(offset));
                }
            }
        }
        wrong
    });
}

#[test]
fn no_test_is_ignored() {
    refuse("an ignored test", |source| {
        let ignored = source.code.match_indices("#[ignore").map(|(offset, _)| source.place(offset));
        ignored.collect()
    });
}

/// Whether a line opens an example that does not run.
fn opens_idle_example(line: &str) -> bool {
    let attributes = line.trim_start_matches(['/', '!', ' ']).strip_prefix("```").unwrap_or_default();
    attributes.split([',', ' ']).any(|attribute| ["ignore", "no_run", "compile_fail"].contains(&attribute))
}

#[test]
fn every_example_runs() {
    assert!(opens_idle_example("/// ```no_run") && opens_idle_example("    //! ```rust,ignore"));
    assert!(!opens_idle_example("//! ```") && !opens_idle_example("/// ```text"));
    refuse("an example that does not run", |source| {
        let lines = source.text.lines().enumerate();
        let idle = lines.filter(|(_, line)| {
            let line = line.trim_start();
            (line.starts_with("///") || line.starts_with("//!")) && opens_idle_example(line)
        });
        idle.map(|(at, _)| format!("{}:{}", source.path, at + 1)).collect()
    });
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(!readme.lines().any(opens_idle_example));
}

#[test]
fn every_module_says_what_it_is() {
    refuse("a module without `//!` on top", |source| {
        let is_tests = source.path.ends_with("tests.rs");
        if is_tests || source.text.starts_with("//!") { Vec::new() } else { vec![source.path.clone()] }
    });
}

#[test]
fn files_are_short() {
    refuse("a file that should be split", |source| {
        let lines = source.text.lines().count();
        let is_table = MAY_BE_LONGER.iter().any(|folder| source.path.starts_with(folder));
        if lines <= LONGEST || is_table {
            Vec::new()
        } else {
            vec![format!("{}: {lines} lines, at most {LONGEST}", source.path)]
        }
    });
}
