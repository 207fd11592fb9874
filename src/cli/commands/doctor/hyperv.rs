//! What the user may do, and what the host can do.

use super::{Patient, advice, login::Account, report::Finding};
use crate::{
    cli::session::Session,
    error::{Error, ErrorKind},
    hyperv::{Presence, Support},
    wsman::{Fault, FaultCode, Identity},
};
use serde_json::{Map, Value};

/// The first question that needs rights.
pub(super) async fn access(session: &Session, account: &Account) -> (Finding, Option<Support>) {
    match session.hyperv.support().await {
        Ok(support) if support.machines == Presence::Hidden => {
            let message = "failed to see Hyper-V: the host has it, and does not show it to this user";
            let error = Error::new(ErrorKind::AccessDenied, message);
            (Finding::failed(error).fact("reason", "hidden").advise(advice::nothing_shown(account)), None)
        }
        Ok(support) => (Finding::ok("the host lets this user ask"), Some(support)),
        Err(error) if error.kind() == ErrorKind::AccessDenied => {
            let by_wmi = is_of_wmi(&error);
            let finding = Finding::failed(error);
            let (reason, advice) = match (by_wmi, account.is_local) {
                (true, _) => ("namespace", advice::denied_by_wmi(account)),
                (false, true) => ("local_account", advice::denied(account)),
                (false, false) => ("denied", advice::denied(account)),
            };
            (finding.fact("reason", reason).advise(advice), None)
        }
        Err(error) => (Finding::failed(error), None),
    }
}

/// Whether WMI, and not WinRM, has refused.
fn is_of_wmi(error: &Error) -> bool {
    /// `WBEM_E_ACCESS_DENIED`, and WinRM's three of WMI.
    const CODES: [u32; 4] = [0x8004_1003, 0x8033_8104, 0x8033_8105, 0x8033_8106];
    error.fault().and_then(Fault::code).is_some_and(|FaultCode(code)| CODES.contains(&code))
}

/// The namespace, and which Windows it is of.
pub(super) fn namespace(patient: &Patient<'_>, support: &Support, identity: &Identity) -> Finding {
    let namespace = &patient.settings.global.namespace;
    if support.machines == Presence::Unknown {
        let message =
            format!("failed to find Hyper-V in `{namespace}`: the host knows no such namespace or class");
        return Finding::failed(Error::new(ErrorKind::NotFound, message)).advise(advice::no_hyper_v());
    }
    let build = build(identity.product_version());
    let told = match &build {
        Some((version, Some(name))) => format!("{namespace} of Windows {version} ({name})"),
        Some((version, None)) => format!("{namespace} of Windows {version}"),
        None => format!("{namespace} of a Windows that does not tell its version"),
    };
    Finding::ok(told).fact("namespace", namespace.as_str()).fact("build", build.map(|(version, _)| version))
}

/// `10.0.20348` from `OS: 10.0.20348 SP: 0.0 Stack: 3.0`, and the servers of that build.
fn build(product_version: &str) -> Option<(String, Option<&'static str>)> {
    let version = product_version.split("OS: ").nth(1)?.split(' ').next()?;
    if version.starts_with("0.") {
        return None;
    }
    let name = match version.rsplit('.').next()? {
        "9200" => "Server 2012",
        "9600" => "Server 2012 R2",
        "14393" => "Server 2016",
        "17763" => "Server 2019",
        "20348" => "Server 2022",
        "26100" => "Server 2025",
        _ => return Some((version.to_owned(), None)),
    };
    Some((version.to_owned(), Some(name)))
}

/// The services that this tool uses.
pub(super) fn services(support: &Support) -> Finding {
    let facts: Map<String, Value> =
        support.services().map(|(class, presence)| (class.to_owned(), Value::from(word(presence)))).collect();
    let seen = support.services().map(|(class, presence)| format!("{class}: {}", word(presence)));
    let mut seen = seen.collect::<Vec<_>>().into_iter();
    let first = seen.next().unwrap_or_default();
    // What groups need is for the next step; one machine's snapshots are not of the main job.
    let finding = match support.machine_snapshots {
        Presence::Present => Finding::ok(first),
        _ => Finding::warning(first).advise(advice::stopped()),
    };
    seen.fold(finding, Finding::line).fact("services", facts)
}

fn word(presence: Presence) -> &'static str {
    match presence {
        Presence::Present => "present",
        Presence::Hidden => "hidden",
        _ => "unknown",
    }
}

/// Groups and their snapshots.
pub(super) async fn groups(session: &Session, support: &Support) -> Finding {
    let needed = [support.groups, support.group_snapshots];
    if needed.contains(&Presence::Unknown) {
        let message = "failed to find groups of virtual machines: the host does not know them";
        return Finding::failed(Error::new(ErrorKind::NotFound, message)).advise(advice::too_old());
    }
    if support.group_snapshots == Presence::Hidden {
        let message =
            "failed to find the service that takes snapshots of groups: the host knows it, and has none";
        return Finding::failed(Error::new(ErrorKind::NotFound, message)).advise(advice::stopped());
    }
    match session.hyperv.groups().await {
        Ok(groups) if groups.is_empty() => {
            let message =
                "failed to find a group of virtual machines: groups are supported, and the host has none";
            Finding::failed(Error::new(ErrorKind::NotFound, message))
                .fact("groups", 0)
                .advise(advice::no_groups())
        }
        Ok(groups) => Finding::ok(match groups.len() {
            1 => "supported; the host has one".to_owned(),
            more => format!("supported; the host has {more}"),
        })
        .fact("groups", groups.len()),
        Err(error) => Finding::failed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_is_read_where_the_host_tells_it() {
        assert_eq!(
            build("OS: 10.0.20348 SP: 0.0 Stack: 3.0"),
            Some(("10.0.20348".to_owned(), Some("Server 2022")))
        );
        assert_eq!(build("OS: 10.0.99999 SP: 0.0 Stack: 3.0"), Some(("10.0.99999".to_owned(), None)));
        assert_eq!(build("OS: 0.0.0 SP: 0.0 Stack: 3.0"), None);
        assert_eq!(build(""), None);
    }
}
