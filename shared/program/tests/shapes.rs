//! The shapes of tier rules, each with a program of a few lines and one number of it changed.

mod scene;

use program::{Facts, Reason};
use scene::shapes::*;
use scene::*;

#[test]
fn growth_in_percent_needs_a_minimum_and_ends_at_the_cap() {
    let rule = |minimum: &str| {
        one_line(
            &format!(
                "\n  growth: {{sum: spend, recognized-by: {{granting: competency}}, window: {{last: 12 months}}, change: {{since: same-month-last-year, as: percent, now-at-least: USD {minimum}}}}}"
            ),
            "{metric: growth, each: 1 %, earns: 1 point, max: 20 points}",
        )
    };
    let facts = |now: &str, base: &str| {
        let mut facts = Facts::default();
        sold(&mut facts, "c", &["disk"]);
        spend(&mut facts, "c", "disk", "2023-06", now);
        spend(&mut facts, "c", "disk", "2022-06", base);
        facts
    };
    let bundle = program(&rule("1000"));
    assert_eq!(points(&bundle, &facts("115000", "100000"), "2023-07-15"), "15");
    assert_eq!(points(&bundle, &facts("119999", "100000"), "2023-07-15"), "19.999");
    assert_eq!(points(&bundle, &facts("150000", "100000"), "2023-07-15"), "20");
    let small = line(&bundle, &facts("900", "500"), "2023-07-15");
    assert_eq!((small.shown.as_str(), small.reason), ("0", Some(Reason::BelowMinimumNow)));
    assert_eq!(points(&program(&rule("900")), &facts("900", "500"), "2023-07-15"), "20");
    // Growth from nothing does not exist: it is told so, and not taken for zero or for everything.
    let none = line(&bundle, &facts("5000", "0"), "2023-07-15");
    assert_eq!((none.shown.as_str(), none.reason), ("0", Some(Reason::ZeroBase)));
    let whole = changed(&files(&rule("1000")), "part-steps: exact", "part-steps: whole");
    assert_eq!(points(&parse(&whole), &facts("119999", "100000"), "2023-07-15"), "19");
}

#[test]
fn targets_are_all_or_nothing_by_the_band_of_the_baseline() {
    let rule = |percent: &str| {
        one_line(
            "\n  growth: {count: customers, recognized-by: {granting: competency}, with: {spend: {above: USD 0}}, change: {since: same-month-last-year, as: percent}}",
            &format!(
                "{{metric: growth, targets: [{{base: {{at-least: 2 customers, below: 4 customers}}, needs: {{at-least: {percent} %}}}}, {{base: {{at-least: 4 customers}}, needs: {{at-least: 25 %}}}}], earns: 15 points, max: 15 points}}"
            ),
        )
    };
    let facts = |now: usize, base: usize| {
        let mut facts = Facts::default();
        for number in 0..now.max(base) {
            let customer = format!("c{number}");
            sold(&mut facts, &customer, &["disk"]);
            for (month, count) in [("2023-06", now), ("2022-06", base)] {
                if number < count {
                    spend(&mut facts, &customer, "disk", month, "10");
                }
            }
        }
        facts
    };
    let earned = |percent: &str, now, base| points(&program(&rule(percent)), &facts(now, base), "2023-07-15");
    assert_eq!(earned("35", 3, 2), "15");
    assert_eq!(earned("51", 3, 2), "0");
    assert_eq!(earned("35", 5, 4), "15");
    // A baseline below every band has no target.
    assert_eq!(earned("35", 5, 1), "0");
}

#[test]
fn of_legs_the_best_counts_or_they_are_added_and_then_capped() {
    let rule = |combine: &str, cap: &str| {
        one_line(
            "\n  users: {sum: users}",
            &format!(
                "{{metric: users, {combine}: {{claims: {{recognized-by: claim, full-at: 500 users}}, sales: {{recognized-by: sale, full-at: 2000 users}}}}, max: {cap} points}}"
            ),
        )
    };
    let mut facts = Facts::default();
    sold(&mut facts, "c", &["mail"]);
    metered(&mut facts, "c", "mail", "2023-06", "active-users", "1000");
    associate(&mut facts, "claim", "c", Some("mail"), since("2020-01-01T00:00:00Z"));
    let best = line(&program(&rule("best-of", "30")), &facts, "2023-07-15");
    assert_eq!((best.uncapped.to_string(), best.shown.as_str()), ("60".to_owned(), "30"));
    assert_eq!(best.legs[1].reason, Some(Reason::LostToABetterAlternative));
    assert_eq!(best.legs.iter().map(|leg| leg.uncapped.to_string()).collect::<Vec<_>>(), ["60", "15"]);
    let sum = line(&program(&rule("sum-of", "100")), &facts, "2023-07-15");
    assert_eq!((sum.uncapped.to_string(), sum.shown.as_str()), ("250".to_owned(), "100"));
    let least = line(&program(&rule("least-of", "30")), &facts, "2023-07-15");
    assert_eq!((least.uncapped.to_string(), least.shown.as_str()), ("15".to_owned(), "15"));
}

const TRACKS: &str = "
populations:
  large: {where: {workload: everything}, with: {seats: {above: 300 seats, in-any: workload}}}
  small: {where: {workload: everything}, with: {seats: {at-least: 11 seats, at-most: 300 seats, in-any: workload}}}
metrics:
  customers: {count: customers, where: {workload: everything}}
classes:
  size:
    of: partners
    first-that-holds:
      large: {metric: customers, recognized-by: sale, among: large, at-least: 2 customers}
    otherwise: small
areas:
  area:
    track: CHOICE
    tracks:
      large:
        among: large
        recognized-by: [sale, claim]
        score:
          customers: {metric: customers, each: 1 customer, earns: 4 points, max: 20 points}
      small:
        among: small
        recognized-by: sale
        score:
          customers: {metric: customers, each: 1 customer, earns: 2 points, max: 20 points}
    when: {score: this-area, at-least: 4 points}
";

/// Rule `program.best_track_counts`.
#[test]
fn tracks_are_scored_by_themselves_and_the_best_or_the_assigned_one_counts() {
    let facts = |counts: &[&str]| {
        let mut facts = Facts::default();
        for (number, count) in counts.iter().enumerate() {
            let customer = format!("c{number}");
            sold(&mut facts, &customer, &["mail"]);
            seats(&mut facts, &customer, "2020-01-01", count);
        }
        facts
    };
    let best = program(&TRACKS.replace("CHOICE", "best"));
    let assigned = program(&TRACKS.replace("CHOICE", "{classified-by: size}"));
    let one_large = facts(&["301", "10", "11", "300"]);
    let found = first(&best, &one_large, "2023-07-15");
    let by_track: Vec<(String, String, bool)> =
        found.tracks.iter().map(|track| (track.track.clone(), track.points.to_string(), track.counts)).collect();
    assert_eq!(by_track, [("large".into(), "4".into(), true), ("small".into(), "4".into(), false)]);
    let found = first(&best, &facts(&["301", "11", "12", "300"]), "2023-07-15");
    assert_eq!((found.track.as_str(), found.points.map(|points| points.to_string())), ("small", Some("6".to_owned())));
    // One large customer is too few for the class of large partners: the other track is not looked at.
    let found = first(&assigned, &one_large, "2023-07-15");
    assert_eq!((found.track.as_str(), found.tracks.len(), found.level.is_some()), ("small", 0, true));
    let found = first(&assigned, &facts(&["301", "500"]), "2023-07-15");
    assert_eq!((found.track.as_str(), found.points.map(|points| points.to_string())), ("large", Some("8".to_owned())));
    let stricter = changed(&files(&TRACKS.replace("CHOICE", "best")), "at-least: 11 seats", "at-least: 12 seats");
    let found = first(&parse(&stricter), &one_large, "2023-07-15");
    assert_eq!(found.tracks[1].points.to_string(), "2");
}

#[test]
fn a_rate_card_weighs_quantities_by_workload() {
    let rule = one_line(
        "\n  worth: {sum: worth, recognized-by: sale}",
        "{metric: worth, each: 1000 worth, earns: 1 point, max: 50 points}",
    );
    let mut facts = Facts::default();
    sold(&mut facts, "c", &["mail", "chat"]);
    metered(&mut facts, "c", "mail", "2023-06", "active-users", "10");
    metered(&mut facts, "c", "chat", "2023-06", "profiles", "50000");
    // What has no rate is worth nothing.
    metered(&mut facts, "c", "disk", "2023-06", "active-users", "7");
    assert_eq!(points(&program(&rule), &facts, "2023-07-15"), "20");
    let cheaper = changed(&files(&rule), "chat: {profiles: 0.2}", "chat: {profiles: 0.1}");
    assert_eq!(points(&parse(&cheaper), &facts, "2023-07-15"), "15");
}

/// Rule `program.accelerators_are_added_or_multiplied`.
#[test]
fn credits_are_the_value_of_deals_raised_by_accelerators_and_taken_back_in_their_window() {
    let rule = "
metrics:
  credits: {sum: credits, from: transactions, where: {transaction: booking}, recognized-by: the-transacting-partner, window: {rolling: 15 months}, taken-back-by: [cancellation]}
company:
  score:
    line: {metric: credits, each: 1 credit, earns: 1 point, max: 1_000_000 points}
  when: {score: this-division, at-least: 1 point}
";
    let bundle = program(rule);
    let mut facts = Facts::default();
    booking(&mut facts, "b1", "2022-01-10", "100");
    assert_eq!(points(&bundle, &facts, "2023-04-09"), "100");
    // Fifteen months later to the day it has left the window.
    assert_eq!(points(&bundle, &facts, "2023-04-10"), "0");
    facts.transactions[0].fields.insert("licensing".to_owned(), "subscription".to_owned());
    assert_eq!(points(&bundle, &facts, "2023-03-01"), "150");
    facts.transactions[0].fields.insert("customer-market".to_owned(), "growth".to_owned());
    assert_eq!(points(&bundle, &facts, "2023-03-01"), "250");
    let factors = changed(&files(rule), "combine: add", "combine: multiply");
    assert_eq!(points(&parse(&factors), &facts, "2023-03-01"), "50");
    booking(&mut facts, "b2", "2023-02-01", "40");
    facts.transactions[1].kind = "cancellation".to_owned();
    facts.transactions[1].reverses = Some("b1".to_owned());
    // Taken back at the worth of what it reverses.
    assert_eq!(points(&bundle, &facts, "2023-03-01"), "150");
    assert_eq!(points(&bundle, &facts, "2023-01-31"), "250");
    assert_eq!(points(&bundle, &facts, "2023-04-10"), "0");
}

#[test]
fn a_list_loses_a_member_on_its_day() {
    let rule = one_line(
        "\n  customers: {count: customers, where: {offer-type: counted-offers}, recognized-by: sale}",
        "{metric: customers, each: 1 customer, earns: 1 point, max: 9 points}",
    );
    let bundle = program(&rule);
    let mut facts = Facts::default();
    for customer in ["a", "b"] {
        sold(&mut facts, customer, &["mail"]);
        seats(&mut facts, customer, "2020-01-01", "1");
    }
    facts.subscriptions[1].offer_type = "trial".to_owned();
    assert_eq!(points(&bundle, &facts, "2022-12-31"), "2");
    assert_eq!(points(&bundle, &facts, "2023-01-01"), "1");
    let later = changed(&files(&rule), "2023-01-01: {without: [trial]}", "2023-01-02: {without: [trial]}");
    assert_eq!(points(&parse(&later), &facts, "2023-01-01"), "2");
}

/// Rule `program.suspended_line_gives_nothing`.
#[test]
fn a_metric_is_suspended_by_the_document_or_by_a_decision() {
    let rule = |suspended: &str| {
        one_line(
            "\n  people: {count: people, holding: basic}",
            &format!("{{metric: people, each: 1 person, earns: 5 points, max: 5 points, {suspended}}}"),
        )
    };
    let mut facts = Facts::default();
    person(&mut facts, "a", &["basic"]);
    let bundle = program(&rule("suspended: {2026-02-01: true, 2026-05-01: false}"));
    assert_eq!(points(&bundle, &facts, "2026-01-31"), "5");
    let suspended = line(&bundle, &facts, "2026-02-01");
    assert_eq!((suspended.shown.as_str(), suspended.reason), ("0", Some(Reason::Suspended)));
    assert_eq!(suspended.max.to_string(), "5");
    assert_eq!(points(&bundle, &facts, "2026-05-01"), "5");
    let bundle = program(&rule("suspended-by: metric-suspended"));
    decided(&mut facts, "p", "metric-suspended", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    let found = ["2026-02-28", "2026-03-31", "2026-04-01"].map(|day| points(&bundle, &facts, day));
    assert_eq!(found, ["5", "0", "5"]);
}

/// Rule `program.growth_counts_since_association`.
#[test]
fn growth_before_the_association_never_counts() {
    let rule = |limit: &str| {
        one_line(
            &format!(
                "\n  growth: {{sum: users, recognized-by: claim, change: {{since: same-month-last-year{limit}}}}}"
            ),
            "{metric: growth, full-at: 500 users, max: 30 points}",
        )
    };
    let mut facts = Facts::default();
    sold(&mut facts, "c", &["mail"]);
    associate(&mut facts, "claim", "c", Some("mail"), since("2023-01-10T00:00:00Z"));
    for (month, users) in [("2022-06", "200"), ("2023-01", "1000"), ("2023-06", "1400")] {
        metered(&mut facts, "c", "mail", month, "active-users", users);
    }
    let bundle = program(&rule(", not-before: association"));
    assert_eq!(points(&bundle, &facts, "2023-07-15"), "24");
    assert_eq!(points(&program(&rule("")), &facts, "2023-07-15"), "30");
    // A new association after a gap begins anew.
    facts.associations.pop();
    associate(&mut facts, "claim", "c", Some("mail"), between("2021-01-10T00:00:00Z", "2023-03-01T00:00:00Z"));
    associate(&mut facts, "claim", "c", Some("mail"), since("2023-05-01T00:00:00Z"));
    metered(&mut facts, "c", "mail", "2023-05", "active-users", "1300");
    assert_eq!(points(&bundle, &facts, "2023-07-15"), "6");
}

#[test]
fn what_was_above_the_bound_when_claimed_is_no_deployment() {
    let rule = |share: &str| {
        one_line(
            &format!(
                "\n  active: {{count: customers, recognized-by: claim, with: {{used: {{at-least: {share} %, in-any: workload}}}}, not-if-already: association}}"
            ),
            "{metric: active, each: 1 customer, earns: 5 points, max: 25 points}",
        )
    };
    let mut facts = Facts::default();
    for (customer, then, now) in [("a", "10", "40"), ("b", "50", "60"), ("c", "10", "39")] {
        sold(&mut facts, customer, &["mail"]);
        seats(&mut facts, customer, "2020-01-01", "100");
        associate(&mut facts, "claim", customer, Some("mail"), since("2023-01-10T00:00:00Z"));
        metered(&mut facts, customer, "mail", "2023-01", "active-users", then);
        metered(&mut facts, customer, "mail", "2023-06", "active-users", now);
    }
    // Only `a` rose above it; `b` was above before, `c` is below.
    assert_eq!(points(&program(&rule("40")), &facts, "2023-07-15"), "5");
    assert_eq!(points(&program(&rule("39")), &facts, "2023-07-15"), "10");
}

#[test]
fn a_share_of_two_metrics_has_no_value_without_a_whole() {
    let rule = "
metrics:
  cloud: {figure: cloud-sales, unit: money}
  sales: {figure: sales, unit: money}
  cloud-share: {share: {of: cloud, in: sales}}
levels: [silver, gold]
company:
  levels:
    silver: {when: {all: [{metric: sales, at-least: USD 500_000}, {metric: cloud-share, at-least: 25 %}]}}
    gold:
      when:
        any:
          - {all: [{metric: sales, at-least: USD 3_000_000}, {metric: cloud, at-least: USD 300_000}]}
          - {metric: sales, at-least: USD 5_000_000}
";
    let bundle = program(rule);
    let found = |sales: &str, cloud: &str| {
        let mut facts = Facts::default();
        figure(&mut facts, "sales", "2023-06", sales);
        figure(&mut facts, "cloud-sales", "2023-06", cloud);
        level(&bundle, &facts, "2023-07-15")
    };
    assert_eq!(found("600000", "150000").as_deref(), Some("silver"));
    assert_eq!(found("600000", "120000"), None);
    // Gold although silver fails: levels that are not nested.
    assert_eq!(found("5000000", "250000").as_deref(), Some("gold"));
    let card = first(&bundle, &Facts::default(), "2023-07-15");
    let leaf = &card.levels[0].requirements[1];
    assert_eq!((leaf.met, leaf.actual.is_none(), leaf.reason), (false, true, Some(Reason::MissingProof)));
}

/// Rule `program.change_counts_losses`.
#[test]
fn a_base_may_be_the_mean_of_earlier_windows() {
    let rule = |base: &str| {
        one_line(
            &format!(
                "\n  growth: {{sum: spend, recognized-by: sale, window: {{last: 3 months}}, change: {{since: {base}}}}}"
            ),
            "{metric: growth, each: USD 1, earns: 1 point, max: 1000 points}",
        )
    };
    let mut facts = Facts::default();
    sold(&mut facts, "c", &["disk"]);
    for (month, billed) in [("2022-09", "10"), ("2022-12", "20"), ("2023-03", "30"), ("2023-06", "100")] {
        spend(&mut facts, "c", "disk", month, billed);
    }
    assert_eq!(points(&program(&rule("{average-of-last: 3 quarters}")), &facts, "2023-07-15"), "80");
    assert_eq!(points(&program(&rule("last-quarter")), &facts, "2023-07-15"), "70");
    assert_eq!(points(&program(&rule("{date: 2022-12-31}")), &facts, "2023-07-15"), "80");
}

#[test]
fn windows_are_calendar_fiscal_full_months_or_days() {
    let rule = |window: &str| {
        let keys = one_line(
            &format!("\n  spend: {{sum: spend, recognized-by: sale, window: {window}}}"),
            "{metric: spend, each: USD 1, earns: 1 point, max: 1000 points}",
        );
        let running = changed(
            &files(&keys),
            "current-month: last-full-month",
            "current-month: running-month\n  fiscal-year-starts: 07-01",
        );
        parse(&running)
    };
    let mut facts = Facts::default();
    sold(&mut facts, "c", &["disk"]);
    // A power of two in each month: the sum names the months.
    for (place, month) in
        ["2023-01", "2023-02", "2023-03", "2023-04", "2023-05", "2023-06", "2023-07", "2023-08"].iter().enumerate()
    {
        spend(&mut facts, "c", "disk", month, &(1 << place).to_string());
    }
    let sums = [
        ("current-month", "128", "month = 2023-08"),
        ("{last: 2 months}", "192", "window = 2023-07-01..2023-08-15"),
        ("{last-full: 2 months}", "96", "window = 2023-06-01..2023-07-31"),
        ("calendar-quarter", "192", "window = 2023-07-01..2023-08-15"),
        ("calendar-half-year", "192", "window = 2023-07-01..2023-08-15"),
        ("calendar-year", "255", "window = 2023-01-01..2023-08-15"),
        ("fiscal-year", "192", "window = 2023-07-01..2023-08-15"),
        ("{rolling: 28 days}", "128", "window = 2023-07-19..2023-08-15"),
        ("{rolling: 2 months}", "192", "window = 2023-06-16..2023-08-15"),
        ("{from: 2023-04-01}", "248", "window = 2023-04-01..2023-08-15"),
    ];
    for (window, sum, told) in sums {
        assert_eq!(points(&rule(window), &facts, "2023-08-15"), sum, "{window}");
        let explained = first(&rule(window), &facts, "2023-08-15").explanation.text();
        assert!(explained.contains(told), "{window}: {told}: {explained}");
    }
}

/// Points are kept for a time after the month in which a bound was reached, however it goes on.
#[test]
fn points_are_kept_for_some_months_after_a_bound_was_reached() {
    let keys = |months: usize, bound: usize| {
        let when = format!(
            "{{any-day-in: {{back: {months} months}}, when: {{metric: consultants, at-least: {bound} people}}}}"
        );
        one_line(
            "\n  consultants: {figure: consultants, unit: people}",
            &format!("{{when: {when}, earns: 10 points, max: 10 points}}"),
        )
    };
    let mut facts = Facts::default();
    for (month, count) in [("2022-01", "29"), ("2022-02", "30"), ("2022-03", "3")] {
        figure(&mut facts, "consultants", month, count);
    }
    let found = |months: usize, bound: usize| {
        let bundle = program(&keys(months, bound));
        ["2022-02-28", "2022-03-01", "2022-06-30", "2022-07-01"].map(|day| points(&bundle, &facts, day))
    };
    // February's figure is the current one in March; on 30 June the last of those days is three months back.
    assert_eq!(found(3, 30), ["0", "10", "10", "0"]);
    assert_eq!(found(4, 30), ["0", "10", "10", "10"]);
    assert_eq!(found(3, 31), ["0", "0", "0", "0"]);
}

/// A total that runs over a year through several breakpoints: each month earns what the total adds to.
#[test]
fn a_total_runs_through_several_breakpoints_over_a_year() {
    use program::incentives::Prior;
    use scene::small;
    let paid = |second: &str| -> Vec<String> {
        let table =
            small::brackets("graduated", "partner", "calendar-year", &[("1000", "6"), ("3000", second), ("", "2")]);
        let bundle = small::bundle(small::TRANSACTIONS, &table);
        let mut facts = small::world();
        for (month, amount) in [("01", "900"), ("02", "900"), ("03", "1700")] {
            facts.transactions.push(small::sale(
                &format!("t{month}"),
                &format!("2024-{month}-05T00:00:00Z"),
                amount,
                "1",
            ));
        }
        let mut prior = Prior::default();
        let months = ["2024-01", "2024-02", "2024-03"].map(|month| {
            let rating = small::rated(&bundle, month, &facts, &prior);
            prior = small::after(&rating);
            rating.control.amount.to_string()
        });
        months.to_vec()
    };
    // 900 at 6 %; 100 at 6 % and 800 at 4 %; 1,200 at 4 % and 500 at 2 %.
    assert_eq!(paid("4"), ["USD 54.00", "USD 38.00", "USD 58.00"]);
    assert_eq!(paid("5"), ["USD 54.00", "USD 46.00", "USD 70.00"]);
}
