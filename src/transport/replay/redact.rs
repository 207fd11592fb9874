//! Keeping people and machines out of cassettes and traces.

use super::{
    Known, encoded,
    epoch::Epoch,
    lexical::{Place, rewrite},
    pseudonyms::{Form, Pseudonyms, is_pseudonym},
    rules::{Rule, is_message_id, is_protocol, is_protocol_uri, is_word_of_the_protocol, name_stem},
    secrets, tokens,
    words::Words,
};
use std::fmt;

/// What a secret becomes; a number stays a number.
pub(super) const DROPPED: &str = "redacted";

/// Replaces what tells people and machines from others by stable pseudonyms.
///
/// It learns values from what it is told ([`Known`]) and from the messages themselves: hosts (in
/// URLs, `\\HOST\…` paths, `SystemName`, `WSManFault/@Machine`), users and domains (`Owner`), and
/// replaces them wherever they stand from then on, in any case, escaped, with doubled backslashes,
/// inside embedded instances and in base64 of UTF-8 or UTF-16. By their form alone it replaces
/// GUIDs, addresses (IP, MAC, mail), security identifiers, users of domains and of profile folders,
/// and names that can only be those of hosts, and moves dates to a fixed epoch. `ElementName` and
/// `Notes` become `vm-1`, `group-1`, … unless names are kept. Values of properties and parameters
/// that are named like secrets, tokens of logins, passwords in texts that quote them, and the data
/// that guests tell are always dropped.
///
/// Equal values get equal pseudonyms, and redacting twice is redacting once. A value that is also a
/// word of the protocol (`root`, `Microsoft`) is left alone, because replacing it would change what
/// messages mean.
///
/// ```
/// use hyperv_wsman::transport::{Known, Redactor};
///
/// let known = [Known::Host("hv1.corp.local".into()), Known::User(r"CORP\backup".into())];
/// let mut redactor = Redactor::new(&known, false);
/// assert_eq!(
///     redactor.redact(r"\\HV1\root\cimv2 of corp\Backup at 10.1.2.3"),
///     r"\\hv01.example.test\root\cimv2 of EXAMPLE\operator at 192.0.2.1",
/// );
/// ```
pub struct Redactor {
    keep_names: bool,
    /// Whether names of hosts and users in messages stay, unless they are known from elsewhere.
    trusted: bool,
    words: Words,
    pseudonyms: Pseudonyms,
    /// DNS suffixes of hosts, lower case.
    suffixes: Vec<String>,
    epoch: Epoch,
}

impl Redactor {
    /// A redactor that knows these values from the start.
    #[must_use]
    pub fn new(known: &[Known], keep_names: bool) -> Self {
        let mut redactor = Self {
            keep_names,
            trusted: false,
            words: Words::default(),
            pseudonyms: Pseudonyms::default(),
            suffixes: Vec::new(),
            epoch: Epoch::default(),
        };
        // Hosts first: the domain of a local account is its host.
        for known in known {
            if let Known::Host(host) = known {
                redactor.learn_typed_host(host);
            }
        }
        for known in known {
            match known {
                Known::User(user) => redactor.learn_user(user),
                Known::Domain(domain) => redactor.learn_domain(domain),
                Known::Host(_) => {}
            }
        }
        redactor
    }

    /// Learns from a text, then replaces what is known. The text may be a SOAP message or anything
    /// else: a line of a trace, an error.
    #[must_use]
    pub fn redact(&mut self, text: &str) -> String {
        self.learn(text);
        rewrite(text, &mut |place, text| self.change(place, text)).unwrap_or_else(|| self.scrub(text))
    }

    /// From here on the messages are a simulator's: what it calls its machines and itself is no
    /// one's secret. What was typed to reach it still is.
    pub(super) fn trust_the_host(&mut self) {
        self.keep_names = true;
        self.trusted = true;
    }

    /// Everything that stands for something else so far.
    pub(super) fn issued(&self) -> Vec<String> {
        self.pseudonyms.issued().map(str::to_owned).collect()
    }

    /// Whether nothing in bytes that are no text would be replaced.
    pub(super) fn leaves_alone(&mut self, bytes: &[u8]) -> bool {
        encoded::readings(bytes).iter().all(|text| self.redact(text) == *text)
    }

    /// Whether bytes that are no text hold no learned value.
    fn is_clean(&self, bytes: &[u8]) -> bool {
        encoded::readings(bytes).iter().all(|text| !self.words.occur_in(text))
    }
}

/// Learning.
impl Redactor {
    /// Hosts and people first: a host bears its name as `ElementName`, too.
    fn learn(&mut self, text: &str) {
        let mut visit = |learn: fn(&mut Self, &Place<'_>, &str)| {
            let visited = rewrite(text, &mut |place, text| {
                learn(self, place, text);
                None
            });
            if visited.is_none() {
                let nowhere = Place { owner: text, name: "", attribute: None };
                learn(self, &nowhere, text);
            }
        };
        visit(Self::learn_hosts_and_people);
        visit(Self::learn_names);
    }

    fn learn_hosts_and_people(&mut self, place: &Place<'_>, text: &str) {
        match Rule::of(place) {
            Some(Rule::Endpoint) => tokens::url_hosts(text).for_each(|host| self.learn_typed_host(host)),
            Some(Rule::Host) if !self.trusted => self.learn_host(text),
            Some(Rule::User) if !self.trusted => self.learn_user(text),
            Some(Rule::Domain) if !self.trusted => self.learn_domain(text),
            Some(Rule::Secret) => self.learn_secret(text),
            _ => {}
        }
        if self.trusted || is_protocol_uri(text) {
            return;
        }
        let hosts = tokens::url_hosts(text).chain(tokens::unc_hosts(text));
        for host in hosts.chain(tokens::assigned(text, "SystemName")) {
            self.learn_host(host);
        }
        for user in tokens::domain_users(text).into_iter().chain(tokens::profile_users(text)) {
            self.learn_user(user);
        }
    }

    fn learn_names(&mut self, place: &Place<'_>, text: &str) {
        match Rule::of(place) {
            Some(Rule::Name) => self.learn_name(text, name_stem(place.owner)),
            Some(Rule::Notes) => self.learn_name(text, "notes"),
            _ => {}
        }
        for name in tokens::assigned(text, "ElementName") {
            self.learn_name(name, name_stem(text));
        }
    }

    /// The endpoint: any host, even loopback and reserved names, is the first host of a recording.
    fn learn_typed_host(&mut self, host: &str) {
        let host = tokens::url_hosts(host).next().unwrap_or(host).trim_matches(['[', ']']);
        let host = match host.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        if host.parse::<std::net::IpAddr>().is_ok() || host.eq_ignore_ascii_case("localhost") {
            let pseudonym = self.pseudonyms.of(host, Form::Host);
            self.words.add(host, &pseudonym);
        } else {
            self.learn_host(host);
        }
    }

    fn learn_host(&mut self, host: &str) {
        let host = host.trim().trim_end_matches('.');
        let is_name = tokens::host_run(host).len() == host.len() && host.contains(char::is_alphabetic);
        let known = is_pseudonym(host) || tokens::is_reserved_host(host) || tokens::is_protocol_host(host);
        if !is_name || known || tokens::guid(host).is_some() || self.words.exactly(host).is_some() {
            return;
        }
        let (label, suffix) = host.split_once('.').unwrap_or((host, ""));
        // A host is the same under its short and its long name.
        let pseudonym = self.pseudonyms.of(label, Form::Host);
        self.words.add(host, &pseudonym);
        if suffix.contains('.') {
            let (domain, _) = suffix.split_once('.').unwrap_or_default();
            self.learn_domain(domain);
            self.words.add(suffix, "example.test");
            self.suffixes.push(format!(".{}", suffix.to_lowercase()));
        }
        self.add_word(label, &pseudonym);
    }

    fn learn_user(&mut self, user: &str) {
        let user = user.trim();
        let name = if let Some((domain, name)) = user.rsplit_once('\\') {
            self.learn_domain(domain);
            name
        } else if let Some((name, realm)) = user.split_once('@') {
            self.learn_realm(realm);
            name
        } else {
            user
        };
        if !is_pseudonym(name) && tokens::guid(name).is_none() && !is_word_of_the_protocol(name) {
            let pseudonym = self.pseudonyms.of(name, Form::User);
            self.add_word(name, &pseudonym);
        }
    }

    fn learn_realm(&mut self, realm: &str) {
        if tokens::is_reserved_host(realm) {
            return;
        }
        let (domain, _) = realm.split_once('.').unwrap_or((realm, ""));
        self.learn_domain(domain);
        if realm.contains('.') {
            self.words.add(realm, "example.test");
            self.suffixes.push(format!(".{}", realm.to_lowercase()));
        }
    }

    fn learn_domain(&mut self, domain: &str) {
        let domain = domain.trim().trim_matches('\\');
        let known =
            is_pseudonym(domain) || domain.eq_ignore_ascii_case("example") || is_word_of_the_protocol(domain);
        if known || self.words.exactly(domain).is_some() {
            return;
        }
        if domain.contains('.') {
            self.learn_realm(domain);
        } else {
            let pseudonym = self.pseudonyms.of(domain, Form::Domain);
            self.add_word(domain, &pseudonym);
        }
    }

    fn learn_name(&mut self, name: &str, stem: &'static str) {
        let known = is_pseudonym(name) || tokens::guid(name).is_some() || self.words.exactly(name).is_some();
        if self.keep_names || known || name.trim().is_empty() {
            return;
        }
        let pseudonym = self.pseudonyms.of(name, Form::Named(stem));
        // Names that the host gives to its parts ("Hard Drive") are replaced where they are names
        // and nowhere else.
        if stem != "name" {
            self.add_word(name, &pseudonym);
        }
    }

    fn learn_secret(&mut self, secret: &str) {
        if secret != DROPPED && secret.len() >= 4 {
            self.add_word(secret, DROPPED);
        }
    }

    /// Adds a value to be replaced anywhere, unless it is so short or so common that messages
    /// would change their meaning.
    fn add_word(&mut self, value: &str, replacement: &str) {
        let telling = value.chars().count() >= 2 && value.contains(char::is_alphabetic);
        if telling && !is_word_of_the_protocol(value) {
            self.words.add(value, replacement);
        }
    }
}

/// Replacing.
impl Redactor {
    fn change(&mut self, place: &Place<'_>, text: &str) -> Option<String> {
        match Rule::of(place) {
            Some(Rule::Secret) => return Some(dropped(text)),
            Some(Rule::Name) => return self.changed_name(text, name_stem(place.owner)),
            Some(Rule::Notes) => return self.changed_name(text, "notes"),
            Some(Rule::Serial) if !self.trusted && !text.trim().is_empty() => {
                return Some(self.pseudonyms.of(text, Form::Named("serial")));
            }
            Some(Rule::Mac) if tokens::is_bare_mac(text) => return Some(self.bare_mac(text)),
            _ => {}
        }
        if is_protocol(place) || is_protocol_uri(text) {
            return None;
        }
        if is_message_id(place.name) {
            return self.changed_message_id(text);
        }
        Some(self.scrub(text))
    }

    fn changed_name(&mut self, name: &str, stem: &'static str) -> Option<String> {
        if self.keep_names || name.trim().is_empty() || tokens::guid(name).is_some() {
            return Some(self.scrub(name));
        }
        let learned = self.words.exactly(name).map(str::to_owned);
        learned.or_else(|| Some(self.pseudonyms.of(name, Form::Named(stem))))
    }

    fn changed_message_id(&mut self, text: &str) -> Option<String> {
        let (prefix, guid) = text.split_at_checked(text.len().checked_sub(36)?)?;
        let guid = tokens::guid(guid)?;
        Some(format!("{prefix}{}", self.pseudonyms.of(guid, Form::Message)))
    }

    /// Replaces all known values and forms in a text without structure.
    fn scrub(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut previous: Option<char> = None;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(escape) = tokens::percent_escape(rest) {
                out.push_str(escape);
                previous = Some('%');
                rest = rest.get(escape.len()..).unwrap_or_default();
                continue;
            }
            let at_word = !(first.is_alphanumeric() && previous.is_some_and(char::is_alphanumeric));
            let found = if at_word { self.token(previous, rest) } else { None };
            let (length, replacement) = match found.filter(|(length, _)| *length > 0) {
                Some((length, replacement)) => (length, Some(replacement)),
                None => (first.len_utf8(), None),
            };
            let Some((taken, after)) = rest.split_at_checked(length) else { break };
            out.push_str(replacement.as_deref().unwrap_or(taken));
            previous = taken.chars().next_back();
            rest = after;
        }
        out
    }

    /// What stands at the beginning and has to be replaced (or to be left as a whole).
    fn token(&mut self, previous: Option<char>, rest: &str) -> Option<(usize, String)> {
        if let Some(guid) = tokens::guid(rest) {
            return Some((guid.len(), self.pseudonyms.of(guid, Form::Object)));
        }
        if let Some((digits, guid)) = tokens::bare_guid(rest) {
            return Some((digits.len(), self.pseudonyms.of(&guid, Form::Object).replace('-', "")));
        }
        if let Some((mac, separator)) = tokens::mac(rest) {
            let pseudonym = self.pseudonyms.of(&mac.replace(':', "-"), Form::Mac);
            return Some((mac.len(), pseudonym.replace('-', &separator.to_string())));
        }
        if let Some((length, replacement)) = credentials(rest) {
            return Some((length, replacement));
        }
        if let Some((mail, domain)) = tokens::mail(rest) {
            let reserved = tokens::is_reserved_host(domain);
            return Some((mail.len(), if reserved { mail.to_owned() } else { self.mail(mail) }));
        }
        if let Some(sid) = tokens::account_sid(rest) {
            return Some((sid.len(), self.pseudonyms.of(sid, Form::Sid)));
        }
        let host = tokens::host_run(rest);
        let harmless = tokens::is_reserved_host(host) || tokens::is_protocol_host(host);
        if is_pseudonym(host) || (host.contains('.') && harmless) {
            return Some((host.len(), host.to_owned()));
        }
        // Base64 is looked at from its beginning only, so that long ones are decoded once.
        if !previous.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '+'))
            && let Some(changed) = self.base64(rest)
        {
            return Some(changed);
        }
        let folded = host.to_lowercase();
        let in_known_domain = self.suffixes.iter().any(|suffix| folded.ends_with(suffix.as_str()));
        let begins = host.starts_with(char::is_alphanumeric) && previous != Some('.');
        if begins && (in_known_domain || !self.trusted && tokens::is_certain_host(host)) {
            self.learn_host(host);
        }
        if let Some((length, replacement)) = self.words.at_start(rest) {
            return Some((length, replacement.to_owned()));
        }
        // `G::20` is no address: it would be `G`, and one.
        let within_word = rest.starts_with(':') && previous.is_some_and(char::is_alphanumeric);
        if let Some((text, ip)) = tokens::address(rest).filter(|_| !within_word) {
            let form = if ip.is_ipv4() { Form::Ipv4 } else { Form::Ipv6 };
            if tokens::is_harmless_address(ip) {
                return Some((text.len(), text.to_owned()));
            }
            // After a bare `%` the digits of a pseudonym would read as an escape: `%25` is that `%`.
            let escaped = if previous == Some('%') { "25" } else { "" };
            return Some((text.len(), format!("{escaped}{}", self.pseudonyms.of(text, form))));
        }
        self.epoch.moved(rest)
    }

    fn bare_mac(&mut self, digits: &str) -> String {
        let (pairs, _) = digits.as_bytes().as_chunks::<2>();
        let pairs: Vec<_> = pairs.iter().map(|pair| String::from_utf8_lossy(pair)).collect();
        self.pseudonyms.of(&pairs.join("-"), Form::Mac).replace('-', "")
    }

    fn mail(&mut self, mail: &str) -> String {
        let local = mail.split_once('@').map_or(mail, |(local, _)| local);
        format!("{}@example.test", self.pseudonyms.of(local, Form::User))
    }

    /// Values inside base64: readable text is redacted and encoded again; other bytes that hold a
    /// known value are dropped.
    fn base64(&mut self, rest: &str) -> Option<(usize, String)> {
        let run = tokens::base64_run(rest);
        let bytes = encoded::from_base64(run)?;
        if secrets::is_token(&bytes) {
            return Some((run.len(), DROPPED.to_owned()));
        }
        if let Some((text, coding)) = encoded::as_text(&bytes) {
            if run.len() < encoded::SHORTEST && self.words.exactly(&text).is_none() {
                return None;
            }
            let redacted = self.redact(&text);
            return (redacted != text).then(|| (run.len(), encoded::to_base64(&coding.encode(&redacted))));
        }
        (!self.is_clean(&bytes)).then(|| (run.len(), encoded::to_base64(DROPPED.as_bytes())))
    }
}

/// What logs in, at the beginning of a text that quotes it: `Basic dXNlcjpwdw==`, `password=pw`. Its
/// length with the word before it, and what to write instead.
fn credentials(rest: &str) -> Option<(usize, String)> {
    let (before, secret) = secrets::credential(rest)?;
    (secret != DROPPED).then(|| (before.len() + secret.len(), format!("{before}{DROPPED}")))
}

fn dropped(secret: &str) -> String {
    match secret.parse::<f64>() {
        _ if secret.is_empty() => String::new(),
        Ok(_) => "0".to_owned(),
        Err(_) => DROPPED.to_owned(),
    }
}

impl fmt::Debug for Redactor {
    /// Nothing of what it knows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("keep_names", &self.keep_names).finish_non_exhaustive()
    }
}
