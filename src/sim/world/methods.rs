//! The methods of the host.

use super::{
    Plan, Snapshot, World,
    job::Task,
    settings::{embedded, is_absolute_directory},
    text,
};
use crate::{
    cim::{Instance, ObjectPath, Value, schema},
    sim::{inventory::SnapshotKind, soap::parameters::Arguments},
};

/// What a method gives back.
#[derive(Debug)]
pub(in crate::sim) struct Outcome {
    pub(in crate::sim) code: u32,
    pub(in crate::sim) outputs: Vec<(&'static str, Value)>,
}

/// Return codes of `Msvm_CollectionSnapshotService`. Which of them a host gives for which mistake
/// is not documented: chosen.
const OK: u32 = 0;
const NOT_SUPPORTED: u32 = 1;
const INVALID_PARAMETER: u32 = 4;
const INVALID_STATE: u32 = 5;
const JOB_STARTED: u32 = 4096;

/// A task, the machines it works on, and the output that names what it makes.
struct Work {
    task: Task,
    machines: Vec<String>,
    result: Option<&'static str>,
}

impl Outcome {
    fn code(code: u32) -> Self {
        Self { code, outputs: Vec::new() }
    }
}

impl World {
    /// Runs a method of an instance.
    pub(in crate::sim) fn invoke(
        &mut self,
        target: &Instance,
        method: schema::Method,
        arguments: &Arguments,
        user: &str,
        plan: Plan,
    ) -> Outcome {
        if let Some(code) = plan.return_code {
            return Outcome::code(code);
        }
        let work = match (target.class(), method.name()) {
            ("Msvm_CollectionSnapshotService", "CreateSnapshot") => self.create_snapshot(arguments),
            ("Msvm_CollectionSnapshotService", "ExportSnapshot") => self.export_snapshot(arguments),
            ("Msvm_CollectionSnapshotService", "ApplySnapshot") => {
                self.existing(arguments, "SnapshotCollection").map(|snapshot| Work::on(snapshot, Task::Apply))
            }
            ("Msvm_CollectionSnapshotService", "DestroySnapshot") => self
                .existing(arguments, "AffectedSnapshotCollection")
                .map(|snapshot| Work::on(snapshot, Task::Destroy { snapshot: snapshot.id.clone() })),
            ("Msvm_ConcreteJob", name) => return self.job_method(target, name, arguments),
            _ => return Outcome::code(not_supported(method)),
        };
        match work {
            Err(code) => Outcome::code(code),
            // A machine that another job works on: 5, Invalid State (chosen).
            Ok(work) if self.is_busy(&work.machines) => Outcome::code(INVALID_STATE),
            Ok(work) => self.begin(work, user, plan),
        }
    }

    /// 4096 with a job, and null for the result as long as the job runs (seen by go-wsman).
    fn begin(&mut self, work: Work, user: &str, plan: Plan) -> Outcome {
        if plan.sync {
            return match self.perform(&work.task) {
                Ok(created) => Outcome {
                    code: OK,
                    outputs: work
                        .result
                        .zip(created)
                        .map(|(name, epr)| (name, Value::Reference(Box::new(epr))))
                        .into_iter()
                        .collect(),
                },
                Err(_) => Outcome::code(2),
            };
        }
        let job = self.start(work.task, work.machines, user, plan);
        let outputs = if plan.no_job { Vec::new() } else { vec![("Job", Value::Reference(Box::new(job)))] };
        Outcome { code: JOB_STARTED, outputs }
    }

    fn create_snapshot(&self, arguments: &Arguments) -> Result<Work, u32> {
        let group = arguments
            .reference("Collection")
            .and_then(|epr| self.group(epr))
            .filter(|group| !group.members.is_empty())
            .ok_or(INVALID_PARAMETER)?;
        let kind = match arguments.number("SnapshotType") {
            Some(1) => SnapshotKind::Standard,
            Some(2) => SnapshotKind::Recovery,
            _ => return Err(INVALID_PARAMETER),
        };
        // The class of the settings is not documented: that of one machine's recovery snapshot and
        // the (empty) settings of a collection are taken (chosen).
        let classes = ["Msvm_VirtualSystemSnapshotSettingData", "Msvm_CollectionSettingData"];
        embedded(arguments.text("SnapshotSettings"), &classes).map_err(|()| INVALID_PARAMETER)?;
        Ok(Work {
            task: Task::Create { group: group.id.clone(), kind },
            machines: group.members.clone(),
            result: Some("ResultingSnapshotCollection"),
        })
    }

    fn export_snapshot(&self, arguments: &Arguments) -> Result<Work, u32> {
        let snapshot = self.existing(arguments, "SnapshotCollection")?;
        let directory = arguments
            .text("ExportDirectory")
            .filter(|directory| is_absolute_directory(directory))
            .ok_or(INVALID_PARAMETER)?;
        let settings =
            embedded(arguments.text("ExportSettingData"), &["Msvm_CollectionSnapshotExportSettingData"])
                .map_err(|()| INVALID_PARAMETER)?;
        let base = settings.as_ref().and_then(|settings| settings.str("DifferentialBackupBase"));
        if base.is_some_and(|path| !path.is_empty() && !self.is_snapshot_path(path)) {
            return Err(INVALID_PARAMETER);
        }
        let directory = directory.trim_end_matches('\\').to_owned();
        Ok(Work::on(snapshot, Task::Export { directory }))
    }

    /// A base is named by a WMI path, not by a reference.
    fn is_snapshot_path(&self, path: &str) -> bool {
        ObjectPath::parse(path)
            .ok()
            .filter(|path| path.class().eq_ignore_ascii_case("Msvm_SnapshotCollection"))
            .and_then(|path| path.to_epr(crate::sim::NAMESPACE).ok())
            .is_some_and(|epr| self.snapshot(&epr).is_some())
    }

    fn existing(&self, arguments: &Arguments, parameter: &str) -> Result<&Snapshot, u32> {
        arguments.reference(parameter).and_then(|epr| self.snapshot(epr)).ok_or(INVALID_PARAMETER)
    }

    fn job_method(&mut self, job: &Instance, method: &str, arguments: &Arguments) -> Outcome {
        let id = job.str("InstanceID").unwrap_or_default();
        match method {
            "RequestStateChange" => {
                let has_timeout = arguments.get("TimeoutPeriod").is_some_and(|timeout| !timeout.is_null());
                Outcome::code(self.request_job_state(id, arguments.number("RequestedState"), has_timeout))
            }
            "GetError" => {
                let outputs = self.error_text(id).map(|error| ("Error", error)).into_iter().collect();
                Outcome { code: OK, outputs }
            }
            "GetErrorEx" => {
                let errors = |error| ("Errors", Value::Array(vec![error]));
                Outcome { code: OK, outputs: self.error_text(id).map(errors).into_iter().collect() }
            }
            _ => Outcome::code(NOT_SUPPORTED),
        }
    }

    /// `Msvm_Error` as CIM-XML text.
    fn error_text(&self, job: &str) -> Option<Value> {
        let cim_xml = self.job_error(job)?.to_cim_xml().ok()?;
        Some(text(cim_xml.as_str()))
    }
}

impl Work {
    fn on(snapshot: &Snapshot, task: Task) -> Self {
        let machines = snapshot.members.iter().map(|member| member.machine.clone()).collect();
        Self { task, machines, result: None }
    }
}

/// A documented method that this host does not have: the code that its own table gives for that.
fn not_supported(method: schema::Method) -> u32 {
    method
        .return_values()
        .find(|(_, name)| name.eq_ignore_ascii_case("Not Supported"))
        .map_or(NOT_SUPPORTED, |(code, _)| code)
}
