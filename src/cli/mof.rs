//! `--mof`: classes that are known besides those compiled in.

use super::{config, failure::Failure};
use crate::{
    cim::schema::Schema,
    error::{Error, ErrorKind},
};
use std::path::PathBuf;

/// The compiled schema and the classes of these files, one after the other: of two of a name the last one holds.
///
/// # Errors
/// `Io` for a file that cannot be read, `Config` with the place for one that is no MOF.
pub(crate) fn load(files: &[PathBuf]) -> Result<Schema, Failure> {
    files.iter().try_fold(Schema::default(), |schema, file| {
        let name = file.display().to_string();
        schema.extended(&name, config::read(file)?).map_err(|error| {
            let message = format!("failed to load classes from `{name}`");
            Error::new(ErrorKind::Config, message).with_source(error).into()
        })
    })
}
