//! What the host allows, and how far away it is.

use super::{Patient, advice, report::Finding};
use crate::{cli::session::Session, client::Options, error::ErrorKind};
use std::time::Duration;

/// Operations at the same time that the WMI plug-in allows each user, unless changed ([MS-WSMV] 3.1.4.1.34.3.1).
const OF_THE_PLUGIN: u64 = 15;
/// Its configuration is a resource of its own ([MS-WSMV] 2.2.4.22), which says it in attributes of XML.
const READ_PLUGIN: &str = r"Get-ChildItem 'WSMan:\localhost\Plugin\WMI Provider\Quotas'";
/// How often the way is measured; odd, for the median.
const TIMES: usize = 5;

pub(super) async fn quotas(patient: &Patient<'_>, session: &Session) -> Finding {
    let plugin = format!(
        "WMI plug-in: {OF_THE_PLUGIN} operations at the same time for each user, by default ([MS-WSMV] 3.1.4.1.34.3.1); not read: on the host, `{READ_PLUGIN}` shows it"
    );
    let quotas = match session.client.quotas().await {
        Ok(quotas) => quotas,
        Err(error) if error.kind() == ErrorKind::AccessDenied => {
            return Finding::skipped("only administrators may read winrm/config")
                .line(
                    "by default: MaxEnvelopeSizekb 500, MaxTimeoutms 60000, MaxConcurrentOperationsPerUser 1500",
                )
                .line(plugin)
                .fact("readable", false)
                .fact("plugin_operations_per_user_default", OF_THE_PLUGIN);
        }
        Err(error) => return Finding::lacking("winrm/config cannot be read", error).line(plugin),
    };
    let told: Vec<String> = [
        ("MaxEnvelopeSizekb", quotas.max_envelope_kb),
        ("MaxTimeoutms", quotas.max_timeout_ms),
        ("MaxConcurrentOperationsPerUser", quotas.max_operations_per_user),
        ("MaxBatchItems", quotas.max_batch_items),
        ("EnumerationTimeoutms", quotas.enumeration_timeout_ms),
        ("MaxConnections", quotas.max_connections),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name} {}", value?)))
    .collect();
    let asked = u64::from(Options::default().max_envelope_size);
    let too_small = quotas.max_envelope_kb.is_some_and(|kb| kb.saturating_mul(1024) < asked);
    let mut finding = Finding::ok(told.join(", "));
    if too_small {
        finding = finding.at_most_warning().advise(advice::small_envelopes());
    }
    let cut = quotas.max_timeout_ms.map(Duration::from_millis);
    if let Some(cut) = cut.filter(|cut| *cut < patient.settings.global.operation_timeout) {
        finding = finding.line(format!("--operation-timeout is cut to {} s by the host", cut.as_secs()));
    }
    finding
        .line(plugin)
        .fact("readable", true)
        .fact("max_envelope_kb", quotas.max_envelope_kb)
        .fact("max_timeout_ms", quotas.max_timeout_ms)
        .fact("max_operations_per_user", quotas.max_operations_per_user)
        .fact("max_batch_items", quotas.max_batch_items)
        .fact("enumeration_timeout_ms", quotas.enumeration_timeout_ms)
        .fact("max_connections", quotas.max_connections)
        .fact("plugin_operations_per_user_default", OF_THE_PLUGIN)
}

/// The median of a few questions over the connection that is there.
pub(super) async fn round_trip(session: &Session) -> Finding {
    let clock = session.client.clock();
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begin = clock.elapsed();
        if let Err(error) = session.client.identify().await {
            return Finding::lacking("the way cannot be measured", error);
        }
        times.push(clock.elapsed().saturating_sub(begin));
    }
    times.sort_unstable();
    let median = times.get(TIMES / 2).copied().unwrap_or_default();
    Finding::ok(format!("{:.1} ms (median of {TIMES})", median.as_secs_f64() * 1000.0))
        .fact("seconds", median.as_secs_f64())
}
