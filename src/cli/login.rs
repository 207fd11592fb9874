//! Who logs in, and with what: a password, a keytab, or a ticket that is there. Settled before the host is asked
//! anything, because a password may have to be typed.

use super::{
    args::{Auth, Global},
    client_certificate,
    failure::Failure,
    output::Output,
    password,
    settings::Settings,
};
use crate::{
    error::{Error, ErrorKind},
    transport::{
        AuthMechanism, ClientCertificate, Credentials, HttpSettings, KerberosSettings, Login, TransportError,
        UserName, kerberos_ticket,
    },
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Who logs in.
#[derive(Debug)]
pub(crate) struct Identity {
    /// User and password; none are needed with a ticket, or a keytab.
    credentials: Option<Credentials>,
    /// Instead of a user.
    certificate: Option<ClientCertificate>,
    kerberos: KerberosSettings,
    auth: Auth,
}

impl Identity {
    /// Gets the password where one is needed: from its source, or a prompt.
    ///
    /// # Errors
    /// `Usage` for nobody, and as the source of the password fails.
    pub(crate) async fn settle(settings: &Settings) -> Result<Self, Failure> {
        let global = &settings.global;
        let auth = client_certificate::auth(settings)?;
        let mut identity = Self { auth, ..Self::without_password(settings) };
        let user = global.user.as_deref();
        match auth {
            Auth::Certificate => identity.certificate = Some(client_certificate::obtain(settings).await?),
            Auth::Ntlm | Auth::Basic => {
                let user = user.ok_or_else(|| nobody(NEEDS_USER))?;
                identity.credentials = Some(credentials(settings, user).await?);
            }
            Auth::Negotiate | Auth::Kerberos => identity.settle_kerberos(settings, user).await?,
        }
        Ok(identity)
    }

    /// Who would log in, were a password at hand.
    pub(crate) fn without_password(settings: &Settings) -> Self {
        let global = &settings.global;
        let auth = match client_certificate::auth(settings).unwrap_or(global.auth) {
            // There is none without the file.
            Auth::Certificate => Auth::Negotiate,
            auth => auth,
        };
        Self { credentials: None, certificate: None, kerberos: kerberos(global), auth }
    }

    /// A password is asked for only if there is nothing else: a source that was named, a keytab, a ticket.
    async fn settle_kerberos(&mut self, settings: &Settings, user: Option<&str>) -> Result<(), Failure> {
        if let Some(user) = user
            && (password::is_given(settings)? || !self.names_principal(user)?)
        {
            self.credentials = Some(credentials(settings, user).await?);
            return Ok(());
        }
        if self.kerberos.keytab.is_some() {
            return Ok(());
        }
        let Err(no_ticket) = kerberos_ticket(&self.kerberos).await else { return Ok(()) };
        let Some(user) = user else {
            // Who asks for Kerberos, or names a principal, hears what is wrong with the tickets.
            let is_asked_for = self.auth == Auth::Kerberos || self.kerberos.principal.is_some();
            return Err(if is_asked_for { no_ticket.into() } else { alone(&no_ticket) });
        };
        if !password::can_ask() {
            return Err(neither(no_ticket));
        }
        self.credentials = Some(credentials(settings, user).await?);
        Ok(())
    }

    /// Whether it is known what the user is called in Kerberos. Where not, only a password is left, unless Kerberos
    /// was asked for.
    fn names_principal(&mut self, user: &str) -> Result<bool, Failure> {
        if self.kerberos.principal.is_some() {
            return Ok(true);
        }
        let user: UserName = user.parse().map_err(Error::from)?;
        match self.kerberos.principal_of(&user) {
            Ok(principal) => self.kerberos.principal = Some(principal),
            Err(error) if self.auth == Auth::Kerberos || self.kerberos.keytab.is_some() => {
                return Err(error.into());
            }
            Err(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Puts it into the settings of a transport, which tells on standard error how it has logged in.
    pub(crate) fn put(self, http: &mut HttpSettings, output: &Output) {
        http.mechanism = match self.auth {
            Auth::Negotiate => AuthMechanism::Negotiate,
            Auth::Kerberos => AuthMechanism::Kerberos,
            Auth::Ntlm => AuthMechanism::Ntlm,
            Auth::Basic => AuthMechanism::Basic,
            Auth::Certificate => AuthMechanism::Certificate,
        };
        let (delegates, negotiates) = (self.kerberos.delegate, self.auth == Auth::Negotiate);
        http.kerberos = self.kerberos;
        http.credentials = self.credentials;
        http.certificate = self.certificate;
        let (output, told) = (output.clone(), AtomicBool::new(false));
        http.on_login = Some(Arc::new(move |login: &Login| {
            // Once: further connections log in alike.
            if told.swap(true, Ordering::Relaxed) {
                return;
            }
            if negotiates {
                output.note(&way_of(login));
            }
            if delegates && !login.delegated {
                output.warning(NOT_DELEGATED);
            }
        }));
    }
}

/// What it means that the user asked for delegation, and there is none.
pub(crate) const NOT_DELEGATED: &str = "--delegate: the host got no ticket to act for the user; the ticket may not be \
     forwardable (`kinit -f`), or the host is not trusted for delegation";

/// Has one more told of logins.
pub(crate) fn listen(http: &mut HttpSettings, listener: impl Fn(&Login) + Send + Sync + 'static) {
    let others = http.on_login.take();
    http.on_login = Some(Arc::new(move |login: &Login| {
        if let Some(others) = &others {
            others(login);
        }
        listener(login);
    }));
}

fn way_of(login: &Login) -> String {
    let user = &login.user;
    let mechanism = match login.mechanism {
        "ntlm" => "NTLM",
        "kerberos" => "Kerberos",
        other => other,
    };
    match &login.why {
        Some(why) => format!("login: {mechanism} as `{user}` (not Kerberos: {why})"),
        None => format!("login: {mechanism} as `{user}`"),
    }
}

fn kerberos(global: &Global) -> KerberosSettings {
    let mut kerberos = KerberosSettings::default();
    kerberos.principal.clone_from(&global.principal);
    kerberos.realm.clone_from(&global.realm);
    kerberos.keytab.clone_from(&global.keytab);
    kerberos.service.clone_from(&global.spn_service);
    kerberos.host.clone_from(&global.spn_host);
    kerberos.delegate = global.delegate;
    kerberos.timeout = global.kdc_timeout;
    kerberos
}

async fn credentials(settings: &Settings, user: &str) -> Result<Credentials, Failure> {
    let password = password::obtain(settings, user).await?;
    Ok(Credentials::new(user, password).map_err(Error::from)?)
}

fn nobody(hint: &str) -> Failure {
    Failure::usage("no user: --user is not given", hint)
}

const NEEDS_USER: &str =
    "give it with --user 'DOMAIN\\user', HVCTL_USER or a profile; only `identify --anonymous` works without";

/// Neither a user nor a ticket.
fn alone(no_ticket: &TransportError) -> Failure {
    Failure::usage(
        format!("no user: --user is not given, and there is no Kerberos ticket ({})", reason(no_ticket)),
        "`kinit USER@REALM` gets a ticket; else give --user 'DOMAIN\\user', HVCTL_USER or a profile; only `identify --anonymous` works without",
    )
}

/// Neither a password nor a ticket.
fn neither(no_ticket: TransportError) -> Failure {
    let ticket = no_ticket.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    let hint = format!(
        "set HVCTL_PASSWORD, or give --password-stdin, --password-command or --password-file{ticket}"
    );
    let error = Error::new(
        ErrorKind::Config,
        "no password and no Kerberos ticket, and there is no terminal to ask on",
    );
    match no_ticket.source {
        Some(source) => error.with_source(source),
        None => error,
    }
    .with_hint(hint)
    .into()
}

fn reason(error: &TransportError) -> String {
    error.source.as_ref().map_or_else(|| error.message.clone(), ToString::to_string)
}
