//! The client: joins messages and transports, with options, ids, retry by idempotence, tracing.
//!
//! A call is a builder that is awaited ([`Client::get`], [`Client::invoke`]); a list is awaited for
//! all its items or streamed ([`Client::enumerate`], [`Client::query`]). What may be sent again after
//! a failure is decided in `retry`, what an HTTP answer means in `answer`: one place each.

mod answer;
mod associations;
#[cfg(feature = "http")]
mod builder;
mod calls;
mod checks;
mod enumerate;
mod ids;
mod options;
mod pace;
mod per_call;
mod quotas;
mod reaper;
mod retry;
mod transfer;
#[cfg(feature = "serde")]
mod typed;

pub use associations::AssociationCall;
#[cfg(feature = "http")]
pub use builder::ClientBuilder;
pub use calls::{GetCall, IdentifyCall, InvokeCall};
pub use enumerate::{EnumerateCall, Item, OnExpiry};
pub use options::Options;
pub use quotas::Quotas;
pub use transfer::{CreateCall, DeleteCall, GetFragmentCall, PutCall, PutFragmentCall};

pub(crate) use crate::transport::BoxFuture;

use crate::{
    cim::{Epr, Text, schema::Schema},
    error::Result,
    transport::{Clock, Transport, TransportError},
    wsman::Filter,
};
use ids::{IdSource, RandomIds};
use reaper::Reaper;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};
use url::Url;

/// A WS-Management client. Cloning is cheap; clones share connections and counters.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> hyperv_wsman::Result<()> {
/// use hyperv_wsman::{Client, cim::Epr, sim};
///
/// // A simulated host; a real one is reached with `Client::builder`.
/// let host = sim::Host::new(sim::Settings::default());
/// let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
/// let client = Client::with_transport(url, host.transport());
///
/// let machines = Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2");
/// for machine in client.enumerate(&machines).instances().await? {
///     assert!(machine.str("ElementName").is_some());
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    options: Arc<Options>,
    lane: u32,
}

/// What all clones have in common.
#[derive(Debug)]
struct Shared {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    url: Url,
    ids: Box<dyn IdSource>,
    session_id: String,
    requests: AtomicU64,
    lanes: AtomicU32,
    reaper: Reaper,
}

impl Client {
    /// A client over HTTPS with the crate's own transport.
    ///
    /// ```
    /// # #[cfg(feature = "ntlm")] {
    /// use hyperv_wsman::{
    ///     Client,
    ///     transport::{Credentials, Secret, Trust, endpoint},
    /// };
    ///
    /// # fn main() -> hyperv_wsman::Result<()> {
    /// let password = Secret::new("from a safe place".to_owned());
    /// let fingerprint = "sha256:".to_owned() + &"4d".repeat(32);
    /// let client = Client::builder(endpoint("hv1.example.org")?)
    ///     .credentials(Credentials::new(r"CORP\backup", password)?)
    ///     .trust(Trust::pinned(fingerprint.parse()?))
    ///     .build()?;
    /// assert_eq!(client.url().as_str(), "https://hv1.example.org:5986/wsman");
    /// // It connects with its first call.
    /// assert_eq!(client.requests(), 0);
    /// # Ok(())
    /// # }
    /// # main().unwrap();
    /// # }
    /// ```
    #[cfg(feature = "http")]
    pub fn builder(url: Url) -> ClientBuilder {
        ClientBuilder::new(url)
    }
    /// A client on any transport; `url` goes into `a:To`, without user and password.
    #[must_use]
    pub fn with_transport(url: Url, transport: Arc<dyn Transport>) -> Self {
        Self::with_ids(url, transport, Box::new(RandomIds::new()))
    }
    pub(crate) fn with_ids(url: Url, transport: Arc<dyn Transport>, ids: Box<dyn IdSource>) -> Self {
        let session_id = ids.next();
        let url = without_user(url);
        Self {
            shared: Arc::new(Shared {
                clock: transport.clock(),
                transport,
                url,
                ids,
                session_id,
                requests: AtomicU64::new(0),
                lanes: AtomicU32::new(1),
                reaper: Reaper::default(),
            }),
            options: Arc::default(),
            lane: 0,
        }
    }
    /// A client that talks as a conversation of its own (cassettes keep order within one).
    #[must_use]
    pub fn lane(&self) -> Self {
        Self { lane: self.shared.lanes.fetch_add(1, Ordering::Relaxed), ..self.clone() }
    }
    /// Settings on a finished client: timeouts, locale, envelope size.
    #[must_use]
    pub fn with_options(self, options: Options) -> Self {
        Self { options: Arc::new(options), ..self }
    }

    /// Asks who is there.
    pub fn identify(&self) -> IdentifyCall {
        IdentifyCall::new(self.clone())
    }
    /// Reads an instance.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, cim::Epr, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// let service = Epr::class_of("Msvm_CollectionSnapshotService", "root/virtualization/v2")
    ///     .with("CreationClassName", "Msvm_CollectionSnapshotService")?;
    /// let service = client.get(&service).await?;
    /// assert_eq!(service.str("Name"), Some("colsnapsvc"));
    /// assert_eq!(service.u64("EnabledState"), Some(2));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn get(&self, epr: &Epr) -> GetCall {
        GetCall::new(self.clone(), epr.clone())
    }
    /// Changes an instance.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use hyperv_wsman::{Client, cim::{Epr, Text}, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// let class = Epr::class_of("Win32_Environment", "root/cimv2");
    /// let variable = client
    ///     .create(&class)
    ///     .property("Name", Text::new("BACKUPS")?)
    ///     .property("UserName", Text::new("<SYSTEM>")?)
    ///     .property("VariableValue", Text::new(r"D:\Backups")?)
    ///     .await?;
    /// client.put(&variable).property("VariableValue", Text::new(r"E:\Backups")?).await?;
    /// let value = client.get(&variable).fragment("VariableValue").await?;
    /// assert_eq!(value.as_str(), Some(r"E:\Backups"));
    /// client.delete(&variable).await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn put(&self, epr: &Epr) -> PutCall {
        PutCall::new(self.clone(), epr.clone())
    }
    /// Creates an instance of a class (a reference without keys, from [`Epr::class_of`]). Most classes
    /// of Hyper-V refuse it: they have methods for it.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, cim::{Epr, Instance, Text}, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// let class = Epr::class_of("Win32_Environment", "root/cimv2");
    /// let new = Instance::new("Win32_Environment")
    ///     .with("Name", Text::new("STAGE")?)
    ///     .with("UserName", Text::new("<SYSTEM>")?)
    ///     .with("VariableValue", Text::new("test")?);
    /// let made = client.create(&class).instance(&new).await?;
    /// assert_eq!(made.selector("Name"), Some("STAGE"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, class: &Epr) -> CreateCall {
        CreateCall::new(self.clone(), class.clone())
    }
    /// Deletes an instance. Most classes of Hyper-V refuse it: they have methods for it.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, ErrorKind, cim::Epr, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// let variable = Epr::class_of("Win32_Environment", "root/cimv2")
    ///     .with("Name", "ComSpec")?
    ///     .with("UserName", "<SYSTEM>")?;
    /// client.delete(&variable).await?;
    ///
    /// let error = client.delete(&variable).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Fault);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn delete(&self, epr: &Epr) -> DeleteCall {
        DeleteCall::new(self.clone(), epr.clone())
    }
    /// Enumerates a class (a reference without keys, from [`Epr::class_of`]).
    pub fn enumerate(&self, class: &Epr) -> EnumerateCall {
        EnumerateCall::new(self.clone(), class.to_class())
    }
    /// Runs a WQL query in a namespace (`root/virtualization/v2`). With a list of properties instead of `*`, instances
    /// have these alone, and are of the class behind `FROM`.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, cim::{Text, wql}, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// let name = Text::new("web-01")?;
    /// let query = format!("SELECT * FROM Msvm_ComputerSystem WHERE ElementName = {}", wql::quote(&name));
    /// let machines = client.query("root/virtualization/v2", Text::new(query)?).instances().await?;
    /// assert_eq!(machines.len(), 1);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn query(&self, namespace: &str, wql: Text) -> EnumerateCall {
        // Windows takes WQL only at the all-classes URI: with a class URI it answers
        // CannotProcessFilter.
        let all_classes = Epr::class_of("*", namespace);
        EnumerateCall::new(self.clone(), all_classes).filter(Filter::Wql(wql))
    }
    /// Calls a method.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, hyperv::{CreateSettings, HyperV}, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// # let hyperv = HyperV::new(client.clone());
    /// # let group = hyperv.group("web-tier").await?;
    /// # let started = hyperv.collection_snapshots().create(&group, &CreateSettings::recovery()).await?;
    /// # let job = started.job().unwrap().clone();
    /// // A job of Hyper-V, which is asked to end.
    /// let output = client.invoke(&job, "RequestStateChange").argument("RequestedState", 4_u16).await?;
    /// // A code other than 0 is no error here; 4096 means that a job has started.
    /// println!("{} {:?}", output.return_value(), output.return_name());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn invoke(&self, epr: &Epr, method: &str) -> InvokeCall {
        InvokeCall::new(self.clone(), epr.clone(), method)
    }
    /// Waits until everything that was left open on the host (enumerations dropped before their end) is released, at
    /// most until `deadline` has passed. [`EnumerateCall::stream`] has an example.
    ///
    /// # Errors
    /// What could not be released. The host forgets it by itself after some minutes.
    pub async fn close(&self, deadline: Duration) -> Result<()> {
        self.reaped(deadline).await
    }

    /// The settings of all calls.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }
    /// The schema of all calls.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.options.schema
    }
    /// The endpoint.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.shared.url
    }
    /// SOAP requests sent so far by all clones.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }
    /// The clock that waiting goes by.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock)
    }
    /// A problem that did not stop a call: a recording that could not be written.
    #[must_use]
    pub fn deferred_error(&self) -> Option<TransportError> {
        self.shared.transport.deferred_error()
    }

    /// The options of this clone, to be changed for one call.
    fn options_mut(&mut self) -> &mut Options {
        Arc::make_mut(&mut self.options)
    }
}

/// A URL may carry a password, and `a:To` travels, is recorded and shown.
fn without_user(mut url: Url) -> Url {
    // Both fail for URLs that have no place for it.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Answer, BoxFuture, Exchange, Phase, TransportErrorKind};
    use std::sync::Mutex;

    /// Counts, as tests want it.
    #[derive(Debug, Default)]
    struct Counting(AtomicU32);

    impl IdSource for Counting {
        fn next(&self) -> String {
            format!("uuid:{:08}", self.0.fetch_add(1, Ordering::Relaxed))
        }
    }

    /// Keeps what is sent and fails.
    #[derive(Debug, Default)]
    struct Keep(Mutex<Vec<String>>);

    impl Transport for Keep {
        fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
            self.0.lock().unwrap().push(String::from_utf8(exchange.body.to_vec()).unwrap());
            let kind = TransportErrorKind::Connection;
            let message = String::new();
            Box::pin(async move {
                Err(TransportError { kind, phase: Phase::NotSent, message, hint: None, source: None })
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_attempt_has_an_id_of_its_own_within_one_session() {
        let transport = Arc::new(Keep::default());
        let url = Url::parse("https://hv01.example.test:5986/wsman").unwrap();
        let client = Client::with_ids(url, Arc::<Keep>::clone(&transport), Box::<Counting>::default());
        let epr = Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2");
        client.get(&epr).await.unwrap_err();
        let sent = transport.0.lock().unwrap();
        assert_eq!(sent.len(), 4);
        for (message, id) in sent.iter().zip(1..) {
            assert!(message.contains(&format!("MessageID>uuid:{id:08}<")), "{message}");
            assert!(message.contains(">uuid:00000000</"), "{message}");
        }
    }
    #[tokio::test(start_paused = true)]
    async fn a_password_in_the_url_does_not_travel() {
        let transport = Arc::new(Keep::default());
        let url = Url::parse("https://op:hunter2@hv01.example.test:5986/wsman").unwrap();
        let client = Client::with_transport(url, Arc::<Keep>::clone(&transport));
        client.identify().await.unwrap_err();
        client.get(&Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2")).await.unwrap_err();
        let sent = transport.0.lock().unwrap();
        assert!(sent.iter().all(|message| !message.contains("hunter2")), "{sent:?}");
        assert!(!format!("{client:?}").contains("hunter2"));
        assert_eq!(client.url().as_str(), "https://hv01.example.test:5986/wsman");
    }
}
