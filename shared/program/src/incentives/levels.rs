//! Levels over a month: the seats of subscriptions, and the mean of a month's days.

use num_traits::ToPrimitive;
use values::{Decimal, Instant, Interval, Ratio, Rounding, ratio_from_decimal, round_ratio};

use super::RateError;
use super::drafts::usage_row;
use super::grouped::GroupRow;
use super::rating::InputRef;
use super::scene::Scene;
use crate::facts::{Seats, Subscription};
use crate::ground::last_instant;
use crate::model::{Lever, LinePer, MonthValue};

/// What was measured, and when.
pub(super) type Measurements = Vec<(Instant, Decimal)>;

/// Rule: `program.average_of_the_days`: the mean of the days of `interval` from the first measured one on, each by its
/// last measurement; one that is no decimal is rounded half-even at the eighteenth place.
pub(super) fn mean(
    scene: &Scene<'_>,
    lever: &Lever,
    interval: Interval,
    mut measured: Measurements,
) -> Result<Decimal, RateError> {
    measured.sort();
    let zone = &scene.ground.zone;
    let Some((first, _)) = measured.first() else { return Ok(Decimal::ZERO) };
    let (mut day, last) = (zone.date(*first), zone.date(last_instant(&interval)));
    let (mut sum, mut days) = (Ratio::default(), 0_u32);
    while day <= last {
        let end = last_instant(&zone.day(day));
        let then = measured.partition_point(|(at, _)| *at <= end);
        sum += then.checked_sub(1).map_or_else(Ratio::default, |place| ratio_from_decimal(measured[place].1));
        days += 1;
        let Ok(next) = day.add_days(1) else { break };
        day = next;
    }
    let attos = Ratio::from_integer(Decimal::ONE.attos().into());
    let mean = sum / Ratio::from_integer(days.max(1).into()) * attos;
    let found = round_ratio(&mean, Rounding::HalfEven).to_i128().map(Decimal::from_attos);
    found.ok_or_else(|| super::overflow(lever))
}

/// Every workload of a subscription has its seats; an association limited to one covers those.
pub(super) fn seats<'a>(scene: &Scene<'a>, lever: &Lever, interval: Interval) -> Result<Vec<GroupRow<'a>>, RateError> {
    let ground = scene.ground;
    let end = last_instant(&interval);
    let mut rows = Vec::new();
    for id in ground.subscription_ids() {
        let Some(subscription) = ground.subscription(id, end).filter(|one| one.effective.contains(end)) else {
            continue;
        };
        let last = ground.seats(id, end);
        let inside =
            ground.facts.seats.iter().filter(|seats| seats.subscription == id && interval.contains(seats.from));
        let seats = match lever.basis.month_value {
            Some(MonthValue::Highest) => {
                inside.chain(ground.seats(id, interval.start())).max_by_key(|seats| (seats.count, seats.from))
            }
            _ => last,
        };
        let Some(seats) = seats else { continue };
        let mut seats = seats.clone();
        if lever.basis.month_value == Some(MonthValue::Average) {
            let before = ground.seats(id, interval.start()).map(|seats| (interval.start(), seats.count));
            let inside = ground.facts.seats.iter();
            let inside = inside.filter(|seats| seats.subscription == id && interval.contains(seats.from));
            let counts = before.into_iter().chain(inside.map(|seats| (seats.from, seats.count))).collect();
            seats.count = mean(scene, lever, interval, counts)?;
        }
        let whole = lever.basis.per != LinePer::CustomerWorkload && lever.basis.per != LinePer::SubscriptionWorkload;
        let workloads = subscription.workloads.iter().map(String::as_str);
        let mut passing = workloads.filter(|workload| {
            let row = usage_row(subscription, workload, "", end);
            ground.passes(&lever.basis.filters, &row)
        });
        let places: Vec<&'a str> = if whole { passing.next().into_iter().collect() } else { passing.collect() };
        rows.extend(places.into_iter().map(|workload| seat_row(subscription, workload, &seats, end)));
    }
    Ok(rows)
}

fn seat_row<'a>(subscription: &'a Subscription, workload: &'a str, seats: &Seats, at: Instant) -> GroupRow<'a> {
    let input = InputRef::Seats { subscription: seats.subscription.clone(), from: seats.from };
    GroupRow { row: usage_row(subscription, workload, "", at), since: at, input, number: seats.count }
}
