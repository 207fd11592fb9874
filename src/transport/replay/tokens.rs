//! What identifies people and machines, recognised by its form; shared by the redactor and the
//! fixture lint.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Start of every counted GUID; twelve decimal digits follow.
const COUNTED: &str = "00000000-0000-4000-8000-";
const GUID_LENGTH: usize = 36;
const LONGEST_NAME: usize = 256;

/// Hosts that protocol texts and errors name: namespaces, and the manuals they point to.
const PROTOCOL_HOSTS: [&str; 10] = [
    "schemas.microsoft.com",
    "schemas.dmtf.org",
    "schemas.xmlsoap.org",
    "www.w3.org",
    "docs.oasis-open.org",
    "go.microsoft.com",
    "learn.microsoft.com",
    "docs.microsoft.com",
    "docs.rs",
    "www.dmtf.org",
];

/// Last labels of names that are hosts and nothing else.
const TOP_LABELS: [&str; 26] = [
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "io",
    "dev",
    "cloud",
    "de",
    "at",
    "ch",
    "uk",
    "fr",
    "nl",
    "jp",
    "eu",
    "us",
    "local",
    "lan",
    "corp",
    "internal",
    "intranet",
    "home",
    "arpa",
    "domain",
    "localdomain",
];
/// What stands before a backslash without being a domain.
const NO_DOMAINS: [&str; 10] =
    ["root", "authority", "builtin", "service", "machine", "hklm", "hkcu", "manager", "system32", "cimv2"];
/// The GUID at the beginning, when no letter or digit follows it.
pub(super) fn guid(rest: &str) -> Option<&str> {
    let (guid, after) = rest.split_at_checked(GUID_LENGTH)?;
    let well_formed = guid.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    (well_formed && ends_word(after)).then_some(guid)
}

/// The GUID without hyphens at the beginning, when no letter or digit follows it, and the GUID with them.
pub(super) fn bare_guid(rest: &str) -> Option<(&str, String)> {
    let (digits, after) = rest.split_at_checked(GUID_LENGTH - 4)?;
    let is_guid = digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && ends_word(after);
    let part = |range: std::ops::Range<usize>| digits.get(range).filter(|_| is_guid);
    let parts = [part(0..8)?, part(8..12)?, part(12..16)?, part(16..20)?, part(20..32)?];
    Some((digits, parts.join("-")))
}

/// The MAC address at the beginning, with hyphens or colons, and what separates it.
pub(super) fn mac(rest: &str) -> Option<(&str, char)> {
    let (mac, after) = rest.split_at_checked(17)?;
    let separator = mac.chars().nth(2).filter(|c| matches!(c, '-' | ':'))?;
    let well_formed = mac.split(separator).count() == 6
        && mac.split(separator).all(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit()));
    (well_formed && ends_word(after) && !after.starts_with(separator)).then_some((mac, separator))
}

/// Whether a text is a MAC address as CIM writes it: twelve hexadecimal digits.
pub(super) fn is_bare_mac(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `00000000-0000-4000-8000-000000000007` for 7.
pub(super) fn counted_guid(number: u64) -> String {
    format!("{COUNTED}{number:012}")
}

pub(super) fn is_counted_guid(guid: &str) -> bool {
    guid.strip_prefix(COUNTED)
        .is_some_and(|rest| rest.len() == 12 && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether the text before this is the end of a word or number.
pub(super) fn ends_word(after: &str) -> bool {
    !after.chars().next().is_some_and(char::is_alphanumeric)
}

/// The IP address at the beginning.
pub(super) fn address(rest: &str) -> Option<(&str, IpAddr)> {
    ipv4(rest).map(|(text, ip)| (text, IpAddr::V4(ip))).or_else(|| ipv6(rest))
}

fn ipv4(rest: &str) -> Option<(&str, Ipv4Addr)> {
    let run = short_run(rest, |c| c.is_ascii_digit() || c == '.').trim_end_matches('.');
    let after = rest.get(run.len()..)?;
    let ends = ends_word(after) && !after.starts_with(['-', '_']);
    ends.then(|| run.parse().ok()).flatten().map(|ip| (run, ip))
}

fn ipv6(rest: &str) -> Option<(&str, IpAddr)> {
    let run = short_run(rest, |c| c.is_ascii_hexdigit() || c == ':' || c == '.').trim_end_matches('.');
    let after = rest.get(run.len()..)?;
    // `a::b` is a path in some languages.
    let telling = |group: &str| group.is_empty() || group.len() == 4;
    let plausible = run.matches(':').count() >= 2
        && (run.bytes().any(|byte| byte.is_ascii_digit()) || run.split(':').all(telling));
    let ip: Ipv6Addr = (plausible && ends_word(after)).then(|| run.parse().ok()).flatten()?;
    Some((run, IpAddr::V6(ip)))
}

/// Addresses that name no one: documentation (RFC 5737, RFC 3849), loopback, unspecified, masks.
pub(super) fn is_harmless_address(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_documentation()
                || ip.is_loopback()
                || ip.is_unspecified()
                || ip.octets().starts_with(&[255])
        }
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unspecified() || ip.segments().starts_with(&[0x2001, 0x0db8])
        }
    }
}

/// The mail address (or user principal name) at the beginning, and its domain.
pub(super) fn mail(rest: &str) -> Option<(&str, &str)> {
    let local = short_run(rest, |c| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-'));
    let domain = rest.get(local.len()..)?.strip_prefix('@')?;
    let domain = host_run(domain);
    let text = rest.get(..local.len() + 1 + domain.len())?;
    let top = domain.rsplit_once('.').map(|(_, top)| top)?;
    let plausible = !local.is_empty() && top.len() >= 2 && top.chars().all(char::is_alphabetic);
    plausible.then_some((text, domain))
}

/// The security identifier of a domain or computer, or of an account there (MS-DTYP 2.4.2.4).
pub(super) fn account_sid(rest: &str) -> Option<&str> {
    let sid = short_run(rest, |c| c.is_ascii_digit() || matches!(c, 'S' | 's' | '-')).trim_end_matches('-');
    let begins = sid.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("S-1-5-21-"));
    (begins && matches!(sid.matches('-').count(), 6 | 7)).then_some(sid)
}

/// The letters, digits, dots, hyphens and underscores at the beginning, without dots at the end.
pub(super) fn host_run(rest: &str) -> &str {
    short_run(rest, |c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')).trim_end_matches(['.', '-', '_'])
}

/// The beginnings of the text that are whole words of a pseudonym's characters, longest first.
pub(super) fn leading_words(rest: &str) -> impl Iterator<Item = &str> {
    let run = short_run(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'));
    (1..=run.len())
        .rev()
        .filter(|end| rest.get(*end..).is_some_and(ends_word))
        .filter_map(|end| run.get(..end))
}

/// Characters of base64 at the beginning, padding included; empty when too few to hold anything.
pub(super) fn base64_run(rest: &str) -> &str {
    let bare = run(rest, |c| c.is_ascii_alphanumeric() || c == '+' || c == '/');
    let padding = run(rest.get(bare.len()..).unwrap_or_default(), |c| c == '=').len();
    if bare.len() < 4 { "" } else { rest.get(..bare.len() + padding.min(2)).unwrap_or_default() }
}

/// As [`run`], but no longer than a name can be (DNS: 253 characters), so that a hostile text is
/// not read over and over.
fn short_run(rest: &str, belongs: impl Fn(char) -> bool) -> &str {
    let mut places = rest.char_indices().zip(0..);
    let end = places.find(|((_, c), count)| *count == LONGEST_NAME || !belongs(*c));
    rest.get(..end.map_or(rest.len(), |((at, _), _)| at)).unwrap_or_default()
}

fn run(rest: &str, belongs: impl Fn(char) -> bool) -> &str {
    let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// Whether a name can only be that of a host.
pub(super) fn is_certain_host(name: &str) -> bool {
    let top = name.rsplit_once('.').map(|(_, top)| top.to_lowercase());
    top.is_some_and(|top| TOP_LABELS.contains(&top.as_str()))
}

/// `%5C` at the beginning (RFC 3986, 2.1).
pub(super) fn percent_escape(rest: &str) -> Option<&str> {
    let escape = rest.get(..3).filter(|escape| escape.starts_with('%'))?;
    escape.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit()).then_some(escape)
}

/// Names of users in paths of their profiles: `C:\Users\NAME\…`, with any number of backslashes.
pub(super) fn profile_users(text: &str) -> Vec<&str> {
    const FOLDER: &str = "Users";
    const NOBODY: [&str; 4] = ["Public", "Default", "Default User", "All Users"];
    let mut users = Vec::new();
    let mut rest = text;
    while let Some(at) = find_ignoring_case(rest, FOLDER) {
        let (before, after) = rest.split_at_checked(at).unwrap_or_default();
        rest = after.get(FOLDER.len()..).unwrap_or_default();
        let name = rest.trim_start_matches(['\\', '/']);
        let in_path = before.ends_with(['\\', '/']) && name.len() < rest.len();
        let name = run(name, |c| !c.is_control() && !r#"\/"[]:;|=,+*?<>'`"#.contains(c)).trim();
        if in_path && !name.is_empty() && NOBODY.iter().all(|nobody| !nobody.eq_ignore_ascii_case(name)) {
            users.push(name);
        }
    }
    users
}

/// `DOMAIN\user` and `DOMAIN\\user`, standing alone.
pub(super) fn domain_users(text: &str) -> Vec<&str> {
    let mut users = Vec::new();
    for (at, _) in text.match_indices('\\') {
        let Some((before, after)) = text.split_at_checked(at) else { continue };
        let after = after.trim_start_matches('\\');
        let slashes = text.len() - at - after.len();
        let user = host_run(after);
        let start = before.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')));
        let start = start
            .map_or(0, |at| at + before.get(at..).and_then(|r| r.chars().next()).map_or(1, char::len_utf8));
        let Some(domain) = before.get(start..) else { continue };
        let alone_before = !before.get(..start).is_some_and(|outer| outer.ends_with(['\\', '/', ':', '%']));
        let alone_after = !after.get(user.len()..).is_some_and(|rest| rest.starts_with(['\\', '/', ':']));
        let named = |name: &str| name.len() >= 2 && name.contains(char::is_alphabetic);
        let no_domain = NO_DOMAINS.contains(&domain.to_lowercase().as_str()) || guid(domain).is_some();
        let Some(whole) = text.get(start..at + slashes + user.len()) else { continue };
        if slashes <= 2 && alone_before && alone_after && named(domain) && named(user) && !no_domain {
            users.push(whole);
        }
    }
    users
}

/// Names reserved for examples (RFC 2606, RFC 6761).
pub(super) fn is_reserved_host(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_lowercase();
    let tops = ["test", "example", "invalid", "localhost"];
    let seconds = ["example.com", "example.net", "example.org"];
    let within =
        |zone: &str| name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    tops.into_iter().chain(seconds).any(within)
}

pub(super) fn is_protocol_host(name: &str) -> bool {
    PROTOCOL_HOSTS.iter().any(|host| host.eq_ignore_ascii_case(name))
}

/// Hosts of URLs in a text, each with the text from it on.
pub(super) fn url_hosts(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("://").filter_map(|(at, mark)| {
        let rest = text.get(at + mark.len()..)?;
        let authority = run(rest, |c| {
            !c.is_whitespace() && !matches!(c, '/' | '"' | '\'' | '<' | '>' | '?' | '#' | '\\')
        });
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((inner, _)) => inner,
            None => host_run(host),
        };
        (!host.is_empty()).then_some(host)
    })
}

/// Hosts of `\\HOST\share` and `\\HOST\root\…`, also with each backslash doubled, as object paths
/// write them.
pub(super) fn unc_hosts(text: &str) -> Vec<&str> {
    let mut hosts = Vec::new();
    let mut previous: Option<char> = None;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '\\' {
            let slashes = run(rest, |c| c == '\\').len();
            let after = rest.get(slashes..).unwrap_or_default();
            let host = host_run(after);
            let behind = run(after.get(host.len()..).unwrap_or_default(), |c| c == '\\').len();
            let starts = previous.is_none_or(|c| !c.is_alphanumeric() && c != ':');
            if starts && !host.is_empty() && behind > 0 && slashes == 2 * behind {
                hosts.push(host);
            }
            previous = Some('\\');
            rest = after;
        } else {
            previous = Some(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    hosts
}

/// The quoted values that follow `key =` or `key=` (WQL, object paths), with any quotes; doubled
/// quotes and backslashes are not resolved.
pub(super) fn assigned<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some(at) = find_ignoring_case(rest, key) {
        let standing_alone = rest.get(..at).is_none_or(|before| !before.ends_with(char::is_alphanumeric));
        rest = rest.get(at + key.len()..).unwrap_or_default();
        let Some(value) = rest.trim_start().strip_prefix('=') else { continue };
        let value = value.trim_start().trim_start_matches('\\');
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let value = value.get(1..).unwrap_or_default();
        if let Some((value, _)) = value.split_once(quote).filter(|_| standing_alone) {
            values.push(value.trim_end_matches('\\'));
        }
    }
    values
}

fn find_ignoring_case(text: &str, ascii: &str) -> Option<usize> {
    text.as_bytes().windows(ascii.len()).position(|window| window.eq_ignore_ascii_case(ascii.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_whole_words_of_the_right_form() {
        assert_eq!(
            guid("0123abCD-0000-4000-8000-00000000000f}"),
            Some("0123abCD-0000-4000-8000-00000000000f")
        );
        assert_eq!(guid("0123abCD-0000-4000-8000-00000000000f0"), None);
        assert_eq!(guid("0123abCD-0000-4000-8000-0000000000é"), None);
        assert!(is_counted_guid(&counted_guid(12)));
        assert!(!is_counted_guid("00000000-0000-4000-8000-00000000000A"));
    }

    #[test]
    fn versions_and_times_are_not_addresses() {
        for text in ["10.0.20348.1", "3.0", "1.2.3.4.5", "12:34:56", "a::b", "1.2.3.4-5"] {
            assert_eq!(address(text), None, "{text}");
        }
        assert_eq!(address("10.1.2.3:5986").map(|(text, _)| text), Some("10.1.2.3"));
        assert_eq!(address("fe80::1%eth0").map(|(text, _)| text), Some("fe80::1"));
    }

    #[test]
    fn unc_hosts_are_told_from_paths_whatever_the_doubling() {
        assert_eq!(unc_hosts(r#""\\HV1\root\virtualization""#), ["HV1"]);
        assert_eq!(unc_hosts(r"\\\\HV1\\root"), ["HV1"]);
        for text in [r"C:\\VMs\\web", r"CORP\bob", r"\\.\pipe", r"a\\b\c", r"\\Device\\x"] {
            assert!(unc_hosts(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn url_hosts_are_found_without_user_and_port() {
        let hosts: Vec<_> = url_hosts("see https://u@hv1:5986/wsman or http://[fe80::1]:80/").collect();
        assert_eq!(hosts, ["hv1", "fe80::1"]);
    }

    #[test]
    fn assigned_values_are_found_in_wql_and_paths() {
        assert_eq!(assigned("SELECT * WHERE elementname = 'web tier'", "ElementName"), ["web tier"]);
        assert_eq!(assigned(r#"A.SystemName=\"HV1\",Name="x""#, "SystemName"), ["HV1"]);
        assert!(assigned("MyElementName='x' ElementName=x", "ElementName").is_empty());
    }

    #[test]
    fn reserved_names_end_in_a_reserved_zone() {
        for name in ["hv01.example.test", "a.example.org", "EXAMPLE.COM", "localhost"] {
            assert!(is_reserved_host(name), "{name}");
        }
        for name in ["contest", "test.corp", "hv1.corp.local", "badexample.com"] {
            assert!(!is_reserved_host(name), "{name}");
        }
    }

    #[test]
    fn mail_addresses_need_a_domain_with_a_top() {
        assert_eq!(mail("bob@corp.local>"), Some(("bob@corp.local", "corp.local")));
        for text in ["bob@", "@corp.local", "a@b", "a@1.2"] {
            assert_eq!(mail(text), None, "{text}");
        }
    }
}
