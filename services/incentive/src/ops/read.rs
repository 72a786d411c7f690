//! Questions about what was issued.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;
use values::{Currency, Instant, Month};

use super::{Office, OpError};
use crate::domain::control::{BasisTotal, Stages};
use crate::domain::ledger::{Account, Posting};
use crate::domain::line::{GroundedLine, LinePlace};
use crate::domain::run::{Run, run_id};
use crate::store::books::{self, BookedPeriod};
use crate::store::statement_lines::{self, Owner};
use crate::store::statements::{self, StatementHead, Visible};
use crate::store::{control, postings, received, runs, units};
use crate::wire::known;

/// The run with a number.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn run(office: &Office, number: i64) -> Result<Run, OpError> {
    let found = runs::find(office.store().read(), number).await?;
    found.ok_or_else(|| OpError::NotFound { kind: "incentive.accolade.dev/Run", name: run_id(number) })
}

/// The sums that must agree of a run, and what each lever of its period stands on.
#[derive(Clone, Debug, Default)]
pub struct RunTotals {
    /// By currency, at each stage.
    pub stages: BTreeMap<Currency, Stages>,
    /// Lever by lever.
    pub bases: Vec<BasisTotal>,
}

/// The control totals of a run.
///
/// # Errors
/// The database's.
pub async fn totals<C: ConnectionTrait>(connection: &C, run: &Run) -> Result<RunTotals, OpError> {
    let units = units::list(connection, run.number).await?;
    let own = units.into_iter().filter(|unit| unit.period == run.period);
    let bases = own.flat_map(|unit| unit.bases).collect();
    Ok(RunTotals { stages: control::load(connection, run.number).await?, bases })
}

/// A period that somebody began to close; none while it is open.
///
/// # Errors
/// The database's.
pub async fn find_period(office: &Office, period: Month) -> Result<Option<BookedPeriod>, OpError> {
    Ok(books::find(office.store().read(), period).await?)
}

/// A statement.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn statement(office: &Office, partner: &str, period: Month) -> Result<StatementHead, OpError> {
    let found = statements::find(office.store().read(), partner, period).await?;
    found.ok_or_else(|| OpError::NotFound {
        kind: "incentive.accolade.dev/Statement",
        name: format!("partners/{partner}/statements/{period}"),
    })
}

/// A line.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn line(
    office: &Office,
    owner: &Owner,
    period: Month,
    number: i32,
    name: &str,
) -> Result<GroundedLine<Vec<u8>>, OpError> {
    let found = statement_lines::find(office.store().read(), owner, period, number).await?;
    found.ok_or_else(|| OpError::NotFound { kind: "incentive.accolade.dev/StatementLine", name: name.to_owned() })
}

/// What a line posted to an account, with when it was made.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn posting(
    office: &Office,
    line: &LinePlace,
    account: Account,
    name: &str,
) -> Result<(Posting, Instant), OpError> {
    let found = postings::find(office.store().read(), line, account).await?;
    found.ok_or_else(|| OpError::NotFound { kind: "incentive.accolade.dev/Posting", name: name.to_owned() })
}

/// These partner accounts and those below them, by id, as far as registry's feed has told.
///
/// Rule: `incentive.own-subtree-only`. A partner sees the statements of its own accounts and of the accounts
/// below them, and nobody else's.
///
/// # Errors
/// The database's.
pub async fn subtree<C: ConnectionTrait>(connection: &C, accounts: &[String]) -> Result<Vec<String>, OpError> {
    let own: Vec<String> = accounts.iter().map(|account| known::last_segment(account).to_owned()).collect();
    let rows = received::ever_under(connection, &known::partner_kind(), &own).await?;
    let parents = known::parents(&rows)?;
    let mut tree: BTreeSet<String> = own.into_iter().collect();
    // The hierarchy is two levels deep; a further turn would find nothing new.
    let below: Vec<String> =
        parents.iter().filter(|(_, parent)| tree.contains(*parent)).map(|(partner, _)| partner.clone()).collect();
    tree.extend(below);
    Ok(tree.into_iter().collect())
}

/// What of everybody's statements a caller may see, narrowed to one partner if one is asked for.
pub fn narrowed(visible: Visible, partner: Option<&str>) -> Visible {
    let Some(partner) = partner else { return visible };
    match visible {
        Visible::All => Visible::Of(vec![partner.to_owned()]),
        Visible::Of(partners) => Visible::Of(partners.into_iter().filter(|own| own == partner).collect()),
    }
}
