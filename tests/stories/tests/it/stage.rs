//! What the stories of this folder share: a suite as the place where the demo's story happens.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use boot::Clock;
use cli::connect::Wire;
use cli::demo::told::Told;
use cli::demo::{Script, Theatre, opening, perform};
use cli::facts::{FactsError, Wanted, write_facts};
use cli::import::Bill;
use harness::{Suite, SuiteDatabases};
use proto::r#type::v1::Role;
use rpc::Caller;
use values::Instant;

/// The bill of the demo.
pub const BILL: &str = include_str!("../../../../programs/sample/data/bill-2024-09.focus.csv");

struct Stage(Suite);

impl Theatre for Stage {
    fn gateway(&self, caller: Caller) -> Wire {
        self.0.gateway(&caller).expect("the suite issues tokens to its own tests")
    }

    fn set_time(&self, now: Instant) {
        self.0.local.clock.advance_to(now);
    }

    fn say(&self, line: &str) {
        eprintln!("{line}");
    }
}

/// Tells the story on these databases, which may have heard it before.
pub async fn told(databases: &SuiteDatabases, bills: Vec<Bill>) -> Result<Told> {
    let stage = Stage(databases.start(Clock::manual(opening())).await?);
    let told = perform(&stage, &Script { bills }).await;
    stage.0.stop().await?;
    Ok(told?)
}

/// Tells the story and writes the facts of the suite that it happened in, as `accolade program facts` does.
pub async fn exported(databases: &SuiteDatabases, file: &Path, by_the_hour: bool) -> Result<(Told, u64)> {
    let stage = Stage(databases.start(Clock::manual(opening())).await?);
    let told = perform(&stage, &Script::default()).await?;
    let wire = stage.gateway(Caller::staff("program-manager", Role::ProgramManager));
    let wanted = Wanted { usage: None, now: stage.0.local.clock.now(), by_the_hour };
    let mut out = std::fs::File::create(file)?;
    let mut sink = |facts: program::Facts| {
        let text = authoring::facts::write(&facts).expect("rows of text are JSON");
        out.write_all(text.as_bytes()).map_err(|error| FactsError::Write(error.to_string()))
    };
    let count = write_facts(&wire, &wanted, &mut sink).await?;
    stage.0.stop().await?;
    Ok((told, count))
}

/// The bill's header and rows, one line each: the real bill has no line breaks inside cells.
pub fn lines() -> (&'static str, Vec<&'static str>) {
    let mut lines = BILL.lines();
    let header = lines.next().expect("the bill has a header");
    (header, lines.collect())
}

/// A bill of these rows, as a file.
pub fn written(folder: &Path, name: &str, header: &str, rows: &[&str]) -> Result<Bill> {
    let path = folder.join(name);
    std::fs::write(&path, format!("{header}\n{}\n", rows.join("\n")))?;
    Ok(Bill::File(path))
}
