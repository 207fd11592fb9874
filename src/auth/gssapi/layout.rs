//! The structures of `gssapi.h` and `gssapi_ext.h`, as C lays them out.

use super::oid::Oid;
use std::{
    ffi::{c_char, c_void},
    ptr,
};

/// Declares structures of gssapi.h, which Apple and MIT pack to two bytes on macOS for Intel.
macro_rules! structures {
    ($($(#[$meta:meta])* struct $name:ident { $($field:ident: $type:ty,)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy)]
            #[cfg_attr(all(target_os = "macos", target_arch = "x86_64"), repr(C, packed(2)))]
            #[cfg_attr(not(all(target_os = "macos", target_arch = "x86_64")), repr(C))]
            pub(super) struct $name { $(pub(super) $field: $type,)* }
        )*
    };
}

structures! {
    /// `gss_OID_desc`
    struct OidDesc { length: u32, elements: *const c_void, }
    /// `gss_OID_set_desc`
    struct OidSet { count: usize, elements: *const OidDesc, }
    /// `gss_buffer_desc`
    struct Buffer { length: usize, value: *mut c_void, }
    /// `struct gss_channel_bindings_struct`
    struct ChannelBindings {
        initiator_type: u32,
        initiator: Buffer,
        acceptor_type: u32,
        acceptor: Buffer,
        application_data: Buffer,
    }
    /// `gss_iov_buffer_desc`
    struct Iov { kind: u32, buffer: Buffer, }
}

/// `gss_key_value_element_desc`
#[repr(C)]
pub(super) struct StoreEntry {
    pub(super) key: *const c_char,
    pub(super) value: *const c_char,
}

/// `gss_key_value_set_desc`
#[repr(C)]
pub(super) struct Store {
    pub(super) count: u32,
    pub(super) entries: *const StoreEntry,
}

impl OidDesc {
    pub(super) fn of(oid: Oid) -> Self {
        Self { length: oid.length(), elements: oid.bytes().as_ptr().cast() }
    }
}

impl Buffer {
    pub(super) const EMPTY: Self = Self { length: 0, value: ptr::null_mut() };

    /// Points to `bytes`. GSSAPI never writes to what it takes as input.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
    }
}

impl ChannelBindings {
    pub(super) fn of(application_data: &[u8]) -> Self {
        Self {
            initiator_type: 0,
            initiator: Buffer::EMPTY,
            acceptor_type: 0,
            acceptor: Buffer::EMPTY,
            application_data: Buffer::of(application_data),
        }
    }
}

impl Iov {
    pub(super) fn of(kind: u32, bytes: &mut [u8]) -> Self {
        Self { kind, buffer: Buffer { length: bytes.len(), value: bytes.as_mut_ptr().cast() } }
    }

    pub(super) const fn empty(kind: u32) -> Self {
        Self { kind, buffer: Buffer::EMPTY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{align_of, offset_of, size_of};

    /// As `gcc` lays out `gssapi.h` and `gssapi_ext.h` of MIT on a system with 64-bit pointers.
    #[cfg(all(target_pointer_width = "64", not(all(target_os = "macos", target_arch = "x86_64"))))]
    #[test]
    fn structures_are_laid_out_as_in_c() {
        assert_eq!((size_of::<OidDesc>(), offset_of!(OidDesc, elements)), (16, 8));
        assert_eq!((size_of::<OidSet>(), offset_of!(OidSet, elements)), (16, 8));
        assert_eq!((size_of::<Buffer>(), offset_of!(Buffer, value)), (16, 8));
        assert_eq!(size_of::<ChannelBindings>(), 64);
        assert_eq!(offset_of!(ChannelBindings, initiator), 8);
        assert_eq!(offset_of!(ChannelBindings, acceptor_type), 24);
        assert_eq!(offset_of!(ChannelBindings, acceptor), 32);
        assert_eq!(offset_of!(ChannelBindings, application_data), 48);
        assert_eq!((size_of::<Iov>(), offset_of!(Iov, buffer)), (24, 8));
        assert_eq!((size_of::<StoreEntry>(), offset_of!(StoreEntry, value)), (16, 8));
        assert_eq!((size_of::<Store>(), offset_of!(Store, entries)), (16, 8));
        assert_eq!(align_of::<ChannelBindings>(), 8);
    }

    /// As the same headers are packed for Intel on macOS.
    #[cfg(all(target_os = "macos", target_arch = "x86_64"))]
    #[test]
    fn structures_are_laid_out_as_in_c() {
        assert_eq!((size_of::<OidDesc>(), offset_of!(OidDesc, elements)), (12, 4));
        assert_eq!((size_of::<Iov>(), offset_of!(Iov, buffer)), (20, 4));
        assert_eq!(size_of::<ChannelBindings>(), 56);
        assert_eq!(align_of::<ChannelBindings>(), 2);
        // gssapi_ext.h does not pack.
        assert_eq!((size_of::<Store>(), offset_of!(Store, entries)), (16, 8));
    }
}
