//! What the codes and subcodes seen in the field mean, and what to do about them.
//!
//! Meanings and hints come from MS-WSMV 3.1.4.1, the captures, and what operators report.

use crate::wsman::RetryClass;

/// What is known of a code or subcode beyond its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::wsman) struct Advice {
    pub(in crate::wsman) meaning: &'static str,
    /// What to look at or change; empty when there is nothing to add.
    pub(in crate::wsman) hint: &'static str,
    pub(in crate::wsman) retry: RetryClass,
    /// The service refused before it handed the request to a provider.
    pub(in crate::wsman) refused_before_dispatch: bool,
}

/// By code.
pub(in crate::wsman) fn of_code(code: u32) -> Option<&'static Advice> {
    let index = BY_CODE.binary_search_by_key(&code, |(known, _)| *known).ok()?;
    BY_CODE.get(index).map(|(_, advice)| advice)
}

/// By the local name of the subcode, where the code is unknown or absent.
pub(in crate::wsman) fn of_subcode(subcode: &str) -> Option<&'static Advice> {
    BY_SUBCODE.iter().find(|(known, _)| *known == subcode).map(|(_, advice)| advice)
}

/// By the status of a `CIM_Error`, where there is no code.
pub(in crate::wsman) fn of_status(status: u32) -> Option<&'static Advice> {
    BY_STATUS.iter().find(|(known, _)| *known == status).map(|(_, advice)| advice)
}

/// It may come after the request was dispatched.
const fn dispatched(meaning: &'static str, hint: &'static str, retry: RetryClass) -> Advice {
    Advice { meaning, hint, retry, refused_before_dispatch: false }
}

/// It comes before the request is dispatched.
const fn refused(meaning: &'static str, hint: &'static str, retry: RetryClass) -> Advice {
    Advice { meaning, hint, retry, refused_before_dispatch: true }
}

use RetryClass::{BackOff, Never, Once, ReadsOnly, RestartEnumeration, SmallerEnvelope};

const ACCESS: &str = "the account needs to be in Administrators, or in Hyper-V Administrators and Remote \
    Management Users; a local account other than Administrator also needs LocalAccountTokenFilterPolicy=1";
const NAMESPACE_ACCESS: &str = "grant the account Remote Enable and Execute Methods on the WMI namespace \
    root\\virtualization\\v2 (wmimgmt.msc, Security)";
/// What to look at where the host has something not; in the namespace of Hyper-V it is [`NO_HYPER_V`].
pub(in crate::wsman) const NOT_THERE: &str = "check that the class is in the namespace (`--namespace`), how the host \
    wants both named (`--dialect`), and that the host is the right one";
pub(in crate::wsman) const NO_HYPER_V: &str =
    "check that the Hyper-V role is installed and that the host is the right one";
const BUSY: &str = "the host is busy: wait, or lower the number of operations at the same time";
const QUOTA: &str = "close other sessions of this user, release enumerations, or raise the quota under \
    WSMan:\\localhost on the host";
const PLUGIN_QUOTA: &str = "the WMI plug-in allows 15 operations for each user by default: lower the number \
    of operations at the same time, or raise the quota under WSMan:\\localhost\\Plugin\\WMI Provider\\Quotas";
const ENVELOPE: &str = "ask for fewer items at a time, or raise MaxEnvelopeSizekb on the host \
    (winrm set winrm/config @{MaxEnvelopeSizekb=\"8192\"})";
const SELECTORS: &str = "address the instance with exactly the keys of its class";
const METHODS: &str = "most objects of Hyper-V are made, changed and deleted by methods of their services";
const BUG: &str = "this should not happen: please report it with the message";

/// Sorted by code.
const BY_CODE: &[(u32, Advice)] = &[
    (5, refused("the account was authenticated but is not allowed to do this", ACCESS, Never)),
    (50, dispatched("the host does not support this request", "", Never)),
    (87, dispatched("a parameter has a value that the host does not accept", "", Never)),
    (0x8004_1002, dispatched("WMI found no such instance", "", Never)),
    (0x8004_1003, dispatched("WMI denied access", NAMESPACE_ACCESS, Never)),
    (0x8004_1008, dispatched("a parameter has a value that WMI does not accept", "", Never)),
    (0x8004_100C, dispatched("WMI does not support the operation for this class", METHODS, Never)),
    (0x8004_100E, dispatched("the WMI namespace does not exist", NOT_THERE, Never)),
    (0x8004_1010, dispatched("the WMI class does not exist", NOT_THERE, Never)),
    (
        0x8004_1013,
        dispatched("WMI could not load the provider", "check the service vmms on the host", BackOff),
    ),
    (0x8004_1019, dispatched("an instance with these keys exists already", "", Never)),
    (0x8004_1023, dispatched("the property can only be read", METHODS, Never)),
    (0x8004_1024, dispatched("the provider of the class does not offer the operation", METHODS, Never)),
    (
        0x8004_102F,
        dispatched(
            "the method's parameters are not as declared, or no instance was addressed",
            SELECTORS,
            Never,
        ),
    ),
    (0x8004_1033, dispatched("WMI is shutting down on the host", "", ReadsOnly)),
    (0x8004_1045, dispatched("WMI is too busy on the host", BUSY, ReadsOnly)),
    (0x8004_1069, dispatched("the operation timed out inside WMI", "", ReadsOnly)),
    (0x8004_106C, dispatched("a WMI quota is used up", BUSY, BackOff)),
    (0x8007_0002, dispatched("the provider did not find a file that it needs", "", Once)),
    (0x8007_0005, dispatched("the provider denied access", ACCESS, Never)),
    (
        0x8007_03FA,
        dispatched("a registry key vanished while the host logged the user on", "trying again helps", Once),
    ),
    (0x8033_8000, dispatched("the host knows no such class or instance", NOT_THERE, Never)),
    (0x8033_800F, refused("a header of the request is malformed", BUG, Never)),
    (0x8033_8011, refused("a header of the request is missing", BUG, Never)),
    (
        0x8033_8012,
        dispatched(
            "nothing listens at the address",
            "check that WinRM runs and listens on the host",
            BackOff,
        ),
    ),
    (
        0x8033_8013,
        refused("the host knows no such operation or method", "check the spelling of the method", Never),
    ),
    (
        0x8033_801A,
        dispatched(
            "the query cannot be processed, or its class or namespace does not exist",
            NOT_THERE,
            Never,
        ),
    ),
    (
        0x8033_801B,
        dispatched("the enumeration has ended or expired on the host", "start it again", RestartEnumeration),
    ),
    (0x8033_8027, dispatched("the request's body is not valid", BUG, Never)),
    (
        0x8033_8029,
        dispatched(
            "the operation took longer than its timeout",
            "a method may still be running: look before calling it again",
            ReadsOnly,
        ),
    ),
    (0x8033_802C, dispatched("the host does not accept the encoding of the request", BUG, Never)),
    (0x8033_8032, refused("the host is busy with other requests", BUSY, BackOff)),
    (0x8033_8033, dispatched("what is to be created exists already", "", Never)),
    (
        0x8033_803B,
        dispatched("the host knows no such resource: class and namespace as addressed", NOT_THERE, Never),
    ),
    (0x8033_803D, refused("the selectors are not those of the class", SELECTORS, Never)),
    (0x8033_803F, refused("the host is busy with other requests", BUSY, BackOff)),
    (
        0x8033_8041,
        refused(
            "the body does not match the class's declaration",
            "check the names, types and references of the parameters",
            Never,
        ),
    ),
    (0x8033_8042, dispatched("the host does not support something that the request asks for", "", Never)),
    (0x8033_8048, dispatched("the answer is larger than an envelope may be", ENVELOPE, SmallerEnvelope)),
    (
        0x8033_8049,
        dispatched("the answer is larger than the host's envelopes may be", ENVELOPE, SmallerEnvelope),
    ),
    (
        0x8033_804D,
        dispatched(
            "the operation succeeded, but its answer is too large to send",
            "look for the effect before calling it again",
            Never,
        ),
    ),
    (0x8033_805A, refused("selectors are missing", SELECTORS, Never)),
    (0x8033_805B, refused("there are selectors that the class does not have", SELECTORS, Never)),
    (0x8033_805C, dispatched("a selector has a value of the wrong type", SELECTORS, Never)),
    (0x8033_805D, refused("a selector has a value that is not valid", SELECTORS, Never)),
    (0x8033_805E, refused("the selectors match more than one instance", SELECTORS, Never)),
    (0x8033_805F, refused("a selector occurs twice", SELECTORS, Never)),
    (
        0x8033_807E,
        dispatched(
            "the maximum envelope size is below the host's minimum",
            "allow at least 8192 bytes",
            Never,
        ),
    ),
    (0x8033_807F, dispatched("references are nested too deep", "", Never)),
    (0x8033_8087, dispatched("the host does not support a locale that must be understood", BUG, Never)),
    (0x8033_80FA, dispatched("the instance is addressed without keys", SELECTORS, Never)),
    (0x8033_80FB, dispatched("a query must be sent to all classes of the namespace", BUG, Never)),
    (0x8033_8104, dispatched("the WMI service denied access", NAMESPACE_ACCESS, Never)),
    (0x8033_8105, dispatched("the WMI provider denied access", NAMESPACE_ACCESS, Never)),
    (0x8033_8106, dispatched("WMI denied the connection", NAMESPACE_ACCESS, Never)),
    (0x8033_8108, dispatched("an enumeration must not carry keys", BUG, Never)),
    (
        0x8033_810B,
        dispatched("Kerberos does not work with an IP address", "use the host's name, or NTLM", Never),
    ),
    (
        0x8033_8111,
        dispatched(
            "the request is larger than the host accepts",
            "raise MaxEnvelopeSizekb on the host (winrm set winrm/config @{MaxEnvelopeSizekb=\"8192\"})",
            Never,
        ),
    ),
    (0x8033_8112, dispatched("the host's HTTP service refuses requests now", BUSY, BackOff)),
    (
        0x8033_8113,
        dispatched("the URL is not one of WS-Management", "check port and path (usually /wsman)", Never),
    ),
    (0x8033_813B, dispatched("the request names two different namespaces", BUG, Never)),
    (0x8033_81A5, dispatched("the user has too many shells on the host", QUOTA, BackOff)),
    (0x8033_81A6, refused("the user has too many operations at the same time", QUOTA, BackOff)),
    (0x8033_81A7, refused("the user's quota of load is used up", QUOTA, BackOff)),
    (0x8033_81A8, refused("the system's quota of load is used up", QUOTA, BackOff)),
    (
        0x8033_81A9,
        dispatched("the user's rights have changed; the next request takes them up", "try again", Once),
    ),
    (0x8033_81AD, dispatched("a pull asked for other sizes than its enumeration", BUG, Never)),
    (0x8033_81E4, dispatched("the plug-in has too many shells", PLUGIN_QUOTA, BackOff)),
    (0x8033_81E5, refused("the plug-in has too many users", PLUGIN_QUOTA, BackOff)),
    (0x8033_81E6, dispatched("the plug-in has too many shells", PLUGIN_QUOTA, BackOff)),
    (0x8033_81E7, refused("the plug-in has too many operations", PLUGIN_QUOTA, BackOff)),
    (0x8033_81E8, refused("the user has too many operations in the plug-in", PLUGIN_QUOTA, BackOff)),
    (0x8033_81E9, dispatched("the shell has too many commands", PLUGIN_QUOTA, BackOff)),
    (0x8033_81EA, refused("the plug-in cannot give what the request needs at least", PLUGIN_QUOTA, BackOff)),
    (
        0x8033_81FA,
        dispatched("the session is gone; the service was probably restarted", "connect again", ReadsOnly),
    ),
];

/// The subcodes of DSP0226, WS-Addressing, WS-Enumeration and SOAP.
const BY_SUBCODE: &[(&str, Advice)] = &[
    ("AccessDenied", refused("the account was authenticated but is not allowed to do this", ACCESS, Never)),
    ("ActionNotSupported", refused("the host knows no such operation or method", "", Never)),
    ("AlreadyExists", dispatched("what is to be created exists already", "", Never)),
    ("CannotProcessFilter", dispatched("the query cannot be processed", NOT_THERE, Never)),
    ("Concurrency", refused("the host is busy with other requests", BUSY, BackOff)),
    ("DestinationUnreachable", dispatched("the host knows no such class or instance", NOT_THERE, Never)),
    (
        "EncodingLimit",
        dispatched("request or answer is larger than an envelope may be", ENVELOPE, SmallerEnvelope),
    ),
    ("EndpointUnavailable", dispatched("the host does not serve requests now", BUSY, ReadsOnly)),
    ("InternalError", dispatched("the host failed inside", "", Never)),
    (
        "InvalidEnumerationContext",
        dispatched("the enumeration has ended or expired on the host", "start it again", RestartEnumeration),
    ),
    ("InvalidMessageInformationHeader", refused("a header of the request is malformed", BUG, Never)),
    ("InvalidParameter", dispatched("a parameter has a value that the host does not accept", "", Never)),
    ("InvalidSelectors", refused("the selectors are not those of the class", SELECTORS, Never)),
    ("MessageInformationHeaderRequired", refused("a header of the request is missing", BUG, Never)),
    ("QuotaLimit", refused("a quota of the host is used up", QUOTA, BackOff)),
    ("SchemaValidationError", refused("the body does not match the class's declaration", "", Never)),
    (
        "TimedOut",
        dispatched(
            "the operation took longer than its timeout",
            "a method may still be running: look before calling it again",
            ReadsOnly,
        ),
    ),
    (
        "UnsupportedFeature",
        dispatched("the host does not support something that the request asks for", "", Never),
    ),
];

/// The statuses of DSP0200 5.3 that say more than the subcodes that come with them.
const BY_STATUS: &[(u32, Advice)] = &[
    (2, dispatched("the account was authenticated but is not allowed to do this", "", Never)),
    (3, dispatched("the server knows no such namespace", NOT_THERE, Never)),
    (4, dispatched("a parameter has a value that the server does not accept", "", Never)),
    (5, dispatched("the server knows no such class", NOT_THERE, Never)),
    (6, dispatched("the server knows no such instance", "", Never)),
    (7, dispatched("the server does not support the operation for this class", "", Never)),
    (11, dispatched("what is to be created exists already", "", Never)),
    (12, dispatched("the class has no such property", "", Never)),
    (16, dispatched("the server knows no such method", "", Never)),
    (17, dispatched("the class does not offer the method", "", Never)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_each_of_its_codes_has_a_name() {
        assert!(BY_CODE.is_sorted_by(|(a, _), (b, _)| a < b));
        for (code, _) in BY_CODE {
            assert!(super::super::name(*code).is_some(), "{code}");
        }
    }

    #[test]
    fn exactly_the_documented_codes_prove_that_nothing_ran() {
        let refused: Vec<u32> = BY_CODE
            .iter()
            .filter(|(_, advice)| advice.refused_before_dispatch)
            .map(|(code, _)| *code)
            .collect();
        assert_eq!(
            refused,
            [
                5,
                2_150_858_767, // header
                2_150_858_769, // header
                2_150_858_771, // action header
                2_150_858_802, // concurrency
                2_150_858_813, // selectors
                2_150_858_815, // quota
                2_150_858_817, // schema
                2_150_858_842, // selectors
                2_150_858_843,
                2_150_858_845,
                2_150_858_846,
                2_150_858_847,
                2_150_859_174, // quotas
                2_150_859_175,
                2_150_859_176,
                2_150_859_237,
                2_150_859_239,
                2_150_859_240,
                2_150_859_242,
            ]
        );
    }

    #[test]
    fn what_may_follow_a_method_that_ran_proves_nothing() {
        for code in [0x8033_8048, 0x8033_8049, 0x8033_804D, 0x8033_8029, 0x8004_1003, 0x8007_0005] {
            assert!(!of_code(code).unwrap().refused_before_dispatch, "{code:X}");
        }
        assert!(!of_subcode("EncodingLimit").unwrap().refused_before_dispatch);
        assert!(!of_subcode("TimedOut").unwrap().refused_before_dispatch);
    }
}
