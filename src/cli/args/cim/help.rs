//! What `--help` says beyond the options of commands about instances and the schema.

/// `hvctl get`.
pub(crate) const GET: &str = "\
Examples:
  hvctl get 'Msvm_ComputerSystem.Name=\"5d1f0b0c-8f0e-4c55-9f3c-6a2f4f6f0a11\"' --names
  hvctl get Msvm_VirtualSystemManagementService --output json
  hvctl get --namespace root/cimv2 Win32_OperatingSystem=@ --fields Version,LastBootUpTime
  hvctl enumerate Msvm_ComputerSystem --limit 1 --output json | hvctl get -

Quotes around a value may be left out where it has neither comma nor quote: `Msvm_ConcreteJob.InstanceID=8A…`. A key \
`CreationClassName` that is left out is the class. A class alone stands for its only instance, by the reference that \
the host has for it. In JSON a reference is an object of `uri` and `selectors`, as commands print them; an instance \
that was printed with its `__PATH` is one too.

A path may name the host of the connection, as PowerShell's `__PATH` does; one of another host is refused.

JSON: an object of `__CLASS`, `__PATH` and the properties as the host \
spells them. Integers are exact; points in time are RFC 3339, intervals ISO 8601; references are objects of `uri`, \
`selectors`, `path`. With --names each property with a value map is followed by its name: `EnabledState_name`. \
CSV: a header and one line; null is empty, arrays are JSON, references are paths. XML: the instance as it came. With \
--fragment, `fragment` and `value`.";

/// `hvctl enumerate`.
pub(crate) const ENUMERATE: &str = "\
Examples:
  hvctl enumerate Msvm_ComputerSystem
  hvctl enumerate Msvm_ComputerSystem --where EnabledState=Enabled --where 'ElementName~web-%' --output json
  hvctl enumerate Msvm_VirtualSystemSettingData --fields ElementName,VirtualSystemType --names --output csv
  hvctl enumerate Msvm_ConcreteJob --output ndjson | head -1

Conditions: numbers, dates (RFC 3339 or DMTF) and booleans are read as the schema has the property; a name of the \
value map stands for its number; text is quoted and escaped. `null` is no value, \"null\" in quotes is text. A \
property that the schema does not know is a number or a boolean if it looks like one.

A table shows the keys and a few properties; --fields chooses. All other formats have all properties. Rows are \
printed as they arrive (a table holds back the first hundred), and leaving early (--limit, a closed pipe) releases the \
enumeration on the host. When it fails on the way, what came is printed and the exit code says so.

JSON: an array of objects as of `get`, whose `__PATH` is null where the schema does not know the keys and `--mode \
object` keeps the host from telling; with `--mode epr` of references. NDJSON: one on each line. YAML: a sequence. \
CSV: the first instance decides the columns, unless --fields does. XML: the instances as they came, within `w:Items`.";

/// `hvctl query`.
pub(crate) const QUERY: &str = "\
Examples:
  hvctl query \"SELECT * FROM Msvm_ComputerSystem WHERE EnabledState = 2\" --names
  hvctl query \"ASSOCIATORS OF {Msvm_VirtualSystemCollection.CollectionID='…'}\" --fields ElementName,__PATH
  hvctl query --namespace root/cimv2 'SELECT * FROM Win32_Service' --output ndjson | jq .Name

The query is sent as it is: within it, `\\` and quotes of a text are written with a `\\` before them (`enumerate \
--where` does that by itself). A list of properties instead of `*` brings these alone. Output as of `enumerate`.";

/// `hvctl associators`.
pub(crate) const ASSOCIATORS: &str = "\
Examples:
  hvctl associators Msvm_VirtualSystemCollection.CollectionID=5D1F… --result Msvm_ComputerSystem
  hvctl associators Msvm_ComputerSystem.Name=5D1F… --association Msvm_SettingsDefineState --output json

An association filter is sent; `query \"ASSOCIATORS OF {…}\"` asks the same in WQL. Output as of `enumerate`.";

/// `hvctl references`.
pub(crate) const REFERENCES: &str = "\
Example:
  hvctl references Msvm_ConcreteJob.InstanceID=8A… --result Msvm_AffectedJobElement --output json

Output as of `enumerate`.";

/// `hvctl invoke`.
pub(crate) const INVOKE: &str = "\
Examples:
  hvctl invoke Msvm_ComputerSystem.Name=5D1F… RequestStateChange RequestedState=2
  hvctl invoke Msvm_VirtualSystemManagementService GetSummaryInformation RequestedInformation=0 RequestedInformation=1
  hvctl invoke Msvm_VirtualSystemManagementService ModifySystemSettings SystemSettings=@settings.xml --dry-run
  hvctl invoke Msvm_CollectionSnapshotService CreateSnapshot SnapshotType=1 SnapshotSettings= \\
    Collection=Msvm_VirtualSystemCollection.CollectionID=5D1F…

Parameters have the types of the schema. `name=value`: numbers, dates (RFC 3339 or DMTF), booleans; a name of the value \
map stands for its number; a reference is named as for `get`; `null` is no value, but for texts, where it is `:=null`. \
`name=@file` is what the file holds: XML of an embedded instance as it is, and JSON from a name that ends with .json. \
`name:=json`: an object with `__CLASS` becomes an embedded instance, typed by the schema; an array is an array, and so \
is what is given more than once.

A method that may change something asks at a terminal, and needs --yes elsewhere; --dry-run prints the message instead \
of sending it. It is sent once: when the answer is lost, the exit code is 14 and nothing is repeated. A job that the \
method starts is followed unless --no-wait says otherwise. A return value other than 0 and 4096 ends with exit code 12, \
after the output was printed.

What comes within an instance is told by its path: `SummaryInformation[0].Name`.

JSON: `class`, `method`, `return_value`, `return_name`, `parameters` (as properties of `get`), `job` (as `job list`; \
null if there is none), with --no-wait `wait` (the command that waits). XML: the answer to the call as it came.";

/// `hvctl put`.
pub(crate) const PUT: &str = "\
Examples:
  hvctl put Msvm_VirtualSystemCollection.CollectionID=5D1F… ElementName=web
  hvctl put - Notes=a Notes=b < instance.json
  hvctl put --namespace root/cimv2 'Win32_Environment.Name=STAGE,UserName=<SYSTEM>' VariableValue=x --fragment

Only the properties that are given are sent; Windows leaves the others as they are. Values as of `invoke`. Most classes \
of Hyper-V refuse it: their services have methods such as ModifySystemSettings.

Asks at a terminal, and needs --yes elsewhere; --dry-run prints the message instead of sending it.

JSON: `changed` (the reference), `instance` (as the host says it is now, or null; with --fragment the one property). With \
--dry-run, here and in the other commands that change something, `dry_run` and `message`.";

/// `hvctl create`.
pub(crate) const CREATE: &str = "\
Example:
  hvctl create --namespace root/cimv2 Win32_Environment Name=STAGE UserName='<SYSTEM>' VariableValue=test

Values as of `invoke`. Most classes of Hyper-V refuse it: their services have methods such as DefineSystem.

Asks at a terminal, and needs --yes elsewhere; --dry-run prints the message instead of sending it.

JSON: `created` (the reference).";

/// `hvctl delete`.
pub(crate) const DELETE: &str = "\
Example:
  hvctl delete --namespace root/cimv2 'Win32_Environment.Name=\"STAGE\",UserName=\"<SYSTEM>\"'

Most classes of Hyper-V refuse it: their services have methods such as DestroySystem.

Asks at a terminal, and needs --yes elsewhere; --dry-run prints the message instead of sending it.

JSON: `deleted` (the reference).";

/// `hvctl schema`.
pub(crate) const SCHEMA: &str = "\
The classes of `root\\virtualization\\v2` as Microsoft documents them, compiled in. Hosts may have more, and other \
namespaces have others: what is not in the schema can still be read, with values as text.";

/// `hvctl schema list`.
pub(crate) const SCHEMA_LIST: &str = "\
Example:
  hvctl schema list --derived-from CIM_Service

JSON: an array of `name`, `superclass`, `abstract`, `association`, `indication`.";

/// `hvctl schema show`.
pub(crate) const SCHEMA_SHOW: &str = "\
Examples:
  hvctl schema show Msvm_ComputerSystem
  hvctl schema show Msvm_ComputerSystem EnabledState
  hvctl schema show Msvm_CollectionSnapshotService CreateSnapshot --output json

JSON: `name`, `superclasses` (nearest first), `abstract`, `association`, `indication`, `keys`, `properties` (`name`, \
`type`, `array`, `key`, `class` of references and embedded instances, `declared_in`, `values`: `value`, `name`), \
`methods` (`name`, `declared_in`, `parameters`: as properties, with `direction`; `returns`: `value`, `name`).";

/// `hvctl schema search`.
pub(crate) const SCHEMA_SEARCH: &str = "\
Members are listed at the class that declares them.

Example:
  hvctl schema search checkpoint

JSON: an array of `kind` (`class`, `property`, `method`, `parameter`, `value`), `class`, `member`, `found`.";
