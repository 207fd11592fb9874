//! Pages of enumerations that do not fit: what is asked for then, and what is said.

use crate::{
    sim_host::SimHost,
    support::{Ran, run},
};
use std::collections::BTreeSet;

/// The fault of a page that is larger than an envelope.
const TOO_LARGE: &str = "fault:0x80338048";

fn enumerate(host: &SimHost, more: &[&str]) -> Ran {
    let line =
        [&["enumerate", "Msvm_ComputerSystem", "--fields", "Name", "--output", "ndjson"], more].concat();
    run(&mut host.hvctl(line))
}

/// The names that were printed, each once.
fn names(ran: &Ran) -> BTreeSet<&str> {
    let names: BTreeSet<_> = ran.stdout.lines().collect();
    assert_eq!(names.len(), ran.stdout.lines().count(), "printed twice: {ran:?}");
    names
}

#[test]
fn a_page_that_does_not_fit_is_asked_for_smaller_and_the_trace_says_so() {
    let smaller = "* the answer exceeds MaxEnvelopeSize: MaxElements 32000 -> 16000\n";
    for (verbose, is_said) in [(&["-v"][..], true), (&[], false)] {
        let host = SimHost::with_rules(&[&format!("{TOO_LARGE}@Enumerate#1")]);
        let ran = enumerate(&host, verbose);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!names(&ran).is_empty());
        assert_eq!(ran.stderr.contains(smaller), is_said, "{ran:?}");
    }
}

#[test]
fn a_later_page_that_does_not_fit_ends_the_list_with_the_option_that_helps_or_is_resumed() {
    let rule = format!("{TOO_LARGE}@Pull#2");
    let host = SimHost::with_rules(&[&rule]);
    let ran = enumerate(&host, &["--max-elements", "2"]);
    insta::assert_snapshot!("a_later_page_that_does_not_fit", ran.transcript(&[]));

    let all = enumerate(&SimHost::start(), &[]);
    let host = SimHost::with_rules(&[&rule]);
    let resumed = enumerate(&host, &["-v", "--max-elements", "2", "--on-expiry", "resume"]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(names(&resumed), names(&all));
    assert!(resumed.stderr.contains("MaxElements 2 -> 1\n"), "{resumed:?}");
}

#[test]
fn one_instance_that_does_not_fit_is_told_with_the_option_that_allows_it() {
    let host = SimHost::with_rules(&[&format!("{TOO_LARGE}@Enumerate")]);
    let ran = enumerate(&host, &["--max-elements", "1"]);
    insta::assert_snapshot!("one_instance_that_does_not_fit", ran.transcript(&[]));
}

#[test]
fn what_came_over_the_wire_cannot_be_resumed() {
    let host = SimHost::start();
    let ran = run(&mut host.hvctl([
        "enumerate",
        "Msvm_ComputerSystem",
        "--on-expiry",
        "resume",
        "--output",
        "xml",
    ]));
    insta::assert_snapshot!(ran.transcript(&[]), @r"
    exit code 2
    --- standard error
    error: `--on-expiry resume` does not go with `--output xml`
    hint: take another format, or `--on-expiry restart`
    ");
}

#[test]
fn pages_and_envelopes_are_asked_for_as_typed() {
    let host = SimHost::start();
    for list in [&["enumerate", "Msvm_ComputerSystem"][..], &["query", "SELECT * FROM Msvm_ComputerSystem"]] {
        let line = [list, &["-vv", "--max-elements", "3", "--max-envelope-size", "20000"]].concat();
        let ran = run(&mut host.hvctl(line));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.stderr.contains("MaxElements>3<") && ran.stderr.contains(">20000</w:MaxEnvelopeSize>"),
            "{ran:?}"
        );
    }
    let ran = run(&mut host.hvctl(["enumerate", "Msvm_ComputerSystem", "--max-elements", "0"]));
    assert_eq!(ran.code, 2, "{ran:?}");
}
