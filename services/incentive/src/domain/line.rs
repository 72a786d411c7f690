//! Lines: what was earned, corrected, or considered and not earned.

use program::incentives::{InputRef, Piece};
use program::{Explanation, incentives};
use values::{Canon, Digest, Interval, Money, Month, ratio_to_text};

use super::earning::{self, Share};

/// What kind of line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// Money earned in the statement's own period.
    Earning,
    /// The correction of an earlier, closed period.
    Adjustment,
    /// Usage that was considered and did not earn, with its reason.
    NotEarned,
}

impl LineKind {
    /// The name under which it is stored.
    pub fn name(self) -> &'static str {
        match self {
            LineKind::Earning => "EARNING",
            LineKind::Adjustment => "ADJUSTMENT",
            LineKind::NotEarned => "NOT_EARNED",
        }
    }

    /// The kind of a stored name.
    pub fn find(name: &str) -> Option<LineKind> {
        [LineKind::Earning, LineKind::Adjustment, LineKind::NotEarned].into_iter().find(|kind| kind.name() == name)
    }
}

/// Where a line stands: its owner, its period, its number from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePlace {
    /// The period of the statement.
    pub period: Month,
    /// The partner, or empty for the lines of a run that nobody is paid for.
    pub partner: String,
    /// The number in the statement, from 1.
    pub number: i32,
}

/// What an adjustment corrects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrects {
    /// The closed period.
    pub period: Month,
    /// The first line that was issued under the same key, if there was one.
    pub line: Option<LinePlace>,
}

/// What makes two lines of one period speak of the same thing. Start and end are left out: a payee
/// that changed inside the period moves them, and the amounts are what is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineKey {
    /// The paid account.
    pub partner: String,
    /// The plan's id in its document.
    pub plan: String,
    /// The lever's rule id.
    pub rule: String,
    /// The customer.
    pub customer: String,
    /// The subscription, or empty.
    pub subscription: String,
    /// The workload, or empty.
    pub workload: String,
    /// The transaction, or empty.
    pub transaction: String,
    /// The association kind that names the payee, or empty.
    pub association_kind: String,
}

/// A line without what explains it. Exact numbers are kept as the texts that are shown: nothing is
/// computed from them again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What kind of line it is.
    pub kind: LineKind,
    /// The plan's id in its document: `vendor/name`.
    pub plan: String,
    /// The lever's rule id.
    pub rule: String,
    /// The paid account; none where nobody is paid.
    pub partner: Option<String>,
    /// The customer.
    pub customer: String,
    /// The subscription, if the line is about one.
    pub subscription: Option<String>,
    /// The workload, if the lever makes a line of each.
    pub workload: Option<String>,
    /// The transaction, if the line is about one.
    pub transaction: Option<String>,
    /// The kind of association that names the payee.
    pub association_kind: Option<String>,
    /// The association that names the payee.
    pub association: Option<String>,
    /// The part of its period that the line covers.
    pub covered: Interval,
    /// What the rate was applied to, exact.
    pub basis: String,
    /// The basis' unit: a currency or a word.
    pub basis_unit: String,
    /// The one rate that was applied; empty where brackets mixed several.
    pub rate: String,
    /// The amount before rounding, exact.
    pub exact: String,
    /// The amount.
    pub amount: Money,
    /// Why it earned nothing, or less than the rate says; empty otherwise.
    pub reason: String,
    /// What an adjustment corrects.
    pub corrects: Option<Corrects>,
    /// As what it is paid; empty where the plan names no earning types.
    pub shares: Vec<Share>,
}

/// Everything that explains a line. Written once beside it, read when somebody opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// Why, as a tree.
    pub explanation: Explanation,
    /// The basis divided over brackets.
    pub pieces: Vec<Piece>,
    /// The facts whose quantities make the basis.
    pub inputs: Vec<InputRef>,
}

/// A line with what explains it, before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroundedLine<G = Grounds> {
    /// The line.
    pub line: Line,
    /// What explains it.
    pub grounds: G,
}

impl Line {
    /// What the line speaks of.
    pub fn key(&self) -> LineKey {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        LineKey {
            partner: text(&self.partner),
            plan: self.plan.clone(),
            rule: self.rule.clone(),
            customer: self.customer.clone(),
            subscription: text(&self.subscription),
            workload: text(&self.workload),
            transaction: text(&self.transaction),
            association_kind: text(&self.association_kind),
        }
    }

    /// A hash of everything the line says.
    pub fn content(&self) -> Digest {
        let mut canon = Canon::new("accolade incentive line 1");
        canon.text(self.kind.name()).text(&self.plan).text(&self.rule).maybe(self.partner.as_ref());
        canon.text(&self.customer).maybe(self.subscription.as_ref()).maybe(self.workload.as_ref());
        canon.maybe(self.transaction.as_ref()).maybe(self.association_kind.as_ref()).maybe(self.association.as_ref());
        canon.show(self.covered).text(&self.basis).text(&self.basis_unit).text(&self.rate).text(&self.exact);
        canon.show(self.amount).text(&self.reason);
        match &self.corrects {
            None => canon.absent(),
            Some(corrects) => {
                canon.show(corrects.period);
                match &corrects.line {
                    None => canon.absent(),
                    Some(place) => canon.show(place.period).text(&place.partner).int(i128::from(place.number)),
                }
            }
        };
        earning::write_shares(&mut canon, &self.shares);
        canon.digest()
    }
}

/// The line that a rating gave for `plan`, with what explains it.
///
/// Rule: `incentive.not-earned-says-why`. A line that nobody is paid for, or that comes to nothing for a
/// reason, is kept as not earned, with the reason; one that comes to nothing by rounding is earned.
pub fn rated(plan: &str, line: incentives::Line) -> GroundedLine {
    let unpaid = line.partner.is_none() || (line.amount.is_zero() && line.reason.is_some());
    let kept = Line {
        kind: if unpaid { LineKind::NotEarned } else { LineKind::Earning },
        plan: plan.to_owned(),
        rule: line.rule,
        partner: line.partner,
        customer: line.customer,
        subscription: line.subscription,
        workload: line.workload,
        transaction: line.transaction,
        association_kind: line.kind,
        association: line.association,
        covered: line.interval,
        basis: line.basis.number(),
        basis_unit: line.basis.unit.to_string(),
        rate: line.rate.as_ref().map(ratio_to_text).unwrap_or_default(),
        exact: ratio_to_text(&line.exact),
        amount: line.amount,
        reason: line.reason.map(|reason| reason.name().to_owned()).unwrap_or_default(),
        corrects: None,
        shares: earning::shares(&line.parts),
    };
    GroundedLine {
        line: kept,
        grounds: Grounds { explanation: line.explanation, pieces: line.pieces, inputs: line.inputs },
    }
}
