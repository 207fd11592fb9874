//! The limits of WinRM's service (`winrm/config`), as far as clients meet them.

use crate::{
    cim::{Epr, Instance, Value},
    client::Client,
    error::Result,
    xml::names::WINRM_CONFIG,
};

/// Limits and settings of the service, from [`Client::quotas`]. What the host does not tell is `None`.
///
/// The quotas of the WMI plug-in, which requests to Hyper-V meet first (15 operations at the same time for each
/// user, by default), are not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quotas {
    /// `MaxEnvelopeSizekb`: largest message, in KiB.
    pub max_envelope_kb: Option<u64>,
    /// `MaxTimeoutms`: what the host cuts `w:OperationTimeout` to, in milliseconds.
    pub max_timeout_ms: Option<u64>,
    /// `MaxBatchItems`: items of one page.
    pub max_batch_items: Option<u64>,
    /// `MaxConcurrentOperationsPerUser`: operations of one user at the same time, over all plug-ins.
    pub max_operations_per_user: Option<u64>,
    /// `EnumerationTimeoutms`: how long an enumeration may rest, in milliseconds.
    pub enumeration_timeout_ms: Option<u64>,
    /// `MaxConnections`.
    pub max_connections: Option<u64>,
    /// `AllowUnencrypted`: whether messages may come unsealed over plain HTTP. This crate never sends such.
    pub allow_unencrypted: Option<bool>,
}

impl Client {
    /// Reads the limits of the host's WinRM service. By default only administrators may.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// let client = Client::with_transport(url, host.transport());
    /// assert_eq!(client.quotas().await?.max_envelope_kb, Some(500));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`Client::get`]; `AccessDenied` for who may not.
    pub async fn quotas(&self) -> Result<Quotas> {
        self.get(&Epr::from_uri(WINRM_CONFIG)).await.map(|config| Quotas::from_config(&config))
    }
}

impl Quotas {
    fn from_config(config: &Instance) -> Self {
        let service = config.get("Service").and_then(Value::as_instance);
        let of_service = |name| service.and_then(|service| service.u64(name));
        Self {
            max_envelope_kb: config.u64("MaxEnvelopeSizekb"),
            max_timeout_ms: config.u64("MaxTimeoutms"),
            max_batch_items: config.u64("MaxBatchItems"),
            max_operations_per_user: of_service("MaxConcurrentOperationsPerUser"),
            enumeration_timeout_ms: of_service("EnumerationTimeoutms"),
            max_connections: of_service("MaxConnections"),
            allow_unencrypted: service.and_then(|service| service.bool("AllowUnencrypted")),
        }
    }
}
