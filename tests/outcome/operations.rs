//! The operations that change a host, each from a prepared state to its end.

use hyperv_wsman::{
    ErrorKind, Result,
    hyperv::{CreateSettings, ExportSettings, Group, HostPath, HyperV, Job, SnapshotCollection, Storage},
    sim::{Host, Settings},
};

/// What changes a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Export,
    Apply,
    Destroy,
    Cancel,
}

pub(crate) const ALL: [Operation; 5] =
    [Operation::Create, Operation::Export, Operation::Apply, Operation::Destroy, Operation::Cancel];

/// A host on which the operation can be done, and what it is done to.
pub(crate) struct Prepared {
    operation: Operation,
    group: Group,
    snapshot: Option<SnapshotCollection>,
    job: Option<Job>,
}

impl Operation {
    /// The method whose runs on the host are counted.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Create => "CreateSnapshot",
            Self::Export => "ExportSnapshot",
            Self::Apply => "ApplySnapshot",
            Self::Destroy => "DestroySnapshot",
            Self::Cancel => "RequestStateChange",
        }
    }

    /// A host whose jobs end at once; for a cancel they take long.
    pub(crate) fn host(self) -> Host {
        let mut settings = Settings::default();
        settings.time_scale = Some(if self == Self::Cancel { 10_000.0 } else { 0.0 });
        Host::new(settings)
    }

    /// Brings the host into the state the operation needs.
    pub(crate) async fn prepare(self, hyperv: &HyperV) -> Prepared {
        let group = hyperv.group("web-tier").await.unwrap();
        let snapshots = hyperv.collection_snapshots();
        let (mut snapshot, mut job) = (None, None);
        match self {
            Self::Create => {}
            Self::Cancel => {
                let started = snapshots.create(&group, &CreateSettings::standard()).await.unwrap();
                job = Some(hyperv.jobs().get(started.job().unwrap()).await.unwrap());
            }
            Self::Export | Self::Apply | Self::Destroy => {
                let started = snapshots.create(&group, &CreateSettings::standard()).await.unwrap();
                snapshot = Some(started.wait().await.unwrap());
            }
        }
        Prepared { operation: self, group, snapshot, job }
    }
}

impl Prepared {
    /// Does it, to the end.
    pub(crate) async fn run(&self, hyperv: &HyperV) -> Result<()> {
        let snapshots = hyperv.collection_snapshots();
        match self.operation {
            Operation::Create => {
                snapshots.create(&self.group, &CreateSettings::standard()).await?.wait().await?;
            }
            Operation::Export => {
                let directory = HostPath::new(r"D:\Exports").unwrap();
                let settings = ExportSettings::new(Storage::Copy);
                snapshots.export(self.snapshot(), &directory, &settings).await?.wait().await?;
            }
            Operation::Apply => snapshots.apply(self.snapshot()).await?.wait().await?,
            Operation::Destroy => snapshots.destroy(self.snapshot()).await?.wait().await?,
            Operation::Cancel => {
                hyperv.jobs().cancel(self.job.as_ref().unwrap(), false).await?;
            }
        }
        Ok(())
    }

    fn snapshot(&self) -> &SnapshotCollection {
        self.snapshot.as_ref().unwrap()
    }
}

/// Checks the invariants; `runs` counts the host's runs of the method since the preparation.
pub(crate) fn judge(operation: Operation, what: &str, runs: u64, outcome: &Result<()>) {
    assert!(runs <= 1, "{operation:?}, {what}: the host ran it {runs} times");
    match outcome {
        Ok(()) => assert_eq!(runs, 1, "{operation:?}, {what}: success without a run"),
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
            assert!(error.unknown_outcome().is_some(), "{operation:?}, {what}: no evidence: {error:?}");
            assert!(
                std::error::Error::source(error).is_some() || runs == 1,
                "{operation:?}, {what}: no cause: {error:?}"
            );
        }
        Err(error) => {
            assert_eq!(runs, 0, "{operation:?}, {what}: it ran, and the error says otherwise: {error:?}");
        }
    }
}
