//! The demo: the main job on real input, told as a story.
//!
//! The story happens between 26 August and 3 October 2024, on a clock of its own, with chosen ids.
//! Every act can be repeated: what was done before is found and left alone, so a demo that was
//! killed at any moment goes on where it was, and one that is complete changes nothing.
//!
//! - `acts` does what happens, through the gateway, as the people who would do it;
//! - `gather` asks for the results;
//! - [`told`] holds them as data, and [`print`] tells them to people.

mod acts;
mod gather;
pub mod print;
mod story;
pub mod told;

use rpc::Caller;
use values::Instant;

use crate::connect::Wire;
use crate::import::ImportError;
pub use story::opening;
use told::Told;

pub use crate::sample::DOCUMENTS;

/// The running suite that the story happens in.
pub trait Theatre: Send + Sync {
    /// A way to the gateway for this caller, with tokens that are good at the story's time.
    fn gateway(&self, caller: Caller) -> Wire;

    /// Sets the story's clock, which is the clock of the whole suite. It never goes back.
    fn set_time(&self, now: Instant);

    /// Tells what was just done: a line of text, which is no part of the result.
    fn say(&self, line: &str);
}

/// Why the story could not be told to its end. It may be told again, from the beginning.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A table or bill could not be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A row of the story's own data was refused.
    #[error("the suite refused facts of the story:\n{0}")]
    Refused(String),
    /// The suite refused an act.
    #[error("{act}: the suite answered {:?}: {}", status.code(), status.message())]
    Act {
        /// What was being done.
        act: String,
        /// The answer.
        status: Box<tonic::Status>,
    },
    /// An operation of the suite ended without a result.
    #[error("{act} failed: {message}")]
    Operation {
        /// Which one.
        act: String,
        /// What it said.
        message: String,
    },
    /// An answer lacks something that it always has, or holds what cannot be.
    #[error("the suite's answer makes no sense: {0}")]
    Answer(String),
}

/// Attaches what was being done to a status.
pub(crate) trait During<T> {
    /// The value, or the error that says during which act it came.
    fn during(self, act: &str) -> Result<T, DemoError>;
}

impl<T> During<T> for Result<T, tonic::Status> {
    fn during(self, act: &str) -> Result<T, DemoError> {
        self.map_err(|status| DemoError::Act { act: act.to_owned(), status: Box::new(status) })
    }
}

/// What the story is told from: the sample vendor's data, or a variation of it in a test.
#[derive(Clone, Debug)]
pub struct Script {
    /// The bills to import.
    pub bills: Vec<crate::import::Bill>,
}

impl Default for Script {
    fn default() -> Self {
        Script { bills: vec![crate::sample::bill()] }
    }
}

/// Tells the story and gives its results.
///
/// # Errors
/// [`DemoError`].
pub async fn perform(theatre: &dyn Theatre, script: &Script) -> Result<Told, DemoError> {
    let stage = acts::Stage::new(theatre);
    if !stage.is_closed().await? {
        stage.publish_documents().await?;
        stage.register_partners().await?;
        stage.register_customers().await?;
        stage.associate().await?;
        stage.designate().await?;
        stage.import_bill(script).await?;
        stage.evaluate_tiers().await?;
        stage.close_period().await?;
    }
    gather::results(&stage).await
}
