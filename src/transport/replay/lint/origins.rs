//! Whether each message says where it is from, and whether that can be true.

use super::Finding;
use crate::transport::replay::{
    cassette,
    origin::{Origin, SIMULATOR},
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The origin of a folder that is no cassette.
const ORIGIN_FILE: &str = "origin.json";
const MISSING: &str = "messages without an origin";
const WRONG: &str = "wrong origin";

/// One line for each folder whose messages have no origin or a wrong one.
pub(super) fn check(root: &Path, files: &[PathBuf]) -> io::Result<Vec<Finding>> {
    let mut folders: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for file in files.iter().filter(|file| is_message(file)) {
        folders.entry(file.parent().unwrap_or(root)).or_default().push(file);
    }
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_origin(file)) {
        findings.extend(claim(root, file).err());
    }
    for (folder, messages) in folders {
        let Some(file) = nearest_origin(root, folder) else {
            findings.push(finding(
                folder,
                MISSING,
                format!("expected `{}` or `{ORIGIN_FILE}`", cassette::INDEX),
            ));
            continue;
        };
        if let Ok(origin) = claim(root, &file) {
            findings.extend(contradictions(&origin, &messages)?);
        }
    }
    Ok(findings)
}

fn is_message(file: &Path) -> bool {
    file.extension().is_some_and(|extension| ["xml", "txt", "bin"].iter().any(|known| extension == *known))
}

fn is_origin(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == cassette::INDEX || name == ORIGIN_FILE)
}

fn nearest_origin(root: &Path, folder: &Path) -> Option<PathBuf> {
    let within = folder.ancestors().take_while(|ancestor| ancestor.starts_with(root));
    let mut candidates = within.flat_map(|folder| [folder.join(cassette::INDEX), folder.join(ORIGIN_FILE)]);
    candidates.find(|file| file.is_file())
}

/// The origin that a file claims, if it is complete.
fn claim(root: &Path, file: &Path) -> Result<Origin, Finding> {
    let wrong = |reason: String| finding(file, WRONG, reason);
    let folder = file.parent().unwrap_or(root);
    let is_cassette = file.file_name().is_some_and(|name| name == cassette::INDEX);
    let origin = if is_cassette {
        cassette::read_index(folder).map_err(|error| wrong(error.message))?.origin
    } else {
        let text = fs::read(file).map_err(|error| wrong(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?
    };
    let problem = match &origin {
        Origin::Unknown => Some("expected who answered, got `unknown`"),
        Origin::Host { .. } if !is_cassette => Some("only a recorder can say `host`, in a cassette"),
        Origin::Host { product } if product.contains(SIMULATOR) => Some("a simulator is no host"),
        Origin::Host { product } if !product.starts_with("Microsoft Corporation") => {
            Some("expected the product of a host, as Identify tells it")
        }
        Origin::Simulated { product } if !product.contains(SIMULATOR) => {
            Some("expected the simulator's product")
        }
        Origin::Derived { from, change } if from.trim().is_empty() || change.trim().is_empty() => {
            Some("expected what it is derived from, and what was changed")
        }
        Origin::Derived { from, .. } if !folder.join(from).exists() && !root.join(from).exists() => {
            Some("what it is derived from does not exist")
        }
        Origin::Written { from } if from.trim().is_empty() => {
            Some("expected the document it is written from")
        }
        _ => None,
    };
    problem.map_or(Ok(origin), |problem| Err(wrong(problem.to_owned())))
}

/// Answers to Identify that tell another story.
fn contradictions(origin: &Origin, messages: &[&Path]) -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for message in messages {
        let text = String::from_utf8_lossy(&fs::read(message)?).into_owned();
        let simulated = text.contains(SIMULATOR);
        let real = text.contains("ProductVendor>Microsoft Corporation<");
        let reason = match origin {
            Origin::Host { .. } if simulated => "a simulator answered here",
            Origin::Simulated { .. } if real => "a simulator does not name itself so",
            _ => continue,
        };
        findings.push(finding(message, WRONG, reason.to_owned()));
    }
    Ok(findings)
}

fn finding(file: &Path, kind: &'static str, excerpt: String) -> Finding {
    Finding { file: file.to_owned(), line: 1, kind, excerpt }
}
