//! What the redactor leaves of answers of real hosts, when a folder with some is named.

use hyperv_wsman::transport::{Redactor, lint};
use std::{env, fs, path::PathBuf};

#[test]
fn the_lint_finds_nothing_in_redacted_answers_of_real_hosts() {
    let Some(captures) = env::var_os("WSMAN_CAPTURES").map(PathBuf::from) else {
        assert!(
            env::var_os("CI_REQUIRE_CAPTURES").is_none_or(|required| required != "1"),
            "CI_REQUIRE_CAPTURES=1, but WSMAN_CAPTURES names no folder"
        );
        eprintln!("skipped: set WSMAN_CAPTURES=DIR to a folder of captured answers");
        return;
    };
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("origin.json"), r#"{"kind": "written", "from": "a test"}"#).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(captures).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let redacted = Redactor::new(&[], false).redact(&fs::read_to_string(&path).unwrap());
            fs::write(temp.path().join(path.file_name().unwrap()), redacted).unwrap();
            count += 1;
        }
    }
    assert!(count > 0, "no XML files in WSMAN_CAPTURES");
    let findings = lint(temp.path()).unwrap();
    assert!(findings.is_empty(), "{findings:#?}");
}
