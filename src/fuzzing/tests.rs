//! The targets on stable Rust: every seed as it is, and a few hundred changed ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use super::{TARGETS, mutation::mutated};
use proptest::test_runner::{Config, TestRunner};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The files that `fuzz/seeds.txt` names for a target, and those of the target's own folder.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let list = fs::read_to_string(repository("fuzz/seeds.txt")).unwrap();
    let named = list.lines().filter_map(|line| line.split_once(' ')).filter(|(name, _)| *name == target);
    let mut patterns: Vec<String> = named.map(|(_, pattern)| pattern.to_owned()).collect();
    if repository("fuzz/seeds").join(target).exists() {
        patterns.push(format!("fuzz/seeds/{target}/*"));
    }
    patterns.iter().flat_map(|pattern| matching(pattern)).collect()
}

/// The files of a folder whose names match a pattern with one `*`.
fn matching(pattern: &str) -> Vec<Vec<u8>> {
    let (folder, name) = pattern.rsplit_once('/').unwrap();
    let (start, end) = name.split_once('*').unwrap_or((name, ""));
    let files = fs::read_dir(repository(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| {
            let found = path.file_name().unwrap().to_str().unwrap();
            found == name || (name.contains('*') && found.starts_with(start) && found.ends_with(end))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{pattern}: no such file");
    files.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn drive(target: &str) {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let seeds = seeds(target);
    for seed in &seeds {
        run(seed);
    }
    // No seeds of failures are kept beside the source: a finding goes to `fuzz/seeds/`.
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&mutated(seeds), |input| {
        run(&input);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{target}: {failure}");
    }
}

macro_rules! drive {
    ($($target:ident)+) => {
        $(
            #[test]
            fn $target() {
                drive(stringify!($target));
            }
        )+

        const DRIVEN: &[&str] = &[$(stringify!($target)),+];
    };
}

drive! {
    certificate
    ntlm_acceptor
    ntlm_challenge
    sealed_body
    spnego_token
    target_info
    condition
    instance_name
    profile_file
    datetime
    embedded_instance
    mof
    object_path
    soap_answer
    value
    xml_document
    client_certificate
    proxy_url
    www_authenticate
    cassette_index
    cassette_message
    soap_request
    wql
    wql_literal
}

#[test]
fn every_target_is_driven_here_and_built_for_fuzzers() {
    let targets: BTreeSet<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, DRIVEN.iter().copied().collect());
    let manifest = fs::read_to_string(repository("fuzz/Cargo.toml")).unwrap();
    let paths = manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/"));
    assert_eq!(targets, paths.map(|path| path.trim_end_matches(".rs\"")).collect());
    for target in targets {
        let text = fs::read_to_string(repository(&format!("fuzz/fuzz_targets/{target}.rs"))).unwrap();
        assert!(text.contains(&format!("hyperv_wsman::fuzzing::{target}(data)")), "{target}: {text}");
    }
}
