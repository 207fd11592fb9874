//! What mends it: the likeliest cause of each failure, and the exact commands for the host or for here.
//!
//! Commands for the host are PowerShell, as an administrator. They use no names that Windows translates.

mod kerberos;
mod network;

pub(super) use kerberos::*;
pub(super) use network::*;

use super::login::Account;
use serde_json::{Value, json};

/// The likeliest cause, and what mends it.
#[derive(Debug)]
pub(super) struct Advice {
    pub(super) cause: String,
    pub(super) commands: Vec<(Place, String)>,
}

/// Where a command is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On the Hyper-V host, in PowerShell as an administrator.
    Host,
    /// On this machine, in a shell.
    Here,
}

impl Advice {
    pub(super) fn new(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), commands: Vec::new() }
    }

    pub(super) fn host(self, command: impl Into<String>) -> Self {
        self.with(Place::Host, command)
    }

    pub(super) fn here(self, command: impl Into<String>) -> Self {
        self.with(Place::Here, command)
    }

    fn with(mut self, place: Place, command: impl Into<String>) -> Self {
        self.commands.push((place, command.into()));
        self
    }

    pub(super) fn to_json(&self) -> Value {
        let commands = self.commands.iter().map(|(place, command)| {
            json!({ "where": if *place == Place::Host { "host" } else { "client" }, "command": command })
        });
        json!({ "cause": self.cause, "commands": commands.collect::<Vec<_>>() })
    }
}

/// The last login that Windows has refused.
const LAST_REFUSAL: &str = "Get-WinEvent -FilterHashtable @{LogName='Security'; Id=4625} -MaxEvents 1 | \
     Format-List TimeCreated, Message";
/// What WinRM has to say of its last requests.
const SERVICE_LOG: &str = "Get-WinEvent -LogName Microsoft-Windows-WinRM/Operational -MaxEvents 20 | Format-List TimeCreated, Message";
const LISTENERS: &str = "winrm enumerate winrm/config/listener";

/// `schemes`: what is wanted is not offered.
pub(super) fn not_offered(setting: &str, prefix: &str, other: Option<&str>) -> Advice {
    let advice = Advice::new(format!("`{setting}` is switched off on the host"))
        .host(format!(r"Set-Item WSMan:\localhost\Service\Auth\{setting} $true"));
    match other {
        Some(other) => advice.here(format!("{prefix} doctor --auth {other}")),
        None => advice,
    }
}

/// `login`: nobody to log in.
pub(super) fn no_user(prefix: &str) -> Advice {
    Advice::new("nothing says who logs in").here(format!(r"{prefix} doctor --user 'DOMAIN\user'"))
}

/// `login`: the host does not let it in. What the transport has said of it is the cause, here and below.
pub(super) fn refused(said: Option<&str>) -> Advice {
    match said {
        // Nobody has judged anything.
        Some(said) if said.contains("reach the host directly") => Advice::new(said).host(SERVICE_LOG),
        Some(said) => Advice::new(said).host(LAST_REFUSAL),
        None => Advice::new(
            "nobody has judged a password: the host ends the login before that, or something on the way answers in its place",
        )
        .host(SERVICE_LOG),
    }
}

/// `login`: Basic was refused.
pub(super) fn basic_refused(said: Option<&str>) -> Advice {
    Advice::new(said.unwrap_or("Basic is for accounts of the host alone"))
        .host("Get-LocalUser | Format-Table Name, Enabled, PasswordExpires")
}

/// `login`: an answer that WinRM does not give.
pub(super) fn breaks_the_protocol(said: Option<&str>) -> Advice {
    Advice::new(said.unwrap_or(
        "it is no WinRM that answers, or something between here and the host changes or replaces its answers",
    ))
    .host(LISTENERS)
}

/// `login`: no answer, as the connection ended.
pub(super) fn cut(said: Option<&str>) -> Advice {
    Advice::new(said.unwrap_or(
        "WinRM was stopped or restarted, or a gateway or firewall between here and the host ended the connection",
    ))
    .host("Get-Service WinRM, HTTP | Format-Table Name, Status; Restart-Service WinRM")
    .host(SERVICE_LOG)
}

/// `login`: no answer in time.
pub(super) fn slow(said: Option<&str>, prefix: &str) -> Advice {
    Advice::new(said.unwrap_or(
        "the host is busy, or a gateway or firewall between here and the host holds the messages back",
    ))
    .here(format!("{prefix} doctor --request-timeout 10m"))
    .host("Get-Service WinRM, Winmgmt, vmms | Format-Table Name, Status")
}

/// Any step: nothing more is known.
pub(super) fn look_at_the_log() -> Advice {
    Advice::new("nothing more is known of it here; the host's own log may say why").host(SERVICE_LOG)
}

/// `access`: refused with an access denied.
pub(super) fn denied(account: &Account) -> Advice {
    if account.is_local {
        return Advice::new(
            "an account of the host itself, other than the built-in Administrator: UAC takes its rights away when it \
             comes over the network",
        )
        .host(LOCAL_TOKENS)
        .host(groups(account));
    }
    Advice::new("the account is in neither of the groups that may use WinRM and Hyper-V")
        .host(groups(account))
}

/// `access`: WMI refused.
pub(super) fn denied_by_wmi(account: &Account) -> Advice {
    Advice::new("the account may use WinRM, and the WMI namespace does not let it in (Remote Enable)")
        .host(groups(account))
        .host("wmimgmt.msc  # Properties, Security, root\\virtualization\\v2: Execute Methods, Enable Account, Remote Enable")
}

/// `access`: no refusal, and nothing to see.
pub(super) fn nothing_shown(account: &Account) -> Advice {
    let advice = Advice::new(
        "the account is not in Hyper-V Administrators (Hyper-V shows nothing rather than refuse), or the service vmms \
         is stopped",
    )
    .host(groups(account))
    .host("Get-Service vmms");
    if account.is_local { advice.host(LOCAL_TOKENS) } else { advice }
}

/// `namespace`: there is none.
pub(super) fn no_hyper_v() -> Advice {
    Advice::new("Hyper-V is not installed on this host, or it is not the host that is meant")
        .host("Get-WindowsFeature Hyper-V")
        .host("Install-WindowsFeature Hyper-V -IncludeManagementTools -Restart")
}

/// `services`: one is stopped.
pub(super) fn stopped() -> Advice {
    Advice::new("the service of Hyper-V has not started all its parts").host("Restart-Service vmms")
}

/// `groups`: too old.
pub(super) fn too_old() -> Advice {
    Advice::new("groups of virtual machines came with Windows Server 2016; this host is older")
        .host("(Get-CimInstance Win32_OperatingSystem).Version")
}

/// `groups`: none there.
pub(super) fn no_groups() -> Advice {
    Advice::new("nobody has made one yet")
        .host("New-VMGroup -Name web-tier -GroupType VMCollectionType")
        .host("Add-VMGroupMember -Name web-tier -VM (Get-VM web1, web2)")
}

/// `quotas`: smaller than what is asked for.
pub(super) fn small_envelopes() -> Advice {
    Advice::new("the host's messages are smaller than this tool asks for: long lists come in more pages")
        .host(r"Set-Item WSMan:\localhost\MaxEnvelopeSizekb 500")
}

const LOCAL_TOKENS: &str = r"New-ItemProperty -Path HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System -Name LocalAccountTokenFilterPolicy -PropertyType DWord -Value 1 -Force";

/// By their well-known identifiers: Hyper-V Administrators, Remote Management Users.
fn groups(account: &Account) -> String {
    let user = account.name();
    let user = user.strip_prefix(r".\").unwrap_or(user).replace('\'', "''");
    format!(
        "'S-1-5-32-578','S-1-5-32-580' | ForEach-Object {{ Add-LocalGroupMember -SID $_ -Member '{user}' }}"
    )
}
