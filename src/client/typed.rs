//! Instances as types of the caller's, straight from the calls that bring them.

use super::{EnumerateCall, GetCall, InvokeCall, Item};
use crate::{
    cim::{self, CimError, Instance, schema::Schema},
    error::{Error, ErrorKind, Result},
    wsman::{EnumerationMode, Output, response::Returned},
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
        read(self.await?, &schema)
    }
}

impl EnumerateCall {
    /// All instances as a type of the caller's (mode `Object`); an example is at [`GetCall::typed`].
    ///
    /// # Errors
    /// As the call; [`ErrorKind::Decode`] for the first instance that does not fit.
    pub async fn typed<T: DeserializeOwned>(self) -> Result<Vec<T>> {
        let schema = self.client.schema().clone();
        self.mode(EnumerationMode::Object).collect(|item| item.into_typed_with(&schema).map(Some)).await
    }
}

impl Item {
    /// The instance as a type of the caller's; [`cim::de`] says what fits what.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] for an instance that does not fit, and for an item without one (mode
    /// `Epr`).
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T> {
        let instance = self.instance.as_ref().ok_or_else(no_instance)?;
        instance.deserialize().map_err(|error| misfit(instance.class(), error))
    }

    /// As [`Self::deserialize`], of an item that is not needed any more: its texts become those of the type, and are
    /// not copied.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use futures_core::Stream;
    /// # use hyperv_wsman::{Client, cim::Epr, sim};
    /// # use std::{future::poll_fn, pin::Pin};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// #[derive(serde::Deserialize)]
    /// struct Machine {
    ///     element_name: String,
    /// }
    ///
    /// # let class = Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2");
    /// let mut machines = client.enumerate(&class).stream();
    /// // With the `futures` crate: `machines.next().await`.
    /// while let Some(item) = poll_fn(|context| Pin::new(&mut machines).poll_next(context)).await {
    ///     let machine: Machine = item?.into_typed()?;
    ///     assert!(!machine.element_name.is_empty());
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`Self::deserialize`].
    pub fn into_typed<T: DeserializeOwned>(self) -> Result<T> {
        self.into_typed_with(&Schema::default())
    }

    /// As [`Self::into_typed`], with the value maps of another schema than the compiled one: an item does not know which
    /// its client has ([`Client::schema`](super::Client::schema)), and the classes that were loaded at run time are in
    /// that one alone.
    ///
    /// # Errors
    /// As [`Self::deserialize`].
    pub fn into_typed_with<T: DeserializeOwned>(self, schema: &Schema) -> Result<T> {
        read(self.instance.ok_or_else(no_instance)?, schema)
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

impl Output {
    /// The out parameters as a type of the caller's, and the return value as its field `return_value`; [`cim::de`] says
    /// what fits what.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, cim::Epr, sim, wsman::EnumerationMode};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// #[derive(serde::Deserialize)]
    /// struct Started {
    ///     return_value: u32,
    ///     job: Option<Epr>,
    /// }
    ///
    /// # let class = Epr::class_of("Msvm_VirtualSystemCollection", "root/virtualization/v2");
    /// # let groups = client.enumerate(&class).mode(EnumerationMode::Epr).await?;
    /// # let group = groups[0].epr.clone().unwrap();
    /// let class = "Msvm_CollectionSnapshotService";
    /// let service = Epr::class_of(class, "root/virtualization/v2").with("CreationClassName", class)?;
    /// let output = client
    ///     .invoke(&service, "CreateSnapshot")
    ///     .argument("Collection", group)
    ///     .argument("SnapshotType", 1_u16)
    ///     .await?;
    /// let started: Started = output.deserialize()?;
    /// assert_eq!(started.return_value, 4096);
    /// assert!(started.job.is_some());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Decode`], naming class, method and parameter that do not fit.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T> {
        self.deserialize_with(&Schema::default())
    }

    /// As [`Self::deserialize`], with the value maps of another schema than the compiled one: an output does not know
    /// which its client has ([`Client::schema`](crate::Client::schema)), and the methods of classes that were loaded at
    /// run time are in that one alone.
    ///
    /// # Errors
    /// As [`Self::deserialize`].
    pub fn deserialize_with<T: DeserializeOwned>(&self, schema: &Schema) -> Result<T> {
        let of_method = format!("{}.{}", self.class(), self.method());
        let mut outputs = Instance::new(of_method.as_str());
        for (name, value) in self.parameters() {
            outputs.set(name, value.clone());
        }
        match &self.return_value {
            Returned::Code(code) => outputs.set("ReturnValue", *code),
            Returned::Other(value) => outputs.set("ReturnValue", value.clone()),
        }
        outputs.into_typed_with(schema).map_err(|error| {
            Error::new(ErrorKind::Decode, format!("failed to read the output of `{of_method}`"))
                .with_source(error)
        })
    }
}

fn read<T: DeserializeOwned>(instance: Instance, schema: &Schema) -> Result<T> {
    let class = instance.class.clone();
    instance.into_typed_with(schema).map_err(|error| misfit(&class, error))
}

fn misfit(class: &str, error: CimError) -> Error {
    Error::new(ErrorKind::Decode, format!("failed to read an instance of `{class}`")).with_source(error)
}

fn no_instance() -> Error {
    Error::new(ErrorKind::Decode, "failed to read an item: it is a reference alone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::Value;
    use std::{collections::BTreeMap, error::Error as _};

    #[test]
    fn an_output_says_which_parameter_does_not_fit_and_names_codes() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        enum Code {
            MethodParametersCheckedJobStarted,
            #[serde(other)]
            Other,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Started {
            return_value: Code,
            job: Option<String>,
        }
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "never made")]
        struct Narrow {
            count: u8,
        }
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "never made")]
        struct Missing {
            job: String,
        }
        let output = |code| Output {
            class: "Msvm_CollectionSnapshotService".into(),
            method: "CreateSnapshot".into(),
            return_value: Returned::Code(code),
            return_name: None,
            parameters: vec![("Job".into(), Value::Null), ("Count".into(), Value::Uint16(700))],
        };
        let started: Started = output(4096).deserialize().unwrap();
        assert_eq!((started.return_value, started.job), (Code::MethodParametersCheckedJobStarted, None));
        assert_eq!(output(1).deserialize::<Started>().unwrap().return_value, Code::Other);

        let error = output(0).deserialize::<Narrow>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        insta::assert_snapshot!(error, @"failed to read the output of `Msvm_CollectionSnapshotService.CreateSnapshot`");
        insta::assert_snapshot!(error.source().unwrap(), @"`Msvm_CollectionSnapshotService.CreateSnapshot.Count`: expected u8, got `700`");
        let error = output(0).deserialize::<Missing>().unwrap_err();
        insta::assert_snapshot!(error.source().unwrap(), @"`Msvm_CollectionSnapshotService.CreateSnapshot.Job`: expected a value, got `null`");
    }

    #[test]
    fn items_and_outputs_of_loaded_classes_are_read_by_their_schema() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        enum Kind {
            Plain,
            Special,
        }
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Tool {
            kind: Kind,
        }
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Made {
            return_value: Kind,
            kind: Kind,
        }
        let mof = r#"class X_Tool {
            [ValueMap {"7", "8"}, Values {"Plain", "Special"}] uint8 Kind;
            [ValueMap {"0", "1"}, Values {"Plain", "Special"}] uint32 Make(
                [Out, ValueMap {"7", "8"}, Values {"Plain", "Special"}] uint8 Kind);
        };"#;
        let schema = Schema::default().extended("a.mof", mof).unwrap();
        let item = Item { instance: Some(Instance::new("X_Tool").with("Kind", 8_u8)), epr: None };
        assert_eq!(item.clone().into_typed_with::<Tool>(&schema).unwrap(), Tool { kind: Kind::Special });
        assert!(item.into_typed::<Tool>().is_err(), "nobody knows the class");
        let output = Output {
            class: "X_Tool".into(),
            method: "Make".into(),
            return_value: Returned::Code(0),
            return_name: None,
            parameters: vec![("Kind".into(), Value::Uint8(8))],
        };
        let made = Made { return_value: Kind::Plain, kind: Kind::Special };
        assert_eq!(output.deserialize_with::<Made>(&schema).unwrap(), made);
        assert!(output.deserialize::<Made>().is_err(), "nobody knows the method");
    }

    #[test]
    fn an_item_says_what_does_not_fit() {
        let item = |instance| Item { instance, epr: None };
        let job = Instance::new("Msvm_ConcreteJob").with("JobState", 7_u16);
        let read: BTreeMap<String, u8> = item(Some(job.clone())).deserialize().unwrap();
        assert_eq!(read["JobState"], 7);
        let read: BTreeMap<String, u8> = item(Some(job.clone())).into_typed().unwrap();
        assert_eq!(read["JobState"], 7);
        let error = item(Some(job)).deserialize::<BTreeMap<String, bool>>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        insta::assert_snapshot!(error, @"failed to read an instance of `Msvm_ConcreteJob`");
        insta::assert_snapshot!(error.source().unwrap(), @"`Msvm_ConcreteJob.JobState`: expected bool, got `7`");
        let given = item(Some(Instance::new("Msvm_ConcreteJob").with("JobState", 7_u16)));
        let given = given.into_typed::<BTreeMap<String, bool>>().unwrap_err();
        assert_eq!(given.to_string(), "failed to read an instance of `Msvm_ConcreteJob`");
        let error = item(None).deserialize::<BTreeMap<String, bool>>().unwrap_err();
        assert_eq!(item(None).into_typed::<u8>().unwrap_err().to_string(), error.to_string());
        insta::assert_snapshot!(error, @"failed to read an item: it is a reference alone");
    }
}
