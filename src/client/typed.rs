//! Instances as types of the caller's, straight from the calls that bring them.

use super::{EnumerateCall, GetCall, InvokeCall, Item};
use crate::{
    cim::{self, Instance, schema::Schema},
    error::{Error, ErrorKind, Result},
    wsman::EnumerationMode,
};
use serde::{Serialize, de::DeserializeOwned};

impl GetCall {
    /// The instance as a type of the caller's; [`cim::de`] says what fits what.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, cim::Epr, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// #[derive(serde::Deserialize)]
    /// struct Machine {
    ///     name: String,
    ///     element_name: String,
    ///     enabled_state: Option<u16>,
    /// }
    ///
    /// let class = Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2");
    /// let machines: Vec<Machine> = client.enumerate(&class).typed().await?;
    /// let one = class
    ///     .with("CreationClassName", "Msvm_ComputerSystem")?
    ///     .with("Name", &machines[0].name)?;
    /// let machine: Machine = client.get(&one).typed().await?;
    /// assert_eq!(machine.element_name, machines[0].element_name);
    /// assert!(machine.enabled_state.is_some());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// As the call; [`ErrorKind::Decode`] for an instance that does not fit.
    pub async fn typed<T: DeserializeOwned>(self) -> Result<T> {
        let schema = self.client.schema().clone();
        read(&self.await?, &schema)
    }
}

impl EnumerateCall {
    /// All instances as a type of the caller's (mode `Object`); an example is at [`GetCall::typed`].
    ///
    /// # Errors
    /// As the call; [`ErrorKind::Decode`] for the first instance that does not fit.
    pub async fn typed<T: DeserializeOwned>(self) -> Result<Vec<T>> {
        let schema = self.client.schema().clone();
        self.mode(EnumerationMode::Object).collect(|item| item.read(&schema).map(Some)).await
    }
}

impl Item {
    /// The instance as a type of the caller's; [`cim::de`] says what fits what.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] for an instance that does not fit, and for an item without one (mode
    /// `Epr`).
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T> {
        self.read(&Schema::default())
    }

    fn read<T: DeserializeOwned>(&self, schema: &Schema) -> Result<T> {
        match &self.instance {
            Some(instance) => read(instance, schema),
            None => Err(Error::new(ErrorKind::Decode, "failed to read an item: it is a reference alone")),
        }
    }
}

impl InvokeCall {
    /// Adds each field of a struct or map as an argument; [`cim::ser`] says what becomes of which
    /// type.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, hyperv::{CreateSettings, HyperV}, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// # let group = HyperV::new(client.clone()).group("web-tier").await?;
    /// # let snapshots = HyperV::new(client.clone()).collection_snapshots();
    /// # let started = snapshots.create(&group, &CreateSettings::recovery()).await?;
    /// # let job = started.job().unwrap().clone();
    /// #[derive(serde::Serialize)]
    /// struct Change {
    ///     requested_state: u16,
    /// }
    ///
    /// // A job of Hyper-V, which is asked to end.
    /// let change = Change { requested_state: 4 };
    /// let output = client.invoke(&job, "RequestStateChange").arguments(&change)?.await?;
    /// assert!([0, 4096].contains(&output.return_value()));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a value that does not fit its parameter.
    pub fn arguments<T: Serialize + ?Sized>(mut self, arguments: &T) -> Result<Self> {
        let named =
            cim::ser::parameters(self.schema(), self.class(), self.method(), arguments).map_err(|error| {
                let message = format!("failed to call `{}.{}`", self.class(), self.method());
                Error::new(ErrorKind::Config, message).with_source(error)
            })?;
        for (name, value) in named {
            self = self.argument(&name, value);
        }
        Ok(self)
    }
}

fn read<T: DeserializeOwned>(instance: &Instance, schema: &Schema) -> Result<T> {
    instance.deserialize_with(schema).map_err(|error| {
        let message = format!("failed to read an instance of `{}`", instance.class());
        Error::new(ErrorKind::Decode, message).with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, error::Error as _};

    #[test]
    fn an_item_says_what_does_not_fit() {
        let item = |instance| Item { instance, epr: None };
        let job = Instance::new("Msvm_ConcreteJob").with("JobState", 7_u16);
        let read: BTreeMap<String, u8> = item(Some(job.clone())).deserialize().unwrap();
        assert_eq!(read["JobState"], 7);
        let error = item(Some(job)).deserialize::<BTreeMap<String, bool>>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        insta::assert_snapshot!(error, @"failed to read an instance of `Msvm_ConcreteJob`");
        insta::assert_snapshot!(error.source().unwrap(), @"`Msvm_ConcreteJob.JobState`: expected bool, got `7`");
        let error = item(None).deserialize::<BTreeMap<String, bool>>().unwrap_err();
        insta::assert_snapshot!(error, @"failed to read an item: it is a reference alone");
    }
}
