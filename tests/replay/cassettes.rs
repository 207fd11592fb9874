//! The cassettes of the project: what they hold is what the simulator answers today, and the whole
//! main job runs from them.
//!
//! With `UPDATE_CASSETTES=1` in the environment they are recorded anew.

use hyperv_wsman::{
    Client, Result,
    hyperv::{CreateSettings, ExportSettings, HostPath, HyperV, Job, SnapshotMember, Storage},
    sim,
    transport::{Origin, Record, RecordSettings, Replay, Transport},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

const MAIN_JOB: &str = "main-job";

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cassettes").join(name)
}

/// Snapshots the group `web-tier` and exports the result.
async fn main_job(transport: Arc<dyn Transport>) -> Result<(Vec<SnapshotMember>, Option<Job>, u64)> {
    let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    let hyperv = HyperV::new(Client::with_transport(url, transport));
    hyperv.client().identify().await?;
    let group = hyperv.group("web-tier").await?;
    let snapshots = hyperv.collection_snapshots();
    let snapshot = snapshots.create(&group, &CreateSettings::recovery()).await?.wait().await?;
    let directory = HostPath::new(r"D:\Exports")?;
    let settings = ExportSettings::new(Storage::Copy);
    let exported = snapshots.export(&snapshot, &directory, &settings).await?.wait().await?;
    Ok((snapshots.members(&snapshot).await?, exported.job, hyperv.client().requests()))
}

async fn record_main_job(directory: &Path) {
    let host = sim::Host::new(sim::Settings::default());
    let mut settings = RecordSettings::default();
    "the main job: snapshot the group web-tier, export the result".clone_into(&mut settings.about);
    let record = Arc::new(Record::start(host.transport(), directory, settings).unwrap());
    main_job(record.clone()).await.unwrap();
    record.finish().unwrap();
}

/// The files of a cassette without the times, which other tests of this process may shift.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let timeless = |text: String| {
        let lines =
            text.lines().filter(|line| !line.contains("\"at_ms\":") && !line.contains("\"took_ms\":"));
        lines.collect::<Vec<_>>().join("\n")
    };
    entries
        .map(|entry| {
            let content = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), timeless(content))
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_cassette_of_the_main_job_is_what_the_simulator_answers() {
    let temp = tempfile::tempdir().unwrap();
    let fresh = temp.path().join("fresh");
    record_main_job(&fresh).await;
    let committed = committed(MAIN_JOB);
    if std::env::var_os("UPDATE_CASSETTES").is_some() {
        fs::remove_dir_all(&committed).unwrap_or_default();
        record_main_job(&committed).await;
    }
    let (fresh, committed) = (files(&fresh), files(&committed));
    assert_eq!(fresh.keys().collect::<Vec<_>>(), committed.keys().collect::<Vec<_>>());
    for (name, content) in fresh {
        let difference =
            similar::TextDiff::from_lines(&committed[&name], &content).unified_diff().to_string();
        assert!(
            difference.is_empty(),
            "{name} is out of date (UPDATE_CASSETTES=1 records anew)\n{difference}"
        );
    }
}

#[tokio::test]
async fn the_main_job_runs_from_its_cassette_to_the_same_end_each_time() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let replay = Arc::new(Replay::open(&committed(MAIN_JOB)).unwrap());
        assert!(matches!(replay.origin(), Origin::Simulated { .. }));
        let (members, job, requests) = main_job(replay.clone()).await.unwrap();
        assert_eq!(replay.unused(), [""; 0]);
        let job = job.unwrap();
        assert_eq!(job.state.0, 7);
        runs.push((members, job.id, requests, replay.clock().elapsed()));
    }
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0].0.len(), 3);
}
