//! Login by client certificate: from which files, with which password, and what does not go together.

use crate::{
    sim_host::SimHost,
    support::{Ran, arg, hvctl, run},
};
use assert_cmd::Command;
use insta::assert_snapshot;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A simulated host that maps the certificates of `tests/wire/client` to its user, and copies of them that are private.
struct Setting {
    host: SimHost,
    files: TempDir,
}

impl Setting {
    fn new() -> Self {
        Self::asking("required")
    }

    fn asking(how: &str) -> Self {
        Self::with(how, "")
    }

    /// `more`: settings of the host's logins.
    fn with(how: &str, more: &str) -> Self {
        let files = tempfile::tempdir().unwrap();
        let chain = fs::read_to_string(fixture("chain.pem")).unwrap();
        let (root, _) = chain.split_at(chain.find("-----END").unwrap() + "-----END CERTIFICATE-----\n".len());
        let inventory = files.path().join("inventory.toml");
        let text = format!(
            "[[vm]]\nname = 'of Jane Roe'\n[[group]]\nname = 'g'\nmembers = ['of Jane Roe']\n\
             [auth]\n{more}certificate = '{how}'\ncertificate_issuers = '''\n{root}'''\n"
        );
        fs::write(&inventory, text).unwrap();
        let host = SimHost::with(&["--time-scale", "0", "--inventory", arg(&inventory)]);
        Self { host, files }
    }

    /// A private copy of a fixture.
    fn copy(&self, name: &str) -> PathBuf {
        let to = self.files.path().join(name);
        fs::copy(fixture(name), &to).unwrap();
        set_mode(&to, 0o600);
        to
    }

    fn hvctl(&self, certificate: &str, arguments: &[&str]) -> Command {
        let mut command = hvctl(arguments.iter().copied());
        command.env("HVCTL_HOST", self.host.value("HVCTL_HOST"));
        command.env("HVCTL_FINGERPRINT", self.host.value("HVCTL_FINGERPRINT"));
        command.env("HVCTL_CLIENT_CERT", self.copy(certificate)).write_stdin("");
        command
    }

    fn shown(&self, ran: &Ran) -> String {
        ran.transcript(&[(self.files.path().to_str().unwrap(), "FOLDER")])
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/client").join(name)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

#[test]
fn pem_and_pkcs12_are_told_apart_by_their_content_and_ask_for_no_password_they_do_not_need() {
    let setting = Setting::new();
    for (name, password) in
        [("chain.pem", None), ("plain.p12", None), ("new.p12", Some("secret")), ("3des.p12", Some("secret"))]
    {
        let mut command = setting.hvctl(name, &["group", "list"]);
        if let Some(password) = password {
            command.env("HVCTL_PASSWORD", password);
        }
        let ran = run(&mut command);
        assert!(ran.code == 0 && ran.stdout.contains('g') && ran.stderr.is_empty(), "{name}: {ran:?}");
    }
}

#[test]
fn the_doctor_does_not_make_up_a_name_of_the_user_that_a_certificate_is_mapped_to() {
    let setting = Setting::with("optional", "sees_hyper_v = false\n");
    let ran = run(&mut setting.hvctl("chain.pem", &["doctor"]));
    assert_eq!(ran.code, 11, "{ran:?}");
    assert!(ran.stdout.contains("-Member 'USER'") && !ran.stdout.contains("-Member ''"), "{ran:?}");
    assert!(ran.stdout.contains("LocalAccountTokenFilterPolicy"), "{ran:?}");
}

#[test]
fn the_password_comes_from_where_passwords_come_from() {
    let setting = Setting::new();
    let password = setting.files.path().join("password");
    fs::write(&password, "secret\n").unwrap();
    set_mode(&password, 0o600);
    let run =
        |arguments: &[&str]| run(&mut setting.hvctl("new.p12", &[&["group", "list"], arguments].concat()));
    assert_eq!(run(&["--password-file", arg(&password)]).code, 0);
    assert_eq!(run(&["--password-command", &format!("cat {}", arg(&password))]).code, 0);
    assert_snapshot!(setting.shown(&run(&[])), @r"
        exit code 3
        --- standard error
        error: no password: HVCTL_PASSWORD is not set, and there is no terminal to ask on
        hint: set HVCTL_PASSWORD, or give --password-stdin, --password-command or --password-file
    ");
}

#[test]
fn a_wrong_password_says_whose_it_is() {
    let setting = Setting::new();
    let ran = run(setting.hvctl("new.p12", &["group", "list"]).env("HVCTL_PASSWORD", "geheim"));
    assert!(!format!("{ran:?}").contains("geheim"));
    assert_snapshot!(setting.shown(&ran), @r"
        exit code 3
        --- standard error
        error: failed to read the client certificate: the password is wrong
        hint: it is the password of the file, as chosen at its export, not that of the user
    ");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_is_refused_and_a_certificate_alone_is_not() {
    let setting = Setting::new();
    let run = |certificate: &str, key: Option<&Path>| {
        let mut command = setting.hvctl(certificate, &["group", "list"]);
        command.env("HVCTL_PASSWORD", "secret");
        set_mode(&setting.files.path().join(certificate), 0o644);
        run(command.envs(key.map(|key| ("HVCTL_CLIENT_KEY", key))))
    };
    assert_snapshot!(setting.shown(&run("new.p12", None)), @r"
        exit code 3
        --- standard error
        error: failed to trust the client certificate `FOLDER/new.p12`: others may use it (mode 0644)
        hint: `chmod 600 FOLDER/new.p12` makes it yours alone; replace its secret if others could read it
    ");
    assert_eq!(run("chain.pem", None).code, 3);
    let key = setting.copy("ec.key");
    // Readable certificate, private key: the host does not know who issued it without its chain, but it is tried.
    let ran = run("ec.crt", Some(&key));
    assert_eq!(ran.code, 7, "{ran:?}");
    set_mode(&key, 0o640);
    assert_eq!(run("ec.crt", Some(&key)).code, 3);
}

#[test]
fn what_does_not_go_with_a_certificate_is_refused_unless_it_was_said_further_away() {
    let setting = Setting::new();
    let shown = |variable: (&str, &str), arguments: &[&str]| {
        let mut command = setting.hvctl("chain.pem", &[&["group", "list"], arguments].concat());
        setting.shown(&run(command.env(variable.0, variable.1)))
    };
    assert_snapshot!(shown(("HVCTL_USER", "op"), &[]), @r"
        exit code 2
        --- standard error
        error: --client-cert and --user exclude each other
        hint: the host maps the certificate to a user, and no other one logs in; look at HVCTL_CLIENT_CERT and the profile too
    ");
    assert_snapshot!(shown(("HVCTL_AUTH", "ntlm"), &[]), @r"
        exit code 2
        --- standard error
        error: --client-cert and --auth exclude each other
        hint: the host maps the certificate to a user, and no other one logs in; look at HVCTL_CLIENT_CERT and the profile too
    ");
    let typed = setting.copy("chain.pem");
    let arguments = ["--client-cert", arg(&typed)];
    for variable in [("HVCTL_USER", "op"), ("HVCTL_AUTH", "ntlm"), ("HVCTL_AUTH", "certificate")] {
        assert!(shown(variable, &arguments).starts_with("exit code 0\n"), "{variable:?}");
    }
    // What is typed holds: without a certificate then, which this host demands.
    let ran = shown(("HVCTL_PASSWORD", "pw"), &["--auth", "ntlm", "--user", "op"]);
    assert!(ran.starts_with("exit code 6\n") && ran.contains("demands a client certificate"), "{ran}");
}

#[test]
fn a_certificate_is_a_sign_that_tls_is_meant() {
    let command = ["--host", "hv1", "--tls", "never", "--client-cert", "x", "group", "list"];
    let ran = run(&mut hvctl(command));
    assert!(
        ran.code == 3 && ran.stderr.contains("`--tls never` contradicts a client certificate"),
        "{ran:?}"
    );
}

#[test]
fn the_mechanism_alone_and_the_key_alone_lack_the_certificate() {
    for variable in [("HVCTL_AUTH", "certificate"), ("HVCTL_CLIENT_KEY", "x")] {
        let ran = run(hvctl(["--host", "hv1", "group", "list"]).env(variable.0, variable.1));
        assert!(ran.code == 2 && ran.stderr.contains("--client-cert is not given"), "{ran:?}");
    }
}

#[test]
fn whom_the_certificate_names_stays_out_of_recordings_and_traces() {
    let setting = Setting::new();
    let folder = setting.files.path().join("cassette");
    let ran = run(&mut setting
        .hvctl("chain.pem", &["group", "show", "g", "-vv", "--record", arg(&folder), "--keep-names"]));
    assert!(ran.code == 0 && ran.stdout.contains("Jane Roe"), "{ran:?}");
    assert!(!ran.stderr.contains("Jane Roe"), "{}", ran.stderr);
    let files = fs::read_dir(&folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let texts: Vec<_> = files.collect();
    assert!(texts.len() > 2);
    assert!(texts.iter().all(|text| !text.contains("Jane Roe") && !text.contains("BEGIN")));
}

#[test]
fn the_doctor_examines_a_login_by_certificate() {
    // As http.sys does it: who shows none gets in, and no further than an anonymous Identify.
    let setting = Setting::asking("optional");
    let ran = run(&mut setting.hvctl("chain.pem", &["doctor"]));
    assert!(ran.code == 0 && ran.stdout.contains("certificate as `the certificate sha256:"), "{ran:?}");
}
