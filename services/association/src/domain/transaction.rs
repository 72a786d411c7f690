//! Orders, invoices and what takes them back.

use values::{Amount, Canon, Decimal, Digest, Id, Instant};

use crate::domain::fields::Fields;
use crate::domain::names::{CustomerId, PartnerId, TransactionName};

/// What is said of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionContent {
    /// Who says it.
    pub source: String,
    /// Its id there.
    pub external_id: String,
    /// What it is.
    pub kind: Id,
    /// The partner that transacted.
    pub partner: Option<PartnerId>,
    /// The id of the customer's subscription.
    pub subscription: Option<Id>,
    /// The product.
    pub product: Option<Id>,
    /// The workload.
    pub workload: Option<Id>,
    /// The deal, or empty.
    pub deal: String,
    /// When it happened.
    pub at: Instant,
    /// Its value.
    pub amount: Option<Amount>,
    /// Its seats.
    pub seats: Option<Decimal>,
    /// The id of the customer's transaction that it takes back.
    pub reverses: Option<Id>,
    /// Further facts.
    pub fields: Fields,
}

/// A transaction as recorded; never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its identity.
    pub name: TransactionName,
    /// What is said of it.
    pub content: TransactionContent,
    /// When it was recorded.
    pub created: Instant,
}

impl TransactionContent {
    /// The business key: a source says a transaction once, whoever it is said of.
    pub fn business_key(&self) -> Digest {
        let mut canon = Canon::new("transaction");
        canon.text(&self.source).text(&self.external_id);
        canon.digest()
    }

    /// A digest of everything that is said, of this customer.
    pub fn digest(&self, customer: &CustomerId) -> Digest {
        let mut canon = Canon::new("transaction content");
        canon.show(customer).text(&self.source).text(&self.external_id).show(&self.kind);
        canon.maybe(self.partner.as_ref()).maybe(self.subscription.as_ref()).maybe(self.product.as_ref());
        canon.maybe(self.workload.as_ref()).text(&self.deal).show(self.at).maybe(self.amount);
        canon.maybe(self.seats).maybe(self.reverses.as_ref());
        self.fields.write(&mut canon);
        canon.digest()
    }
}

/// Rule `association.reversals_fit_the_reversed`. Whether a further reversal fits: of the amount and of the seats, what reversals take back
/// together has the opposite sign of what there was and is not more.
pub fn reversal_fits(original: &TransactionContent, earlier: &[TransactionContent], next: &TransactionContent) -> bool {
    let amounts = || earlier.iter().chain([next]).filter_map(|reversal| reversal.amount);
    let same_currency = amounts().all(|amount| original.amount.is_some_and(|own| own.currency == amount.currency));
    let amount = original.amount.map_or(Decimal::ZERO, |amount| amount.value);
    let seats = original.seats.unwrap_or(Decimal::ZERO);
    let taken_seats = earlier.iter().chain([next]).filter_map(|reversal| reversal.seats);
    same_currency && fits(amount, amounts().map(|amount| amount.value)) && fits(seats, taken_seats)
}

fn fits(whole: Decimal, taken: impl Iterator<Item = Decimal>) -> bool {
    let Ok(taken) = Decimal::checked_sum(taken) else { return false };
    let Ok(rest) = whole.checked_add(taken) else { return false };
    // What remains lies between nothing and the whole.
    if whole.is_negative() { rest >= whole && rest <= Decimal::ZERO } else { rest >= Decimal::ZERO && rest <= whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(amount: &str) -> TransactionContent {
        TransactionContent {
            source: "s".to_owned(),
            external_id: "1".to_owned(),
            kind: "order".parse().expect("an id"),
            partner: None,
            subscription: None,
            product: None,
            workload: None,
            deal: String::new(),
            at: Instant::from_micros(0).expect("in range"),
            amount: Some(Amount { value: amount.parse().expect("a number"), currency: values::Currency::USD }),
            seats: None,
            reverses: None,
            fields: Fields::default(),
        }
    }

    #[test]
    fn reversals_take_back_at_most_what_there_was() {
        assert!(reversal_fits(&said("10"), &[], &said("-10")));
        assert!(reversal_fits(&said("10"), &[said("-4")], &said("-6")));
        assert!(!reversal_fits(&said("10"), &[said("-4")], &said("-6.01")));
        assert!(!reversal_fits(&said("10"), &[], &said("1")), "a reversal of the same sign takes nothing back");
        assert!(reversal_fits(&said("-10"), &[], &said("10")), "of a credit note");
        let euro = Amount { currency: values::Currency::EUR, ..said("-1").amount.expect("an amount") };
        assert!(!reversal_fits(&said("10"), &[], &TransactionContent { amount: Some(euro), ..said("-1") }));
    }
}
