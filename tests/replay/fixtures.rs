//! The project's own fixtures.

use hyperv_wsman::transport::lint;
use std::path::Path;

#[test]
fn the_fixtures_of_the_project_leak_nothing_and_say_where_they_are_from() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let findings = lint(&fixtures).unwrap();
    assert!(findings.is_empty(), "{findings:#?}");
}
