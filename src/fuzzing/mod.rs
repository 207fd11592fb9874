//! What fuzzers call, and the tests on stable Rust that drive the same functions (see `fuzz/README.md`): one
//! for each reader of what peers and files hold. Each takes any bytes and fails by a panic, its own or that of
//! an assertion about what came out. Built with `--cfg fuzzing`, as fuzzers do, and for tests; never else.

mod documents;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod tests;

pub use crate::auth::fuzzing::ends;

use crate::{auth::fuzzing as auth, cli::fuzzing as cli, sim::fuzzing as sim, transport};
use transport::{http::fuzzing as http, replay::fuzzing as replay};

/// Public functions, for `fuzz/fuzz_targets/`, and the list of them.
macro_rules! targets {
    ($($module:ident::$name:ident: $doc:literal)+) => {
        $(
            #[doc = $doc]
            pub fn $name(data: &[u8]) {
                $module::$name(data);
            }
        )+

        /// Each target with its name.
        pub const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name)),+];
    };
}

targets! {
    auth::ntlm_acceptor: "What a client sends to the simulated host's NTLM."
    auth::ntlm_challenge: "What a host answers to NTLM's first message."
    auth::sealed_body: "A body of type `multipart/encrypted`."
    auth::spnego_token: "A first SPNEGO token."
    auth::target_info: "AV pairs in NTLM's messages."
    cli::condition: "A condition of `--where`."
    cli::instance_name: "An instance as users name it: by path, or in JSON."
    cli::profile_file: "The file of profiles."
    documents::datetime: "A CIM datetime, in any of its two forms."
    documents::embedded_instance: "An instance in text of CIM-XML."
    documents::mof: "Classes in MOF."
    documents::object_path: "A WMI object path."
    documents::soap_answer: "An answer of a host."
    documents::value: "A value of a property, of any type."
    documents::xml_document: "An XML document."
    http::certificate: "A certificate of a host or a user, for its hash, its key, its names and all that is shown of it."
    http::client_certificate: "A client's certificate with its key."
    http::proxy_url: "A proxy as users name it."
    http::www_authenticate: "What a host offers to log in with."
    replay::cassette_index: "The index of a recording."
    replay::cassette_message: "A message that is recorded."
    sim::soap_request: "A request to the simulated host."
    sim::wql: "A query to the simulated host."
    sim::wql_literal: "A text that is put into a query."
}
