//! Profiles: precedence, editing, trust, and what is refused.

use crate::{
    sim_host::SimHost,
    support::{Ran, arg, hvctl, run},
};
use assert_cmd::Command;
use std::{fs, path::PathBuf};
use tempfile::TempDir;

/// A home for profiles.
struct Home {
    directory: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn with(text: &str) -> Self {
        let home = Self::new();
        fs::write(home.file(), text).unwrap();
        home
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn hvctl(&self, line: &[&str]) -> Command {
        let mut command = hvctl(line.iter().copied());
        command.env("HVCTL_CONFIG", self.file());
        command
    }

    fn run(&self, line: &[&str]) -> Ran {
        run(&mut self.hvctl(line))
    }

    /// The value of a setting and where it comes from.
    fn setting(command: &mut Command, name: &str) -> (String, String) {
        let ran = run(command.args(["config", "show", "--origin", "--output", "json"]));
        let shown = ran.json();
        let setting = shown.as_array().unwrap().iter().find(|setting| setting["name"] == name).unwrap();
        (setting["value"].as_str().unwrap_or("-").to_owned(), setting["origin"].as_str().unwrap().to_owned())
    }
}

const TYPED_PIN: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";
const PIN_OF_ENVIRONMENT: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000002";
const PIN_OF_PROFILE: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000003";

#[test]
fn flags_beat_the_environment_and_that_beats_the_profile() {
    let table = [
        ("host", "typed", "of-environment", "of-profile", "-"),
        ("user", "typed", "of-environment", "of-profile", "-"),
        ("auth", "kerberos", "ntlm", "basic", "negotiate"),
        ("auth-preemptive", "true", "true", "true", "-"),
        ("client-cert", "typed", "of-environment", "of-profile", "-"),
        ("client-key", "typed", "of-environment", "of-profile", "-"),
        ("realm", "typed", "of-environment", "of-profile", "-"),
        ("keytab", "typed", "of-environment", "of-profile", "-"),
        ("principal", "typed", "of-environment", "of-profile", "-"),
        ("spn-service", "WSMAN", "HOST", "of-profile", "HTTP"),
        ("spn-host", "typed", "of-environment", "of-profile", "-"),
        ("delegate", "true", "true", "true", "-"),
        ("kdc-timeout", "1s", "2s", "7s", "30s"),
        ("namespace", "root/typed", "root/e", "root/of-profile", "root/virtualization/v2"),
        ("dialect", "windows", "dmtf", "dmtf", "windows"),
        ("locale", "de-DE", "fr-FR", "it-IT", "en-US"),
        ("mof", "a.mof,b.mof", "of-environment", "c.mof,d.mof", "-"),
        ("tls", "never", "prefer", "require", "prefer"),
        ("proxy", "http://typed:1", "socks5h://of-environment:1080", "env", "none"),
        ("connect-timeout", "1s", "2s", "7", "10s"),
        ("request-timeout", "1s", "2s", "8s", "-"),
        ("operation-timeout", "1s", "2s", "9s", "60s"),
        ("timeout", "1s", "2s", "1h", "-"),
        ("cacert", "typed", "of-environment", "of-profile", "-"),
        ("fingerprint", TYPED_PIN, PIN_OF_ENVIRONMENT, PIN_OF_PROFILE, "-"),
        ("password-command", "typed", "of-environment", "of-profile …", "-"),
        ("password-file", "typed", "of-environment", "of-profile", "-"),
        ("password-keyring", "true", "true", "true", "-"),
    ];
    let switches = ["password-keyring", "delegate", "auth-preemptive"];
    for (name, typed, environment, profile, default) in table {
        let is_switch = switches.contains(&name);
        let written = match name {
            "connect-timeout" => profile.to_owned(),
            "password-command" => "'of-profile x'".to_owned(),
            _ if is_switch => profile.to_owned(),
            _ => format!("'{profile}'"),
        };
        let home = Home::with(&format!("[profile.p]\n{name} = {written}\n"));
        let flag = if is_switch { format!("--{name}") } else { format!("--{name}={typed}") };
        let variable = format!("HVCTL_{}", name.to_uppercase().replace('-', "_"));
        let mut all = home.hvctl(&["--profile", "p", &flag]);
        assert_eq!(
            Home::setting(all.env(&variable, environment), name),
            (typed.to_owned(), "flag".to_owned()),
            "{name}"
        );
        let mut without_flag = home.hvctl(&["--profile", "p"]);
        assert_eq!(
            Home::setting(without_flag.env(&variable, environment), name),
            (environment.to_owned(), "environment".to_owned()),
            "{name}"
        );
        assert_eq!(
            Home::setting(home.hvctl(&[]).env("HVCTL_PROFILE", "p"), name),
            (profile.to_owned(), "profile".to_owned()),
            "{name}"
        );
        assert_eq!(
            Home::setting(&mut home.hvctl(&[]), name),
            (default.to_owned(), "default".to_owned()),
            "{name}"
        );
    }
}

/// An option that is not in the table above would be one whose precedence nobody has looked at.
#[test]
fn every_key_is_in_the_matrix_of_precedence() {
    let ran = Home::new().run(&["config", "show", "--output", "json"]);
    let source = include_str!("profiles.rs");
    for setting in ran.json().as_array().unwrap() {
        let name = setting["name"].as_str().unwrap();
        assert!(name == "password" || source.contains(&format!("        (\"{name}\", ")), "{name}");
    }
}

#[test]
fn the_nearest_source_of_the_password_wins() {
    let text = "[profile.p]\nuser = \"u\"\npassword-command = \"printf geheim\"\n";
    let home = Home::with(text);
    let source = |line: &[&str], variables: &[(&str, &str)]| {
        let mut command = home.hvctl(line);
        command.envs(variables.iter().copied());
        Home::setting(&mut command, "password")
    };
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    let variable = [("HVCTL_PASSWORD", "geheim")];
    assert_eq!(source(&["--profile", "p"], &[]), pair("command", "profile"));
    assert_eq!(source(&["--profile", "p"], &variable), pair("variable", "environment"));
    assert_eq!(source(&["--profile", "p", "--password-file", "x"], &variable), pair("file", "flag"));
    assert_eq!(
        source(&["--profile", "p", "--password-stdin"], &[("HVCTL_PASSWORD_COMMAND", "x")]),
        pair("standard input", "flag")
    );
    // The profile's password is not for another user.
    assert_eq!(source(&["--profile", "p", "--user", "other"], &[]), pair("prompt", "default"));
    let ran = home.run(&["config", "show", "--profile", "p", "--origin"]);
    assert!(!format!("{ran:?}").contains("geheim"), "{ran:?}");
}

#[test]
fn the_default_profile_is_not_taken_for_another_host() {
    let home = Home::with("default-profile = \"p\"\n[profile.p]\nhost = \"hv1\"\nuser = \"u\"\n");
    assert_eq!(Home::setting(&mut home.hvctl(&[]), "user").0, "u");
    assert_eq!(Home::setting(&mut home.hvctl(&["--host", "hv2"]), "user").0, "-");
    assert_eq!(Home::setting(home.hvctl(&[]).env("HVCTL_HOST", "hv2"), "user").0, "-");
    assert_eq!(Home::setting(&mut home.hvctl(&["--host", "hv2", "--profile", "p"]), "user").0, "u");
}

#[test]
fn what_cannot_be_used_ends_with_3_and_says_where() {
    for (text, says) in [
        ("[profile.p]\nhsot = \"hv1\"\n", "line 2, column 1: unknown key `hsot`"),
        ("[profile.p]\nauth = \"kerberso\"\n", "line 2, column 8"),
        ("[profile.p\n", "line 1"),
        ("\u{0}", "line 1"),
        ("[profile.p]\npassword = \"geheim\"\n", "never holds a password"),
        ("[profile.p]\npassword = \"geheim\n", "line 2"),
    ] {
        let ran = Home::with(text).run(&["--profile", "p", "group", "list"]);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains(says) && !ran.stderr.contains("geheim"), "{ran:?}");
    }
    let ran = Home::with("[profile.production]\n").run(&["--profile", "prodution", "group", "list"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("did you mean `production`?"), "{ran:?}");
    let ran = Home::new().run(&["--profile", "p", "group", "list"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("HVCTL_CONFIG"), "{ran:?}");
}

#[test]
fn a_broken_file_is_in_nobodys_way_who_does_not_need_it() {
    let home = Home::with("[profile.p\n");
    assert_eq!(home.run(&["config", "path"]).code, 0);
    assert_eq!(home.run(&["completions", "bash"]).code, 0);
    let ran = home.run(&["group", "list", "--host", "ftp://hv1"]);
    assert!(ran.stderr.contains("`ftp`"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn files_that_others_may_use_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::with("[profile.p]\nhost = \"https://127.0.0.1:1\"\nuser = \"u\"\n");
    let secret = home.directory.path().join("secret");
    fs::write(&secret, "geheim\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    let line = ["--profile", "p", "--password-file", arg(&secret), "group", "list"];
    let ran = home.run(&line);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("chmod 600") && !ran.stderr.contains("geheim"), "{ran:?}");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(home.file(), fs::Permissions::from_mode(0o622)).unwrap();
    let ran = home.run(&line);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("chmod 600"), "{ran:?}");
}

/// A file that somebody else has written names a command that would run as the user.
#[cfg(unix)]
#[test]
fn the_command_of_a_file_of_somebody_else_is_not_run() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    let home = Home::new();
    let ran_there = home.directory.path().join("ran");
    let text = format!(
        "[profile.p]\nhost = \"https://127.0.0.1:1\"\nuser = \"u\"\npassword-command = \"touch {}\"\n",
        arg(&ran_there)
    );
    fs::write(home.file(), text).unwrap();
    let line = ["--profile", "p", "--connect-timeout", "1s", "group", "list"];
    // Only root can give a file away; without that right the folder is what others may write to.
    if chown(home.file(), Some(12345), None).is_err() {
        fs::set_permissions(home.directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let ran = home.run(&line);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.stderr.contains("failed to trust `") && ran.stderr.contains("names commands to run"),
        "{ran:?}"
    );
    assert!(!ran_there.exists());
    assert_eq!(home.run(&["profile", "add", "q", "--host", "hv1"]).code, 3);
}

#[test]
fn a_password_in_a_host_is_neither_kept_nor_shown() {
    const URL: &str = "https://me:geheim@hv1";
    let home = Home::new();
    let ran = home.run(&["profile", "add", "p", "--host", URL, "--user", "u"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(!home.file().exists());
    insta::assert_snapshot!(ran.stderr, @"error: --host (HVCTL_HOST): failed to use the URL: it holds a user name or a password; give the user by `--user`, the password by `HVCTL_PASSWORD` or at the prompt");
    assert_eq!(home.run(&["trust", URL]).code, 2);
    // Written by hand.
    fs::write(home.file(), format!("[profile.p]\nhost = \"{URL}\"\nuser = \"u\"\n")).unwrap();
    for line in [
        &["profile", "list"][..],
        &["profile", "show", "p"],
        &["profile", "show", "p", "--output", "json"],
        &["profile", "add", "p", "--update", "--user", "v"],
        &["config", "show", "--origin", "--profile", "p"],
        &["trust", URL],
        &["trust", "--profile", "p"],
        &["doctor", "--profile", "p"],
        &["identify", "--anonymous", "--profile", "p", "-vv"],
    ] {
        let ran = home.run(line);
        assert!([2, 3].contains(&ran.code), "{line:?}: {ran:?}");
        assert!(!format!("{ran:?}").contains("geheim"), "{line:?}: {ran:?}");
        assert!(ran.stderr.contains("it holds a user name or a password"), "{line:?}: {ran:?}");
    }
    let other = Home::new();
    for line in
        [&["config", "show", "--origin"][..], &["identify", "--anonymous", "--output", "json"], &["help"]]
    {
        let ran = run(other.hvctl(line).env("HVCTL_HOST", URL));
        assert!(!format!("{ran:?}").contains("geheim"), "{line:?}: {ran:?}");
    }
    assert_eq!(home.run(&["profile", "remove", "p", "--yes"]).code, 0);
}

#[test]
fn profiles_are_added_changed_listed_and_removed() {
    let home = Home::new();
    let ran =
        home.run(&["profile", "add", "hv1", "--host", "hv1.example.test", "--user", "CORP\\b", "--default"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(home.run(&["profile", "add", "hv1", "--host", "x"]).code, 3);
    assert_eq!(home.run(&["profile", "add", "hv2"]).code, 2);
    assert_eq!(home.run(&["profile", "add", "hv2", "--update", "--host", "x"]).code, 3);
    fs::write(home.file(), "# mine\n".to_owned() + &home.text()).unwrap();
    assert_eq!(home.run(&["profile", "add", "hv1", "--update", "--tls", "require"]).code, 0);
    assert_eq!(
        home.text(),
        "# mine\ndefault-profile = \"hv1\"\n\n[profile.hv1]\nhost = \"hv1.example.test\"\nuser = 'CORP\\b'\ntls = \"require\"\n"
    );
    let ran = home.run(&["profile", "list"]);
    insta::assert_snapshot!(ran.stdout, @r"
    NAME  HOST              USER    DEFAULT
    hv1   hv1.example.test  CORP\b  yes
    ");
    let shown = home.run(&["profile", "show", "hv1", "--output", "json"]).json();
    assert_eq!(shown["settings"]["tls"], "require");
    assert_eq!(home.run(&["profile", "remove", "hv1"]).code, 2);
    assert_eq!(home.run(&["profile", "remove", "hv1", "--yes"]).code, 0);
    assert_eq!(home.text(), "# mine\n");
    assert_eq!(home.run(&["profile", "remove", "hv1", "--yes"]).code, 3);
}

#[test]
fn concurrent_additions_are_all_kept() {
    let home = Home::new();
    std::thread::scope(|scope| {
        for number in 0..6 {
            let home = &home;
            scope.spawn(move || {
                let ran = home.run(&["profile", "add", &format!("p{number}"), "--host", "hv1"]);
                assert_eq!(ran.code, 0, "{ran:?}");
            });
        }
    });
    let listed = home.run(&["profile", "list", "--output", "json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 6);
}

#[test]
fn the_file_is_where_the_system_has_its_settings() {
    let home = Home::new();
    let mut command = home.hvctl(&["config", "path"]);
    command.env_remove("HVCTL_CONFIG").env("HOME", home.directory.path());
    command.env("XDG_CONFIG_HOME", home.directory.path().join("xdg"));
    let ran = run(&mut command);
    assert_eq!(ran.code, 0, "{ran:?}");
    if cfg!(target_os = "linux") {
        let expected = home.directory.path().join("xdg/hvctl/config.toml");
        assert_eq!(ran.stdout.trim_end(), arg(&expected));
        // Without that variable, and with one that is no absolute path, it is where it is by default.
        let expected = home.directory.path().join(".config/hvctl/config.toml");
        for relative in [false, true] {
            command.env_remove("XDG_CONFIG_HOME");
            if relative {
                command.env("XDG_CONFIG_HOME", "relative");
            }
            assert_eq!(run(&mut command).stdout.trim_end(), arg(&expected));
        }
    }
}

#[test]
fn a_certificate_is_pinned_and_another_one_is_a_loud_error() {
    let host = SimHost::start();
    let (url, pin) = (host.value("HVCTL_HOST"), host.value("HVCTL_FINGERPRINT"));
    let home = Home::new();

    let ran = home.run(&["trust", url, "--profile", "sim", "--yes"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = home.run(&["trust", url, "--profile", "sim", "--output", "json"]);
    assert_eq!(ran.code, 6, "{ran:?}");
    let shown = ran.json();
    assert_eq!(shown["fingerprint"], pin);
    assert_eq!(shown["subject"], "CN=hyperv-wsman simulator");
    assert_eq!(shown["names"][0], "localhost");
    assert_eq!(shown["trusted"], false);
    assert_eq!(shown["key"], "EC, 256 bits");
    assert!(!home.file().exists(), "nobody agreed");

    let wrong = format!("sha256:{}", "0".repeat(64));
    let ran = home.run(&["trust", url, "--profile", "sim", "--fingerprint", &wrong]);
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(ran.stderr.contains(&wrong) && ran.stderr.contains(pin), "{ran:?}");
    assert!(!home.file().exists());

    let ran = home.run(&["trust", url, "--profile", "sim", "--fingerprint", pin, "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(home.text().contains(pin));
    let ran = home.run(&["trust", "--profile", "sim"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("(stored)"), "{ran:?}");
}

#[test]
fn a_changed_pin_shows_old_and_new() {
    let host = SimHost::start();
    let (url, pin) = (host.value("HVCTL_HOST"), host.value("HVCTL_FINGERPRINT"));
    let old = format!("sha256:{}", "0".repeat(64));
    let home = Home::with(&format!("[profile.sim]\nhost = \"{url}\"\nfingerprint = \"{old}\" # of May\n"));
    let ran = home.run(&["trust", url]);
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(ran.stderr.contains(&old) && ran.stderr.contains(pin), "{ran:?}");
    assert!(home.text().contains(&old));
    let ran = home.run(&["identify", "--anonymous", "--profile", "sim"]);
    assert_eq!(ran.code, 6, "{ran:?}");
    let ran = home.run(&["trust", url, "--fingerprint", pin]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(home.text(), format!("[profile.sim]\nhost = \"{url}\"\nfingerprint = \"{pin}\" # of May\n"));
}

#[test]
fn a_profile_is_all_that_a_command_needs() {
    let host = SimHost::start();
    let home = Home::new();
    let secret = home.directory.path().join("secret");
    fs::write(&secret, host.value("HVCTL_PASSWORD").to_owned() + "\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let ran = home.run(&[
        "profile",
        "add",
        "sim",
        "--host",
        host.value("HVCTL_HOST"),
        "--user",
        host.value("HVCTL_USER"),
        "--fingerprint",
        host.value("HVCTL_FINGERPRINT"),
        "--password-file",
        arg(&secret),
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = home.run(&["profile", "test", "sim", "--output", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["product_vendor"], "hyperv-wsman simulator");
    assert!(!home.text().contains("tls-used"), "a URL and a pin say it already: {}", home.text());
    let ran = home.run(&["group", "list", "--profile", "sim"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("web-tier"), "{ran:?}");
}

/// Nothing of the keyring itself is needed for it.
#[test]
fn a_removed_profile_leaves_its_password_in_the_keyring_and_says_so() {
    let home = Home::with("[profile.p]\nhost = \"HV1\"\nuser = 'CORP\\b'\npassword-keyring = true\n");
    let ran = home.run(&["profile", "remove", "p", "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let stays = r"its password stays in the system's keyring: the entry `hvctl/hv1` of `CORP\b`";
    assert!(ran.stderr.contains(stays), "{ran:?}");
    let home = Home::with("[profile.p]\nhost = \"hv1\"\nuser = 'CORP\\b'\n");
    assert!(!home.run(&["profile", "remove", "p", "--yes"]).stderr.contains("keyring"));
}

#[cfg(feature = "keyring")]
#[test]
fn a_password_that_nobody_could_be_asked_for_is_said_to_be_missing() {
    let home = Home::new();
    let ran = home.run(&["profile", "add", "p", "--host", "hv1", "--user", "u", "--password-keyring"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("no password was put into the keyring"), "{ran:?}");
    assert!(ran.stderr.contains("`hvctl profile add p --update --password-keyring`"), "{ran:?}");
}

#[test]
fn a_profile_whose_host_does_not_let_it_in_fails_its_test_as_a_command_would() {
    let host = SimHost::start();
    let (url, pin) = (host.value("HVCTL_HOST"), host.value("HVCTL_FINGERPRINT"));
    let text = |pin: &str| {
        format!(
            "[profile.p]\nhost = \"{url}\"\nauth = \"ntlm\"\nuser = 'EXAMPLE\\operator'\nfingerprint = \"{pin}\"\n"
        )
    };
    let tried = |home: &Home, password: &str| {
        run(home.hvctl(&["profile", "test", "p"]).env("HVCTL_PASSWORD", password))
    };
    let ran = tried(&Home::with(&text(pin)), "wrong");
    assert_eq!((ran.code, ran.stdout.as_str()), (7, ""), "{ran:?}");
    assert!(ran.stderr.contains("refuses user name or password"), "{ran:?}");
    let ran = tried(&Home::with(&text(&format!("sha256:{:064}", 0))), host.value("HVCTL_PASSWORD"));
    assert_eq!((ran.code, ran.stdout.as_str()), (6, ""), "{ran:?}");
    let closed = "[profile.p]\nhost = \"https://127.0.0.1:1\"\nauth = \"ntlm\"\nuser = \"u\"\n";
    assert_eq!(tried(&Home::with(closed), "geheim").code, 5);
    assert_eq!(tried(&Home::with("[profile.q]\n"), "geheim").code, 3);
}

#[test]
fn a_profile_gets_the_name_of_the_host_whatever_else_was_typed() {
    let host = SimHost::start();
    let (url, pin) = (host.value("HVCTL_HOST"), host.value("HVCTL_FINGERPRINT"));
    let at: url::Url = url.parse().unwrap();
    let (name, port) = (at.host_str().unwrap(), at.port().unwrap());
    for typed in [url.to_owned(), format!("{name}:{port}"), format!("https://{name}:{port}/wsman")] {
        let home = Home::new();
        let ran = home.run(&["trust", &typed, "--output", "json"]);
        assert_eq!(ran.code, 6, "{ran:?}");
        assert_eq!(ran.json()["profile"], name, "{typed}");
        let ran = home.run(&["trust", &typed, "--fingerprint", pin, "--yes"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            home.text().contains(&format!("host = \"{typed}\"\nfingerprint = \"{pin}\"")),
            "{}",
            home.text()
        );
    }
}

#[test]
fn where_no_name_of_a_profile_can_be_told_the_certificate_is_shown_all_the_same() {
    let host = SimHost::start();
    let (url, pin) = (host.value("HVCTL_HOST"), host.value("HVCTL_FINGERPRINT"));
    let name = url.parse::<url::Url>().unwrap().host_str().unwrap().to_owned();
    let others = format!("[profile.\"{name}\"]\nhost = \"hv2.example.test\"\n");
    let home = Home::with(&others);
    let ran = home.run(&["trust", url, "--fingerprint", pin, "--yes"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stdout.contains(pin), "{ran:?}");
    let expected = format!("`{name}` is the name of one for another host or port");
    assert!(ran.stderr.contains(&expected) && ran.stderr.contains("--profile NAME"), "{ran:?}");
    assert_eq!(home.text(), others);
}

#[test]
fn contradictions_about_tls_are_refused_each_with_its_own_way_out() {
    let home = Home::with("[profile.p]\nhost = \"hv1.example.test\"\ntls-used = true\n");
    let pin = format!("sha256:{}", "0".repeat(64));
    let host = ["--host", "hv1.example.test"];
    for (arguments, way_out) in [
        (&["--host", "https://hv1.example.test"][..], "name the host alone"),
        (&["--profile", "p"], "take `tls-used` out of the profile"),
        (&[host[0], host[1], "--auth", "basic"], "log in by another mechanism"),
        (&[host[0], host[1], "--fingerprint", &pin], "give no `fingerprint`"),
    ] {
        let ran = home.run(&[&["identify", "--anonymous", "--tls", "never"], arguments].concat());
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains("`--tls never` contradicts"), "{ran:?}");
        assert!(ran.stderr.contains(way_out), "{way_out}: {ran:?}");
    }
}
