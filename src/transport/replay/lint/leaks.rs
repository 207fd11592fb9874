//! Names, addresses and identifiers.

use super::{Leak, logins};
use crate::transport::replay::{
    encoded,
    lexical::{rewrite, unescape},
    pseudonyms::is_pseudonym,
    redact::DROPPED,
    rules::Rule,
    secrets, tokens,
};

const HOST: &str = "host name outside .test and .example";
const ADDRESS: &str = "address outside the documentation ranges";
const MAC: &str = "MAC address outside the documentation range";
const GUID: &str = "GUID that is not counted";
const USER: &str = "user of a domain";
const MAIL: &str = "mail address";
const SID: &str = "security identifier of a domain";
pub(super) const SECRET: &str = "value named like a secret";

const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// Leaks that show in a text by their form, spelled plainly or with references.
pub(super) fn of_text(text: &str) -> Vec<Leak> {
    let mut leaks = of_plain_text(text);
    let unescaped = unescape(text);
    if unescaped != text {
        leaks.extend(of_plain_text(&unescaped));
    }
    leaks
}

/// Leaks that show by the property that holds them. In what is not a document, each line may be a
/// part of one.
pub(super) fn of_document(text: &str) -> Vec<Leak> {
    of_elements(text).unwrap_or_else(|| {
        text.lines().filter_map(|line| of_elements(&format!("<line>{line}</line>"))).flatten().collect()
    })
}

fn of_elements(text: &str) -> Option<Vec<Leak>> {
    let mut leaks = Vec::new();
    rewrite(text, &mut |place, text| {
        let text = text.trim();
        match Rule::of(place) {
            Some(Rule::Host) if !is_example_host(text) => leaks.push(Leak::new(HOST, text)),
            Some(Rule::User) if is_user(text) && !is_example_user(text) => leaks.push(Leak::new(USER, text)),
            Some(Rule::Secret) if !matches!(text, "" | "0" | DROPPED) => leaks.push(Leak::new(SECRET, text)),
            _ => {}
        }
        None
    })?;
    Some(leaks)
}

fn of_plain_text(text: &str) -> Vec<Leak> {
    let mut leaks: Vec<Leak> = tokens::url_hosts(text)
        .chain(tokens::unc_hosts(text))
        .chain(tokens::assigned(text, "SystemName"))
        .filter(|host| !is_example_host(host))
        .map(|host| Leak::new(HOST, host))
        .collect();
    let users = tokens::domain_users(text).into_iter().chain(tokens::profile_users(text));
    leaks.extend(users.filter(|user| !is_example_user(user)).map(|user| Leak::new(USER, user)));
    leaks.extend(logins::of_text(text));
    let mut previous = None;
    for (at, c) in text.char_indices() {
        let starts_word = c.is_alphanumeric() && !previous.is_some_and(char::is_alphanumeric);
        if (starts_word || c == ':')
            && let Some((before, rest)) = text.split_at_checked(at)
        {
            leaks.extend(at_word(before, rest));
        }
        previous = Some(c);
    }
    leaks
}

fn at_word(before: &str, rest: &str) -> Option<Leak> {
    let behind_host_character = before.ends_with(['.', '-', '_', '@']);
    if let Some(guid) = tokens::guid(rest) {
        return (!tokens::is_counted_guid(guid) && guid != NIL).then(|| Leak::new(GUID, guid));
    }
    if let Some((_, secret)) = secrets::assignment(rest).filter(|(_, secret)| *secret != DROPPED) {
        return Some(Leak::new(SECRET, secret));
    }
    if let Some((digits, guid)) = tokens::bare_guid(rest) {
        return (!tokens::is_counted_guid(&guid)).then(|| Leak::new(GUID, digits));
    }
    if let Some((mac, _)) = tokens::mac(rest).filter(|_| !before.ends_with([':', '-'])) {
        return (!is_pseudonym(&mac.replace(':', "-"))).then(|| Leak::new(MAC, mac));
    }
    if let Some((mail, domain)) = tokens::mail(rest).filter(|_| !behind_host_character) {
        return (!tokens::is_reserved_host(domain)).then(|| Leak::new(MAIL, mail));
    }
    let within_word =
        before.ends_with(['.', ':']) || rest.starts_with(':') && before.ends_with(char::is_alphanumeric);
    if let Some((text, ip)) = tokens::address(rest).filter(|_| !within_word) {
        let leaks = !tokens::is_harmless_address(ip) && !is_version(before);
        return leaks.then(|| Leak::new(ADDRESS, text));
    }
    if let Some(sid) = tokens::account_sid(rest) {
        return (!is_pseudonym(sid)).then(|| Leak::new(SID, sid));
    }
    let host = tokens::host_run(rest);
    if tokens::is_certain_host(host) && !behind_host_character && !is_example_host(host) {
        return Some(Leak::new(HOST, host));
    }
    if before.ends_with(['/', '+']) { None } else { in_base64(rest) }
}

/// `…Version>10.0.0.1`
fn is_version(before: &str) -> bool {
    let near: String = before.chars().rev().take(24).collect::<Vec<_>>().into_iter().rev().collect();
    near.to_lowercase().contains("version")
}

/// The first leak of a text inside base64.
fn in_base64(rest: &str) -> Option<Leak> {
    let run = tokens::base64_run(rest);
    if run.len() < encoded::SHORTEST {
        return None;
    }
    let (text, _) = encoded::as_text(&encoded::from_base64(run)?)?;
    of_plain_text(&text).into_iter().next()
}

/// Names that stand for no one: reserved ones, those of namespaces, `hv01`, `localhost`, and the
/// words `HOST` and `EXAMPLE` themselves.
fn is_example_host(host: &str) -> bool {
    let lower = host.to_lowercase();
    let counted = lower.strip_prefix("hv").map(|rest| rest.trim_start_matches('-'));
    host.parse::<std::net::IpAddr>().is_ok()
        || !host.contains(char::is_alphabetic)
        || tokens::guid(host).is_some()
        || tokens::is_reserved_host(host)
        || tokens::is_protocol_host(host)
        || matches!(host, "HOST" | "EXAMPLE")
        || counted.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A name with a domain; services run as `NT AUTHORITY\SYSTEM` everywhere, and `<SYSTEM>` owns what all users share.
fn is_user(text: &str) -> bool {
    text.contains(char::is_alphabetic)
        && text != "<SYSTEM>"
        && !text.starts_with("NT ")
        && !text.starts_with("BUILTIN\\")
}

/// `EXAMPLE\operator` and those counted after it, with or without the domain.
fn is_example_user(user: &str) -> bool {
    let counted = |text: &str, stem: &str| {
        text.strip_prefix(stem).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if user == r"DOMAIN\user" {
        // How help texts write it.
        return true;
    }
    let (domain, name) = user.split_once('\\').unwrap_or(("EXAMPLE", user));
    let name = name.trim_start_matches('\\');
    let name = name
        .split_once('@')
        .map_or(name, |(name, realm)| if tokens::is_reserved_host(realm) { name } else { user });
    counted(domain, "EXAMPLE") && counted(name, "operator")
}
