//! Compiles every `.proto` file under `accolade/` into Rust, without a `protoc` on the machine.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Where our files are; everything found below is compiled.
const OURS: &str = "accolade";
/// Where the vendored files are. Of these, only what ours import is compiled, and `SERVED`.
const THIRD_PARTY: &str = "third_party";
/// Vendored files that are served or sent although none of ours need import them.
const SERVED: [&str; 3] =
    ["google/longrunning/operations.proto", "google/rpc/error_details.proto", "google/type/month.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    // Cargo watches a directory with all that is below it: a new file needs no registration.
    println!("cargo:rerun-if-changed={OURS}");
    println!("cargo:rerun-if-changed={THIRD_PARTY}");

    let mut files = Vec::new();
    find_protos(Path::new(OURS), &mut files)?;
    files.extend(SERVED.map(|file| Path::new(THIRD_PARTY).join(file)));
    files.sort();

    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    let mut with_comments = protox::Compiler::new([THIRD_PARTY, "."])?;
    with_comments.include_imports(true).include_source_info(true).open_files(&files)?;
    let mut bare = protox::Compiler::new([THIRD_PARTY, "."])?;
    bare.include_imports(true).open_files(&files)?;
    // The encoded form is the one that keeps our own options.
    fs::write(out.join("descriptor_set.bin"), bare.encode_file_descriptor_set())?;

    let mut config = tonic_prost_build::Config::new();
    // Messages know their names: changes of the feeds and results of operations carry them.
    config.enable_type_names();
    tonic_prost_build::configure()
        .build_client(true)
        .build_server(true)
        // Maps are encoded in the order of their keys: equal messages have equal bytes.
        .btree_map(".")
        .include_file("packages.rs")
        .compile_fds_with_config(with_comments.file_descriptor_set(), config)?;
    Ok(())
}

/// Adds the `.proto` files below `folder`.
fn find_protos(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_protos(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
