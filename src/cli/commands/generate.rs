//! Completions and manual pages, generated from the grammar.

use crate::cli::{args::grammar, failure::Failure, output::Output};
use std::{fs, path::Path};

/// `hvctl completions`.
pub(super) fn completions(output: &Output, shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut grammar(), "hvctl", &mut script);
    output.bytes(&script)
}

/// `hvctl man`.
pub(super) fn man(output: &Output, directory: Option<&Path>) -> Result<(), Failure> {
    let Some(directory) = directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(grammar()).render(&mut page).map_err(Failure::output)?;
        return output.bytes(&page);
    };
    let fail =
        |error| Failure::io(format!("failed to write manual pages to `{}`", directory.display()), error);
    fs::create_dir_all(directory).map_err(fail)?;
    clap_mangen::generate_to(grammar(), directory).map_err(fail)?;
    output.note(&format!("manual pages are in `{}`", directory.display()));
    Ok(())
}
