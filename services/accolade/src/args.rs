//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    Demo(cli::demo::Arguments),
    /// Serve all services in one process on SQLite, or one role by configuration
    Serve(Serve),
    /// Bring the schema of a role (or, on SQLite files, of all roles) up to date
    Migrate(Migrate),
    /// Show the effective configuration, secrets hidden
    Config(Common),
    /// Bring facts in from files, through the gateway
    Import(cli::import::Arguments),
    /// Print a token for trying things out, signed with the key of a local data folder
    Token(Token),
    /// Ask a running process whether it is ready
    Health(Health),
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
