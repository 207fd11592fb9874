//! What sealing costs: the same messages to and from the simulated host sealed over plain HTTP, unsealed over
//! HTTPS, and sealed over HTTPS.
//!
//!     cargo bench --bench sealing
//!     RUSTFLAGS="--cfg fuzzing" cargo bench --bench sealing     # also sealing without a connection
//!
//! One process, one connection for each way, on loopback; the ways take turns, so that what else the machine
//! does falls on all of them. Printed are medians and ratios of medians. Nothing here is a test: how fast a
//! machine is proves nothing about the code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a bench")]

use hmac::{Hmac, Mac};
use hyperv_wsman::{
    Client, Options,
    cim::Epr,
    sim::{Host, Inventory, Settings},
    transport::{
        Answer, BoxFuture, Credentials, Exchange, HttpSettings, HttpTransport, Secret, Transport,
        TransportError, Trust,
    },
};
use md5::Md5;
use rc4::{KeyInit as _, Rc4, StreamCipher as _, consts::U16};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

const SIZES: [usize; 5] = [1 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
const WAYS: [&str; 3] = ["sealed http", "https", "sealed https"];
/// Exchanges of each way for each size.
const ROUNDS: usize = 101;
const REQUESTS: usize = 100;
/// The connection that an answer came over, and the logins of its transport up to then: otherwise something else was
/// measured than sealing.
const ONE_LOGIN: (u64, u64) = (1, 1);

fn main() {
    // `cargo test --benches` asks for no measurement.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(exchanges());
    alone();
}

/// Long requests with short answers, and short requests with long answers.
async fn exchanges() {
    println!("{ROUNDS} exchanges of each way in turn; median in ms, and as a multiple of that of https\n");
    println!("{:8} {:>9} {:>22} {:>12} {:>22}", "long", "size", WAYS[0], WAYS[1], WAYS[2]);
    for size in SIZES {
        let host = host(size);
        let servers = (
            host.serve_plain("127.0.0.1:0".parse().unwrap()).await.unwrap(),
            host.serve("127.0.0.1:0".parse().unwrap()).await.unwrap(),
        );
        let login =
            |user: &str, password: &str| Credentials::new(user, Secret::new(password.to_owned())).ok();
        let mut settings = [
            HttpSettings::new(servers.0.url()),
            HttpSettings::new(servers.1.url()),
            HttpSettings::new(servers.1.url()),
        ];
        settings[0].credentials = login(servers.0.user(), servers.0.password());
        for settings in settings.iter_mut().skip(1) {
            settings.credentials = login(servers.1.user(), servers.1.password());
            settings.trust = Trust::pinned(servers.1.fingerprint().parse().unwrap());
        }
        settings[2].always_seal = true;
        let ways = settings.map(|settings| HttpTransport::new(settings).unwrap());

        let request = Exchange { body: "x".repeat(size).into(), ..get(&host).await };
        report("request", size, &measure(&ways, &request, |answer| answer.body.len() < 4096).await);
        let request = get(&host).await;
        report("answer", size, &measure(&ways, &request, |answer| answer.body.len() >= size).await);
    }

    let host = host(1 << 10);
    let server = host.serve_plain("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut settings = HttpSettings::new(server.url());
    settings.credentials = Credentials::new(server.user(), Secret::new(server.password().to_owned())).ok();
    let transport = HttpTransport::new(settings).unwrap();
    for _ in 0..REQUESTS {
        let answer = transport.exchange(get(&host).await).await.unwrap();
        assert_eq!((answer.peer.connection, answer.peer.handshakes), ONE_LOGIN);
    }
    println!("\n{REQUESTS} sealed requests: one connection, one login");
}

/// A host with a machine whose name makes an answer about it so long.
fn host(size: usize) -> Host {
    let name = "m".repeat(size);
    let inventory = format!("[[vm]]\nname = \"{name}\"\n[limits]\nmax_envelope_size = {}\n", 4 << 20);
    let mut settings = Settings::default();
    settings.inventory = Inventory::from_toml(&inventory).unwrap();
    Host::new(settings)
}

/// The request for that machine, as a client writes it.
async fn get(host: &Host) -> Exchange {
    let seen = Arc::new(Seen { last: Mutex::default(), inner: host.transport() });
    let mut options = Options::default();
    options.max_envelope_size = 4 << 20;
    let transport: Arc<dyn Transport> = Arc::<Seen>::clone(&seen);
    let client = Client::with_transport("https://hv01.example.test:5986/wsman".parse().unwrap(), transport)
        .with_options(options);
    let machine = Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2")
        .with("CreationClassName", "Msvm_ComputerSystem")
        .and_then(|epr| epr.with("Name", "00000000-0000-4000-8000-000100000001"))
        .unwrap();
    client.get(&machine).await.unwrap();
    let last = seen.last.lock().unwrap().take().unwrap();
    Exchange { deadline: None, ..last }
}

/// Remembers what passed.
#[derive(Debug)]
struct Seen {
    last: Mutex<Option<Exchange>>,
    inner: Arc<dyn Transport>,
}

impl Transport for Seen {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        *self.last.lock().unwrap() = Some(exchange.clone());
        self.inner.exchange(exchange)
    }
}

/// The median of each way.
async fn measure(
    ways: &[HttpTransport],
    request: &Exchange,
    expected: impl Fn(&Answer) -> bool,
) -> Vec<Duration> {
    let mut times = vec![Vec::new(); ways.len()];
    for round in 0..=ROUNDS {
        for (way, times) in ways.iter().zip(&mut times) {
            let start = Instant::now();
            let answer = way.exchange(request.clone()).await.unwrap();
            let took = start.elapsed();
            assert_eq!((answer.peer.connection, answer.peer.handshakes), ONE_LOGIN);
            assert!(expected(&answer), "HTTP {}, {} bytes", answer.status, answer.body.len());
            // The first round logs in.
            if round > 0 {
                times.push(took);
            }
        }
    }
    times.iter_mut().map(|times| median(times)).collect()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn report(what: &str, size: usize, medians: &[Duration]) {
    let [plain, https, both] = medians else { return };
    let milliseconds = |time: &Duration| format!("{:.3}", time.as_secs_f64() * 1000.0);
    let beside = |time: &Duration| {
        format!("{} ({:.2} x)", milliseconds(time), time.as_secs_f64() / https.as_secs_f64())
    };
    let size = format!("{} KiB", size >> 10);
    println!("{what:8} {size:>9} {:>22} {:>12} {:>22}", beside(plain), milliseconds(https), beside(both));
}

/// Without a connection: the ciphers that NTLM prescribes, which nothing can be faster than, and beside them
/// sealing and opening of whole bodies.
fn alone() {
    println!("\nwithout a connection, median of {ROUNDS}, MB/s\n");
    println!("{:>9} {:>18} {:>9} {:>9}", "size", "RC4 and HMAC-MD5", "seal", "open");
    for size in SIZES {
        let message = vec![b'x'; size];
        let floor = speed(size, &times(|| ciphers(&message)));
        println!("{:>5} KiB {floor:>18} {}", size >> 10, functions(&message));
    }
}

#[cfg(fuzzing)]
fn functions(message: &[u8]) -> String {
    let (mut seal, mut open) = hyperv_wsman::fuzzing::ends();
    let mut bodies = Vec::new();
    let sealing = times(|| bodies.push(seal(message)));
    let mut bodies = bodies.into_iter();
    let opening = times(|| assert_eq!(open(&bodies.next().unwrap()).len(), message.len()));
    format!("{:>9} {:>9}", speed(message.len(), &sealing), speed(message.len(), &opening))
}

#[cfg(not(fuzzing))]
fn functions(_: &[u8]) -> String {
    format!("{:>9} {:>9}", "-", "-")
}

/// What one message needs (MS-NLMP 3.4.4.2).
fn ciphers(message: &[u8]) {
    let mut data = message.to_vec();
    let mut stream = Rc4::<U16>::new(&[0x55; 16].into());
    stream.apply_keystream(&mut data);
    let mut hmac = <Hmac<Md5> as Mac>::new_from_slice(&[0x55; 16]).unwrap();
    hmac.update(message);
    std::hint::black_box((data, hmac.finalize().into_bytes()));
}

fn times(mut run: impl FnMut()) -> Vec<Duration> {
    let once = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..ROUNDS).map(once).collect()
}

/// In MB/s, which is bytes in a microsecond.
fn speed(size: usize, times: &[Duration]) -> u128 {
    let nanoseconds = median(&mut times.to_vec()).as_nanos().max(1);
    u128::try_from(size).unwrap_or_default() * 1000 / nanoseconds
}
