//! A generated population in competency's own PostgreSQL database, evaluated by the operation over everybody: facts
//! read, scorecards and awards written.
//!
//! `cargo bench -p competency --features bench --bench population -- [PARTNERS [SEED]]`: 400,000 partners of seed 1,
//! unless told otherwise. The population is filled into a private cluster whose commits wait for the disk, by this
//! process; a second one does nothing but evaluate, so that its memory and its time are those of evaluation.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant as Clock};

use anyhow::{Context, Result, ensure};
use authoring::generated::Recipe;
use clap::Parser;
use competency::bench::{self, Batch, Everybody, Filled, Filler, Told};
use program::Facts;
use store::testing::LastingCluster;
use store::{Store, StoreOptions};
use tokio::sync::mpsc;
use values::{Date, Instant, Zone};

/// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PROGRAM: &str = "microsoft/solutions-partner";
/// Partners whose facts of one month come together: some thousand records of usage, as an ingestion takes them.
const CHUNK: u32 = 4_000;
/// How often progress is told.
const EVERY: Duration = Duration::from_secs(5);

/// What can be chosen.
#[derive(Parser, Debug)]
struct Arguments {
    /// How many partners.
    #[arg(default_value_t = 400_000)]
    partners: u32,
    /// What they are made from.
    #[arg(default_value_t = 1)]
    seed: u64,
    /// A folder that keeps the cluster, so that what was filled is evaluated again without filling.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// An empty PostgreSQL database to fill, or one that was filled here, instead of a cluster of our own.
    #[arg(long)]
    database: Option<String>,
    /// Fills and does not evaluate.
    #[arg(long)]
    fill_only: bool,
    /// Explains every scorecard and follows the awards, instead of deciding only how everybody stands.
    #[arg(long)]
    explained: bool,
    /// Gives what is published its places in the feed meanwhile, as a running service does.
    #[arg(long)]
    publishing: bool,
    /// Simulates a changed threshold over everybody, instead of evaluating.
    #[arg(long)]
    simulated: bool,
    /// Evaluates over what the run before recorded, so that nothing new is to be written.
    #[arg(long)]
    again: bool,
    /// Evaluates and does nothing else: what the second process is told.
    #[arg(long, hide = true)]
    evaluate_only: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tokio::runtime::Runtime::new()?.block_on(async {
        match &arguments.database {
            Some(url) if arguments.evaluate_only && arguments.simulated => simulate(url).await,
            Some(url) if arguments.evaluate_only => evaluate(url, &arguments).await,
            _ => fill_and_evaluate(&arguments).await,
        }
    })
}

fn day() -> Result<Date> {
    Ok(Date::new(2023, 8, 15)?)
}

/// The end of the day on which everybody is judged.
fn as_of() -> Result<Instant> {
    Ok(Zone::utc().day(day()?).end().context("the day has no end")?.saturating_add(-1))
}

async fn fill_and_evaluate(arguments: &Arguments) -> Result<()> {
    let recipe = Recipe { seed: arguments.seed, partners: arguments.partners, day: day()? };
    let cluster = match arguments.database {
        Some(_) => None,
        None => Some(LastingCluster::start(arguments.keep.as_deref()).context("PostgreSQL is not installed")?),
    };
    let name = format!("population_{}_{}", recipe.partners, recipe.seed);
    let url = match (&arguments.database, &cluster) {
        (Some(url), _) => url.clone(),
        (None, Some(cluster)) => {
            let url = cluster.url(&name);
            let kept = match Store::open(&url, StoreOptions::default()).await {
                Ok(store) => bench::is_filled(&store).await?,
                Err(_) => false,
            };
            if kept { url } else { cluster.create_database(&name).await }
        }
        (None, None) => anyhow::bail!("there is no database"),
    };
    let store = Store::open(&url, StoreOptions::default()).await?;
    if !bench::is_filled(&store).await? {
        fill(&store, recipe).await?;
    }
    for (table, rows, bytes) in bench::sizes(&store).await? {
        println!("{table:<28} {rows:>9} rows {:>9.1} MB", bytes as f64 / 1e6);
    }
    if arguments.fill_only {
        return Ok(());
    }
    if !arguments.again {
        bench::clear(&store).await?;
    }
    let began = Clock::now();
    let mut second = Command::new(std::env::current_exe()?);
    second.args(["--evaluate-only", "--database", &url]);
    let choices = [
        (arguments.explained, "--explained"),
        (arguments.publishing, "--publishing"),
        (arguments.simulated, "--simulated"),
    ];
    for (asked, argument) in choices {
        if asked {
            second.arg(argument);
        }
    }
    let server = cluster.as_ref().and_then(LastingCluster::server);
    let before = server.map(ended_processor_time).transpose()?;
    let evaluated = second.status()?;
    ensure!(evaluated.success(), "the evaluation failed");
    if !arguments.simulated {
        compare(&store, began.elapsed()).await?;
    }
    // By now the server has seen the sessions of the evaluation end; those of this process have not.
    if let Some((server, before)) = server.zip(before) {
        let spent = ended_processor_time(server)?.saturating_sub(before);
        println!("processor time of the server {:>8.1} s", spent.as_secs_f64());
    }
    Ok(())
}

/// Fills the database: month after month, as feeds would have brought it, one chunk of partners after another.
async fn fill(store: &Store, recipe: Recipe) -> Result<()> {
    let began = Clock::now();
    let mut filler = Filler::start(store).await?;
    let (sender, mut batches) = mpsc::channel(2);
    // Made beside the writing, and never more than a few chunks of it.
    let maker = tokio::task::spawn_blocking(move || make(recipe, |batch| Ok(sender.blocking_send(batch)?)));
    let (mut written, mut told) = (0, Clock::now());
    let all = recipe.partners.div_ceil(CHUNK) as usize * recipe.recordings().len();
    while let Some(batch) = batches.recv().await {
        filler.write(batch).await?;
        written += 1;
        if told.elapsed() > EVERY {
            told = Clock::now();
            println!("filling: {} % after {:.0} s", written * 100 / all, began.elapsed().as_secs_f64());
        }
    }
    let made = maker.await??;
    let documents = documents()?;
    let last = recipe.recordings().last().copied().context("there are no months")?;
    filler.rule(&documents, last).await?;
    let filled = filler.settle().await?;
    ensure!(filled == made, "{made:?} were made, {filled:?} were filled in");
    println!(
        "filled: {} partners of seed {}, {} facts and {} hours of usage in {:.1} s",
        recipe.partners,
        recipe.seed,
        filled.facts,
        filled.usage,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Makes the whole population once for every month, and hands over what was recorded then. Says how much there is.
fn make(recipe: Recipe, mut give: impl FnMut(Batch) -> Result<()>) -> Result<Filled> {
    let mut made = Filled::default();
    for (number, month) in recipe.recordings().into_iter().enumerate() {
        for first in (0..recipe.partners).step_by(CHUNK as usize) {
            let mut facts = Facts::default();
            for partner in first..recipe.partners.min(first + CHUNK) {
                facts.absorb(recipe.partner(partner));
            }
            if number == 0 {
                made.usage += facts.usage.len() as u64;
                made.facts += others(&facts) as u64;
            }
            give(Batch::of(&facts, month)?)?;
        }
    }
    Ok(made)
}

/// How many facts there are but usage.
fn others(facts: &Facts) -> usize {
    let about_partners = facts.partners.len() + facts.people.len() + facts.certifications.len();
    let about_customers = facts.customers.len() + facts.subscriptions.len() + facts.seats.len();
    about_partners + about_customers + facts.associations.len()
}

/// The second process.
async fn evaluate(url: &str, arguments: &Arguments) -> Result<()> {
    let store = Store::open(url, StoreOptions::default()).await?;
    let (began, mut told) = (Clock::now(), Clock::now());
    let tell = |far: Told| {
        if told.elapsed() > EVERY {
            told = Clock::now();
            let took = began.elapsed().as_secs_f64();
            println!(
                "evaluating: {} accounts after {took:.0} s, {:.0} a second",
                far.evaluated,
                far.evaluated as f64 / took
            );
        }
    };
    let (decisions_only, publishing) = (!arguments.explained, arguments.publishing);
    let everybody = Everybody { program: PROGRAM, as_of: as_of()?, decisions_only, publishing };
    let outcome = bench::evaluate(&store, everybody, tell).await?;
    let took = began.elapsed().as_secs_f64();
    ensure!(outcome.whole, "not everybody was evaluated: {outcome:?}");
    let far = outcome.told;
    println!(
        "evaluated                    {:>9} accounts in {took:.1} s: {:.0} a second",
        far.evaluated,
        far.evaluated as f64 / took
    );
    println!("written                      {:>9} scorecards, {} revisions of awards", far.scorecards, far.awards);
    println!("own processor time           {:>9.1} s", processor_time()?.as_secs_f64());
    println!("own memory at its peak       {:>9.0} MB", peak_memory()? as f64 / 1e6);
    println!("failures                     {:>9}", outcome.failures);
    println!("result hash                  {}", outcome.result_hash);
    Ok(())
}

/// The documents that rule.
fn documents() -> Result<Vec<(String, String)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programs/microsoft");
    authoring::documents::read(&[folder])
}

/// A threshold of the program, and another that is simulated.
const THRESHOLD: (&str, &str) = ("score: this-area, at-least: 70 points", "score: this-area, at-least: 50 points");

/// The second process, where a threshold is changed.
async fn simulate(url: &str) -> Result<()> {
    let mut documents = documents()?;
    let changed = documents.iter_mut().find(|(_, text)| text.contains(THRESHOLD.0)).context("there is no threshold")?;
    changed.1 = changed.1.replace(THRESHOLD.0, THRESHOLD.1);
    let store = Store::open(url, StoreOptions::default()).await?;
    let began = Clock::now();
    let (all, rising, falling) = bench::simulate(&store, &documents, PROGRAM, as_of()?, &|| ()).await?;
    println!("simulated                    {all:>9} partners in {:.1} s", began.elapsed().as_secs_f64());
    println!("would rise                   {rising:>9} partners, {falling} would fall");
    println!("own processor time           {:>9.1} s", processor_time()?.as_secs_f64());
    println!("own memory at its peak       {:>9.0} MB", peak_memory()? as f64 / 1e6);
    Ok(())
}

/// What this process has spent so far, in user and in system mode.
fn processor_time() -> Result<Duration> {
    spent("self", 11)
}

/// What the children of a process that have ended had spent.
fn ended_processor_time(process: u32) -> Result<Duration> {
    spent(&process.to_string(), 13)
}

/// Two neighboring times of a process, after so many numbers behind its name, which may hold spaces.
fn spent(process: &str, place: usize) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let numbers = stat.rsplit(')').next().context("no numbers")?;
    let ticks = numbers.split_whitespace().skip(place).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    // A tick is a hundredth of a second on every Linux.
    Ok(Duration::from_millis(ticks * 10))
}

/// The most memory this process has held, in bytes.
fn peak_memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}

/// What reading the same rows, and writing as many, costs alone.
async fn compare(store: &Store, evaluated: Duration) -> Result<()> {
    let began = Clock::now();
    let (rows, bytes) = bench::read_bare(store).await?;
    let read = began.elapsed();
    println!(
        "read bare                    {:>9} rows, {:.0} MB in {:.1} s",
        rows,
        bytes as f64 / 1e6,
        read.as_secs_f64()
    );
    let cards = bench::count_scorecards(store).await?;
    let began = Clock::now();
    let bytes = bench::write_bare(store, cards).await?;
    let write = began.elapsed();
    println!(
        "written bare                 {:>9} rows, {:.0} MB in {:.1} s",
        cards,
        bytes as f64 / 1e6,
        write.as_secs_f64()
    );
    let bare = read + write;
    println!("evaluation against both      {:>9.2} times", evaluated.as_secs_f64() / bare.as_secs_f64());
    Ok(())
}
