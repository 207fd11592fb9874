//! Walking along associations: what is linked with an object, and the links themselves.

use super::{Client, EnumerateCall, Item};
use crate::{
    cim::{Epr, Instance},
    error::Result,
    transport::BoxFuture,
    wsman::{Association, Filter},
};
use futures_core::Stream;
use std::future::IntoFuture;

/// An enumeration with an association filter: awaited for all items, or streamed. What an
/// [`EnumerateCall`] can be told besides, [`AssociationCall::enumerate`] opens.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct AssociationCall {
    client: Client,
    association: Association,
}

impl AssociationCall {
    pub(super) fn new(client: Client, association: Association) -> Self {
        Self { client, association }
    }
    /// Only by way of this association class.
    pub fn association_class(mut self, class: &str) -> Self {
        self.association = self.association.association_class(class);
        self
    }
    /// Only results of this class and of those derived from it.
    pub fn result_class(mut self, class: &str) -> Self {
        self.association = self.association.result_class(class);
        self
    }
    /// Only where the object is in this property of the association.
    pub fn role(mut self, role: &str) -> Self {
        self.association = self.association.role(role);
        self
    }
    /// Only results that are in this property of the association; nothing to references, which have
    /// no such restriction.
    pub fn result_role(mut self, role: &str) -> Self {
        self.association = self.association.result_role(role);
        self
    }
    /// Of the results only this property, and the others that are named so.
    pub fn result_property(mut self, property: &str) -> Self {
        self.association = self.association.result_property(property);
        self
    }
    /// As the enumeration that it is: mode, items of one page, options.
    pub fn enumerate(self) -> EnumerateCall {
        // The filter goes to all classes of the object's namespace.
        let all_classes = self.association.object.to_all_classes();
        EnumerateCall::new(self.client, all_classes).filter(Filter::Association(Box::new(self.association)))
    }
    /// Items as they arrive, as [`EnumerateCall::stream`].
    pub fn stream(self) -> impl Stream<Item = Result<Item>> + Send + Unpin {
        self.enumerate().stream()
    }
    /// All instances.
    ///
    /// # Errors
    /// As the call.
    pub async fn instances(self) -> Result<Vec<Instance>> {
        self.enumerate().instances().await
    }
}

impl IntoFuture for AssociationCall {
    type Output = Result<Vec<Item>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        self.enumerate().into_future()
    }
}

impl Client {
    /// The instances that are linked with one (`ASSOCIATORS OF` in WQL).
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, cim::Epr, sim, wsman::EnumerationMode};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// let groups = Epr::class_of("Msvm_VirtualSystemCollection", "root/virtualization/v2");
    /// let groups = client.enumerate(&groups).mode(EnumerationMode::Epr).await?;
    /// let group = groups.first().and_then(|item| item.epr.as_ref()).unwrap();
    ///
    /// let members = client
    ///     .associators(group)
    ///     .association_class("Msvm_CollectedVirtualSystems")
    ///     .result_class("Msvm_ComputerSystem")
    ///     .instances()
    ///     .await?;
    /// assert_eq!(members.len(), 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn associators(&self, epr: &Epr) -> AssociationCall {
        AssociationCall::new(self.clone(), Association::associators(epr.clone()))
    }
    /// The associations that an instance is part of (`REFERENCES OF` in WQL).
    pub fn references(&self, epr: &Epr) -> AssociationCall {
        AssociationCall::new(self.clone(), Association::references(epr.clone()))
    }
}
