//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use values::Month;

/// Who did the work on each customer subscription, what each partner earns for it, and what standing each has
/// reached.
#[derive(Debug, Parser)]
#[command(name = "accolade", version, disable_help_subcommand = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the main job on real input: a cloud bill through all five services, results on screen
    Demo(Demo),
    /// Serve all services in one process on SQLite, or one role by configuration
    Serve(Serve),
    /// Bring the schema of a role (or, on SQLite files, of all roles) up to date
    Migrate(Migrate),
    /// Show the effective configuration, secrets hidden
    Config(Common),
    /// Bring facts in from files, through the gateway
    Import(Import),
    /// Check, test, explain, lay out, compare and simulate program documents
    Program(Program),
    /// Print a token for trying things out, signed with the key of a local data folder
    Token(Token),
    /// Ask a running process whether it is ready
    Health(Health),
    /// Measure ingestion, visibility and memory against what the machine can do
    Bench(Bench),
}

/// `accolade program`.
#[derive(Debug, Args)]
pub struct Program {
    /// What to do
    #[command(subcommand)]
    pub command: ProgramCommand,
}

/// What can be done with program documents, and with the facts that they judge.
#[derive(Debug, Subcommand)]
pub enum ProgramCommand {
    /// What needs no suite.
    #[command(flatten)]
    Documents(authoring::Command),
    /// Write the facts of a running suite, for explain, simulate and tests
    Facts(ProgramFacts),
    /// Propose documents to a running suite: they are checked, their tests run, and nothing changes yet
    Propose(ProgramPropose),
    /// List the proposals of a running suite, the newest first
    Proposals(AtSuite),
    /// Approve a proposal, as somebody else than who proposed it
    Approve(ProgramReview),
    /// Refuse a proposal, or take it back
    Refuse(ProgramReview),
    /// Put the documents of an approved proposal into effect
    Publish(ProgramPublish),
}

/// Which suite, and how to tell what it answers.
#[derive(Debug, Args)]
pub struct AtSuite {
    /// The gateway
    #[arg(long, env = "ACCOLADE_GATEWAY", default_value = "http://127.0.0.1:7400")]
    pub gateway: String,
    /// The token to call it with (`accolade token program-manager`)
    #[arg(long, env = "ACCOLADE_TOKEN", hide_env_values = true)]
    pub token: String,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// `accolade program propose`.
#[derive(Debug, Args)]
pub struct ProgramPropose {
    /// The documents, tests among them: files, and folders of .yaml files
    #[arg(required = true, value_name = "PATH")]
    pub documents: Vec<PathBuf>,
    /// What changes and why, at most 500 characters
    #[arg(long, default_value = "")]
    pub comment: String,
    /// Which suite.
    #[command(flatten)]
    pub suite: AtSuite,
}

/// `accolade program approve` and `accolade program refuse`.
#[derive(Debug, Args)]
pub struct ProgramReview {
    /// The proposal, as `program propose` names it
    pub proposal: String,
    /// Why, at most 500 characters
    #[arg(long, default_value = "")]
    pub comment: String,
    /// Which suite.
    #[command(flatten)]
    pub suite: AtSuite,
}

/// `accolade program publish`.
#[derive(Debug, Args)]
pub struct ProgramPublish {
    /// The approved proposal
    pub proposal: String,
    /// Which suite.
    #[command(flatten)]
    pub suite: AtSuite,
}

/// `accolade program facts`.
#[derive(Debug, Args)]
pub struct ProgramFacts {
    /// The gateway
    #[arg(long, env = "ACCOLADE_GATEWAY", default_value = "http://127.0.0.1:7400")]
    pub gateway: String,
    /// The token to call it with (`accolade token program-manager`)
    #[arg(long, env = "ACCOLADE_TOKEN", hide_env_values = true)]
    pub token: String,
    /// Where to write them, as NDJSON; to standard output without it
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The months of usage, such as 2023-09..2024-09; all without it
    #[arg(long, value_name = "MONTHS", value_parser = months)]
    pub usage: Option<(Month, Month)>,
    /// Usage by the hour, not record by record: smaller, but an hour in which a payee changes cannot be split
    #[arg(long)]
    pub hours: bool,
}

fn months(text: &str) -> Result<(Month, Month), String> {
    authoring::months(text)
}

/// Where the configuration comes from.
#[derive(Debug, Default, Args)]
pub struct Common {
    /// A TOML file with settings
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting, over everything else: `--set listen=0.0.0.0:7400`
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// The folder of SQLite files
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
}

/// `accolade serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The role to serve; without one, all of them in one process
    pub role: Option<RoleName>,
    /// Print ready-made tokens at start. Refuses a database that is not on this machine
    #[arg(long)]
    pub dev: bool,
    /// Where the configuration comes from.
    #[command(flatten)]
    pub common: Common,
}

/// `accolade migrate`.
#[derive(Debug, Args)]
pub struct Migrate {
    /// The role whose schema to bring up to date; without one, all, on SQLite files
    pub role: Option<RoleName>,
    /// Where the configuration comes from.
    #[command(flatten)]
    pub common: Common,
}

/// `accolade demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Start over: empty the demo's data folder first
    #[arg(long)]
    pub fresh: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    /// Leave the suite running afterwards, for calls of your own
    #[arg(long)]
    pub serve: bool,
    /// The folder of the demo's SQLite files
    #[arg(long, value_name = "FOLDER", default_value = "./data/demo")]
    pub data: PathBuf,
    /// Databases of your own instead: a URL with `{role}` in place of a role's name
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// `accolade import`.
#[derive(Debug, Args)]
pub struct Import {
    /// What to bring in
    #[command(subcommand)]
    pub what: ImportWhat,
}

/// What can be imported.
#[derive(Debug, Subcommand)]
pub enum ImportWhat {
    /// Usage from bills. Files named together are one bill: equal rows over all of them all count
    Usage {
        /// The form of the bills
        #[arg(long, value_enum, default_value_t = BillFormat::Focus)]
        format: BillFormat,
        /// The bills
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// A folder of program documents whose catalog says which provider's service is which workload; without
        /// one, the sample's
        #[arg(long, value_name = "FOLDER")]
        programs: Option<PathBuf>,
        /// Where to keep the place from which an interrupted import continues
        #[arg(long, value_name = "FILE", default_value = "./accolade-import.checkpoint")]
        checkpoint: PathBuf,
        /// How to import.
        #[command(flatten)]
        how: ImportHow,
    },
    /// Partners with their hierarchy, agreements, enrollments and compliance facts
    Partners(ImportTable),
    /// Learners with their link to a partner and their certifications
    People(ImportTable),
    /// Customers and what they bought
    Subscriptions(ImportTable),
    /// Who is involved with what, by another word than a designation
    Associations(ImportTable),
    /// Orders, invoices, cancellations
    Transactions(ImportTable),
}

/// A table to import.
#[derive(Debug, Args)]
pub struct ImportTable {
    /// The table, as CSV; its first line names the columns
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// How to import.
    #[command(flatten)]
    pub how: ImportHow,
}

/// How to import.
#[derive(Debug, Args)]
pub struct ImportHow {
    /// The gateway
    #[arg(long, env = "ACCOLADE_GATEWAY", default_value = "http://127.0.0.1:7400")]
    pub gateway: String,
    /// The token to call it with (`accolade token program-manager`)
    #[arg(long, env = "ACCOLADE_TOKEN", hide_env_values = true)]
    pub token: String,
    /// Check everything and record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BillFormat {
    /// FOCUS 1.0 to 1.3, as CSV
    Focus,
}

/// `accolade token`.
#[derive(Debug, Args)]
pub struct Token {
    /// The role: program-manager, finance, support, auditor, partner-administrator, partner-reader,
    /// customer-owner, customer-reader
    pub role: String,
    /// The account to act for: partners/ridgeline, customers/atlas
    pub account: Option<String>,
    /// How long it is good for
    #[arg(long, value_name = "HOURS", default_value_t = 12)]
    pub hours: u64,
    /// Where the configuration comes from.
    #[command(flatten)]
    pub common: Common,
}

/// `accolade health`.
#[derive(Debug, Args)]
pub struct Health {
    /// The admin address of the process
    #[arg(long, default_value = "http://127.0.0.1:7401")]
    pub admin: String,
    /// A role, `liveness`, or nothing for everything the process serves
    pub service: Option<String>,
}

/// The roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum RoleName {
    /// Who the partners are
    Registry,
    /// Who did the work
    Association,
    /// What standing they have reached
    Competency,
    /// What they earn
    Incentive,
    /// The way in
    Gateway,
}

fn setting(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("`{text}` is not KEY=VALUE"))
}

/// `accolade bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// What to measure
    #[arg(value_enum, default_value_t = BenchWhat::All)]
    pub what: BenchWhat,
    /// Empty PostgreSQL databases to measure on: a URL with `{role}` in place of a role's name (and of `reference`,
    /// for the bare insert). Without one, SQLite files
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Usage records to ingest
    #[arg(long, default_value_t = 1_000_000)]
    pub records: u64,
    /// Designations to make, twenty a second
    #[arg(long, default_value_t = 1_000)]
    pub designations: u64,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchWhat {
    /// Everything
    All,
    /// Usage ingestion against a bare insert of the same rows
    Ingest,
    /// From the reply of a designation to its effect in competency and incentive
    Visible,
    /// Resident memory of the whole suite on an empty folder
    Memory,
}
