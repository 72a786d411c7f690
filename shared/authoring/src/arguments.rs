//! The command line of `accolade program`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use values::{Date, Month};

use crate::generated::{self, Recipe};
use crate::{Printed, check, compare, explain, layout, schema, simulate, test};

/// `accolade program`.
#[derive(Debug, Args)]
pub struct Program {
    /// What to do with the documents
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done with program documents.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find everything that does not load, and what would hurt
    Check(Check),
    /// Run the tests beside the rules
    Test(Test),
    /// Show one partner's result as a tree, with the way to the next level
    Explain(Explain),
    /// Lay documents out: two spaces a level, comments and order kept
    Fmt(Fmt),
    /// Print the JSON Schema of documents, for editors
    Schema,
    /// Compare two folders of documents, parameter by parameter
    Diff(Diff),
    /// Show who would gain and lose under proposed documents, and what they would cost
    Simulate(Simulate),
    /// Write the facts of a population that is made from a seed, to measure and to try with
    Population(Population),
}

/// `accolade program population`.
#[derive(Debug, Args)]
pub struct Population {
    /// How many partners; one in ten is large
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub partners: u32,
    /// Everything follows from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The day they are to be judged on; facts are about the two years before its month
    #[arg(long, value_name = "DAY", default_value = "2023-08-15")]
    pub day: Date,
    /// The file to write, in NDJSON
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// `accolade program fmt`.
#[derive(Debug, Args)]
pub struct Fmt {
    /// Documents, or folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Change nothing; fail when something is not in the layout
    #[arg(long)]
    pub check: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// `accolade program diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The earlier documents
    pub old: PathBuf,
    /// The later documents
    pub new: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// `accolade program simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The proposed documents
    #[arg(required = true, value_name = "PATH")]
    pub new: Vec<PathBuf>,
    /// The documents in force; without any, the proposed ones before --change
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub against: Vec<PathBuf>,
    /// A value to change in the proposal: `vendor/name#path=value`
    #[arg(long = "change", value_name = "AT=VALUE", value_parser = change)]
    pub changes: Vec<(String, String)>,
    /// The facts of the population: NDJSON, or CSV
    #[arg(long, required_unless_present = "gateway", num_args = 1.., value_name = "FILE")]
    pub population: Vec<PathBuf>,
    /// The gateway of a running suite whose facts are the population, such as http://127.0.0.1:7400
    #[arg(long, value_name = "URL", conflicts_with = "population")]
    pub gateway: Option<String>,
    /// The token to call it with (`accolade token program-manager`)
    #[arg(long, env = "ACCOLADE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// The day that tier programs judge
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<Date>,
    /// The month that plans rate, or a range: `2024-07..2024-09`
    #[arg(long, value_name = "MONTHS", value_parser = months)]
    pub period: Option<(Month, Month)>,
    /// What was known at the end of this day; everything without it
    #[arg(long, value_name = "DAY")]
    pub known_at: Option<Date>,
    /// As if everything that the proposed documents announce were in force from this day on
    #[arg(long, value_name = "DAY")]
    pub as_announced_for: Option<Date>,
    /// Add results up by this field of partners
    #[arg(long, value_name = "FIELD", value_parser = ["country", "business-type", "status"])]
    pub segment: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

fn change(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(at, _)| at.contains('#'));
    parts
        .map(|(at, is)| (at.to_owned(), is.to_owned()))
        .ok_or_else(|| format!("`{text}` is not vendor/name#path=value"))
}

/// A month, or a range of months of which both ends are in.
///
/// # Errors
/// What is wrong with the text.
pub fn months(text: &str) -> Result<(Month, Month), String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    match (first.parse::<Month>(), last.parse::<Month>()) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        _ => Err(format!("`{text}` is neither a month such as 2024-09 nor a range 2024-07..2024-09")),
    }
}

/// `accolade program check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Documents, or folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The documents in force, to find names with a new definition and values that were used to pay
    #[arg(long, value_name = "PATH")]
    pub against: Vec<PathBuf>,
    /// The last day of the last period that was paid
    #[arg(long, value_name = "DAY", requires = "against")]
    pub paid_until: Option<Date>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// `accolade program test`.
#[derive(Debug, Args)]
pub struct Test {
    /// Documents with their tests, or folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only cases whose name holds this text
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Name every place that no case covers
    #[arg(long)]
    pub coverage: bool,
    /// Fail when fewer places than this percentage are covered
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub covered_at_least: Option<u8>,
    /// Write JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// `accolade program explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Documents, or folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Facts: NDJSON, or CSV
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub facts: Vec<PathBuf>,
    /// The account
    #[arg(long)]
    pub partner: String,
    /// The day that tier programs judge
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<Date>,
    /// What was known at the end of this day; everything without it
    #[arg(long, value_name = "DAY")]
    pub known_at: Option<Date>,
    /// The month that incentive plans rate
    #[arg(long, value_name = "MONTH")]
    pub period: Option<Month>,
    /// Only this document: `vendor/name`
    #[arg(long, value_name = "ID")]
    pub of: Option<String>,
    /// Only this area, path or competency, or this lever
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs a command; the text is for standard output.
///
/// # Errors
/// When the question could not be asked: a file that cannot be read, facts that are wrong.
pub fn run(program: Program) -> Result<(String, u8)> {
    let (printed, json) = match program.command {
        Command::Check(args) => {
            let against = check::Against { published: args.against, paid_until: args.paid_until };
            (check::run(&args.paths, &against)?, args.json)
        }
        Command::Test(args) => {
            let options = test::Options {
                only: args.only,
                coverage: args.coverage,
                covered_at_least: args.covered_at_least,
                junit: args.junit,
            };
            (test::run(&args.paths, &options)?, args.json)
        }
        Command::Explain(args) => {
            let question = explain::Question {
                partner: args.partner,
                as_of: args.as_of,
                known_at: args.known_at,
                period: args.period,
                of: args.of,
                only: args.only,
            };
            (explain::run(&args.paths, &args.facts, &question)?, args.json)
        }
        Command::Fmt(args) => (layout::run(&args.paths, args.check)?, args.json),
        Command::Schema => return Ok((format!("{:#}\n", schema::run()), 0)),
        Command::Diff(args) => (compare::run(&args.old, &args.new)?, args.json),
        Command::Population(args) => {
            let recipe = Recipe { seed: args.seed, partners: args.partners, day: args.day };
            (generated::written::run(&recipe, &args.to)?, args.json)
        }
        Command::Simulate(args) => {
            let simulation = simulate::Simulation {
                new: args.new,
                against: args.against,
                changes: args.changes,
                population: args.population,
                as_of: args.as_of,
                period: args.period,
                segment: args.segment,
                known_at: args.known_at,
                as_announced_for: args.as_announced_for,
            };
            (simulate::run(&simulation)?, args.json)
        }
    };
    Ok(shown(&printed, json))
}

fn shown(printed: &Printed, json: bool) -> (String, u8) {
    (printed.shown(json), printed.code)
}
