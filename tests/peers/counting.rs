//! A wrong password is tried once: by the KDC or by the host, never by both, however many ask.

use crate::{
    rig::{Counts, Rig},
    way::{PRINCIPAL, RIGHT, WRONG, case, chain, send, settings, shown, text, transport, with_login},
};
use hyperv_wsman::{
    Client, ErrorKind,
    transport::{AuthMechanism, HttpSettings, Login, Phase, Transport, TransportErrorKind},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

const EVERYTHING: &str = "Negotiate,Kerberos,NTLM";

/// A way to a wrong password.
struct Case {
    name: &'static str,
    mechanism: AuthMechanism,
    /// Whoever the KDC judges is in one case alone, as it counts by user.
    user: &'static str,
    /// Whether the KDC gets the password, or the host.
    by_kdc: bool,
    offer: &'static str,
    spn_host: Option<&'static str>,
}

const USUAL: Case = Case {
    name: "",
    mechanism: AuthMechanism::Negotiate,
    user: "",
    by_kdc: false,
    offer: EVERYTHING,
    spn_host: None,
};

fn cases() -> [Case; 8] {
    [
        Case { name: "negotiate", user: "gina@TEST.LOCAL", by_kdc: true, ..USUAL },
        Case {
            name: "kerberos",
            mechanism: AuthMechanism::Kerberos,
            user: "hana@TEST.LOCAL",
            by_kdc: true,
            ..USUAL
        },
        Case { name: "ntlm", mechanism: AuthMechanism::Ntlm, user: r"TEST\alice", ..USUAL },
        Case { name: "no-realm", user: r"TEST\bob", ..USUAL },
        Case { name: "unknown-user", user: "nobody@TEST.LOCAL", ..USUAL },
        Case { name: "no-kdc", user: "alice@DOWN.LOCAL", ..USUAL },
        Case { name: "ntlm-alone-offered", user: "alice@TEST.LOCAL", offer: "NTLM", ..USUAL },
        Case {
            name: "unknown-service",
            user: "iris@TEST.LOCAL",
            by_kdc: true,
            spn_host: Some("nobody.test.local"),
            ..USUAL
        },
    ]
}

impl Case {
    fn target(&self) -> String {
        format!("/wsman?offer={}&{}", self.offer, case(self.name))
    }

    fn settings(&self, rig: &Rig, password: &str) -> HttpSettings {
        let settings = settings(rig, "PLAIN", &self.target());
        let mut settings = with_login(settings, self.mechanism, self.user, password);
        settings.kerberos.host = self.spn_host.map(str::to_owned);
        settings
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_tried_once_by_kdc_and_host_together() {
    let Some(rig) = Rig::find() else { return };
    for case in cases() {
        let Case { name, user, .. } = case;
        let at_kdc = rig.refused_by_kdc(user);
        let settings = case.settings(&rig, WRONG);
        let url = settings.url.clone();
        let transport = Arc::new(transport(settings));
        let shared: Arc<dyn Transport> = transport.clone();
        let client = Client::with_transport(url, shared);
        // All at once: messages, and what clones of a client ask.
        let mut refusals = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (transport, client) = (Arc::clone(&transport), client.clone());
            refusals.spawn(async move {
                let (error, refusal) = tokio::join!(send(&transport, "<message/>"), client.identify());
                assert_eq!(refusal.unwrap_err().kind(), ErrorKind::Auth, "{name}");
                error.unwrap_err()
            });
        }
        let refusals = refusals.join_all().await;
        for error in &refusals {
            assert_eq!(
                (error.kind, error.phase),
                (TransportErrorKind::Auth, Phase::NotSent),
                "{name}: {error}"
            );
            assert_eq!(chain(error), chain(&refusals[0]), "{name}: everybody hears the same");
            assert_eq!(error.hint, refusals[0].hint, "{name}");
        }
        let counts = rig.counts(&case.target());
        let tried = (rig.refused_by_kdc(user) - at_kdc, counts.kerberos + counts.ntlm);
        assert_eq!(tried, if case.by_kdc { (1, 0) } else { (0, 1) }, "{name}: at the KDC, at the host");
        assert_eq!(counts.messages, 0, "{name}");
        // Whoever asks again hears it without anybody being asked.
        send(&transport, "<message/>").await.unwrap_err();
        client.identify().await.unwrap_err();
        assert_eq!(rig.counts(&case.target()), counts, "{name}: nothing more is sent");
        assert_eq!(rig.refused_by_kdc(user) - at_kdc, tried.0, "{name}");
    }
}

/// The password may be on its way there: nobody else gets it, and it is not sent again.
#[tokio::test]
async fn a_kdc_that_does_not_answer_is_asked_once() {
    let Some(rig) = Rig::find() else { return };
    let asked = rig.asked_in_vain();
    let target = format!("/wsman?offer={EVERYTHING}&{}", case("silent-kdc"));
    let settings = settings(&rig, "PLAIN", &target);
    let mut settings = with_login(settings, AuthMechanism::Negotiate, "alice@SILENT.LOCAL", RIGHT);
    settings.kerberos.timeout = Duration::from_millis(300);
    let transport = transport(settings);
    let (a, b) = tokio::join!(send(&transport, "<message/>"), send(&transport, "<message/>"));
    for refusal in [a, b, send(&transport, "<message/>").await] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(shown(&refusal.unwrap_err(), &rig, "PLAIN"), @r"
                Timeout NotSent: failed to log in to `localhost:PORT` by Kerberos: no answer of the KDC within 300ms
                  hint: check that a domain controller answers on port 88 (VPN, firewall), and what /etc/krb5.conf says of the realm; `--auth ntlm` does without
            ");
        }
    }
    assert_eq!(rig.asked_in_vain() - asked, 1);
    let Counts { kerberos, ntlm, messages, .. } = rig.counts(&target);
    assert_eq!((kerberos, ntlm, messages), (0, 0, 0));
}

/// Refused by the host after the KDC has given a ticket: that is no reason for NTLM. Where the host says
/// that it is the ticket, and not who it is for, the next message shows one again.
#[tokio::test]
async fn a_refused_ticket_does_not_lead_to_ntlm() {
    let Some(rig) = Rig::find() else { return };
    for (listener, spn_host, by, shown) in [
        ("PLAIN", Some("rekeyed.test.local"), "mit", 2),
        ("PLAIN", Some("foreign.test.local"), "mit", 2),
        ("INTERCEPTED_RELAXED", None, "pyspnego", 2),
        ("INTERCEPTED_STRICT", None, "mit", 2),
    ] {
        let case = format!("refused-ticket-{listener}-{}", spn_host.unwrap_or_default());
        let target = format!("/wsman?offer={EVERYTHING}&by={by}&{}", crate::way::case(&case));
        let settings = settings(&rig, listener, &target);
        let mut settings = with_login(settings, AuthMechanism::Negotiate, PRINCIPAL, RIGHT);
        settings.kerberos.host = spn_host.map(str::to_owned);
        let transport = transport(settings);
        for _ in 0..2 {
            let error = send(&transport, "<message/>").await.unwrap_err();
            assert_eq!(
                (error.kind, error.phase),
                (TransportErrorKind::Auth, Phase::NotSent),
                "{case}: {error}"
            );
        }
        let Counts { kerberos, ntlm, messages, .. } = rig.counts(&target);
        assert_eq!((kerberos, ntlm, messages), (shown, 0, 0), "{case}");
    }
}

#[tokio::test]
async fn negotiate_tells_what_it_took_and_why() {
    let Some(rig) = Rig::find() else { return };
    for (user, offer, mechanism, why) in [
        (PRINCIPAL, EVERYTHING, "kerberos", None),
        (PRINCIPAL, "Kerberos", "kerberos", None),
        (r"TEST\alice", EVERYTHING, "ntlm", Some("does not tell the realm")),
        (r"TEST\alice", "Negotiate", "ntlm", Some("does not tell the realm")),
    ] {
        let said = Arc::new(Mutex::new(Vec::<Login>::new()));
        let listener = Arc::clone(&said);
        let settings = settings(&rig, "PLAIN", &format!("/wsman?offer={offer}"));
        let mut settings = with_login(settings, AuthMechanism::Negotiate, user, RIGHT);
        settings.on_login = Some(Arc::new(move |login: &Login| listener.lock().unwrap().push(login.clone())));
        let transport = transport(settings);
        for _ in 0..2 {
            let answer = send(&transport, "<message/>").await.unwrap();
            assert!(text(&answer).contains(&format!("user={user} ")), "{}", text(&answer));
        }
        let said = said.lock().unwrap();
        assert_eq!(said.len(), 1, "once for each login");
        assert_eq!((said[0].mechanism, said[0].user.as_str(), said[0].sealed), (mechanism, user, true));
        assert_eq!(said[0].why.is_some(), why.is_some());
        let told = said[0].why.as_deref().unwrap_or_default();
        assert!(told.contains(why.unwrap_or_default()), "{told}");
    }
}
