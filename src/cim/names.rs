//! Names by which serde and CIM find each other.

/// The field that stands for the class of an instance; WMI's own name for it.
pub(super) const CLASS: &str = "__CLASS";
/// How an [`Instance`](super::Instance) calls itself to a (de)serializer.
pub(super) const INSTANCE: &str = "hyperv_wsman::cim::Instance";
/// How an [`Epr`](super::Epr) calls itself.
pub(super) const EPR: &str = "hyperv_wsman::cim::Epr";
/// How a [`Value`](super::Value) calls itself.
pub(super) const VALUE: &str = "hyperv_wsman::cim::Value";
/// How a [`DateTime`](super::DateTime) and its kinds call themselves.
pub(super) const DATETIME: &str = "hyperv_wsman::cim::DateTime";

/// The field for a property: of the same name, without case, or `_` aside as well.
pub(super) fn field_of(fields: &'static [&'static str], property: &str) -> Option<&'static str> {
    let exact = fields.iter().find(|field| **field == property);
    exact.or_else(|| fields.iter().find(|field| is_field(field, property))).copied()
}

/// Whether two names are the same, case and `_` aside.
pub(super) fn is_field(one: &str, two: &str) -> bool {
    let (mut one, mut two) = (one.as_bytes(), two.as_bytes());
    loop {
        match (one, two) {
            ([b'_', rest @ ..], _) => one = rest,
            (_, [b'_', rest @ ..]) => two = rest,
            ([left, left_rest @ ..], [right, right_rest @ ..]) if left.eq_ignore_ascii_case(right) => {
                (one, two) = (left_rest, right_rest);
            }
            _ => return one.is_empty() && two.is_empty(),
        }
    }
}

/// Whether a variant is meant by a name of a value map: the same letters and digits, without case.
pub(super) fn is_variant(variant: &str, name: &str) -> bool {
    variant == name
        || significant(variant, |byte| byte.is_ascii_alphanumeric())
            .eq(significant(name, |byte| byte.is_ascii_alphanumeric()))
}

fn significant(name: &str, keep: fn(u8) -> bool) -> impl Iterator<Item = u8> {
    name.bytes().filter(move |byte| keep(*byte)).map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_exact_name_first() {
        assert_eq!(field_of(&["job_state", "JobState"], "JobState"), Some("JobState"));
        assert_eq!(field_of(&["instance_id"], "InstanceID"), Some("instance_id"));
        assert_eq!(
            field_of(&["switch_reservation_mode"], "Switch_ReservationMode"),
            Some("switch_reservation_mode")
        );
        assert_eq!(field_of(&["job"], "JobState"), None);
    }

    #[test]
    fn a_variant_is_a_name_without_its_spaces_and_signs() {
        assert!(is_variant("CompletedWithWarnings", "Completed with Warnings"));
        assert!(is_variant("-Sunday", "-Sunday"));
        assert!(!is_variant("Completed", "Completed with Warnings"));
    }
}
