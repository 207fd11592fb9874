//! What fuzzers feed with files of the user, and with what is typed.

use super::{
    cim::{
        Scope,
        condition::{Condition, to_selectors, to_wql},
        name,
    },
    profiles::Profiles,
};
use crate::{cim::Epr, sim::fuzzing as sim};
use std::path::Path;

/// The file of profiles.
pub(crate) fn profile_file(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Profiles::parse(Path::new("config.toml"), text);
    }
}

/// A condition: whatever its value is, it stays one condition of the query.
pub(crate) fn condition(data: &[u8]) {
    let Some(condition) = std::str::from_utf8(data).ok().and_then(|text| text.parse::<Condition>().ok())
    else {
        return;
    };
    let conditions = [condition];
    for (class, unchecked) in [("Msvm_ComputerSystem", false), ("Win32_X", true)] {
        let class = Epr::class_of(class, "root/virtualization/v2");
        let scope = Scope { unchecked, ..Scope::of_tests() };
        if let Ok(query) = to_wql(&class, &conditions, scope) {
            sim::has_one_condition(query.as_str());
        }
        let _ = to_selectors(&class, &conditions, scope);
    }
}

/// The name of an instance: what is read is printed as a path that names the same.
pub(crate) fn instance_name(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for unchecked in [false, true] {
        name::fuzzed(text, Scope { unchecked, ..Scope::of_tests() });
    }
}
