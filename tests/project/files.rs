//! What templates, fixtures and documents must say.

use std::collections::BTreeSet;

use crate::source::{files_under, read, repository};

/// What an origin may be.
const ORIGINS: [&str; 4] = ["host", "simulated", "derived", "written"];

#[test]
fn templates_name_their_operation_and_never_skip_escaping() {
    let templates = files_under("soap-templates", "xml");
    assert!(!templates.is_empty(), "expected templates in soap-templates/, got none");
    for path in templates {
        let text = read(&path);
        assert!(text.starts_with("{#"), "{path}: expected a comment on top, got `{}`", first_line(&text));
        let (comment, body) =
            text.split_once("#}").unwrap_or_else(|| panic!("{path}: the comment never ends"));
        assert!(comment.len() > 20, "{path}: expected the operation and its specification, got `{comment}`");
        let code = body.replace(char::is_whitespace, "");
        assert!(!code.contains("|safe"), "{path}: `|safe` puts text in without escaping");
    }
}

#[test]
fn fixtures_say_where_they_come_from() {
    let messages = files_under("fixtures", "xml");
    let folders: BTreeSet<_> = messages.iter().map(|path| path.rsplit_once('/').unwrap().0).collect();
    for folder in folders {
        let descriptions = ["cassette.json", "origin.json"].map(|name| format!("{folder}/{name}"));
        let description = descriptions.iter().find(|path| repository(path).exists());
        let Some(description) = description else {
            panic!("{folder}: expected cassette.json or origin.json beside the messages, got neither");
        };
        let text = read(description);
        let said = ORIGINS.iter().filter(|origin| text.contains(&format!("\"{origin}\""))).count();
        assert!(text.contains("\"kind\"") && said >= 1, "{description}: expected an origin of {ORIGINS:?}");
    }
}

#[test]
fn recorded_sessions_say_who_the_peer_was() {
    let sessions = files_under("tests/sealed", "json");
    assert!(!sessions.is_empty(), "expected sessions in tests/sealed/, got none");
    for path in sessions {
        let text = read(&path);
        assert!(
            text.contains("\"kind\": \"simulated\"") && text.contains("\"product\": \"pyspnego "),
            "{path}"
        );
    }
}

#[test]
fn readme_shows_the_two_commands() {
    let readme = read("README.md");
    for command in ["cargo run --release -- demo", "cargo test --all-features"] {
        assert!(readme.contains(command), "README.md: expected `{command}`");
    }
}

#[test]
fn changelog_starts_with_what_is_unreleased() {
    let changelog = read("CHANGELOG.md");
    let first = changelog.lines().find(|line| line.starts_with("## "));
    assert_eq!(first, Some("## Unreleased"));
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
