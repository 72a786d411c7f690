//! The result of rating one plan for one month.

use values::{Currency, Date, Digest, Instant, Interval, Money, Month, Ratio};

use crate::explain::Explanation;
use crate::facts::UsageKey;
use crate::quantity::Quantity;
use crate::reason::Reason;

/// What earlier periods of a plan left behind. Order never matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prior {
    /// Running totals, by lever and owner.
    pub counters: Vec<Counter>,
    /// Balances below a payment minimum.
    pub carried: Vec<Carried>,
    /// Keys of what was paid once and is never paid again: see [`Rating::paid_once`].
    pub paid_once: Vec<String>,
}

impl Prior {
    /// What a period leaves to the next one.
    pub fn after(rating: &Rating) -> Prior {
        let carried = rating.statements.iter().filter(|statement| !statement.carried_forward.is_zero());
        let carried =
            carried.map(|statement| Carried { partner: statement.partner.clone(), amount: statement.carried_forward });
        Prior { counters: rating.counters.clone(), carried: carried.collect(), paid_once: rating.paid_once.clone() }
    }
}

/// A total that outlives its period: a position in brackets, what a cap has used, a high-water mark, a
/// balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The rule id of the lever, limit or balance it belongs to.
    pub rule: String,
    /// Its owner: a customer, a deal, a partner, several joined by `|`, or empty for the program.
    pub owner: String,
    /// Its year or other span: `2024`, `2024-Q3`, or empty for one that never restarts.
    pub span: String,
    /// The total, exact.
    pub total: Ratio,
}

/// What is left of a cap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The cap's rule id.
    pub rule: String,
    /// Whose it is: the ids that the cap is `per`, joined by `|`; empty where it is everybody's.
    pub owner: String,
    /// Over which time it runs.
    pub span: String,
    /// How much was paid under it.
    pub used: Money,
    /// How much can still be paid.
    pub left: Money,
}

/// An amount earned and not yet paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Whose it is.
    pub partner: String,
    /// How much.
    pub amount: Money,
}

/// One plan, rated for one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// The plan's id: `vendor/name`.
    pub plan: String,
    /// The rated month, in the plan's zone.
    pub period: Month,
    /// The same month as instants.
    pub interval: Interval,
    /// The instant up to which facts were known.
    pub known_at: Instant,
    /// The bundle that ruled.
    pub bundle: Digest,
    /// The currency of all amounts.
    pub currency: Currency,
    /// All lines, ordered by lever, partner, subscription, start; lines that nobody is paid for have
    /// no partner.
    pub lines: Vec<Line>,
    /// One total per partner with a line or a balance, ordered by partner.
    pub statements: Vec<StatementTotal>,
    /// Running totals after this period: the next period's [`Prior::counters`], complete.
    pub counters: Vec<Counter>,
    /// What is left of every cap that a line of the period touched, ordered by rule, owner and span.
    pub balances: Vec<Balance>,
    /// Keys of everything paid once up to now: the next period's [`Prior::paid_once`], complete.
    pub paid_once: Vec<String>,
    /// Totals that must agree.
    pub control: ControlTotals,
    /// A hash over bundle, engine, time-zone table, facts by business key, prior and results. It
    /// leaves out `known_at`, recorded times, texts and explanations.
    pub result_hash: Digest,
}

/// One line of a statement: a lever applied to one subject for one payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Unique in its plan and period and the same in every run:
    /// `lever/subject/start`, the subject a subscription, transaction or deal.
    pub key: String,
    /// The lever's name.
    pub lever: String,
    /// The lever's rule id.
    pub rule: String,
    /// The payee; none where nobody is paid for it.
    pub partner: Option<String>,
    /// The kind of association that names the payee.
    pub kind: Option<String>,
    /// The association that names the payee.
    pub association: Option<String>,
    /// The customer.
    pub customer: String,
    /// The subscription, if the line is about one.
    pub subscription: Option<String>,
    /// The workload, if the lever makes a line of each.
    pub workload: Option<String>,
    /// The transaction, if the line is about one.
    pub transaction: Option<String>,
    /// The part of the period it covers; shorter than the month where the payee or the rule changed.
    pub interval: Interval,
    /// The day by which the rate was read.
    pub rule_date: Date,
    /// What the rate was applied to; negative for credits and corrections.
    pub basis: Quantity,
    /// The one rate that was applied, as a fraction of one; none where brackets mixed several.
    pub rate: Option<Ratio>,
    /// The basis divided over brackets; empty where the rate is flat.
    pub pieces: Vec<Piece>,
    /// The exact amount before rounding.
    pub exact: Ratio,
    /// The amount.
    pub amount: Money,
    /// Why it earned nothing, or less than the rate says.
    pub reason: Option<Reason>,
    /// The program's own code for the reason, where its document names one.
    pub code: Option<String>,
    /// The amount divided into earning types; one part where nothing is split.
    pub parts: Vec<LinePart>,
    /// The facts whose quantities make the basis, ordered.
    pub inputs: Vec<InputRef>,
    /// Why, as a tree.
    pub explanation: Explanation,
}

/// The share of one earning type in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePart {
    /// The earning type: `rebate`, `co-op`, ...
    pub earning_type: String,
    /// The exact share, before rounding.
    pub exact: Ratio,
    /// The share in money; the parts add up to the line.
    pub amount: Money,
}

/// A part of a basis inside one bracket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The bracket's rule id.
    pub rule: String,
    /// In words: `above USD 10 at most USD 20`.
    pub says: String,
    /// How much of the counter's movement lies in the bracket, this line's share of it.
    pub quantity: Quantity,
    /// The bracket's rate, as a fraction of one.
    pub rate: Ratio,
    /// `quantity` times `rate`, exact.
    pub amount: Ratio,
}

/// A fact whose quantity is in a line's basis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputRef {
    /// A rollup cell or single usage record.
    Usage(UsageKey),
    /// A transaction, by its id.
    Transaction(String),
    /// A count of seats.
    Seats {
        /// The subscription.
        subscription: String,
        /// The instant from which the count holds.
        from: Instant,
    },
}

/// What one partner gets for the period. `earned + brought_forward + advanced` is
/// `paid + carried_forward + recovered + forfeited`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementTotal {
    /// The paid account.
    pub partner: String,
    /// Positions of its lines in [`Rating::lines`].
    pub lines: Vec<usize>,
    /// The sum of its lines.
    pub earned: Money,
    /// What earlier periods carried forward.
    pub brought_forward: Money,
    /// What is advanced on future earnings.
    pub advanced: Money,
    /// What is kept back for earlier advances.
    pub recovered: Money,
    /// What is paid now.
    pub paid: Money,
    /// What is lost, because a minimum or a deadline was missed.
    pub forfeited: Money,
    /// What is carried into the next period: the next period's [`Prior::carried`].
    pub carried_forward: Money,
    /// Why not everything is paid: the first part's reason.
    pub reason: Option<Reason>,
    /// The same by earning type, in the order in which the plan's levers name them.
    pub parts: Vec<PartTotal>,
    /// The rules of payment that decided, minima and holds, each with whether it was met. No part of the result.
    pub why: Vec<Explanation>,
}

/// What one partner gets of one earning type. `earned + brought_forward + moved` is
/// `paid + carried_forward + forfeited`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartTotal {
    /// The earning type: `rebate`, `co-op`, ...
    pub earning_type: String,
    /// The sum of the shares of the partner's lines.
    pub earned: Money,
    /// What earlier periods carried forward.
    pub brought_forward: Money,
    /// What came from another earning type, negative where it went to one.
    pub moved: Money,
    /// What is paid now, before any draw.
    pub paid: Money,
    /// What is lost.
    pub forfeited: Money,
    /// What is carried into the next period.
    pub carried_forward: Money,
    /// Why not everything is paid.
    pub reason: Option<Reason>,
}

/// Totals over a rating that agree with each other and with the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlTotals {
    /// How many lines there are.
    pub lines: u64,
    /// The sum of all lines' amounts.
    pub amount: Money,
    /// The sum of all statements' earnings: equal to `amount`.
    pub earned: Money,
    /// The sum of the bases of every lever, in the document's order: `(lever, basis)`.
    pub bases: Vec<(String, Quantity)>,
    /// The sum of the facts each lever looked at: equal to `bases`.
    pub facts: Vec<(String, Quantity)>,
}
