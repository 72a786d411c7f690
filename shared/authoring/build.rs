//! Embeds the shipped documents, which with the reference show every shape of the language.

#![expect(clippy::disallowed_methods, reason = "cargo tells a build script where it is by variables")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let programs = here.join("../../programs").canonicalize()?;
    println!("cargo::rerun-if-changed={}", programs.display());
    let mut text = String::from(
        "/// The shipped documents with their tests, vendor by vendor.\nconst SHIPPED: &[&[(&str, &str)]] = &[\n",
    );
    let mut vendors: Vec<PathBuf> =
        fs::read_dir(&programs)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    vendors.sort();
    for vendor in vendors.iter().filter(|vendor| vendor.is_dir()) {
        let mut paths = Vec::new();
        collect(vendor, &mut paths)?;
        paths.sort();
        text.push_str("    &[\n");
        for path in &paths {
            let name = path.strip_prefix(&programs).map_err(io::Error::other)?.display().to_string();
            writeln!(text, "        ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
        }
        text.push_str("    ],\n");
    }
    text.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("shipped_documents.rs"), text)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path.canonicalize()?);
        }
    }
    Ok(())
}
