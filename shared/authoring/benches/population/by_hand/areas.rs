//! Points and designations from what was counted.

use super::facts::Counted;
use super::kinds::ONE;
use super::{AREAS, Area};

/// A fraction whose denominator is positive.
type Fraction = (i128, i128);

const NOTHING: Fraction = (0, 1);

/// Between nothing and `most` points.
fn line((points, of): Fraction, most: i128) -> Fraction {
    if points <= 0 {
        NOTHING
    } else if points >= most * of {
        (most, 1)
    } else {
        (points, of)
    }
}

/// So many points for each.
fn each(count: i128, points: i128, most: i128) -> Fraction {
    line((count * points, 1), most)
}

/// All points at so many, in proportion below.
fn full_at(count: i128, full: i128, most: i128) -> Fraction {
    line((count * most, full), most)
}

fn behind(gates: bool, line: Fraction) -> Fraction {
    if gates { line } else { NOTHING }
}

fn more(one: Fraction, other: Fraction) -> Fraction {
    if one.0 * other.1 >= other.0 * one.1 { one } else { other }
}

/// A point for each percent of growth, at most so many; none from nothing.
fn growth(now: i128, before: i128, most: i128) -> Fraction {
    // Cents are enough: every amount is a whole number of them, or of anything coarser.
    let (now, before) = (now / (ONE / 1_000_000), before / (ONE / 1_000_000));
    match before {
        0 => NOTHING,
        1.. => line(((now - before) * 100, before), most),
        _ => line(((before - now) * 100, -before), most),
    }
}

fn area(lines: [Fraction; 5], count: usize) -> Area {
    let mut total = NOTHING;
    for (points, of) in lines.into_iter().take(count) {
        total = if total.1 == of { (total.0 + points, of) } else { (total.0 * of + points * total.1, total.1 * of) };
    }
    let all = lines.iter().take(count).all(|(points, _)| *points > 0);
    Area { points: total, designated: all && total.0 >= 70 * total.1 }
}

/// The six areas in the order of the document.
pub fn score(counted: &Counted) -> [Area; AREAS] {
    let people = &counted.people;
    let (architects, administrators) = (people[0] >= 2, people[1] >= 2);
    let net = each(counted.azure_net, 10, 30);
    let used = behind(counted.azure_year >= 1_000 * ONE, growth(counted.azure_year, counted.azure_before, 20));
    let services = each(counted.azure_services, 2, 10);
    let azure = |intermediate: Fraction, advanced: Fraction| area([net, intermediate, advanced, used, services], 5);
    let data = behind(architects && administrators, each(people[2], 4, 40));
    [
        area([net, data, used, services, NOTHING], 4),
        azure(behind(administrators, each(people[3], 4, 20)), behind(architects, each(people[4], 4, 20))),
        azure(behind(administrators, each(people[5], 4, 20)), behind(architects, each(people[6], 4, 20))),
        modern_work(counted),
        business(counted),
        security(counted),
    ]
}

fn modern_work(counted: &Counted) -> Area {
    let people = &counted.people;
    let track = |track: usize, points: i128, experts: [i128; 2], users: [i128; 2]| {
        // A thousandth of a user.
        let leg = |leg: usize| full_at(counted.modern_users[track][leg] / (ONE / 1_000), users[leg] * 1_000, 30);
        let deployed = |leg: usize, full: i128| full_at(counted.modern_deployed[track][leg], full, 25);
        area(
            [
                each(counted.modern_net[track], points, 20),
                full_at(people[7], experts[0], 10),
                full_at(people[8], experts[1], 15),
                more(leg(0), leg(1)),
                more(deployed(0, 5), deployed(1, 10)),
            ],
            5,
        )
    };
    let enterprise = track(0, 4, [4, 2], [1_000, 4_000]);
    let small = track(1, 2, [2, 1], [500, 2_000]);
    let points = |area: &Area| area.points;
    match (enterprise.designated, small.designated) {
        (true, false) => enterprise,
        (false, true) => small,
        _ if points(&enterprise).0 * points(&small).1 >= points(&small).0 * points(&enterprise).1 => enterprise,
        _ => small,
    }
}

fn business(counted: &Counted) -> Area {
    let people = &counted.people;
    let track = usize::from(counted.large_workloads < 5);
    let (experts, minimum) = if track == 0 { ([20, 7], 50_000) } else { ([5, 2], 25_000) };
    let [value, base] = counted.business_value;
    area(
        [
            each(counted.business_net[track], 3, 15),
            full_at(people[9], experts[0], 20),
            full_at(people[10], experts[1], 15),
            behind(base >= minimum * ONE, growth(value, base, 30)),
            each(counted.business_deployed[track], 4, 20),
        ],
        5,
    )
}

fn security(counted: &Counted) -> Area {
    let people = &counted.people;
    let gates = people[12] >= 1 && people[13] >= 1;
    let [azure, other] = counted.security_deployed;
    // A tenth of a cent: 1,250 dollars a point, 125 users a point.
    let (dollars, users) = (counted.security_growth / (ONE / 1_000), counted.protected_growth / (ONE / 1_000));
    area(
        [
            each(counted.security_net[0] + counted.security_net[1], 2, 20),
            behind(gates, full_at(people[11], 6, 40)),
            full_at(azure + other, 6, 20),
            line((dollars + users * 10, 1_250_000), 20),
            NOTHING,
        ],
        4,
    )
}
