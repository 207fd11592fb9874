//! Compiles the class schema, `schema/*.mof`, into the bytes that `cim::schema` reads.

#![allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

use std::path::Path;
use std::{env, fs, io};

#[path = "src/cim/schema/compiler/mod.rs"]
mod compiler;
#[path = "src/cim/schema/layout.rs"]
mod layout;

fn main() -> io::Result<()> {
    for path in ["schema", "src/cim/schema/compiler", "src/cim/schema/layout.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let mut sources = Vec::new();
    for entry in fs::read_dir("schema")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "mof") {
            sources.push((path.display().to_string(), fs::read_to_string(&path)?));
        }
    }
    sources.sort();
    match compiler::compile(&sources) {
        Ok(bytes) => {
            let directory = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
            fs::write(Path::new(&directory).join("schema.bin"), bytes)
        }
        Err(error) => {
            println!("cargo::error={error}");
            Ok(())
        }
    }
}
