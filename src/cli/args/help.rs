//! What `--help` says beyond the options: examples, JSON, limits. Paragraphs are single lines, wrapped by clap to
//! the terminal.

/// `hvctl -h`.
pub(super) const SHORT: &str = "\
Examples:
  hvctl demo
  hvctl --host hv1.example.org --user 'CORP\\backup' group list
  hvctl snapshot create --group web-tier --type recovery
  hvctl snapshot export ID --to 'D:\\Exports' --copy-storage

`hvctl --help` tells about passwords, output, exit codes and what is not proven.";

/// `hvctl --help`.
pub(super) const LONG: &str = "\
Examples:
  hvctl demo
  hvctl --host hv1.example.org identify --anonymous
  export HVCTL_HOST=hv1.example.org HVCTL_USER='CORP\\backup'
  hvctl group list
  hvctl snapshot create --group web-tier --type recovery
  hvctl snapshot export ID --to 'D:\\Exports' --copy-storage

Password:
It comes from --password-stdin, --password-command, --password-file or --password-keyring, else from HVCTL_PASSWORD, else from where the \
profile says, else from a prompt on a terminal. Never from an argument: arguments are visible to every user of this \
machine.

Ports:
A bare host name means port 5986, over TLS. If nothing listens there, it means 5985, with sealed messages, unless \
something shows that TLS was meant: a pin, a CA, Basic, or an earlier connection of the profile. Which way is taken is \
told on standard error. Who can drop packets can force the second way: let automation use `--tls require`.

Output:
Data goes to standard output, everything else to standard error. With `--output json` a command prints one JSON \
document; an error is one line of JSON on standard error: `error` with `kind`, `code` (the exit code), `message`, \
`causes`, `hint`, `evidence`. Progress is then shown on a terminal only, and a warning is a line of JSON of its \
own: `warning`. `ndjson` is the same with each element of an array on a line of its own. `yaml` is that document in YAML, \
with errors for people. `csv` and `xml` are for commands that print instances: get, enumerate, query, associators, \
references; `xml` for invoke, too.

Exit codes:
    0  done (also when the reader of a pipe goes away)
    1  internal error
    2  usage
    3  configuration or input
    4  not found, or ambiguous
    5  transport: no connection, or lost
    6  TLS trust
    7  authentication
    8  timeout
    9  protocol: not WS-Management as it should be
   10  the host answered with a fault
   11  access denied
   12  a method was refused
   13  a job failed
   14  outcome unknown: a change may or may not have happened
   15  cassette (record and replay, fixture lint)
   16  a value could not be decoded
   17  local files and pipes
  130  interrupted by Ctrl-C, SIGTERM or SIGHUP (a job that was waited for goes on), or a question declined

Not proven on a live host:
What `snapshot create` and `snapshot export` send follows the documents; no session with a real host stands behind \
it yet. `hvctl simulate` is written from the same documents.";

/// `hvctl doctor`.
pub(super) const DOCTOR: &str = "\
Prints for each step ok, warning (the main job can still run), failed or skipped, with what it saw; at a failure the \
likeliest cause, and the command for the host or for here that mends it. It only reads, and logs in once; all that it \
writes is, as every command does, that TLS has worked (`tls-used` of the profile). Ends with exit code 0 only if the main job (snapshot a group, export it) could \
run, else with that of the first failure's kind. docs/preparing-a-host.md says how a host gets there.

Examples:
  hvctl doctor --host hv1.example.org --user 'CORP\\backup'
  hvctl doctor --profile hv1 --output json

JSON: `schema` (1), `host`, `url`, `ready`, `exit_code`, `first_failure`, `steps`: each `step`, `status`, `seen` (lines \
for people), `facts` (values, by step), `error` (as in errors of other commands), `blocked_by`, `advice` (`cause`, \
`commands`: `where` is `host` or `client`, `command`).";

/// `hvctl trust`.
pub(super) const TRUST: &str = "\
Shows the certificate that the host presents: nothing is sent but the TLS handshake. When you confirm at a terminal \
that the fingerprint is the host's own, or `--fingerprint` says the same, it is stored in the profile: `--profile`, \
else the one of this host, else a new one with the host's name.

Compare on the host itself, in PowerShell:
  Get-ChildItem Cert:\\LocalMachine\\My | ForEach-Object { $_.GetCertHashString('SHA256') }

Another certificate than the stored one ends with exit code 6; only `--fingerprint` with the new one replaces it.

Examples:
  hvctl trust hv1.example.org
  hvctl trust hv1.example.org --profile hv1 --fingerprint sha256:2f6c…

JSON: `url`, `fingerprint`, `subject`, `issuer`, `names`, `not_before`, `not_after`, `key`, `version`, `ca`, \
`trusted`, `problem`, `profile`, `stored`.";

/// `hvctl profile`.
pub(super) const PROFILE: &str = "\
Profiles are in the file that `hvctl config path` names. `--profile NAME` takes one; without it `default-profile` is \
taken, unless a host is named by --host or HVCTL_HOST. What is typed beats the environment, and that beats the \
profile. Each option of a connection is a key of a profile, under its own name:

  default-profile = \"hv1\"

  [profile.hv1]
  host = \"hv1.example.org\"
  user = 'CORP\\backup'
  password-command = \"pass show hv1\"
  fingerprint = \"sha256:2f6c…\"
  tls = \"require\"

A profile never holds a password, only where it comes from: `password-command`, \
`password-file` (mode 0600) or `password-keyring = true`. It is not used for another user than the profile's.";

/// `hvctl profile list`.
pub(super) const PROFILE_LIST: &str = "\
JSON: an array of `name`, `host`, `user`, `default`.";

/// `hvctl profile show`.
pub(super) const PROFILE_SHOW: &str = "\
JSON: `name`, `file`, `default`, `settings`.";

/// `hvctl profile add`.
pub(super) const PROFILE_ADD: &str = "\
Examples:
  hvctl profile add hv1 --host hv1.example.org --user 'CORP\\backup' --password-command 'pass show hv1'
  hvctl profile add hv1 --update --tls require --default

JSON: as `profile show`.";

/// `hvctl profile remove`.
pub(super) const PROFILE_REMOVE: &str = "\
Asks; without a terminal it needs `--yes`. What the file holds beside the profile stays.";

/// `hvctl profile test`.
pub(super) const PROFILE_TEST: &str = "\
JSON: `profile`, `url`, `product_vendor`, `product_version`, `login_seconds` (connection, login and first answer), \
`round_trip_seconds` (a second question).";

/// `hvctl config show`.
pub(super) const CONFIG_SHOW: &str = "\
Of a password only the source is shown; of a command only its program.

JSON: an array of `name`, `value`, and with --origin `origin` (`flag`, `environment`, `profile`, `default`) and \
`place` (the option, the variable, or the profile and its file).";

/// `hvctl identify`.
pub(super) const IDENTIFY: &str = "\
Examples:
  hvctl --host hv1.example.org identify --anonymous
  hvctl --host hv1.example.org --user 'CORP\\backup' identify

JSON: `url`, `protocol_version`, `product_vendor`, `product_version`, `security_profiles`.";

/// `hvctl group list`.
pub(super) const GROUP_LIST: &str = "\
JSON: an array of `id`, `name`.";

/// `hvctl group show`.
pub(super) const GROUP_SHOW: &str = "\
Example:
  hvctl group show web-tier

JSON: `id`, `name`, `members` (`id`, `name`, `state`, `state_name`).";

/// `hvctl snapshot create`.
pub(super) const SNAPSHOT_CREATE: &str = "\
Examples:
  hvctl snapshot create --group web-tier --type recovery
  hvctl snapshot create --group web-tier --type recovery --consistency crash --no-wait
  hvctl snapshot create --group web-tier --type standard

A recovery snapshot is application-consistent, a copy backup in the guest (logs are not truncated), and leaves no \
disk out, unless told otherwise. A standard snapshot sends empty settings.

JSON: `snapshot` (`id`, `name`, `members`), `group`, `group_id`, `job` (as `job list`; null when the host was done \
at once, or its job was never seen), `sent` (`SnapshotType`, `SnapshotSettings`). With `--no-wait`: `job` (`id`, \
`class`), `wait` (the command that waits), `group`, `group_id`, `sent`.

Not proven on a live host: the class and the fields of the settings follow the documents of the single-machine \
service. `--settings-xml` sends a text of yours instead.";

/// `hvctl snapshot list`.
pub(super) const SNAPSHOT_LIST: &str = "\
The snapshot of a group has no time of its own; `snapshot show` tells when each machine's was taken.

JSON: an array of `id`, `name`, `group`, `group_id`.";

/// `hvctl snapshot show`.
pub(super) const SNAPSHOT_SHOW: &str = "\
JSON: `id`, `name`, `group`, `group_id`, `members` (`id`, `name`, `machine_id`, `created`, `snapshot_type`, \
`machine` as it is now: `id`, `name`, `state`, `state_name`, or null when it is no longer in the group), \
`not_in_snapshot` (machines of the group that the snapshot does not hold).";

/// `hvctl snapshot export`.
pub(super) const SNAPSHOT_EXPORT: &str = "\
Examples:
  hvctl snapshot export ID --to 'D:\\Exports' --copy-storage
  hvctl snapshot export ID --to '\\\\backup\\share\\web' --config-only

An export with `--config-only` leaves disk merging switched off for the machines. Switch it on again with \
ModifyDiskMergeSettings and an Msvm_DiskMergeSettingData whose EnabledState is 1.

JSON: `snapshot` (`id`, `name`), `directory`, `job` (as `job list`; null when the host was done at once, or its job \
was never seen). With `--no-wait`: `job` (`id`, `class`), `wait` (the command that waits), `snapshot`, `directory`.

Not proven on a live host.";

/// `hvctl snapshot delete`.
pub(super) const SNAPSHOT_DELETE: &str = "\
Lists what is affected and asks; without a terminal it needs `--yes`. Declining ends with exit code 130.

JSON: `snapshot` (`id`, `name`), `job` (as `job list`; null when the host was done at once, or its job was never \
seen). With `--no-wait`: `job` (`id`, `class`), `wait` (the command that waits), `snapshot`.";

/// `hvctl snapshot apply`.
pub(super) const SNAPSHOT_APPLY: &str = "\
Puts every machine of the snapshot back to the time of the snapshot. What the machines wrote since is lost; to be \
able to come back, take a standard snapshot first. Machines that joined the group later stay as they are. \
Whether a host applies a snapshot to running machines is not documented.

Lists what is affected and asks; without a terminal it needs `--yes`. Declining ends with exit code 130.

JSON: `snapshot` (`id`, `name`), `job` (as `job list`; null when the host was done at once, or its job was never \
seen). With `--no-wait`: `job` (`id`, `class`), `wait` (the command that waits), `snapshot`.";

/// `hvctl job list`.
pub(super) const JOB_LIST: &str = "\
JSON: an array of `id`, `class`, `caption`, `state` (number), `state_name`, `percent`, `job_type`, `job_type_name`, \
`status`, `error_code`, `error_description`, `error_summary`, `cancellable`, `elapsed_seconds`, `start_time`.";

/// `hvctl job show` and `wait`.
pub(super) const JOB: &str = "\
Shows what the job affects and has created, such as the new snapshot, as far as the host tells.

JSON: as an element of `job list`, and `affected` (`class`, `id`, `effects`, `effect_names`).";

/// `hvctl job cancel`.
pub(super) const JOB_CANCEL: &str = "\
Lists the job and what it affects and asks; without a terminal it needs `--yes`. Declining ends with exit code 130. A \
job that has ended, or that the host calls not cancellable, is refused. The host may take its time: `job wait` tells \
how the job ends.

JSON: as `job show`.";

/// `hvctl explain`.
pub(super) const EXPLAIN: &str = "\
Reads requests, answers and faults. A readable message ends with exit code 0, a fault included.

Examples:
  hvctl explain answer.xml
  hvctl explain - < answer.xml

JSON: `summary`, `lines` (`indent`, `label`, `value`), `fault`.";

/// `hvctl fixture lint`.
pub(super) const LINT: &str = "\
Finds host names outside .test and .example, addresses outside the documentation ranges, GUIDs that are not \
counted, domain users, mail addresses, Authorization headers, NTLM and Kerberos tokens, and origins that do not fit. \
Ends with exit code 15 if there is any finding.

JSON: an array of `file`, `line`, `kind`, `excerpt`.";

/// `hvctl simulate`.
pub(super) const SIMULATE: &str = "\
Prints `export HVCTL_HOST='…'` and the same for HVCTL_USER, HVCTL_PASSWORD, HVCTL_AUTH and HVCTL_FINGERPRINT, which are all \
that the other commands need, then serves until Ctrl-C. It serves HTTPS; with --plain HTTP, as a host does whose \
only listener is port 5985: it takes logins by NTLM and sealed messages, and nothing else.

Example:
  hvctl simulate > sim.env &
  until [ -s sim.env ]; do sleep 0.1; done; eval \"$(cat sim.env)\"
  hvctl group list

Rules are written ACTION@OPERATION[#WHEN]. OPERATION is Identify, Get, Enumerate, Pull, Release, the name of a \
method, or `*` for all; WHEN counts the requests that match: #2, #2-4, #2-.

Instead of doing what was asked: fault:CODE[:SUBCODE], status:CODE, redirect, cut:before, return:CODE.
After doing it: delay:TIME, cut:after, cut:BYTES, truncate:BYTES, html, garbage, empty-500, wrong-relatesto, \
no-returnvalue.
With a method that starts a job: sync, no-job, job-fail[:CODE], job-warn, job-hang, job-vanish, job-lost, no-affected.

  hvctl simulate --rule 'cut:after@CreateSnapshot#1' --rule 'delay:2s@Get'";

/// `hvctl demo`.
pub(super) const DEMO: &str = "\
Starts a simulated host on loopback (HTTPS, NTLM) and goes through the normal client: show the group, create a \
recovery snapshot, wait, find the result, export it, list. Needs no Hyper-V, no network and no credentials; the \
connection options are not used.

JSON: `group`, `group_id`, `machines`, `snapshot` (`id`, `name`, `members`), `export` (`directory`, `job`), \
`snapshots`, `requests` (SOAP requests of the whole job).";

/// `hvctl completions`.
pub(super) const COMPLETIONS: &str = "\
Example:
  hvctl completions bash > ~/.local/share/bash-completion/completions/hvctl";
