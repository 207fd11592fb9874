//! What the programs of this package share: where the responder is, what is asked of it, the type that its instances
//! are read into, and how a result is told.

pub mod dump;
pub mod messages;

use hyperv_wsman::{
    Client, Options,
    cim::{DateTime, Epr},
    transport::{AuthMechanism, Credentials, Secret, Trust},
};
use serde::Deserialize;
use std::{error::Error, num::NonZeroUsize};

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Items of one page, wherever pages are asked for.
pub const PAGE: u32 = 500;

/// A machine with each property that the responder's instances have.
#[derive(Debug, Deserialize)]
pub struct Machine {
    pub available_requested_states: Option<Vec<u16>>,
    pub caption: String,
    pub communication_status: Option<u16>,
    pub creation_class_name: String,
    pub dedicated: Option<Vec<u16>>,
    pub description: String,
    pub element_name: String,
    pub enabled_default: u16,
    pub enabled_state: u16,
    pub health_state: u16,
    pub install_date: DateTime,
    pub name: String,
    pub number_of_numa_nodes: u16,
    pub on_time_in_milliseconds: u64,
    pub operational_status: Vec<u16>,
    #[serde(rename = "ProcessID")]
    pub process_id: u32,
    pub requested_state: u16,
    pub status: String,
    pub time_of_last_state_change: DateTime,
}

/// Where a responder is, from the environment: `PORTS` (separated by commas) and `FINGERPRINT`, as it prints them.
pub struct Responder {
    pub ports: Vec<u16>,
    pub fingerprint: String,
}

impl Responder {
    pub fn from_environment() -> Result<Self> {
        let ports = std::env::var("PORTS").map_err(|_| "PORTS: the ports that the responder printed")?;
        let ports = ports.split(',').map(str::parse).collect::<std::result::Result<_, _>>()?;
        Ok(Self { ports, fingerprint: std::env::var("FINGERPRINT").unwrap_or_default() })
    }

    pub fn port(&self) -> Result<u16> {
        Ok(*self.ports.first().ok_or("PORTS is empty")?)
    }

    /// A client with the defaults of the crate, a pinned certificate, and Basic.
    pub fn client(&self, port: u16) -> Result<Client> {
        let mut options = Options::default();
        // The pages of the responder are larger than what a host sends unless it is told to.
        options.max_envelope_size = 2 << 20;
        Ok(Client::builder(format!("https://127.0.0.1:{port}/wsman").parse()?)
            .credentials(Credentials::new("admin", Secret::new("secret".to_owned()))?)
            .mechanism(AuthMechanism::Basic)
            .trust(Trust::pinned(self.fingerprint.parse()?))
            .max_connections(NonZeroUsize::MIN)
            .options(options)
            .build()?)
    }
}

pub fn machines() -> Epr {
    Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2")
}

pub fn machine() -> Result<Epr> {
    Ok(machines()
        .with("CreationClassName", "Msvm_ComputerSystem")?
        .with("Name", "7B2A6C5E-0000-4000-8000-100000000007")?)
}

/// The next item of a stream.
pub async fn next<S: futures_core::Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context)).await
}

/// Peak resident memory of this process in KiB, where the system tells (Linux).
pub fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
