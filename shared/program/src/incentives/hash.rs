//! The result hash of a rating.

use values::{Canon, Digest, Zone};

use super::rating::{Prior, Rating};
use crate::facts::{Facts, digest};

/// Over the bundle, the engine, the time-zone table, the facts by business key, what earlier periods
/// left, and the results. `known_at`, recorded times, generated ids, texts and explanations are left
/// out: they differ between equal results.
pub(crate) fn of(rating: &Rating, known: &Facts, prior: &Prior, parts: bool) -> Digest {
    let mut canon = Canon::new("accolade rating 1");
    canon.bytes(rating.bundle.bytes()).text(crate::ENGINE_VERSION).text(Zone::table_version());
    canon.bytes(digest(known).bytes()).text(&rating.plan).show(rating.period).text(rating.currency.code());
    write_prior(&mut canon, prior);
    canon.int(rating.lines.len() as i128);
    for line in &rating.lines {
        canon.text(&line.lever).maybe(line.partner.as_ref()).text(&line.customer);
        canon.maybe(line.subscription.as_ref()).maybe(line.workload.as_ref()).maybe(line.transaction.as_ref());
        canon.show(line.interval).show(line.rule_date).text(&line.basis.value.to_string());
        canon.text(&line.exact.to_string()).int(line.amount.minor());
        canon.maybe(line.reason);
    }
    for statement in &rating.statements {
        canon.text(&statement.partner).int(statement.earned.minor()).int(statement.brought_forward.minor());
        canon.int(statement.paid.minor()).int(statement.carried_forward.minor());
    }
    for counter in &rating.counters {
        canon.text(&counter.rule).text(&counter.owner).text(&counter.span).text(&counter.total.to_string());
    }
    // A plan with one balance says all of this above.
    if parts {
        canon.text("parts");
        for line in &rating.lines {
            for part in &line.parts {
                canon.text(&part.earning_type).text(&part.exact.to_string()).int(part.amount.minor());
            }
        }
        for statement in &rating.statements {
            canon.int(statement.advanced.minor()).int(statement.recovered.minor()).int(statement.forfeited.minor());
            for part in &statement.parts {
                canon.text(&part.earning_type).int(part.earned.minor()).int(part.brought_forward.minor());
                canon.int(part.moved.minor()).int(part.paid.minor()).int(part.forfeited.minor());
                canon.int(part.carried_forward.minor()).maybe(part.reason);
            }
        }
    }
    canon.digest()
}

fn write_prior(canon: &mut Canon, prior: &Prior) {
    let mut counters: Vec<String> =
        prior.counters.iter().map(|c| format!("{}|{}|{}|{}", c.rule, c.owner, c.span, c.total)).collect();
    counters.sort();
    let owed = prior.carried.iter().filter(|carried| !carried.amount.is_zero());
    let mut carried: Vec<String> = owed.map(|carried| format!("{}|{}", carried.partner, carried.amount)).collect();
    carried.sort();
    let mut once = prior.paid_once.clone();
    once.sort();
    for list in [counters, carried, once] {
        canon.int(list.len() as i128);
        for entry in list {
            canon.text(&entry);
        }
    }
}
