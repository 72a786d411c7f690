//! The one binary: parses arguments, composes the roles, prints.

use std::process::ExitCode;

use accolade::args::{Arguments, Command};
use accolade::{commands, run};
use clap::Parser;

// glibc's allocator costs half of the throughput of batched streams.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = run(async move {
        match arguments.command {
            Command::Demo(demo) => commands::demo::run(demo).await,
            Command::Serve(serve) => commands::serve::run(serve).await,
            Command::Migrate(migrate) => commands::migrate::run(migrate).await,
            Command::Config(common) => commands::config::run(&common),
            Command::Import(import) => commands::import::run(import).await,
            Command::Program(program) => commands::program::run(program).await,
            Command::Token(token) => commands::token::run(&token),
            Command::Health(health) => commands::health::run(&health).await,
            Command::Bench(bench) => commands::bench::run(bench).await,
        }
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // The chain of causes is for people; each line adds what the one before left out.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
