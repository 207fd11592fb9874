//! What fuzzers feed with files of the user.

use super::profiles::Profiles;
use std::path::Path;

/// The file of profiles.
pub(crate) fn profile_file(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Profiles::parse(Path::new("config.toml"), text);
    }
}
