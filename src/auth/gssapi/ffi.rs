//! The C side of GSSAPI: RFC 2744, RFC 5587 (stores of credentials) and the `iov` functions that MIT,
//! Heimdal and Windows share. Types in, types out; what they mean is known one level up.
#![allow(unsafe_code, reason = "the C functions of GSSAPI are called here, and nowhere else in the crate")]

use super::{
    layout::{Buffer, ChannelBindings, Iov, OidDesc, OidSet, Store, StoreEntry},
    oid::Oid,
    outcome::{Failure, Opened, Progress, Status, Wrapped},
};
use std::{
    ffi::{CStr, OsStr, c_int, c_void},
    fmt, ptr, slice,
};

/// Defines the table of functions, and how it is filled from a library.
macro_rules! functions {
    (required { $($name:ident($($type:ty),*);)* } optional { $($extra:ident($($kind:ty),*);)* }) => {
        /// The functions of a library. Each begins with `OM_uint32 *minor_status` and returns the major status.
        struct Functions {
            $($name: unsafe extern "C" fn(*mut u32, $($type),*) -> u32,)*
            $($extra: Option<unsafe extern "C" fn(*mut u32, $($kind),*) -> u32>,)*
            is_mit: bool,
        }

        impl Functions {
            fn of(library: &libloading::Library) -> Result<Self, libloading::Error> {
                // SAFETY: the types are those of the named functions in RFC 2744 and in gssapi_ext.h, and
                // the library is never unloaded (`Api::open` forgets it), so the pointers stay valid.
                unsafe {
                    Ok(Self {
                        $($name: *library.get(concat!(stringify!($name), "\0").as_bytes())?,)*
                        $($extra: library.get(concat!(stringify!($extra), "\0").as_bytes()).ok().map(|found| *found),)*
                        // Never called: only MIT has it.
                        is_mit: library.get::<unsafe extern "C" fn()>(b"gss_krb5_set_cred_rcache\0").is_ok(),
                    })
                }
            }
        }
    };
}

functions! {
    required {
        gss_acquire_cred(RawName, u32, *const OidSet, c_int, *mut RawCredential, *mut *mut OidSet, *mut u32);
        gss_delete_sec_context(*mut RawContext, *mut Buffer);
        gss_display_name(RawName, *mut Buffer, *mut *const OidDesc);
        gss_display_status(u32, c_int, *const OidDesc, *mut u32, *mut Buffer);
        gss_import_name(*const Buffer, *const OidDesc, *mut RawName);
        gss_init_sec_context(
            RawCredential, *mut RawContext, RawName, *const OidDesc, u32, u32, *const ChannelBindings,
            *const Buffer, *mut *const OidDesc, *mut Buffer, *mut u32, *mut u32
        );
        gss_inquire_context(
            RawContext, *mut RawName, *mut RawName, *mut u32, *mut *const OidDesc, *mut u32, *mut c_int, *mut c_int
        );
        gss_inquire_cred(RawCredential, *mut RawName, *mut u32, *mut c_int, *mut *mut OidSet);
        gss_release_buffer(*mut Buffer);
        gss_release_cred(*mut RawCredential);
        gss_release_name(*mut RawName);
        gss_unwrap(RawContext, *const Buffer, *mut Buffer, *mut c_int, *mut u32);
    }
    optional {
        gss_acquire_cred_from(
            RawName, u32, *const OidSet, c_int, *const Store, *mut RawCredential, *mut *mut OidSet, *mut u32
        );
        gss_acquire_cred_with_password(
            RawName, *const Buffer, u32, *const OidSet, c_int, *mut RawCredential, *mut *mut OidSet, *mut u32
        );
        gss_release_iov_buffer(*mut Iov, c_int);
        gss_set_neg_mechs(RawCredential, *const OidSet);
        gss_store_cred_into(
            RawCredential, c_int, *const OidDesc, u32, u32, *const Store, *mut *mut OidSet, *mut c_int
        );
        gss_unwrap_iov(RawContext, *mut c_int, *mut u32, *mut Iov, c_int);
        gss_wrap_iov(RawContext, c_int, u32, *mut c_int, *mut Iov, c_int);
    }
}

type RawName = *mut c_void;
type RawCredential = *mut c_void;
type RawContext = *mut c_void;

/// `GSS_C_INITIATE`
const INITIATE: c_int = 1;
/// `GSS_C_INDEFINITE`
const FOREVER: u32 = u32::MAX;
const GSS_C_GSS_CODE: c_int = 1;
const GSS_C_MECH_CODE: c_int = 2;
const GSS_S_CONTINUE_NEEDED: u32 = 1;
/// Calling and routine errors; what remains are supplementary bits.
const GSS_ERROR_MASK: u32 = 0xFFFF_0000;
const IOV_DATA: u32 = 1;
const IOV_HEADER: u32 = 2;
const IOV_PADDING: u32 = 9;
const IOV_ALLOCATE: u32 = 0x0001_0000;

/// A loaded library.
#[derive(Clone, Copy)]
pub(super) struct Api(&'static Functions);

impl Api {
    /// Loads a library for good: plug-ins and thread exits may call into it at any time.
    pub(super) fn open(library: &OsStr) -> Result<Self, String> {
        // SAFETY: initializers of a GSSAPI library have no preconditions. Which library it is decide the
        // user of this process and its system, as they do for every library of this process.
        let library = unsafe { libloading::Library::new(library) }.map_err(with_source)?;
        let functions = Functions::of(&library).map_err(with_source)?;
        std::mem::forget(library);
        Ok(Self(Box::leak(Box::new(functions))))
    }

    /// Whether it is MIT's, proven by what no other library has. What others have proves nothing: Apple hides the
    /// names of Heimdal's functions, and a look into a library looks into those that it was linked with too.
    pub(super) fn is_mit(self) -> bool {
        self.0.is_mit && self.has_stores()
    }

    /// Whether credentials come from named places, and go there.
    fn has_stores(self) -> bool {
        self.0.gss_acquire_cred_from.is_some() && self.0.gss_store_cred_into.is_some()
    }

    /// Whether messages can be sealed with their header apart.
    pub(super) fn can_seal(self) -> bool {
        let functions = self.0;
        functions.gss_wrap_iov.and(functions.gss_unwrap_iov).and(functions.gss_release_iov_buffer).is_some()
    }

    /// Whether SPNEGO can be told what to offer.
    pub(super) fn can_restrict_spnego(self) -> bool {
        self.0.gss_set_neg_mechs.is_some()
    }

    pub(super) fn import_name(self, text: &str, kind: Oid) -> Result<Name, Failure> {
        let mut name = Name { api: self, raw: ptr::null_mut() };
        let (text, kind) = (Buffer::of(text.as_bytes()), OidDesc::of(kind));
        // SAFETY: all pointers are to live locals; the library copies what it keeps.
        self.call(None, |minor| unsafe {
            (self.0.gss_import_name)(minor, &raw const text, &raw const kind, &raw mut name.raw)
        })?;
        Ok(name)
    }

    /// The user's own credential, for `name` where one is given.
    pub(super) fn acquire(self, name: Option<&Name>, mechanism: Oid) -> Result<Credential, Failure> {
        self.credential(mechanism, |minor, mechanisms, credential| {
            // SAFETY: all pointers are to live values or null where RFC 2744 5.2 allows it.
            unsafe {
                let (set, time) = (ptr::null_mut(), ptr::null_mut());
                (self.0.gss_acquire_cred)(
                    minor,
                    raw_name(name),
                    FOREVER,
                    mechanisms,
                    INITIATE,
                    credential,
                    set,
                    time,
                )
            }
        })
    }

    /// A credential from named places: an extension of MIT.
    pub(super) fn acquire_from(
        self,
        name: Option<&Name>,
        mechanism: Oid,
        places: &[(&CStr, &CStr)],
    ) -> Result<Credential, Failure> {
        let function = self.0.gss_acquire_cred_from.ok_or(Failure::Missing("gss_acquire_cred_from"))?;
        self.credential(mechanism, |minor, mechanisms, credential| {
            // SAFETY: as in `acquire`, and by `with_store`.
            with_store(places, |store| unsafe {
                let (set, time) = (ptr::null_mut(), ptr::null_mut());
                function(minor, raw_name(name), FOREVER, mechanisms, INITIATE, store, credential, set, time)
            })
        })
    }

    /// A credential by password. The library keeps a copy of it as long as the credential lives. A zero
    /// byte must follow it in memory: gss-ntlmssp, though told the length, reads up to one.
    pub(super) fn acquire_with_password(
        self,
        name: &Name,
        mechanism: Oid,
        password: &CStr,
    ) -> Result<Credential, Failure> {
        let missing = Failure::Missing("gss_acquire_cred_with_password");
        let function = self.0.gss_acquire_cred_with_password.ok_or(missing)?;
        let (length, value) = (password.count_bytes(), password.as_ptr().cast_mut().cast());
        let password = Buffer { length, value };
        self.credential(mechanism, |minor, mechanisms, credential| {
            // SAFETY: as in `acquire`; the password outlives the call.
            unsafe {
                let (password, set, time) = (&raw const password, ptr::null_mut(), ptr::null_mut());
                function(minor, name.raw, password, FOREVER, mechanisms, INITIATE, credential, set, time)
            }
        })
    }

    fn credential(
        self,
        mechanism: Oid,
        acquire: impl FnOnce(*mut u32, *const OidSet, *mut RawCredential) -> u32,
    ) -> Result<Credential, Failure> {
        let mut credential = Credential { api: self, raw: ptr::null_mut() };
        let oid = OidDesc::of(mechanism);
        let mechanisms = OidSet { count: 1, elements: &raw const oid };
        self.call(Some(mechanism), |minor| acquire(minor, &raw const mechanisms, &raw mut credential.raw))?;
        Ok(credential)
    }

    /// Calls, and has a failure explained at once: libraries keep the details for this thread alone,
    /// and only until the next call. Gives the supplementary bits.
    fn call(self, mechanism: Option<Oid>, function: impl FnOnce(*mut u32) -> u32) -> Result<u32, Failure> {
        let mut minor = 0;
        let major = function(&raw mut minor);
        if major & GSS_ERROR_MASK == 0 {
            return Ok(major);
        }
        let minor_text = self.explain(minor, GSS_C_MECH_CODE, mechanism);
        let major_text = self.explain(major, GSS_C_GSS_CODE, None);
        Err(Failure::Status(Status { major, minor, major_text, minor_text }))
    }

    fn explain(self, code: u32, kind: c_int, mechanism: Option<Oid>) -> String {
        /// More parts than any library has for one status.
        const MOST: usize = 8;
        let mechanism = mechanism.map(OidDesc::of);
        let mechanism = mechanism.as_ref().map_or(ptr::null(), ptr::from_ref);
        let mut parts = Vec::new();
        let mut more = 0;
        for _ in 0..MOST {
            let mut minor = 0;
            let mut text = OwnedBuffer { api: self, raw: Buffer::EMPTY };
            // SAFETY: all pointers are to live locals, or null for the default mechanism.
            let major = unsafe {
                (self.0.gss_display_status)(
                    &raw mut minor,
                    code,
                    kind,
                    mechanism,
                    &raw mut more,
                    &raw mut text.raw,
                )
            };
            if major != 0 {
                break;
            }
            // Some texts of MIT's SPNEGO end with the zero byte of C.
            let text = String::from_utf8_lossy(&text.read()).into_owned();
            parts.push(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned());
            if more == 0 {
                break;
            }
        }
        parts.join("; ")
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("is_mit", &self.is_mit()).finish_non_exhaustive()
    }
}

/// Its own text only says which function failed; which file or symbol, its source.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn with_source(error: libloading::Error) -> String {
    let source = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
    format!("{error}{source}")
}

/// # Safety
/// `pointer` is null or points to an identifier of the library.
unsafe fn read_oid(pointer: *const OidDesc) -> Vec<u8> {
    if pointer.is_null() {
        return Vec::new();
    }
    // SAFETY: by contract; identifiers are constants of the library.
    let oid = unsafe { *pointer };
    let value = oid.elements.cast_mut();
    let length = usize::try_from(oid.length).unwrap_or_default();
    // SAFETY: `elements` points to `length` bytes (RFC 2744 3.5).
    unsafe { read_buffer(Buffer { length, value }) }
}

/// # Safety
/// `value` is null or points to `length` bytes that can be read.
unsafe fn read_buffer(buffer: Buffer) -> Vec<u8> {
    if buffer.value.is_null() {
        return Vec::new();
    }
    // SAFETY: by contract.
    unsafe { slice::from_raw_parts(buffer.value.cast::<u8>(), buffer.length) }.to_vec()
}

/// The places as C takes them, for the time of a call.
fn with_store<T>(places: &[(&CStr, &CStr)], call: impl FnOnce(*const Store) -> T) -> T {
    let entry = |(key, value): &(&CStr, &CStr)| StoreEntry { key: key.as_ptr(), value: value.as_ptr() };
    let entries: Vec<_> = places.iter().map(entry).collect();
    let count = u32::try_from(entries.len()).unwrap_or_default();
    let store = Store { count, entries: entries.as_ptr() };
    call(&raw const store)
}

fn raw_name(name: Option<&Name>) -> RawName {
    name.map_or(ptr::null_mut(), |name| name.raw)
}

/// A buffer that the library allocated.
struct OwnedBuffer {
    api: Api,
    raw: Buffer,
}

impl OwnedBuffer {
    fn read(&self) -> Vec<u8> {
        // SAFETY: filled by the library, or empty.
        unsafe { read_buffer(self.raw) }
    }
}

impl Drop for OwnedBuffer {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: filled by the same library, or empty; released once.
        unsafe { (self.api.0.gss_release_buffer)(&raw mut minor, &raw mut self.raw) };
    }
}

/// A name.
#[derive(Debug)]
pub(super) struct Name {
    api: Api,
    raw: RawName,
}

// SAFETY: names are not bound to the thread that made them, and nobody else has the pointer.
unsafe impl Send for Name {}

impl Name {
    /// The name for people.
    pub(super) fn display(&self) -> Result<String, Failure> {
        if self.raw.is_null() {
            return Ok(String::new());
        }
        let mut text = OwnedBuffer { api: self.api, raw: Buffer::EMPTY };
        // SAFETY: the name is live, the type of the name not asked for.
        self.api.call(None, |minor| unsafe {
            (self.api.0.gss_display_name)(minor, self.raw, &raw mut text.raw, ptr::null_mut())
        })?;
        Ok(String::from_utf8_lossy(&text.read()).into_owned())
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let mut minor = 0;
        if !self.raw.is_null() {
            // SAFETY: made by this library, released once.
            unsafe { (self.api.0.gss_release_name)(&raw mut minor, &raw mut self.raw) };
        }
    }
}

/// A credential.
#[derive(Debug)]
pub(super) struct Credential {
    api: Api,
    raw: RawCredential,
}

// SAFETY: as for names. It is not `Sync`: who shares one puts a lock around it.
unsafe impl Send for Credential {}

impl Credential {
    /// Has SPNEGO offer one mechanism and no other.
    pub(super) fn restrict_spnego(&mut self, mechanism: Oid) -> Result<(), Failure> {
        let function = self.api.0.gss_set_neg_mechs.ok_or(Failure::Missing("gss_set_neg_mechs"))?;
        let oid = OidDesc::of(mechanism);
        let mechanisms = OidSet { count: 1, elements: &raw const oid };
        // SAFETY: the credential is live; the library copies the set.
        self.api.call(None, |minor| unsafe { function(minor, self.raw, &raw const mechanisms) })?;
        Ok(())
    }

    /// Puts its tickets into a place, over what is there.
    pub(super) fn store(&self, mechanism: Oid, places: &[(&CStr, &CStr)]) -> Result<(), Failure> {
        let function = self.api.0.gss_store_cred_into.ok_or(Failure::Missing("gss_store_cred_into"))?;
        let oid = OidDesc::of(mechanism);
        // SAFETY: the credential is live, `oid` and the store outlive the call, and what is not asked
        // for is null.
        self.api.call(Some(mechanism), |minor| {
            with_store(places, |store| unsafe {
                let (stored, usage) = (ptr::null_mut(), ptr::null_mut());
                function(minor, self.raw, INITIATE, &raw const oid, 1, 0, store, stored, usage)
            })
        })?;
        Ok(())
    }

    /// Whose it is, and for how many seconds yet.
    pub(super) fn inquire(&self, mechanism: Oid) -> Result<(Name, u32), Failure> {
        let mut name = Name { api: self.api, raw: ptr::null_mut() };
        let mut lifetime = 0;
        // SAFETY: the credential is live; what is not asked for is null.
        self.api.call(Some(mechanism), |minor| unsafe {
            (self.api.0.gss_inquire_cred)(
                minor,
                self.raw,
                &raw mut name.raw,
                &raw mut lifetime,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        })?;
        Ok((name, lifetime))
    }
}

impl Drop for Credential {
    fn drop(&mut self) {
        let mut minor = 0;
        if !self.raw.is_null() {
            // SAFETY: made by this library, released once.
            unsafe { (self.api.0.gss_release_cred)(&raw mut minor, &raw mut self.raw) };
        }
    }
}

/// What a leg needs besides the context.
pub(super) struct Leg<'a> {
    pub(super) credential: &'a Credential,
    pub(super) target: &'a Name,
    pub(super) mechanism: Oid,
    pub(super) flags: u32,
    pub(super) binding: Option<&'a [u8]>,
    pub(super) input: Option<&'a [u8]>,
}

/// What an established context says of itself.
pub(super) struct Facts {
    pub(super) source: Name,
    pub(super) target: Name,
    pub(super) mechanism: Vec<u8>,
    pub(super) flags: u32,
}

/// A security context of the side that begins.
#[derive(Debug)]
pub(super) struct Context {
    api: Api,
    raw: RawContext,
}

// SAFETY: contexts are not bound to the thread that made them. Not `Sync`, and every use is `&mut`.
unsafe impl Send for Context {}

impl Context {
    pub(super) fn new(api: Api) -> Self {
        Self { api, raw: ptr::null_mut() }
    }

    pub(super) fn init(&mut self, leg: &Leg<'_>) -> Result<Progress, Failure> {
        let mechanism = OidDesc::of(leg.mechanism);
        let binding = leg.binding.map(ChannelBindings::of);
        let input = leg.input.map(Buffer::of);
        let mut output = OwnedBuffer { api: self.api, raw: Buffer::EMPTY };
        // SAFETY: all pointers are to live values or null where RFC 2744 5.19 allows it; the handle is
        // null before the first leg and then the library's own.
        let supplementary = self.api.call(Some(leg.mechanism), |minor| unsafe {
            (self.api.0.gss_init_sec_context)(
                minor,
                leg.credential.raw,
                &raw mut self.raw,
                leg.target.raw,
                &raw const mechanism,
                leg.flags,
                FOREVER,
                binding.as_ref().map_or(ptr::null(), ptr::from_ref),
                input.as_ref().map_or(ptr::null(), ptr::from_ref),
                ptr::null_mut(),
                &raw mut output.raw,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        })?;
        Ok(Progress { token: output.read(), complete: supplementary & GSS_S_CONTINUE_NEEDED == 0 })
    }

    pub(super) fn inquire(&mut self) -> Result<Facts, Failure> {
        let (mut source, mut target) = (ptr::null_mut(), ptr::null_mut());
        let (mut mechanism, mut flags) = (ptr::null(), 0);
        // SAFETY: the context is live after a leg that succeeded; what is not asked for is null.
        self.api.call(None, |minor| unsafe {
            (self.api.0.gss_inquire_context)(
                minor,
                self.raw,
                &raw mut source,
                &raw mut target,
                ptr::null_mut(),
                &raw mut mechanism,
                &raw mut flags,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        })?;
        let name = |raw| Name { api: self.api, raw };
        // SAFETY: `mechanism` was written by the library.
        let mechanism = unsafe { read_oid(mechanism) };
        Ok(Facts { source: name(source), target: name(target), mechanism, flags })
    }

    /// Encrypts, with the header apart.
    pub(super) fn wrap(&mut self, mechanism: Oid, plain: &[u8]) -> Result<Wrapped, Failure> {
        let function = self.api.0.gss_wrap_iov.ok_or(Failure::Missing("gss_wrap_iov"))?;
        let release = self.api.0.gss_release_iov_buffer.ok_or(Failure::Missing("gss_release_iov_buffer"))?;
        let mut text = plain.to_vec();
        let mut iov = [
            Iov::empty(IOV_HEADER | IOV_ALLOCATE),
            Iov::of(IOV_DATA, &mut text),
            Iov::empty(IOV_PADDING | IOV_ALLOCATE),
        ];
        let mut encrypted = 0;
        // SAFETY: the context is live; `iov` has three elements, and the text is encrypted in place.
        let wrapped = self.api.call(Some(mechanism), |minor| unsafe {
            function(minor, self.raw, 1, 0, &raw mut encrypted, iov.as_mut_ptr(), 3)
        });
        let [header, _, padding] = iov;
        // SAFETY: allocated by the library, or still empty.
        let (header, padding) = unsafe { (read_buffer(header.buffer), read_buffer(padding.buffer)) };
        let mut minor = 0;
        // SAFETY: as above; it frees only what it allocated (it has marked those), once.
        unsafe { release(&raw mut minor, iov.as_mut_ptr(), 3) };
        wrapped?;
        Ok(Wrapped { header, text, padding, encrypted: encrypted != 0 })
    }

    /// Opens a text whose header stands apart.
    pub(super) fn unwrap_apart(
        &mut self,
        mechanism: Oid,
        header: &[u8],
        data: &[u8],
    ) -> Result<Opened, Failure> {
        let function = self.api.0.gss_unwrap_iov.ok_or(Failure::Missing("gss_unwrap_iov"))?;
        let (mut header, mut text) = (header.to_vec(), data.to_vec());
        let mut iov = [
            Iov::of(IOV_HEADER, &mut header),
            Iov::of(IOV_DATA, &mut text),
            // Empty: where the cipher pads, the padding is the end of the text.
            Iov::empty(IOV_PADDING),
        ];
        let mut encrypted = 0;
        // SAFETY: the context is live; `iov` has three elements over copies that may be written to.
        let supplementary = self.api.call(Some(mechanism), |minor| unsafe {
            function(minor, self.raw, &raw mut encrypted, ptr::null_mut(), iov.as_mut_ptr(), 3)
        })?;
        let [_, opened, _] = iov;
        // Opened in place: the length is the library's news, the bytes are ours.
        text.truncate(opened.buffer.length);
        Ok(Opened { plain: text, encrypted: encrypted != 0, out_of_order: supplementary != 0 })
    }

    /// Opens a token in one piece.
    pub(super) fn unwrap(&mut self, mechanism: Oid, token: &[u8]) -> Result<Opened, Failure> {
        let token = Buffer::of(token);
        let mut plain = OwnedBuffer { api: self.api, raw: Buffer::EMPTY };
        let mut encrypted = 0;
        // SAFETY: the context is live; the token is only read.
        let supplementary = self.api.call(Some(mechanism), |minor| unsafe {
            (self.api.0.gss_unwrap)(
                minor,
                self.raw,
                &raw const token,
                &raw mut plain.raw,
                &raw mut encrypted,
                ptr::null_mut(),
            )
        })?;
        Ok(Opened { plain: plain.read(), encrypted: encrypted != 0, out_of_order: supplementary != 0 })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let mut minor = 0;
        if !self.raw.is_null() {
            // SAFETY: made by this library, deleted once; no token for the peer is wanted.
            unsafe {
                (self.api.0.gss_delete_sec_context)(&raw mut minor, &raw mut self.raw, ptr::null_mut())
            };
        }
    }
}
