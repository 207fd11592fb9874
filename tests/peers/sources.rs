//! Where tickets come from, by MIT's library and by Heimdal's.

use crate::{
    rig::Rig,
    way::{PRINCIPAL, RIGHT, send, settings, text, transport, with_login},
};
use hyperv_wsman::transport::{AuthMechanism, Credentials, HttpSettings, Secret, TransportErrorKind};
use std::{fmt::Write as _, process::Stdio};

const HEIMDAL: &str = "libgssapi.so.3";
/// Names the library, in processes that this test starts.
const VARIABLE: &str = "HVCTL_GSSAPI_LIBRARY";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The user's own tickets, by `kinit`.
    OwnCache,
    NamedCache,
    Keytab,
    Password,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Library {
    Mit,
    Heimdal,
}

/// What Heimdal lacks is said, rather than done in another way.
fn lacks(library: Library, source: Source) -> Option<&'static str> {
    match (library, source) {
        (Library::Mit, _) | (_, Source::OwnCache) => None,
        (Library::Heimdal, Source::NamedCache | Source::Keytab) => Some("has no `gss_acquire_cred_from`"),
        (Library::Heimdal, Source::Password) => Some("sends a wrong password twice"),
    }
}

fn from(mut settings: HttpSettings, rig: &Rig, source: Source) -> HttpSettings {
    let file = |name: &str| format!("FILE:{}", rig.folder().join(name).display());
    match source {
        Source::OwnCache => {}
        Source::NamedCache => settings.kerberos.cache = Some(file("ccache-bob")),
        Source::Keytab => {
            settings.kerberos.keytab = Some(rig.folder().join("frank.keytab"));
            settings.kerberos.principal = Some("frank@TEST.LOCAL".to_owned());
        }
        Source::Password => {
            let password = Secret::new(RIGHT.to_owned());
            settings.credentials = Some(Credentials::new("carol@test.local", password).unwrap());
        }
    }
    settings
}

fn owner(source: Source) -> &'static str {
    match source {
        Source::OwnCache => PRINCIPAL,
        Source::NamedCache => "bob@TEST.LOCAL",
        Source::Keytab => "frank@TEST.LOCAL",
        Source::Password => "carol@TEST.LOCAL",
    }
}

/// The library is chosen once in a process, and by its environment: Heimdal's turn is in another one.
#[tokio::test]
async fn tickets_come_from_everywhere_with_either_library() {
    let Some(rig) = Rig::find() else { return };
    if std::env::var_os(VARIABLE).is_some_and(|library| library == HEIMDAL) {
        return every_source(&rig, Library::Heimdal).await;
    }
    every_source(&rig, Library::Mit).await;
    let name = concat!(module_path!(), "::tickets_come_from_everywhere_with_either_library");
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name.split_once("::").unwrap().1])
        .env(VARIABLE, HEIMDAL)
        // For its part of the table.
        .stderr(Stdio::inherit())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

async fn every_source(rig: &Rig, library: Library) {
    let mut table = String::from("\nlibrary | tickets    | login    | way          | outcome\n");
    let mut failed = 0;
    for source in [Source::OwnCache, Source::NamedCache, Source::Keytab, Source::Password] {
        for scheme in ["Kerberos", "Negotiate"] {
            for (way, listener, seal) in [
                ("http sealed", "PLAIN", true),
                ("https plain", "DIRECT_STRICT", false),
                ("https sealed", "DIRECT_STRICT", true),
            ] {
                let target = format!("/wsman?offer={scheme}");
                let mut settings = from(settings(rig, listener, &target), rig, source);
                settings.mechanism = AuthMechanism::Kerberos;
                settings.always_seal = seal;
                let outcome = match (lacks(library, source), run(settings, source).await) {
                    (None, Ok(())) => "let in".to_owned(),
                    (Some(lacks), Err((TransportErrorKind::Config, said))) if said.contains(lacks) => {
                        format!("told that it cannot: it {lacks}")
                    }
                    (_, other) => {
                        failed += 1;
                        format!("FAILED: {other:?}")
                    }
                };
                let (library, source) = (format!("{library:?}"), format!("{source:?}"));
                writeln!(table, "{library:<7} | {source:<10} | {scheme:<9} | {way:<12} | {outcome}").unwrap();
            }
        }
    }
    rig.print(&format!("tickets-{library:?}").to_lowercase(), &table);
    assert_eq!(failed, 0);
}

/// Logs in and is who the tickets are for.
async fn run(settings: HttpSettings, source: Source) -> Result<(), (TransportErrorKind, String)> {
    let answer = match send(&transport(settings), "<message/>").await {
        Ok(answer) => text(&answer),
        Err(error) => return Err((error.kind, format!("{error} {:?}", error.source))),
    };
    let expected = format!("user={} ", owner(source));
    if answer.contains(&expected) && answer.contains("delegated=False") {
        return Ok(());
    }
    Err((TransportErrorKind::Protocol, answer))
}

#[tokio::test]
async fn the_host_may_act_for_the_user_only_when_told_so() {
    let Some(rig) = Rig::find() else { return };
    for scheme in ["Kerberos", "Negotiate"] {
        for delegate in [false, true] {
            let mut settings = settings(&rig, "PLAIN", &format!("/wsman?offer={scheme}"));
            settings.mechanism = AuthMechanism::Kerberos;
            settings.kerberos.delegate = delegate;
            let answer = send(&transport(settings), "<message/>").await.unwrap();
            let expected = if delegate { "delegated=True" } else { "delegated=False" };
            assert!(text(&answer).contains(expected), "{scheme}: {}", text(&answer));
        }
    }
}

#[tokio::test]
async fn a_user_without_a_realm_of_his_own_gets_the_one_given() {
    let Some(rig) = Rig::find() else { return };
    let settings = settings(&rig, "PLAIN", "/wsman");
    let mut settings = with_login(settings, AuthMechanism::Kerberos, r"TEST\alice", RIGHT);
    settings.kerberos.realm = Some("TEST.LOCAL".to_owned());
    let answer = send(&transport(settings), "<message/>").await.unwrap();
    assert!(text(&answer).contains("user=alice@TEST.LOCAL scheme=Kerberos"), "{}", text(&answer));
}
