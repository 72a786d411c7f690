//! One hash over facts, whatever their order, their batches and their recorded times.

use values::{Canon, Decimal, Digest, Instant};

use super::known::Fact;
use super::{Facts, Flow, Grain, Usage};

/// What makes two usage facts one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKey {
    /// The subscription.
    pub subscription: String,
    /// The workload, or empty.
    pub workload: String,
    /// The meter.
    pub meter: String,
    /// The start of the usage or of its hour.
    pub start: Instant,
    /// Hour or record.
    pub grain: Grain,
}

impl Usage {
    /// The key under which usage adds up.
    pub fn usage_key(&self) -> UsageKey {
        UsageKey {
            subscription: self.subscription.clone(),
            workload: self.workload.clone(),
            meter: self.meter.clone(),
            start: self.start,
            grain: self.grain,
        }
    }
}

/// A hash of `facts` by their business keys: equal whatever their order, however usage was split
/// into differences, and whenever and from where each fact was learned.
pub fn digest(facts: &Facts) -> Digest {
    let mut canon = Canon::new("accolade facts 1");
    kind(&mut canon, &facts.partners);
    kind(&mut canon, &facts.enrollments);
    kind(&mut canon, &facts.agreements);
    kind(&mut canon, &facts.checks);
    kind(&mut canon, &facts.fees);
    kind(&mut canon, &facts.people);
    kind(&mut canon, &facts.certifications);
    kind(&mut canon, &facts.customers);
    kind(&mut canon, &facts.subscriptions);
    kind(&mut canon, &facts.associations);
    usage(&mut canon, &facts.usage);
    kind(&mut canon, &facts.seats);
    kind(&mut canon, &facts.transactions);
    kind(&mut canon, &facts.awards);
    kind(&mut canon, &facts.decisions);
    kind(&mut canon, &facts.figures);
    kind(&mut canon, &facts.exchange);
    canon.digest()
}

fn kind<F: Fact>(canon: &mut Canon, facts: &[F]) {
    let mut contents: Vec<Digest> = facts.iter().map(Fact::content).collect();
    contents.sort();
    canon.text(F::KIND).int(contents.len() as i128);
    for content in contents {
        canon.bytes(content.bytes());
    }
}

/// A usage key without its texts: the same fields in the same order.
type Key<'f> = (&'f str, &'f str, &'f str, Instant, Grain);

fn key_of(fact: &Usage) -> Key<'_> {
    (&fact.subscription, &fact.workload, &fact.meter, fact.start, fact.grain)
}

/// A key with the unit that is added up under it.
fn cell_of(fact: &Usage) -> (Key<'_>, &str) {
    (key_of(fact), &fact.unit)
}

/// Sums are taken in attos with wrap-around: a hash needs to be the same for every split, and the
/// evaluation itself refuses sums out of range.
#[derive(Default)]
struct Sums<'f> {
    currency: &'f str,
    quantity: i128,
    costs: [Option<i128>; 4],
}

impl<'f> Sums<'f> {
    fn take(&mut self, fact: &'f Usage) {
        self.currency = fact.currency.code();
        self.quantity = self.quantity.wrapping_add(fact.quantity.attos());
        let costs = [fact.costs.billed, fact.costs.effective, fact.costs.list, fact.costs.contracted];
        for (sum, cost) in self.costs.iter_mut().zip(costs) {
            if let Some(cost) = cost {
                *sum = Some(sum.unwrap_or(0).wrapping_add(cost.attos()));
            }
        }
    }
}

fn usage(canon: &mut Canon, facts: &[Usage]) {
    let of_flow = |fact: &&Usage| fact.flow != Flow::Level;
    let mut flows: Vec<&Usage> = facts.iter().filter(of_flow).collect();
    // Stable: of several currencies of one cell the last one given is written, whatever came of the rest.
    flows.sort_by(|a, b| cell_of(a).cmp(&cell_of(b)));
    let cells: Vec<&[&Usage]> = flows.chunk_by(|a, b| cell_of(a) == cell_of(b)).collect();
    canon.text("usage").int(cells.len() as i128);
    for cell in cells {
        let mut sums = Sums::default();
        for fact in cell {
            sums.take(fact);
        }
        if let Some((key, unit)) = cell.first().map(|fact| cell_of(fact)) {
            write_key(canon, &key);
            canon.text(unit).text(sums.currency).int(sums.quantity);
        }
        for cost in sums.costs {
            match cost {
                Some(cost) => canon.int(cost),
                None => canon.absent(),
            };
        }
    }
    let levels = facts.iter().filter(|fact| !of_flow(fact));
    let mut levels: Vec<(Key<'_>, Decimal)> = levels.map(|fact| (key_of(fact), fact.quantity)).collect();
    levels.sort();
    canon.text("levels").int(levels.len() as i128);
    for (key, quantity) in &levels {
        write_key(canon, key);
        canon.int(quantity.attos());
    }
}

fn write_key(canon: &mut Canon, (subscription, workload, meter, start, grain): &Key<'_>) {
    canon.text(subscription).text(workload).text(meter);
    canon.int(i128::from(start.micros())).int(i128::from(*grain == Grain::Record));
}
