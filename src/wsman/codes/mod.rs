//! Every code of the SDK header `wsmerror.h` by name, the field-seen ones by meaning.
//!
//! Codes are unsigned 32-bit numbers: WS-Management's own (`0x8033_8xxx`), WMI's (`0x8004_1xxx`),
//! Win32 errors, plain or as an HRESULT (`0x8007_xxxx`).

mod advice;
mod system_names;
mod wsman_names;

pub(super) use advice::{
    Advice, NO_HYPER_V, NOT_THERE, of_code as advice, of_status as status_advice,
    of_subcode as subcode_advice,
};

/// The symbolic name of a code.
pub(super) fn name(code: u32) -> Option<&'static str> {
    const HRESULT_FROM_WIN32: u32 = 0x8007_0000;
    look_up(wsman_names::WSMAN, code).or_else(|| look_up(system_names::WMI, code)).or_else(|| {
        let win32 = if code & 0xFFFF_0000 == HRESULT_FROM_WIN32 { code & 0xFFFF } else { code };
        look_up(system_names::WIN32, win32)
    })
}

fn look_up(table: &[(u32, &'static str)], code: u32) -> Option<&'static str> {
    let index = table.binary_search_by_key(&code, |&(known, _)| known).ok()?;
    table.get(index).map(|&(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_so_that_each_code_is_found() {
        for table in [wsman_names::WSMAN, system_names::WMI, system_names::WIN32] {
            assert!(table.is_sorted_by(|(a, _), (b, _)| a < b));
            assert!(table.iter().all(|&(code, expected)| name(code) == Some(expected)));
        }
        assert_eq!(wsman_names::WSMAN.len(), 512);
    }

    #[test]
    fn codes_of_all_kinds_have_names() {
        assert_eq!(name(2_150_858_793), Some("ERROR_WSMAN_OPERATION_TIMEDOUT"));
        assert_eq!(name(0x8033_81FF), Some("ERROR_WSMAN_EVENTING_PUSH_SUBSCRIPTION_NOACTIVATE_EVENTSOURCE"));
        assert_eq!(name(0x8004_102F), Some("WBEM_E_INVALID_METHOD_PARAMETERS"));
        assert_eq!(name(5), Some("ERROR_ACCESS_DENIED"));
        assert_eq!(name(0x8007_0005), Some("ERROR_ACCESS_DENIED"));
        assert_eq!(name(2_147_943_418), Some("ERROR_KEY_DELETED"));
        assert_eq!(name(4_000_000_000), None);
        assert_eq!(name(0), None);
    }
}
