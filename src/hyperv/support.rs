//! What a host can do: which services of Hyper-V it has.

use super::HyperV;
use crate::{
    cim::Text,
    error::{Error, Result},
    wsman::{Fault, FaultCode},
};

/// The services of Hyper-V that this crate is about, from [`HyperV::support`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Support {
    /// `Msvm_VirtualSystemManagementService`: every host with Hyper-V has it.
    pub machines: Presence,
    /// `Msvm_VirtualSystemSnapshotService`: snapshots of single machines.
    pub machine_snapshots: Presence,
    /// `Msvm_CollectionManagementService`: groups of machines, since Windows Server 2016.
    pub groups: Presence,
    /// `Msvm_CollectionSnapshotService`: snapshots of groups, since Windows Server 2016.
    pub group_snapshots: Presence,
}

/// Whether a host has a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// It is there.
    Present,
    /// Its class is known, and nobody is shown an instance of it: the service is stopped, or the user may not see
    /// it (Hyper-V shows nothing rather than refuse, where UAC filters the user's rights).
    Hidden,
    /// The host, or the namespace, does not know its class.
    Unknown,
}

impl Support {
    /// The classes and what became of them.
    pub fn services(&self) -> impl Iterator<Item = (&'static str, Presence)> {
        [
            (MACHINES, self.machines),
            (MACHINE_SNAPSHOTS, self.machine_snapshots),
            (GROUPS, self.groups),
            (GROUP_SNAPSHOTS, self.group_snapshots),
        ]
        .into_iter()
    }
}

impl HyperV {
    /// Asks which services the host has. Changes nothing.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, hyperv::{HyperV, Presence}, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let hyperv = HyperV::new(Client::with_transport(url, host.transport()));
    /// let support = hyperv.support().await?;
    /// assert_eq!(support.group_snapshots, Presence::Present);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query), but for classes that the host does not know.
    pub async fn support(&self) -> Result<Support> {
        Ok(Support {
            machines: self.presence(MACHINES).await?,
            machine_snapshots: self.presence(MACHINE_SNAPSHOTS).await?,
            groups: self.presence(GROUPS).await?,
            group_snapshots: self.presence(GROUP_SNAPSHOTS).await?,
        })
    }

    async fn presence(&self, class: &str) -> Result<Presence> {
        match self.query(Text::new(format!("SELECT * FROM {class}"))?).await {
            Ok(instances) if instances.is_empty() => Ok(Presence::Hidden),
            Ok(_) => Ok(Presence::Present),
            Err(error) if is_unknown_class(&error) => Ok(Presence::Unknown),
            Err(error) => Err(error),
        }
    }
}

const MACHINES: &str = "Msvm_VirtualSystemManagementService";
const MACHINE_SNAPSHOTS: &str = "Msvm_VirtualSystemSnapshotService";
const GROUPS: &str = "Msvm_CollectionManagementService";
const GROUP_SNAPSHOTS: &str = "Msvm_CollectionSnapshotService";

/// Whether the host says that it has no such class or namespace. The queries themselves are right, so that a query
/// that cannot be processed says the same.
fn is_unknown_class(error: &Error) -> bool {
    /// `WBEM_E_INVALID_NAMESPACE`, `WBEM_E_INVALID_CLASS`, `ERROR_WSMAN_RESOURCE_NOT_FOUND`,
    /// `ERROR_WSMAN_ENUMERATE_CANNOT_PROCESS_FILTER`, `ERROR_WSMAN_INVALID_RESOURCE_URI`.
    const CODES: [u32; 5] = [0x8004_100E, 0x8004_1010, 0x8033_8000, 0x8033_801A, 0x8033_803B];
    error.fault().and_then(Fault::code).is_some_and(|FaultCode(code)| CODES.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_are_in_the_schema() {
        let support = Support {
            machines: Presence::Present,
            machine_snapshots: Presence::Present,
            groups: Presence::Unknown,
            group_snapshots: Presence::Hidden,
        };
        for (class, _) in support.services() {
            let known = crate::cim::schema::class(class).unwrap_or_else(|| panic!("{class}"));
            assert!(known.is_a("CIM_Service"), "{class}");
        }
    }
}
