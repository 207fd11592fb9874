//! Where the checks run.

use std::{env, future::Future, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use hyperv_wsman::{
    Client, Options,
    sim::{Host, Settings},
    transport::{Credentials, Record, RecordSettings, Replay, Secret, Transport, Trust},
    wsman::Dialect,
};
use url::Url;

/// What a check is given: a client, and what is known of the host.
pub(crate) struct Site {
    pub(crate) client: Client,
    /// A group with members.
    pub(crate) group: String,
    /// A group whose name needs escaping in WQL, XML and object paths.
    pub(crate) odd_group: Option<String>,
    /// Whether the host may be changed.
    pub(crate) changes: bool,
}

type Check<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

const ODD_GROUP: &str = r#"R&D "blue" <team>'s"#;

fn simulated(client: Client) -> Site {
    Site { client, group: "web-tier".into(), odd_group: Some(ODD_GROUP.into()), changes: true }
}

fn options(dialect: Dialect) -> Options {
    let mut options = Options::default();
    options.dialect = dialect;
    options
}

fn cassette_of(check: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fixtures", "cassettes", "conformance", check].iter().collect()
}

fn recording(check: &str, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
    if env::var_os("HVCTL_RECORD_CONFORMANCE").is_none() {
        return transport;
    }
    let directory = cassette_of(check);
    let _ = std::fs::remove_dir_all(&directory);
    let mut settings = RecordSettings::default();
    settings.about = format!("conformance check {check}");
    settings.keep_names = true;
    Arc::new(Record::start(transport, &directory, settings).expect("an empty folder for the cassette"))
}

/// The simulated host, called directly; time is virtual.
pub(crate) async fn in_process(check: &str, dialect: Dialect, run: impl FnOnce(&Site) -> Check<'_>) {
    let host = Host::new(Settings::default());
    let transport = match dialect {
        Dialect::Windows => recording(check, host.transport()),
        _ => host.transport(),
    };
    let url = Url::parse("https://hv01.example.test:5986/wsman").unwrap();
    let site = simulated(Client::with_transport(url, transport).with_options(options(dialect)));
    run(&site).await;
    site.client.close(Duration::from_secs(2)).await.unwrap();
    assert_eq!(site.client.deferred_error().map(|error| error.to_string()), None);
    assert_eq!(host.open_contexts(), 0, "every enumeration was released");
}

/// The simulated host behind TLS and NTLM.
pub(crate) async fn loopback(dialect: Dialect, run: impl FnOnce(&Site) -> Check<'_>) {
    let mut settings = Settings::default();
    settings.time_scale = Some(0.02);
    let host = Host::new(settings);
    let server = host.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut trust = Trust::default();
    trust.fingerprint = Some(server.fingerprint().parse().unwrap());
    let credentials = Credentials::new(server.user(), Secret::new(server.password().to_owned())).unwrap();
    let client = Client::builder(server.url()).credentials(credentials).trust(trust).build().unwrap();
    let site = simulated(client.with_options(options(dialect)));
    run(&site).await;
    site.client.close(Duration::from_secs(2)).await.unwrap();
    assert_eq!(host.open_contexts(), 0, "every enumeration was released");
}

/// What was recorded of the same check; everything recorded must be asked for.
pub(crate) async fn cassette(check: &str, run: impl FnOnce(&Site) -> Check<'_>) {
    if env::var_os("HVCTL_RECORD_CONFORMANCE").is_some() {
        return;
    }
    let replay = Arc::new(Replay::open(&cassette_of(check)).unwrap());
    let transport: Arc<dyn Transport> = replay.clone();
    let site = simulated(Client::with_transport(replay.url(), transport));
    run(&site).await;
    site.client.close(Duration::from_secs(2)).await.unwrap();
    assert_eq!(replay.unused(), Vec::<String>::new());
}

/// A real host, when the environment names one.
pub(crate) async fn live(check: &str, run: impl FnOnce(&Site) -> Check<'_>) {
    let Ok(host) = env::var("HVCTL_TEST_HOST") else {
        eprintln!(
            "skipped {check} on a live host: set HVCTL_TEST_HOST, HVCTL_TEST_USER, HVCTL_TEST_PASSWORD, HVCTL_TEST_GROUP"
        );
        return;
    };
    let variable =
        |name: &str| env::var(name).unwrap_or_else(|_| panic!("HVCTL_TEST_HOST is set, {name} is not"));
    let mut trust = Trust::default();
    trust.fingerprint = env::var("HVCTL_TEST_FINGERPRINT").ok().map(|text| text.parse().unwrap());
    let credentials =
        Credentials::new(&variable("HVCTL_TEST_USER"), Secret::new(variable("HVCTL_TEST_PASSWORD"))).unwrap();
    let url = hyperv_wsman::transport::endpoint(&host).unwrap();
    let client = Client::builder(url).credentials(credentials).trust(trust).build().unwrap();
    let changes = env::var("HVCTL_TEST_CHANGES").is_ok_and(|value| value == "1");
    let site = Site { client, group: variable("HVCTL_TEST_GROUP"), odd_group: None, changes };
    run(&site).await;
    site.client.close(Duration::from_secs(5)).await.unwrap();
}
