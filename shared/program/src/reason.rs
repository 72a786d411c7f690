//! The closed list of reasons why something did not count or did not earn.

use std::fmt;

use serde::Serialize;

/// Why a fact did not count, a requirement does not hold or a line earned nothing.
///
/// The names are stable: they stand in statements, exports and documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No association of a kind that the rule asks for covers it.
    NotRecognized,
    /// The requirement for earning at all does not hold yet.
    NotEligibleYet,
    /// A required agreement is not in force.
    MissingAgreement,
    /// A required check, training or fee is not there.
    MissingProof,
    /// A bound on the counted thing is not reached.
    BelowThreshold,
    /// The current total is below the rule's minimum.
    BelowMinimumNow,
    /// The baseline is below the rule's minimum.
    BelowMinimumBase,
    /// The baseline is zero, so a change in percent does not exist.
    ZeroBase,
    /// It was credited before, and counts once.
    AlreadyCredited,
    /// The cap was reached.
    CapReached,
    /// The least amount is more than what the rate gives.
    RaisedToFloor,
    /// The statement is below the payment minimum; the amount is carried forward.
    BelowPaymentMinimum,
    /// A part of a split is gathered until its time ends.
    Gathered,
    /// A part of a split missed its threshold and is paid as another.
    BelowPartMinimum,
    /// It is paid some days after it was earned.
    Waiting,
    /// Payments stop until a requirement holds.
    OnHold,
    /// It was lost: a minimum or a deadline was missed.
    Forfeited,
    /// The quantity is not above the highest that was ever paid.
    BelowHighWaterMark,
    /// It did not grow.
    NoGrowth,
    /// The plan is not in force: announced, or ended.
    NotInForce,
    /// It was bought on a day on which its offer was not sold.
    NotOnSale,
    /// The table's rate for it is zero.
    ZeroRate,
    /// The plan has no rate for it on the day.
    NoRate,
    /// The basis is zero.
    NothingUsed,
    /// It earned less than the smallest unit of money shows.
    RoundedToZero,
    /// It is outside the window or the period.
    OutsideWindow,
    /// It was learned after the instant the question names.
    NotKnownYet,
    /// The kind of association counts from a later day on, or no longer.
    KindNotInForce,
    /// The policy has no such kind of association.
    UnknownKind,
    /// A reversal took it back.
    Reversed,
    /// The certification is not in force.
    NotCertified,
    /// The person is not linked to the partner.
    NotLinked,
    /// Another alternative of the rule was better.
    LostToABetterAlternative,
    /// A gate that must be open first is shut.
    GateShut,
    /// Another partner of an exclusive kind holds the same scope.
    SameScopeClaimedTwice,
    /// The customer is not one of those that the rule counts.
    NotInPopulation,
    /// The metric is suspended by the document, or by a decision.
    Suspended,
    /// The award is retired: not new and not renewed after its day.
    Retired,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 37] = [
        Reason::NotRecognized,
        Reason::NotEligibleYet,
        Reason::MissingAgreement,
        Reason::MissingProof,
        Reason::BelowThreshold,
        Reason::BelowMinimumNow,
        Reason::BelowMinimumBase,
        Reason::ZeroBase,
        Reason::AlreadyCredited,
        Reason::CapReached,
        Reason::RaisedToFloor,
        Reason::BelowPaymentMinimum,
        Reason::Gathered,
        Reason::BelowPartMinimum,
        Reason::Waiting,
        Reason::OnHold,
        Reason::Forfeited,
        Reason::BelowHighWaterMark,
        Reason::NoGrowth,
        Reason::NotInForce,
        Reason::NotOnSale,
        Reason::ZeroRate,
        Reason::NoRate,
        Reason::NothingUsed,
        Reason::RoundedToZero,
        Reason::OutsideWindow,
        Reason::NotKnownYet,
        Reason::KindNotInForce,
        Reason::UnknownKind,
        Reason::Reversed,
        Reason::NotCertified,
        Reason::NotLinked,
        Reason::LostToABetterAlternative,
        Reason::GateShut,
        Reason::SameScopeClaimedTwice,
        Reason::Suspended,
        Reason::Retired,
    ];

    /// The stable name: `not-recognized`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotRecognized => "not-recognized",
            Self::NotEligibleYet => "not-eligible-yet",
            Self::MissingAgreement => "missing-agreement",
            Self::MissingProof => "missing-proof",
            Self::BelowThreshold => "below-threshold",
            Self::BelowMinimumNow => "below-minimum-now",
            Self::BelowMinimumBase => "below-minimum-base",
            Self::ZeroBase => "zero-base",
            Self::AlreadyCredited => "already-credited",
            Self::CapReached => "cap-reached",
            Self::RaisedToFloor => "raised-to-floor",
            Self::BelowPaymentMinimum => "below-payment-minimum",
            Self::Gathered => "gathered",
            Self::BelowPartMinimum => "below-part-minimum",
            Self::Waiting => "waiting",
            Self::OnHold => "on-hold",
            Self::Forfeited => "forfeited",
            Self::BelowHighWaterMark => "below-high-water-mark",
            Self::NoGrowth => "no-growth",
            Self::NotInForce => "not-in-force",
            Self::NotOnSale => "not-on-sale",
            Self::ZeroRate => "zero-rate",
            Self::NoRate => "no-rate",
            Self::NothingUsed => "nothing-used",
            Self::RoundedToZero => "rounded-to-zero",
            Self::OutsideWindow => "outside-window",
            Self::NotKnownYet => "not-known-yet",
            Self::KindNotInForce => "kind-not-in-force",
            Self::UnknownKind => "unknown-kind",
            Self::Reversed => "reversed",
            Self::NotCertified => "not-certified",
            Self::NotLinked => "not-linked",
            Self::LostToABetterAlternative => "lost-to-a-better-alternative",
            Self::GateShut => "gate-shut",
            Self::SameScopeClaimedTwice => "same-scope-claimed-twice",
            Self::NotInPopulation => "not-in-population",
            Self::Suspended => "suspended",
            Self::Retired => "retired",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
