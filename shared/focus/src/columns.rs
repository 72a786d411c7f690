//! The columns of FOCUS 1.0 to 1.3 and what kind of value each holds.
//!
//! A column that is not in this table is not FOCUS: exporters add their own (`Id`, `x_...`), and
//! what they put there says nothing about the charge. Such columns are ignored everywhere, also in
//! the identity of a row.

/// How the cells of a column are read and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Free text, compared exactly after surrounding white space is removed.
    Text,
    /// A word from a list of the specification. Exporters differ in case (`Usage-Based`,
    /// `Usage-based`), so case does not count.
    Word,
    /// A decimal number, compared by value: `2`, `2.000` and `"2"` are one number.
    Number,
    /// A point in time, compared by value. Without a zone it is UTC.
    Time,
}

/// One column of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name as the specification spells it. Headers are matched without regard to case.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: Kind,
}

/// Position of a column in [`COLUMNS`].
pub(crate) type ColumnIndex = usize;

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}
const fn word(name: &'static str) -> Column {
    Column { name, kind: Kind::Word }
}
const fn number(name: &'static str) -> Column {
    Column { name, kind: Kind::Number }
}
const fn time(name: &'static str) -> Column {
    Column { name, kind: Kind::Time }
}

/// Every column of FOCUS 1.0, 1.1, 1.2 and 1.3, in the order of their names.
///
/// The order is part of a row's identity: new columns may be added at their place (an absent
/// column equals `NULL` and is not hashed), but none may be renamed.
pub const COLUMNS: &[Column] = &[
    text("AllocatedMethodDetails"),
    text("AllocatedMethodId"),
    text("AllocatedResourceId"),
    text("AllocatedResourceName"),
    text("AllocatedTags"),
    text("AvailabilityZone"),
    number("BilledCost"),
    text("BillingAccountId"),
    text("BillingAccountName"),
    text("BillingAccountType"),
    text("BillingCurrency"),
    time("BillingPeriodEnd"),
    time("BillingPeriodStart"),
    text("CapacityReservationId"),
    word("CapacityReservationStatus"),
    word("ChargeCategory"),
    word("ChargeClass"),
    text("ChargeDescription"),
    word("ChargeFrequency"),
    time("ChargePeriodEnd"),
    time("ChargePeriodStart"),
    word("CommitmentDiscountCategory"),
    text("CommitmentDiscountId"),
    text("CommitmentDiscountName"),
    number("CommitmentDiscountQuantity"),
    word("CommitmentDiscountStatus"),
    text("CommitmentDiscountType"),
    text("CommitmentDiscountUnit"),
    number("ConsumedQuantity"),
    text("ConsumedUnit"),
    text("ContractApplied"),
    number("ContractedCost"),
    number("ContractedUnitPrice"),
    number("EffectiveCost"),
    text("HostProviderName"),
    text("InvoiceId"),
    text("InvoiceIssuerName"),
    number("ListCost"),
    number("ListUnitPrice"),
    word("PricingCategory"),
    text("PricingCurrency"),
    number("PricingCurrencyContractedUnitPrice"),
    number("PricingCurrencyEffectiveCost"),
    number("PricingCurrencyListUnitPrice"),
    number("PricingQuantity"),
    text("PricingUnit"),
    text("ProviderName"),
    text("PublisherName"),
    text("RegionId"),
    text("RegionName"),
    text("ResourceId"),
    text("ResourceName"),
    text("ResourceType"),
    word("ServiceCategory"),
    text("ServiceName"),
    text("ServiceProviderName"),
    word("ServiceSubcategory"),
    text("SkuId"),
    text("SkuMeter"),
    text("SkuPriceDetails"),
    text("SkuPriceId"),
    text("SubAccountId"),
    text("SubAccountName"),
    text("SubAccountType"),
    text("Tags"),
];

/// The columns without which a bill cannot be turned into usage. Each entry lists alternatives, of
/// which one is enough: FOCUS 1.3 renames the provider.
pub const REQUIRED: &[&[&str]] = &[
    &["BilledCost"],
    &["BillingCurrency"],
    &["ChargeCategory"],
    &["ChargePeriodEnd"],
    &["ChargePeriodStart"],
    &["ContractedCost"],
    &["EffectiveCost"],
    &["ListCost"],
    &["PricingQuantity"],
    &["PricingUnit"],
    &["ProviderName", "ServiceProviderName"],
    &["ServiceName"],
    &["SubAccountId"],
];

/// The place of a column in [`COLUMNS`], by its name in any case.
pub(crate) fn find(name: &str) -> Option<ColumnIndex> {
    COLUMNS.iter().position(|column| column.name.eq_ignore_ascii_case(name))
}

/// The place of a column of the table; resolved while compiling, where a misspelt name stops the build.
#[expect(clippy::panic, reason = "only the compiler can reach it: every use is a constant")]
pub(crate) const fn index_of(name: &str) -> ColumnIndex {
    let mut index = 0;
    while index < COLUMNS.len() {
        if same(COLUMNS[index].name.as_bytes(), name.as_bytes()) {
            return index;
        }
        index += 1;
    }
    panic!("not a FOCUS column")
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}
