//! Groups of virtual machines (`Msvm_VirtualSystemCollection`).

use super::{number, required, without_braces};
use crate::{
    cim::{Epr, Instance, schema},
    error::{Error, ErrorKind, Result},
};

/// A group.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> hyperv_wsman::Result<()> {
/// # use hyperv_wsman::{Client, hyperv::HyperV, sim};
/// # let host = sim::Host::new(sim::Settings::default());
/// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
/// # let hyperv = HyperV::new(Client::with_transport(url, host.transport()));
/// let group = hyperv.group("WEB-TIER").await?;
/// assert_eq!(group.name, "web-tier");
/// assert_eq!(hyperv.members(&group).await?.len(), 3);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Group {
    /// CollectionID, a GUID.
    pub id: String,
    /// ElementName; not unique.
    pub name: String,
    /// The reference to it.
    pub epr: Epr,
}

impl Group {
    pub(super) fn from_instance(instance: &Instance, namespace: &str) -> Result<Self> {
        let id = required(instance, "CollectionID")?;
        let name = instance.str("ElementName").unwrap_or_default().to_owned();
        let epr = Epr::class_of("Msvm_VirtualSystemCollection", namespace).with("CollectionID", &id)?;
        Ok(Self { id, name, epr })
    }
}

/// A virtual machine.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VirtualMachine {
    /// Name property: a GUID.
    pub id: String,
    /// ElementName.
    pub name: String,
    /// `EnabledState`, number (2 running, 3 off; value map of the schema).
    pub state: u16,
    /// The reference to it.
    pub epr: Epr,
}

impl VirtualMachine {
    pub(super) fn from_instance(instance: &Instance, namespace: &str) -> Result<Self> {
        const CLASS: &str = "Msvm_ComputerSystem";
        let id = required(instance, "Name")?;
        let name = instance.str("ElementName").unwrap_or_default().to_owned();
        let epr = Epr::class_of(CLASS, namespace).with("CreationClassName", CLASS)?.with("Name", &id)?;
        Ok(Self { id, name, state: number(instance, "EnabledState").unwrap_or_default(), epr })
    }

    /// `EnabledState` in words: as an administrator knows them where they are known so, else by the
    /// schema's value map.
    #[must_use]
    pub fn state_name(&self) -> String {
        match self.state {
            2 => "running".into(),
            3 => "off".into(),
            6 => "saved".into(),
            9 => "paused".into(),
            other => schema::class("Msvm_ComputerSystem")
                .and_then(|class| class.property("EnabledState"))
                .and_then(|property| property.value_name(other.into()))
                .map_or_else(|| format!("state {other}"), str::to_lowercase),
        }
    }
}

/// The one group that is meant: by id, else by name in this case, else by name in any case.
pub(super) fn choose(groups: &[Group], wanted: &str) -> Result<Group> {
    let id = without_braces(wanted);
    let passes: [&dyn Fn(&Group) -> bool; 3] = [
        &|group| without_braces(&group.id).eq_ignore_ascii_case(id),
        &|group| group.name == wanted,
        &|group| group.name.to_lowercase() == wanted.to_lowercase(),
    ];
    for pass in passes {
        let mut found = groups.iter().filter(|group| pass(group));
        match (found.next(), found.next()) {
            (Some(group), None) => return Ok(group.clone()),
            (Some(one), Some(two)) => {
                let ids: Vec<&str> =
                    [one, two].into_iter().chain(found).map(|group| group.id.as_str()).collect();
                return Err(Error::new(
                    ErrorKind::Ambiguous,
                    format!(
                        "failed to choose group `{wanted}`: {} groups have that name: {}",
                        ids.len(),
                        ids.join(", ")
                    ),
                )
                .with_hint("give the id instead of the name"));
            }
            (None, _) => {}
        }
    }
    Err(not_found(groups, wanted))
}

fn not_found(groups: &[Group], wanted: &str) -> Error {
    const SHOWN: usize = 5;
    let quoted = |names: &[&str]| -> Vec<String> {
        names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect()
    };
    let mut names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let far = |name: &str| distance(&name.to_lowercase(), &wanted.to_lowercase());
    let mut near = names.clone();
    near.retain(|name| far(name) <= (wanted.chars().count() / 3).max(2));
    near.sort_by_key(|name| far(name));
    let hint = if groups.is_empty() {
        "the host has no groups; `New-VMGroup` on the host makes one".into()
    } else if near.is_empty() {
        let more = if names.len() > SHOWN { ", …" } else { "" };
        format!("groups of the host: {}{more}", quoted(&names).join(", "))
    } else {
        format!("did you mean {}?", quoted(&near).join(" or "))
    };
    Error::new(ErrorKind::NotFound, format!("failed to find group `{wanted}`: no group has that name or id"))
        .with_hint(hint)
}

/// Levenshtein's distance, in characters.
fn distance(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (index, one) in one.chars().enumerate() {
        let mut left = index + 1;
        let mut diagonal = index;
        for (cell, other) in row.iter_mut().skip(1).zip(&two) {
            let changed = diagonal + usize::from(one != *other);
            diagonal = *cell;
            left = changed.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str, name: &str) -> Group {
        let epr = Epr::class_of("Msvm_VirtualSystemCollection", "root/virtualization/v2");
        Group { id: id.into(), name: name.into(), epr }
    }

    fn groups() -> Vec<Group> {
        vec![
            group("11111111-0000-4000-8000-000000000001", "web-tier"),
            group("11111111-0000-4000-8000-000000000002", "Databases"),
            group("11111111-0000-4000-8000-000000000003", "twins"),
            group("11111111-0000-4000-8000-000000000004", "twins"),
        ]
    }

    #[test]
    fn a_group_is_found_by_name_in_any_case_and_by_id_with_or_without_braces() {
        for wanted in ["web-tier", "WEB-Tier", "11111111-0000-4000-8000-000000000001"] {
            assert_eq!(choose(&groups(), wanted).unwrap().name, "web-tier");
        }
        assert_eq!(choose(&groups(), "{11111111-0000-4000-8000-000000000002}").unwrap().name, "Databases");
    }

    #[test]
    fn the_exact_name_wins_over_another_case() {
        let mut groups = groups();
        groups.push(group("5", "WEB-TIER"));
        assert_eq!(choose(&groups, "WEB-TIER").unwrap().id, "5");
        assert_eq!(choose(&groups, "Web-Tier").unwrap_err().kind(), ErrorKind::Ambiguous);
    }

    #[test]
    fn an_unknown_group_names_the_nearest() {
        let error = choose(&groups(), "webtier").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        insta::assert_snapshot!(error, @"failed to find group `webtier`: no group has that name or id");
        insta::assert_snapshot!(error.hint().unwrap(), @"did you mean `web-tier`?");
        let error = choose(&groups(), "something else").unwrap_err();
        insta::assert_snapshot!(error.hint().unwrap(), @"groups of the host: `Databases`, `twins`, `web-tier`");
    }

    #[test]
    fn an_ambiguous_name_lists_the_ids() {
        let error = choose(&groups(), "twins").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
        insta::assert_snapshot!(error, @"failed to choose group `twins`: 2 groups have that name: 11111111-0000-4000-8000-000000000003, 11111111-0000-4000-8000-000000000004");
    }

    #[test]
    fn distances() {
        for (one, two, expected) in [("", "", 0), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 2)] {
            assert_eq!(distance(one, two), expected, "{one} {two}");
        }
    }
}
