//! Somebody between `hvctl` and a host changes, cuts, repeats or replaces what passes: the exit code says what it means
//! for who automates, and the error names the mechanism and the step.

use crate::{
    local_host::LocalHost,
    middle::{Hands, Middle, Passed, Raw},
    support::{Ran, hvctl, run},
    tls_server::{CHALLENGE, Seen, Server, Step, http, logged_in, offer},
};
use hyperv_wsman::{sim::PlainServer, transport::Fingerprint};

/// `hvctl` at this URL, without the password in what it prints.
fn at(url: &str, server: &PlainServer, line: &[&str]) -> Ran {
    let mut command = hvctl(line.iter().copied());
    command.args(["--host", url, "--auth", "ntlm", "--request-timeout", "20s"]);
    let ran = run(command.env("HVCTL_USER", server.user()).env("HVCTL_PASSWORD", server.password()));
    assert!(!format!("{ran:?}").contains(server.password()), "{ran:?}");
    ran
}

/// What is done to the body of a sealed answer.
type Change = fn(&Passed, &[Passed]) -> Raw;

fn with(passed: &Passed, change: impl FnOnce(&mut Vec<u8>)) -> Raw {
    let mut body = passed.answer.body.clone();
    change(&mut body);
    passed.answer.clone().with_body(body)
}

fn replaced(body: &mut Vec<u8>, from: &str, to: &str) {
    let at = body.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    body.splice(at..at + from.len(), to.bytes());
}

const CHANGES: [(&str, Change); 8] = [
    ("a bit of the message", |passed, _| {
        with(passed, |body| {
            let at = body.len() - 40;
            body[at] ^= 1;
        })
    }),
    ("a bit of the signature", |passed, _| {
        with(passed, |body| {
            let at = body.windows(4).position(|window| window == [16, 0, 0, 0]).unwrap();
            body[at + 9] ^= 1;
        })
    }),
    ("the length", |passed, _| with(passed, |body| replaced(body, ";Length=", ";Length=1"))),
    ("the boundary", |passed, _| {
        with(passed, |body| replaced(body, "--Encrypted Boundary\r\n", "--Other Boundary\r\n"))
    }),
    ("cut within", |passed, _| with(passed, |body| body.truncate(body.len() / 2))),
    ("the one before", |passed, before| {
        let sealed = before.iter().rev().find(|other| other.answer.is_sealed());
        sealed.map_or_else(|| passed.answer.clone(), |other| other.answer.clone())
    }),
    ("unsealed, done", |_, _| {
        Raw::new(200, "Content-Type: application/soap+xml;charset=UTF-8\r\n", "<s:Envelope/>")
    }),
    ("unsealed, failed", |_, _| Raw::new(500, "", "")),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_answer_that_was_changed_ends_with_9_and_leaves_a_change_unknown() {
    let mut shown = String::new();
    for (what, change) in CHANGES {
        let server = LocalHost::serve_plain("127.0.0.1:0").await;
        let answer = move |passed: &Passed, before: &[Passed]| {
            if passed.answer.is_sealed() { change(passed, before) } else { passed.answer.clone() }
        };
        let hands = Hands { answer: Box::new(answer), ..Hands::default() };
        let middle = Middle::start(&server.url(), hands).await;
        let port = middle.url().port().unwrap().to_string();
        let ran = at(middle.url().as_str(), &server, &["snapshot", "list", "--group", "web-tier"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (9, ""), "{what}: {ran:?}");
        shown = format!("{shown}-- {what}\n{}", ran.stderr.replace(&port, "PORT"));

        let watched = server.host.clone();
        let answer = move |passed: &Passed, before: &[Passed]| {
            let has_run = watched.invocations("CreateSnapshot") > 0;
            if has_run && passed.answer.is_sealed() { change(passed, before) } else { passed.answer.clone() }
        };
        let hands = Hands { answer: Box::new(answer), ..Hands::default() };
        let middle = Middle::start(&server.url(), hands).await;
        let create = ["snapshot", "create", "--group", "web-tier", "--type", "recovery"];
        let ran = at(middle.url().as_str(), &server, &create);
        assert_eq!((ran.code, server.host.invocations("CreateSnapshot")), (14, 1), "{what}: {ran:?}");
    }
    insta::assert_snapshot!("sealed_answers", shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_ends_at_a_leg_has_its_exit_code_and_names_the_leg() {
    type Script = fn(&Seen) -> Step;
    let table: [(&str, i32, Script); 8] = [
        ("cut at the first token", 5, |_| Step::Close),
        ("cut at the second", 7, |seen| match seen.index {
            0 => offer(&format!("Negotiate {CHALLENGE}")),
            _ => Step::Close,
        }),
        ("cut at the message", 5, |seen| logged_in(|_| Step::Close)(seen)),
        ("silent at the first token", 8, |_| Step::Hang),
        ("silent at the second", 8, |seen| match seen.index {
            0 => offer(&format!("Negotiate {CHALLENGE}")),
            _ => Step::Hang,
        }),
        ("a token that is too long", 9, |_| offer(&format!("Negotiate {}", "A".repeat(140_000)))),
        ("a token that is none", 9, |_| offer("Negotiate YQ")),
        ("no answer of WinRM", 9, |_| Step::Answer(http(200, "", "<html>"))),
    ];
    let mut shown = String::new();
    for (what, code, script) in table {
        let server = Server::start(script).await;
        let url = format!("https://127.0.0.1:{}/wsman", server.address.port());
        let pin = Fingerprint::of(&server.certificate).to_string();
        let mut command =
            hvctl(["identify", "--auth", "ntlm", "--request-timeout", "1s", "--fingerprint", &pin]);
        let login = [("HVCTL_HOST", url.as_str()), ("HVCTL_USER", r"LAB\op"), ("HVCTL_PASSWORD", "geheim")];
        let ran = run(command.envs(login));
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{what}: {ran:?}");
        assert!(!ran.stderr.contains("geheim"), "{ran:?}");
        // A password leaves once.
        let tokens = |start: &str| {
            let is_one =
                |seen: &&Seen| seen.header("authorization").is_some_and(|token| token.starts_with(start));
            server.seen().iter().filter(is_one).count()
        };
        assert!(tokens("Negotiate TlRMTVNTUAADAAAA") <= 1 || what.ends_with("message"), "{what}");
        let stderr = ran.stderr.replace(&server.address.port().to_string(), "PORT");
        shown = format!("{shown}-- {what}: {code}\n{stderr}");
    }
    insta::assert_snapshot!("legs", shown);
}
