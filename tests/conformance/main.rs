//! One suite of checks over every way to a host: the simulated host in process, the same over
//! HTTPS and NTLM on loopback, both with classes named as Windows and as the DMTF does it, the cassettes of `fixtures/cassettes/conformance`, and a live host.
//!
//! A live host is named by `HVCTL_TEST_HOST`, `HVCTL_TEST_USER`, `HVCTL_TEST_PASSWORD`,
//! `HVCTL_TEST_FINGERPRINT` and `HVCTL_TEST_GROUP` (a group with at least one machine); checks that
//! change it run only with `HVCTL_TEST_CHANGES=1`.
//!
//! `HVCTL_RECORD_CONFORMANCE=1` makes the in-process run write the cassettes anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod backends;
mod names;
mod suite;

use hyperv_wsman::wsman::Dialect;

/// Makes one test of each check for each backend.
macro_rules! conformance {
    ($($check:ident),* $(,)?) => {
        mod in_process {
            $(#[tokio::test(start_paused = true)]
            async fn $check() {
                super::backends::in_process(stringify!($check), super::Dialect::Windows, |site| Box::pin(super::suite::$check(site))).await;
            })*
        }
        mod loopback {
            $(#[tokio::test]
            async fn $check() {
                super::backends::loopback(super::Dialect::Windows, |site| Box::pin(super::suite::$check(site))).await;
            })*
        }
        mod in_process_as_dmtf {
            $(#[tokio::test(start_paused = true)]
            async fn $check() {
                super::backends::in_process(stringify!($check), super::Dialect::Dmtf, |site| Box::pin(super::suite::$check(site))).await;
            })*
        }
        mod loopback_as_dmtf {
            $(#[tokio::test]
            async fn $check() {
                super::backends::loopback(super::Dialect::Dmtf, |site| Box::pin(super::suite::$check(site))).await;
            })*
        }
        mod cassettes {
            $(#[tokio::test]
            async fn $check() {
                super::backends::cassette(stringify!($check), |site| Box::pin(super::suite::$check(site))).await;
            })*
        }
        mod live {
            $(#[tokio::test]
            async fn $check() {
                super::backends::live(stringify!($check), |site| Box::pin(super::suite::$check(site))).await;
            })*
        }
    };
}

conformance![
    identify_names_the_product,
    groups_have_a_name_and_an_id,
    a_group_is_found_by_name_and_by_id_in_any_case,
    an_unknown_group_is_not_found,
    a_group_has_its_members,
    get_reads_what_an_enumeration_named,
    get_of_what_is_not_there_is_destination_unreachable,
    pull_continues_until_end_of_sequence,
    a_stream_left_early_is_released,
    references_come_with_their_keys,
    a_selector_filter_finds_one_instance,
    wql_literals_carry_quotes_and_backslashes,
    an_unknown_class_is_refused_with_a_meaning,
    an_enumeration_gives_instances_references_or_both,
    associators_lead_from_a_group_to_its_members,
    references_are_the_links_of_a_group,
    a_walk_gives_only_the_properties_asked_for,
    a_fragment_is_the_value_of_one_property,
    a_small_envelope_makes_more_pages_of_the_same,
    an_option_is_ignored_unless_it_must_be_obeyed,
    a_variable_of_the_environment_is_created_changed_and_deleted,
    an_unknown_snapshot_is_not_found,
    a_standard_snapshot_of_a_group_is_created_listed_and_destroyed,
    a_recovery_snapshot_is_exported,
    a_snapshot_is_applied,
    a_job_is_found_again_by_its_id,
    a_running_job_is_cancelled,
];
