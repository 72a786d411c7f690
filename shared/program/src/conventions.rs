//! What a document declares once: zone, months, currency, rounding and the clocks of its rules.

use values::{Currency, Month, Rounding, Zone};

use crate::recognition::BusinessDays;

/// Where rounding happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundedAt {
    /// Every line by itself; the statement is the sum of its lines.
    Line,
    /// The statement; its lines carry the shares by largest remainder.
    Statement,
}

/// How exact results become money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundingRule {
    /// The mode.
    pub mode: Rounding,
    /// The place.
    pub at: RoundedAt,
    /// Lines that share a counter are paid the rounded total of everything the counter ever counted, less the rounded
    /// total before: what a counter pays in all does not depend on how its input falls into periods. Without it every
    /// period is rounded by itself.
    pub over_counter: bool,
}

/// Which month is current on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurrentMonth {
    /// The last month that is over: on 15 August it is July.
    LastFullMonth,
    /// The month of the day itself.
    RunningMonth,
}

/// What happens to the part of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartSteps {
    /// 19.999 steps earn 19.999 times.
    Exact,
    /// 19.999 steps earn 19 times.
    Whole,
}

/// At which account a rule looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerLevel {
    /// The global account with all its locations.
    GlobalAccount,
    /// The account itself.
    LocationAccount,
}

/// When an association must be in force for a month's level to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecognizedMonth {
    /// At some instant of the month.
    AnyDay,
    /// At the month's last instant.
    LastDay,
    /// At the start of each usage; for a level, at the instant it is asked for.
    UsageStart,
}

/// The date by which a rule reads its dated values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesDatedBy {
    /// The day that is judged.
    TheDay,
    /// The day of the transaction or of the usage's start.
    TransactionDate,
    /// The first day of the usage's month.
    UsageMonth,
    /// The day of the calculation: the last day of the period that is closed.
    CalculationDate,
    /// The day that the transaction's field `invoice-date` names, else its own.
    InvoiceDate,
    /// The day on which the subscription was first sold: what was sold before a change keeps its rule.
    FirstSaleDate,
}

/// Which month's rate of exchange converts an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeRateOf {
    /// The month of the transaction or of the usage's start; of what is reversed, where it reverses.
    TransactionDate,
    /// The month that is rated.
    TheMonth,
    /// One month for ever.
    Fixed(Month),
}

/// How a counter that spans several lines of a period is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterFilled {
    /// The table is applied once to the total; lines share the amount by their basis.
    ProRata,
    /// Lines fill it in the order of their start.
    ByTime,
}

/// What happens to counters when the rule that reads them changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountersOnChange {
    /// They go on.
    CarryOver,
    /// They begin again at zero.
    Restart,
}

/// How points are displayed. Never fed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointsShown {
    /// Decimal places.
    pub decimals: u32,
    /// Mode.
    pub mode: Rounding,
}

/// A document's conventions. What it does not state is absent; a rule that needs it is refused when
/// the document is loaded, so nothing is ever assumed.
#[derive(Clone, Debug)]
pub struct Conventions {
    /// Zone of days, months and periods.
    pub zone: Zone,
    /// Currency of results and of bounds without one.
    pub currency: Option<Currency>,
    /// How amounts become money.
    pub rounding: Option<RoundingRule>,
    /// Which month is current.
    pub current_month: Option<CurrentMonth>,
    /// What parts of steps earn.
    pub part_steps: Option<PartSteps>,
    /// How points are displayed.
    pub points_shown: Option<PointsShown>,
    /// Whose facts count.
    pub partner_level: Option<PartnerLevel>,
    /// When an association covers a month.
    pub recognized_month: Option<RecognizedMonth>,
    /// By which date rules are read.
    pub rules_dated_by: Option<RulesDatedBy>,
    /// How counters are filled.
    pub counter_filled: Option<CounterFilled>,
    /// What a change of rule does to counters.
    pub counters_on_change: Option<CountersOnChange>,
    /// How amounts in other currencies become the document's; none where they are refused.
    pub exchange: Option<ExchangeRateOf>,
    /// The month, 1 to 12, with whose first day the fiscal year begins.
    pub fiscal_year_starts: Option<i8>,
    /// The program whose enrollment has the anniversary of a plan's anniversary years.
    pub anniversary_of: Option<String>,
    /// The days on which business is done.
    pub business_days: Option<BusinessDays>,
}

impl Conventions {
    /// Nothing but a zone.
    pub(crate) fn of(zone: Zone) -> Conventions {
        Conventions {
            zone,
            currency: None,
            rounding: None,
            current_month: None,
            part_steps: None,
            points_shown: None,
            partner_level: None,
            recognized_month: None,
            rules_dated_by: None,
            counter_filled: None,
            counters_on_change: None,
            exchange: None,
            fiscal_year_starts: None,
            anniversary_of: None,
            business_days: None,
        }
    }
}
