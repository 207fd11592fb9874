//! Which proxy leads to a host: the one that was said, or the one that the environment names, as it does for curl.

use super::{args::ProxyChoice, failure::Failure};
use crate::{
    error::{Error, ErrorKind},
    transport::{Proxy, Secret, TransportError},
};
use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
};
use url::{Host, Url};

/// What leads to a host.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// `None`: straight.
    pub(crate) proxy: Option<Proxy>,
    /// What the user does not know yet.
    pub(crate) told: Option<String>,
}

/// The proxies of one command. All ways that lead through the same one share what is known of its login, so that a
/// password that it refuses is sent once.
#[derive(Debug)]
pub(crate) struct Proxies<'a> {
    choice: &'a ProxyChoice,
    /// Those that the environment names, with the text that names them.
    read: Mutex<Vec<(Secret, Proxy)>>,
}

impl<'a> Proxies<'a> {
    pub(crate) fn new(choice: &'a ProxyChoice) -> Self {
        Self { choice, read: Mutex::default() }
    }

    /// What leads to the host of a URL.
    ///
    /// # Errors
    /// `Config` for what the environment names and cannot be used.
    pub(crate) fn to(&self, url: &Url) -> Result<Chosen, Failure> {
        match self.choice {
            ProxyChoice::None => Ok(Chosen::default()),
            ProxyChoice::Proxy(proxy) => Ok(Chosen { proxy: Some(proxy.clone()), told: None }),
            ProxyChoice::Environment => {
                let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
                of_environment(url, variable, |text| self.read(text))
            }
        }
    }

    fn read(&self, text: String) -> Result<Proxy, TransportError> {
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, proxy)) = known.iter().find(|(known, _)| known.expose() == text) {
            return Ok(proxy.clone());
        }
        let proxy: Proxy = text.parse()?;
        known.push((Secret::new(text), proxy.clone()));
        Ok(proxy)
    }
}

/// As curl does it: lower case first; upper case not for `http_proxy`, which a CGI program is sent by its client.
fn of_environment(
    url: &Url,
    variable: impl Fn(&str) -> Option<String>,
    read: impl FnOnce(String) -> Result<Proxy, TransportError>,
) -> Result<Chosen, Failure> {
    let own: &[&str] = if url.scheme() == "http" { &["http_proxy"] } else { &["https_proxy", "HTTPS_PROXY"] };
    let first = |names: &[&'static str]| {
        names.iter().find_map(|name| Some((*name, variable(name).filter(|value| !value.trim().is_empty())?)))
    };
    let host = url.host_str().unwrap_or_default();
    let told = |way: String| Some(format!("`{host}`: {way}"));
    let Some((name, value)) = first(own).or_else(|| first(&["all_proxy", "ALL_PROXY"])) else {
        let names = own.join(", ");
        let told = told(format!("no proxy; the environment names none ({names}, all_proxy, ALL_PROXY)"));
        return Ok(Chosen { proxy: None, told });
    };
    if let Some((exception, list)) = first(&["no_proxy", "NO_PROXY"])
        && is_excepted(url, &list)
    {
        return Ok(Chosen { proxy: None, told: told(format!("no proxy, as {exception} says")) });
    }
    let value = if value.contains("://") { value } else { format!("http://{value}") };
    let proxy = read(value).map_err(|error| {
        let hint = "`--proxy none` connects without it";
        Error::new(ErrorKind::Config, format!("failed to use the proxy that {name} names"))
            .with_source(Error::from(error))
            .with_hint(hint)
    })?;
    Ok(Chosen { told: told(format!("through the proxy `{proxy}` ({name})")), proxy: Some(proxy) })
}

/// Whether a list of exceptions has the host: names with all that is below them, addresses, and networks
/// (`192.0.2.0/24`), between commas or spaces; `*` alone is everything. Ports are not looked at.
fn is_excepted(url: &Url, list: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let mut entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
    match url.host() {
        Some(Host::Domain(name)) => entries.any(|entry| is_below(name, entry)),
        Some(Host::Ipv4(address)) => entries.any(|entry| is_within(address.into(), entry)),
        Some(Host::Ipv6(address)) => entries.any(|entry| is_within(address.into(), entry)),
        None => false,
    }
}

/// Whether a name is another one, or ends with it behind a dot.
fn is_below(name: &str, other: &str) -> bool {
    let other = other.trim_start_matches('.').trim_end_matches('.').to_ascii_lowercase();
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let Some(rest) = name.strip_suffix(&other).filter(|_| !other.is_empty()) else { return false };
    rest.is_empty() || rest.ends_with('.')
}

/// Whether an address is another one, or in its network.
fn is_within(address: IpAddr, entry: &str) -> bool {
    let (network, length) = match entry.split_once('/') {
        Some((network, length)) => (network, length.parse().ok()),
        None => (entry, Some(u32::MAX)),
    };
    let network = network.trim_start_matches('[').trim_end_matches(']').parse();
    let (Ok(network), Some(length)) = (network, length) else { return false };
    let (bits, ours, theirs) = match (address, network) {
        (IpAddr::V4(ours), IpAddr::V4(theirs)) => (32, ours.to_bits().into(), theirs.to_bits().into()),
        (IpAddr::V6(ours), IpAddr::V6(theirs)) => (128, ours.to_bits(), theirs.to_bits()),
        _ => return false,
    };
    let length = if length == u32::MAX { bits } else { length };
    // Nothing is left of an address that is shifted by all its bits.
    let differing = |shift: u32| (ours ^ theirs).checked_shr(shift).unwrap_or_default();
    bits.checked_sub(length).is_some_and(|shift| differing(shift) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn url(host: &str) -> Url {
        format!("https://{host}:5986/wsman").parse().unwrap()
    }

    /// What an environment leads to.
    fn of(url: &str, environment: &[(&str, &str)]) -> (Option<String>, String) {
        let variable = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let chosen = of_environment(&url.parse().unwrap(), variable, |text| text.parse()).unwrap();
        (chosen.proxy.map(|proxy| proxy.to_string()), chosen.told.unwrap())
    }

    const HTTPS: &str = "https://hv1.example.org:5986/wsman";
    const HTTP: &str = "http://hv1.example.org:5985/wsman";

    #[test]
    fn variables_are_taken_in_curls_order() {
        let everything = [
            ("https_proxy", "http://a:1"),
            ("HTTPS_PROXY", "http://b:1"),
            ("http_proxy", "socks5://c"),
            ("all_proxy", "socks5h://d"),
            ("ALL_PROXY", "e:8080"),
        ];
        let of_all = |url, from: usize| of(url, &everything[from..]).0.unwrap();
        assert_eq!(of_all(HTTPS, 0), "http://a:1");
        assert_eq!(of_all(HTTPS, 1), "http://b:1");
        assert_eq!(of_all(HTTP, 0), "socks5://c:1080");
        assert_eq!(of_all(HTTP, 3), "socks5h://d:1080");
        assert_eq!(of_all(HTTPS, 4), "http://e:8080");
        // A client of a CGI program could set it by a header named `Proxy`.
        assert_eq!(of(HTTP, &[("HTTP_PROXY", "http://evil:1")]).0, None);
        assert_eq!(of(HTTPS, &[("https_proxy", " "), ("all_proxy", "http://d:1")]).0.unwrap(), "http://d:1");
    }

    #[test]
    fn what_was_found_is_told_without_its_password() {
        let told = |environment: &[(&str, &str)]| of(HTTPS, environment).1;
        let texts = [
            told(&[("HTTPS_PROXY", "http://me:geheim@gate:3128")]),
            told(&[("all_proxy", "socks://gate"), ("NO_PROXY", "localhost,.example.org")]),
            told(&[("http_proxy", "http://gate:3128")]),
        ];
        insta::assert_snapshot!(texts.join("\n"), @r"
            `hv1.example.org`: through the proxy `http://gate:3128` (HTTPS_PROXY)
            `hv1.example.org`: no proxy, as NO_PROXY says
            `hv1.example.org`: no proxy; the environment names none (https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY)
        ");
    }

    #[test]
    fn what_cannot_be_used_is_told_with_the_variable_and_without_its_value() {
        let variable = |name: &str| (name == "https_proxy").then(|| "https://me:geheim@gate:1".to_owned());
        let failure = of_environment(&HTTPS.parse().unwrap(), variable, |text| text.parse()).unwrap_err();
        assert_eq!(failure.exit_code(), 3);
        let shown = format!("{failure:?}");
        assert!(shown.contains("https_proxy") && !shown.contains("geheim"), "{shown}");
    }

    #[test]
    fn exceptions_are_names_addresses_and_networks() {
        for (host, list, expected) in [
            ("hv1.example.org", "*", true),
            ("hv1.example.org", "hv2,*", false),
            ("hv1.example.org", "example.org", true),
            ("hv1.example.org", "a.test, .Example.ORG.", true),
            ("hv1.example.org.", "hv1.example.org", true),
            ("hv1.badexample.org", "example.org", false),
            ("hv1.example.org", "org.example,hv1", false),
            ("hv1.example.org", "hv1.example.org:5986", false),
            ("hv1.example.org", ".", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "0.2.7", false),
            ("192.0.2.7", "192.0.2.0/24", true),
            ("192.0.3.7", "192.0.2.0/24", false),
            ("192.0.2.7", "0.0.0.0/0", true),
            ("192.0.2.7", "192.0.2.7/33", false),
            ("192.0.2.7", "::/0", false),
            ("[2001:db8::7]", "2001:db8::/32", true),
            ("[2001:db8::7]", "[2001:db8::7]", true),
            ("[2001:db8::7]", "2001:db9::/32", false),
        ] {
            assert_eq!(is_excepted(&url(host), list), expected, "{host} in {list}");
        }
    }

    proptest! {
        #[test]
        fn a_network_is_its_first_bits(address: u32, other: u32, length in 0..=32u32) {
            let entry = format!("{}/{length}", Ipv4Addr::from_bits(other));
            let same = (0..length).all(|bit| (address ^ other) >> (31 - bit) & 1 == 0);
            prop_assert_eq!(is_within(Ipv4Addr::from_bits(address).into(), &entry), same);
        }

        #[test]
        fn a_network_of_ipv6_is_its_first_bits(address: u128, flipped in 0..128u32, length in 0..=128u32) {
            let other = address ^ (1 << (127 - flipped));
            let entry = format!("{}/{length}", Ipv6Addr::from_bits(other));
            prop_assert_eq!(is_within(Ipv6Addr::from_bits(address).into(), &entry), flipped >= length);
        }

        #[test]
        fn a_name_excepts_itself_and_all_below_it_and_nothing_beside_it(
            name in "[a-z][a-z0-9]{0,8}(\\.[a-z][a-z0-9]{0,8}){0,3}",
            below in "[a-z]{1,8}",
            others in "[a-z.]{0,9}[, ]",
        ) {
            let list = format!("{others}{name}");
            let is_excepted = |host: &str| is_excepted(&url(host), &list);
            prop_assert!(is_excepted(&name));
            let (child, neighbour) = (format!("{below}.{name}"), format!("{below}{name}"));
            prop_assert!(is_excepted(&child));
            prop_assert!(!is_below(&neighbour, &name));
        }

        #[test]
        fn no_list_panics(list: String, address: u32) {
            let _: bool = is_excepted(&url("hv1.example.org"), &list);
            let _: bool = is_excepted(&url(&Ipv4Addr::from_bits(address).to_string()), &list);
        }
    }
}
