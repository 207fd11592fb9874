//! Through proxies: what they see, what becomes of logins, and what every refusal of theirs proves.

use crate::{
    client::{PASSWORD, hurried, message, send, settings, shown},
    proxies::{Conduct, Protocol, Proxy, Rules},
    sealed,
    server::{Server, Step, http, logged_in, soap},
};
use hyperv_wsman::{
    Client,
    hyperv::{CreateSettings, HyperV},
    transport::{
        Credentials, Door, Exchange, HttpSettings, HttpTransport, Phase, Secret, Transport as _,
        TransportError, TransportErrorKind, Trust, knock, probe_certificate, reach,
    },
};
use insta::assert_snapshot;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use url::Url;

const BOTH: [Protocol; 2] = [Protocol::Connect, Protocol::Socks];
const LOGIN: (&str, &str) = ("gate", "s3cret/p@ss");
const ENCODED: &str = "gate:s3cret%2Fp%40ss@";

/// Settings for a scripted server, through a proxy.
fn through(server: &Server, proxy: &str) -> HttpSettings {
    let mut settings = settings(server);
    settings.proxy = Some(proxy.parse().unwrap());
    settings
}

fn transport(server: &Server, proxy: &str) -> HttpTransport {
    HttpTransport::new(through(server, proxy)).unwrap()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_runs_bound_to_the_hosts_certificate_and_the_proxy_sees_nothing_of_it() {
    for protocol in BOTH {
        let host = sealed::host();
        let server = host.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let proxy = Proxy::start(Rules { login: Some(LOGIN), ..Rules::new(protocol) }).await;
        let mut settings = HttpSettings::new(server.url());
        let password = Secret::new(server.password().to_owned());
        settings.credentials = Some(Credentials::new(server.user(), password).unwrap());
        settings.trust = Trust::pinned(server.fingerprint().parse().unwrap());
        settings.proxy = Some(proxy.url(ENCODED).parse().unwrap());
        let transport = Arc::new(HttpTransport::new(settings).unwrap());
        let hyperv = HyperV::new(Client::with_transport(server.url(), transport));
        let group = hyperv.group("web-tier").await.unwrap();
        let create = hyperv.collection_snapshots();
        create.create(&group, &CreateSettings::recovery()).await.unwrap().wait().await.unwrap();
        assert_eq!(host.invocations("CreateSnapshot"), 1);

        let heard = proxy.heard();
        assert_eq!((heard.connections, heard.refused), (1, 0), "{protocol:?}");
        let port = server.url().port().unwrap();
        assert_eq!(heard.targets, [format!("{}:{port}", server.url().host_str().unwrap())]);
        for secret in ["\r\nauthorization", "Negotiate", "Envelope", "web-tier", server.password()] {
            assert!(!contains(&heard.bytes, secret), "{protocol:?}: {secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_http_goes_through_socks_and_stays_sealed() {
    let host = sealed::host();
    let server = sealed::serve(&host).await;
    let proxy = Proxy::start(Rules::new(Protocol::Socks)).await;
    let transport = sealed::through(&server, &proxy.url(""));
    for _ in 0..3 {
        let answer = sealed::send(&transport, sealed::IDENTIFY).await.unwrap();
        assert!(answer.peer.sealed && contains(&answer.body, "IdentifyResponse"));
    }
    let heard = proxy.heard();
    assert_eq!(heard.connections, 1);
    assert!(contains(&heard.bytes, "multipart/encrypted") && !contains(&heard.bytes, "<s:Envelope"));
}

#[tokio::test]
async fn sealed_http_through_a_proxy_of_http_is_refused_before_anything_is_sent() {
    let proxy = Proxy::start(Rules::new(Protocol::Connect)).await;
    let mut settings = HttpSettings::new("http://hv1.example.test:5985/wsman".parse().unwrap());
    settings.proxy = Some(proxy.url("").parse().unwrap());
    let error = HttpTransport::new(settings).unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Config, Phase::NotSent));
    let shown = format!("{error}\nhint: {}", error.hint.as_deref().unwrap());
    assert_snapshot!(shown.replace(&proxy.address.to_string(), "PROXY"), @r"
        failed to use the proxy `http://PROXY` for an `http://` URL: logins and sealed messages belong to one connection, which a proxy of HTTP does not keep
        hint: use `https://HOST:5986/wsman`, or a SOCKS proxy (`socks5h://PROXY:PORT`)
    ");
    assert_eq!(proxy.heard().connections, 0);
}

#[tokio::test]
async fn a_name_that_only_the_proxy_knows_is_left_to_it() {
    for protocol in BOTH {
        let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
        let proxy = Proxy::start(Rules { names: Some(server.address), ..Rules::new(protocol) }).await;
        let mut settings = through(&server, &proxy.url(""));
        settings.url = "https://hv1.inside.invalid:5986/wsman".parse().unwrap();
        let transport = HttpTransport::new(settings).unwrap();
        assert_eq!(send(&transport, "<message/>").await.unwrap().status, 200, "{protocol:?}");
        assert_eq!(proxy.heard().targets, ["hv1.inside.invalid:5986"]);
        let seen = server.seen();
        assert!(seen.iter().all(|seen| seen.header("host") == Some("hv1.inside.invalid:5986")));
        assert!(seen.iter().all(|seen| seen.head.starts_with("POST /wsman HTTP/1.1\r\n")), "{seen:?}");
    }
}

#[tokio::test]
async fn socks5_without_h_looks_names_up_here() {
    let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
    let proxy = Proxy::start(Rules { names: Some(server.address), ..Rules::new(Protocol::Socks) }).await;
    let here = proxy.url("").replace("socks5h", "socks5");
    let mut settings = through(&server, &here);
    settings.url = format!("https://localhost:{}/wsman", server.address.port()).parse().unwrap();
    send(&HttpTransport::new(settings.clone()).unwrap(), "<message/>").await.unwrap();
    let target = proxy.heard().targets.remove(0);
    assert!(target.parse::<SocketAddr>().unwrap().ip().is_loopback(), "{target}");

    settings.url = "https://hv1.inside.invalid:5986/wsman".parse().unwrap();
    let error = send(&HttpTransport::new(settings).unwrap(), "<message/>").await.unwrap_err();
    assert!(error.to_string().ends_with("the host's name has no address here"), "{error}");
    assert!(error.hint.unwrap().contains("`socks5h://` in place of `socks5://`"));
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, Phase::NotSent));
}

#[tokio::test]
async fn an_address_of_ipv6_is_understood_by_proxy_and_tls() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
    let port = listener.local_addr().unwrap().port();
    let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
    for protocol in BOTH {
        let proxy = Proxy::start(Rules { names: Some(server.address), ..Rules::new(protocol) }).await;
        let mut settings = through(&server, &proxy.url(""));
        settings.url = format!("https://[::1]:{port}/wsman").parse().unwrap();
        send(&HttpTransport::new(settings).unwrap(), "<message/>").await.unwrap();
        assert_eq!(proxy.heard().targets, [format!("[::1]:{port}")]);
    }
}

/// What becomes of a message, with everything that varies taken out.
async fn refused(rules: Rules, login: &str) -> String {
    let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
    let proxy = Proxy::start(rules).await;
    let mut settings = through(&server, &proxy.url(login));
    settings.connect_timeout = Duration::from_millis(300);
    let error = send(&HttpTransport::new(settings).unwrap(), "<message/>").await.unwrap_err();
    assert_eq!(error.phase, Phase::NotSent, "{error}");
    assert!(server.seen().is_empty());
    let shown = shown(&error, &server);
    assert!(!shown.contains("s3cret") && !shown.contains("gate:"), "{shown}");
    shown.replace(&proxy.address.to_string(), "PROXY") + "\n"
}

#[tokio::test]
async fn refusals_of_a_proxy_of_http_are_told_by_status() {
    let page = |status: u16| {
        let page =
            format!("HTTP/1.1 {status} X\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 2\r\n\r\nno");
        Rules::conduct(Protocol::Connect, Conduct::Say(page.into_bytes()))
    };
    let mut told = String::new();
    for status in [403, 404, 418, 502, 503, 504] {
        told += &refused(page(status), "").await;
    }
    assert_snapshot!(told, @r"
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it does not allow it (HTTP 403)
          hint: ask who runs it to allow tunnels to the host's port: many proxies allow 443 alone, and WinRM's is 5986
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it makes no tunnels (HTTP 404)
          hint: check that it is a proxy, and that CONNECT is switched on
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it refuses (HTTP 418)
          hint: what stands in the proxy's log says why
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it cannot reach the host (HTTP 502)
          hint: check that the proxy knows the host's name and has a way to it; check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it cannot reach the host (HTTP 503)
          hint: check that the proxy knows the host's name and has a way to it; check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it cannot reach the host (HTTP 504)
          hint: check that the proxy knows the host's name and has a way to it; check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)
    ");
}

#[tokio::test]
async fn refusals_of_a_socks_proxy_are_told_by_reply() {
    let mut told = String::new();
    for reply in [1, 2, 3, 4, 5, 6, 7, 8, 99] {
        let answer = vec![5, reply, 0, 1, 0, 0, 0, 0, 0, 0];
        told += &refused(Rules::conduct(Protocol::Socks, Conduct::Say(answer)), "").await;
    }
    assert_snapshot!(told, @r"
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it fails without saying why (SOCKS reply 1)
          hint: check that the proxy knows the host's name and has a way to it; check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it does not allow it (SOCKS reply 2)
          hint: ask who runs it to allow tunnels to the host's port: many proxies allow 443 alone, and WinRM's is 5986
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it knows no way to the host's network (SOCKS reply 3)
          hint: check that the proxy knows the host's name and has a way to it
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it cannot reach the host (SOCKS reply 4)
          hint: check that the proxy knows the host's name and has a way to it; check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it finds the host's port closed (SOCKS reply 5)
          hint: check that WinRM has an HTTPS listener (`winrm enumerate winrm/config/listener` on the host; `winrm quickconfig -transport:https` makes one): its port is 5986, and 5985 is the one without TLS
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it gets no answer of the host (SOCKS reply 6)
          hint: check that the proxy knows the host's name and has a way to it; check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it makes no tunnels (SOCKS reply 7)
          hint: check that it is a proxy, and that CONNECT is switched on
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it does not know this kind of address (SOCKS reply 8)
          hint: with `socks5h://` and the host's name it is the proxy that looks the address up
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it refuses in an unknown way (SOCKS reply 99)
          hint: what stands in the proxy's log says why
    ");
}

#[tokio::test]
async fn a_proxy_that_wants_a_login_says_so_and_a_wrong_one_is_told() {
    let mut told = String::new();
    for protocol in BOTH {
        let rules = Rules { login: Some(LOGIN), ..Rules::new(protocol) };
        told += &refused(rules.clone(), "").await;
        told += &refused(rules, "gate:wrong@").await;
    }
    let only = "HTTP/1.1 407 X\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n";
    told += &refused(Rules::conduct(Protocol::Connect, Conduct::Say(only.into())), "").await;
    // As tinyproxy says that a password is wrong.
    let odd = "HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"Tinyproxy\"\r\n\r\n";
    told += &refused(Rules::conduct(Protocol::Connect, Conduct::Say(odd.into())), ENCODED).await;
    told += &refused(Rules::conduct(Protocol::Socks, Conduct::Greet(vec![5, 0xff])), ENCODED).await;
    assert_snapshot!(told, @r"
        Auth NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it asks for user and password, and none are given
          hint: give them in its URL, percent-encoded, by the environment: `HVCTL_PROXY=http://USER:PASSWORD@PROXY:PORT`, or `socks5h://…`
        Auth NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it refuses user or password
          hint: check them, and that they are percent-encoded in its URL (`@` is `%40`)
        Auth NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it asks for user and password, and none are given
          hint: give them in its URL, percent-encoded, by the environment: `HVCTL_PROXY=http://USER:PASSWORD@PROXY:PORT`, or `socks5h://…`
        Auth NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it refuses user or password
          hint: check them, and that they are percent-encoded in its URL (`@` is `%40`)
        Auth NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it asks for user and password, and none are given
          hint: it offers Negotiate, NTLM, and only Basic is supported here: a local helper such as `cntlm` or `px` can log in to it
        Auth NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it refuses user or password
          hint: check them, and that they are percent-encoded in its URL (`@` is `%40`)
        Auth NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it takes no user and password
          hint: leave them out of its URL, if it goes by addresses; other logins of SOCKS are not supported
    ");
}

#[tokio::test]
async fn a_proxy_that_hangs_closes_or_is_none_is_told() {
    let mut told = String::new();
    for protocol in BOTH {
        for conduct in [
            Conduct::Silence,
            Conduct::Hang,
            Conduct::CloseAfterSuccess,
            Conduct::Greet(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        ] {
            told += &refused(Rules::conduct(protocol, conduct), "").await;
        }
    }
    assert_snapshot!(told, @r"
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: the proxy does not answer in time
          hint: the proxy may still be trying to reach the host; check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: the proxy does not answer in time
          hint: the proxy may still be trying to reach the host; check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: it was closed during the TLS handshake
          hint: the host's port may be closed, as some proxies (`ssh -D` is one) answer before they have reached the host; an HTTPS listener without a certificate does this too
        Protocol NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: expected a proxy that speaks HTTP, got something else
          hint: check that a proxy listens there, and what it speaks: this one may speak SOCKS (`socks5h://`), or want TLS
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: the proxy does not answer in time
          hint: check that a proxy listens there, and what it speaks: this one may speak HTTP (`http://`), or want TLS
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: the proxy does not answer in time
          hint: the proxy may still be trying to reach the host; check that the host is up, and that no firewall drops TCP 5986 (the rule for 5985 does not cover it)
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: it was closed during the TLS handshake
          hint: the host's port may be closed, as some proxies (`ssh -D` is one) answer before they have reached the host; an HTTPS listener without a certificate does this too
        Protocol NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: expected a proxy that speaks SOCKS 5, got something else
          hint: check that a proxy listens there, and what it speaks: this one may speak HTTP (`http://`), or want TLS
    ");
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_is_told_from_the_host() {
    let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut told = String::new();
    for proxy in [format!("http://{unused}"), format!("socks5h://{unused}"), "http://p.invalid:3128".into()] {
        let error = send(&transport(&server, &proxy), "<message/>").await.unwrap_err();
        assert_eq!(error.phase, Phase::NotSent);
        let error = TransportError { source: None, ..error };
        told += &(shown(&error, &server).replace(&unused.to_string(), "PROXY") + "\n");
    }
    assert_snapshot!(told, @r"
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://PROXY`: the proxy's port is closed
          hint: check the proxy's address and port, and that it runs; `--proxy none` connects without it
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `socks5h://PROXY`: the proxy's port is closed
          hint: check the proxy's address and port, and that it runs; `--proxy none` connects without it
        Connection NotSent: failed to connect to `127.0.0.1:PORT` through the proxy `http://p.invalid:3128`: the proxy's name has no address
          hint: check the spelling of the proxy, and that this machine asks the right name server
    ");
}

#[tokio::test]
async fn the_deadline_of_a_message_holds_for_the_proxy_too() {
    for protocol in BOTH {
        let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
        let proxy = Proxy::start(Rules::conduct(protocol, Conduct::Hang)).await;
        let transport = transport(&server, &proxy.url(""));
        let error = transport.exchange(hurried("<message/>")).await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Timeout, Phase::NotSent));
        let way = format!("through the proxy `{}`", proxy.url(""));
        assert!(error.to_string().contains(&way), "{error}");
    }
}

#[tokio::test]
async fn what_a_host_answers_through_a_tunnel_is_the_hosts_even_a_407() {
    for protocol in BOTH {
        let page = http(407, "Proxy-Authenticate: Basic\r\n", "<answer/>");
        let server = Server::start(logged_in(move |_| Step::Answer(page.clone()))).await;
        let proxy = Proxy::start(Rules { login: Some(LOGIN), ..Rules::new(protocol) }).await;
        let answer = send(&transport(&server, &proxy.url(ENCODED)), "<message/>").await.unwrap();
        assert_eq!((answer.status, answer.peer.verified_tls), (407, true));
        assert!(server.seen().iter().all(|seen| seen.header("proxy-authorization").is_none()));
        assert!(!contains(&proxy.heard().bytes, PASSWORD));
    }
}

#[tokio::test]
async fn a_password_that_the_proxy_refuses_is_sent_once() {
    for protocol in BOTH {
        let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
        let proxy = Proxy::start(Rules { login: Some(LOGIN), ..Rules::new(protocol) }).await;
        let transport = transport(&server, &proxy.url("gate:wrong@"));
        for _ in 0..3 {
            let error = send(&transport, "<message/>").await.unwrap_err();
            assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent), "{error}");
        }
        assert_eq!(proxy.heard().refused, 1, "{protocol:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_connection_is_one_tunnel_and_keeps_its_login() {
    for protocol in BOTH {
        let server = Server::start(logged_in(|seen| soap(&seen.body))).await;
        let proxy = Proxy::start(Rules::new(protocol)).await;
        let transport = Arc::new(transport(&server, &proxy.url("")));
        let sending: Vec<_> = (0..8)
            .map(|_| {
                let transport = Arc::clone(&transport);
                tokio::spawn(async move {
                    for _ in 0..50 {
                        assert_eq!(transport.exchange(message("<message/>")).await.unwrap().status, 200);
                    }
                })
            })
            .collect();
        for task in sending {
            task.await.unwrap();
        }
        let seen = server.seen();
        let connections = seen.iter().map(|seen| seen.connection).max().unwrap();
        assert!(connections <= 4, "{connections}");
        assert_eq!((seen.len(), proxy.heard().connections), (8 * 50 + 2 * connections, connections));
    }
}

/// Each answer races the next message against the end of the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_keeps_closing_never_gets_a_message_twice() {
    let server = Server::start(logged_in(|seen| Step::AnswerAndClose(http(200, "", &seen.body)))).await;
    let proxy = Proxy::start(Rules::new(Protocol::Connect)).await;
    let sending: Vec<_> = (0..50)
        .map(|task| {
            let transport = transport(&server, &proxy.url(""));
            tokio::spawn(async move {
                let mut arrived = Vec::new();
                for number in 0..4 {
                    let body = format!("<message task='{task}' number='{number}'/>");
                    let exchange = Exchange { body: body.clone().into(), ..message("") };
                    match transport.exchange(exchange).await {
                        Ok(answer) => {
                            assert_eq!(answer.body, body);
                            arrived.push(body);
                        }
                        Err(error) => assert_eq!(error.phase, Phase::MaybeSent, "{error}"),
                    }
                }
                arrived
            })
        })
        .collect();
    let mut answered = Vec::new();
    for task in sending {
        answered.extend(task.await.unwrap());
    }
    let mut seen = BTreeMap::new();
    for body in server.messages() {
        *seen.entry(body).or_insert(0) += 1;
    }
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
    assert!(answered.iter().all(|body| seen.contains_key(body)));
}

#[tokio::test]
async fn a_message_cut_in_a_tunnel_may_have_arrived() {
    let server = Server::start(logged_in(|_| Step::Close)).await;
    let proxy = Proxy::start(Rules::new(Protocol::Connect)).await;
    let error = send(&transport(&server, &proxy.url("")), "<message/>").await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, Phase::MaybeSent), "{error}");
}

#[tokio::test]
async fn certificates_are_judged_and_shown_through_a_tunnel() {
    for protocol in BOTH {
        let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
        let proxy = Proxy::start(Rules::new(protocol)).await;
        let mut settings = through(&server, &proxy.url(""));
        settings.trust = Trust::pinned(hyperv_wsman::transport::Fingerprint::of(b"another"));
        let error = send(&HttpTransport::new(settings.clone()).unwrap(), "<message/>").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Trust, Phase::NotSent), "{error}");
        assert!(shown(&error, &server).contains("got sha256:OURS"));
        let limit = Duration::from_secs(10);
        let (url, proxy_set) = (&settings.url, settings.proxy.as_ref());
        let look = probe_certificate(url, &settings.trust, proxy_set, limit).await.unwrap();
        assert_eq!(look.fingerprint, hyperv_wsman::transport::Fingerprint::of(&server.certificate));
        assert_eq!(proxy.heard().connections, 2);
    }
}

async fn knocked(rules: Rules, url: &Url) -> Door {
    let proxy = Proxy::start(rules).await;
    let proxy = proxy.url("").parse().unwrap();
    knock(url, Some(&proxy), Duration::from_millis(1500)).await
}

#[tokio::test]
async fn a_knock_goes_through_the_proxy_and_its_answer_is_the_hosts_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = |address| format!("https://{address}/wsman").parse::<Url>().unwrap();
    let open = url(listener.local_addr().unwrap());
    let closed = url(TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap());
    for protocol in BOTH {
        assert_eq!(knocked(Rules::new(protocol), &open).await, Door::Open, "{protocol:?}");
        let hang = Rules::conduct(protocol, Conduct::Hang);
        assert_eq!(knocked(hang, &open).await, Door::Silent, "{protocol:?}");
        // What is wrong with the proxy says nothing of the host.
        for conduct in [Conduct::Greet(b"SSH-2.0-x\r\n".to_vec()), Conduct::Greet(Vec::new())] {
            let rules = Rules { login: Some(LOGIN), ..Rules::conduct(protocol, conduct) };
            let door = knocked(rules, &open).await;
            assert!(
                door == Door::Unknown || protocol == Protocol::Connect && door == Door::Silent,
                "{door:?}"
            );
        }
    }
    assert_eq!(knocked(Rules::new(Protocol::Socks), &closed).await, Door::Closed);
    // 502 does not say why.
    assert_eq!(knocked(Rules::new(Protocol::Connect), &closed).await, Door::Unknown);
}

/// As `ssh -D` does it.
#[tokio::test]
async fn a_socks_proxy_that_answers_before_it_has_connected_is_given_a_second_thought() {
    let url = "https://hv1.example.test:5986/wsman".parse().unwrap();
    let early = Rules::conduct(Protocol::Socks, Conduct::CloseAfterSuccess);
    assert_eq!(knocked(early, &url).await, Door::Closed);
}

#[tokio::test]
async fn the_step_of_tcp_alone_says_what_a_connection_would() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let open: Url = format!("https://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let proxy = Proxy::start(Rules::new(Protocol::Socks)).await;
    let set = proxy.url("").parse().unwrap();
    let limit = Duration::from_secs(5);
    reach(&open, Some(&set), limit).await.unwrap();
    reach(&open, None, limit).await.unwrap();
    drop(listener);
    let error = reach(&open, None, limit).await.unwrap_err();
    assert!(error.to_string().ends_with("the port is closed"), "{error}");
    let error = reach(&open, Some(&set), limit).await.unwrap_err();
    assert!(error.to_string().ends_with("it finds the host's port closed (SOCKS reply 5)"), "{error}");
}
