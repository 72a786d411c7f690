//! What may be dated, split and announced, as the table in the reference says it; what may not is refused with what to do
//! instead.

mod scene;

use program::Bundle;
use scene::*;

/// The rows of the reference's table: what they name, and for dated, split and announced whether it may be.
fn rows() -> Vec<(String, [bool; 3])> {
    let text = std::fs::read_to_string(folder("../docs/program-language.md")).expect("the reference");
    let table = text.split("| Value | dated | split | announced |\n|---|---|---|---|\n").nth(1).expect("the table");
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let may = |place: usize| match cells[place] {
            "yes" => true,
            "no" => false,
            other => unreachable!("`{other}` is neither yes nor no"),
        };
        (cells[0].to_owned(), [may(1), may(2), may(3)])
    };
    table.lines().take_while(|line| line.starts_with('|')).map(row).collect()
}

/// One place of a row: the text that stands there, and the same with `@` where the value is, and the value. Of a place
/// for whose sake the document is read by stretches of time also another value.
struct Place {
    from: &'static str,
    to: &'static str,
    is: &'static str,
    then: Option<&'static str>,
}

const fn place(from: &'static str, to: &'static str, is: &'static str) -> Place {
    Place { from, to, is, then: None }
}

const fn moves(from: &'static str, to: &'static str, is: &'static str, then: &'static str) -> Place {
    Place { from, to, is, then: Some(then) }
}

const SALES: &str = "    rate: 5 %\n";
const USAGE: &str = "    rate: 10 %\n";
const WHEN: &str = "        - {score: this-area, at-least: 30 points}\n";
const SKILLS: &str = "{metric: experts, each: 1 person, earns: 5 points, max: 25 points}";
const CUSTOMERS: &str = "    with: {consumption: {at-least: USD 1}}\n";
const AWARD: &str = "  designation:\n";
const PAYS: &str = "pays:\n  recognized-by: partner-of-record\n  as-of: usage-start                     # or transaction-date, last-day-of-month\n";
const USAGE_PER: &str = "per: [subscription, month]}";
const GROWTH: &str = "per: [subscription, month], change: {since: same-month-last-year, below-zero: becomes-zero, targets: [{growth-at-least: @}]}}
    pays: {recognized-by: partner-of-record, as-of: last-day-of-month}";
const HOLD: &str = "pays: {recognized-by: partner-of-record, as-of: usage-start}\npayment: {hold: {for: @}}\n";
const EXPERTS: &str = "  experts: {count: people, holding: expert}\n";
const CAPPED: &str =
    "    rate: {capped: {by: running-total, of: customer, over: month}, brackets: [{at-most: @, rate: 5 %}]}\n";
const TABLE: &str = "{graduated: {by: running-total, of: customer, over: month}, brackets: [{at-most: USD 9, rate: 5 %}, {above: USD 9, rate: 6 %}]}";

/// The places of every row, in the table's order.
fn places() -> Vec<Vec<Place>> {
    vec![
        vec![
            place(SALES, "    rate: @\n", "5 %"),
            place(SALES, "    rate: @\n", TABLE),
            place(SALES, "    rate: 5 %\n    less: @\n", "USD 5"),
            place(SALES, "    rate: 5 %\n    accelerators: {as: reduce, steps: [{add: {volume: @}}]}\n", "5 %"),
        ],
        vec![
            place(SALES, "    rate: 5 %\n    floors: {f: {at-least: @, per: line}}\n", "USD 1"),
            place(SALES, "    rate: 5 %\n    caps: {c: {at-most: @, per: line}}\n", "USD 1"),
            place(
                PAYS,
                "pays: {recognized-by: partner-of-record, as-of: usage-start}\npayment: {minimum: {at-least: @, per: partner, below: carried-forward}}\n",
                "USD 1",
            ),
            place(
                PAYS,
                "pays: {recognized-by: partner-of-record, as-of: usage-start}\npayment: {draw: {to: @, first: 3 periods, recovered: 50 %, above: USD 5}}\n",
                "USD 1",
            ),
        ],
        vec![
            place(
                SALES,
                "    rate: 5 %\n    eligible: {when: @, counted-from: the-day-the-last-part-was-met}\n",
                "{agreement: direct}",
            ),
            place(CUSTOMERS, "    change: {since: same-month-last-year, base-at-least: @}\n", "2 customers"),
            place(CUSTOMERS, "    change: {since: same-month-last-year, now-at-least: @}\n", "2 customers"),
        ],
        vec![
            place(WHEN, "        - {score: this-area, at-least: @}\n", "30 points"),
            place(WHEN, "        - {metric: customers, at-least: @}\n", "3 customers"),
            place(WHEN, "        - {every-line: this-area, above: @}\n", "3 points"),
        ],
        vec![
            place(SKILLS, "{metric: experts, each: 1 person, earns: @, max: 25 points}", "5 points"),
            place(SKILLS, "{metric: experts, each: 1 person, earns: 5 points, max: @}", "25 points"),
            place(SKILLS, "{metric: experts, full-at: @, max: 25 points}", "5 people"),
            place(
                SKILLS,
                "{metric: experts, bands: @, max: 25 points}",
                "[{below: 2 people, earns: 0 points}, {at-least: 2 people, earns: 9 points}]",
            ),
            place(SKILLS, "{metric: experts, each: 1 person, earns: 5 points, max: 25 points, weight: @}", "50 %"),
            place(SKILLS, "{metric: experts, each: 1 person, earns: 5 points, max: 25 points, suspended: @}", "true"),
        ],
        vec![
            place(WHEN, "        - {staffed: {roles: {expert: {people: @, holding: expert}}}}\n", "2 people"),
            place(CUSTOMERS, "    with: {consumption: {bound: @}}\n", "{at-least: USD 1}"),
        ],
        vec![
            place("{by: licensing, subscription: 0.5 x, otherwise: 0 x}", "@", "0.5 x"),
            place(
                "\nawards:\n",
                "\nservice-capacity: {office: {workloads: office, recognized-by: partner-of-record, measures: [active-users], holding: @}}\nawards:\n",
                "basic",
            ),
        ],
        vec![place(AWARD, "  designation:\n    judged: {first-time: {any-day-in: @}}\n", "{back: 5 months}")],
        vec![place(
            "members: {2020-01-01: [paid, trial], 2024-07-01: {without: [trial]}}",
            "members: @",
            "[paid, trial]",
        )],
        vec![
            place(
                SALES,
                "    rate: {graduated: {by: running-total, of: customer, over: month}, brackets: [{at-most: USD 9, rate: @}, {above: USD 9, rate: 6 %}]}\n",
                "5 %",
            ),
            place(
                SALES,
                "    rate: {graduated: {by: running-total, of: customer, over: month}, brackets: [{at-most: USD 9, amount: @}, {above: USD 9, amount: USD 8}]}\n",
                "USD 5",
            ),
            place(
                SALES,
                "    rate: {package: {by: deal-seats, of: line, over: month, size: 5 seats}, earns: @}\n",
                "USD 7",
            ),
            place(SKILLS, "{metric: experts, each: @, earns: 5 points, max: 25 points}", "1 person"),
            place(USAGE, "    rate: {each: @, earns: USD 2}\n", "USD 10"),
            place(USAGE, "    rate: {each: USD 10, earns: @}\n", "USD 2"),
            place(SALES, "    rate: {least-of: {share: {rate: 10 %}, most: @}}\n", "USD 7"),
            place(SALES, "    rate: {best-of: {share: {rate: @}, most: USD 7}}\n", "10 %"),
            place(
                SKILLS,
                "{metric: experts, bands: [{below: 2 people, earns: @}, {at-least: 2 people, earns: 9 points}], max: 25 points}",
                "0 points",
            ),
        ],
        vec![
            moves(SALES, CAPPED, "USD 9", "USD 20"),
            moves(
                SALES,
                "    rate: {package: {by: deal-seats, of: line, over: month, size: @}, earns: USD 7}\n",
                "5 seats",
                "7 seats",
            ),
            moves(USAGE_PER, GROWTH, "10 %", "20 %"),
        ],
        vec![
            moves(
                SALES,
                "    rate: 5 %\n    once: @\n",
                "{per: customer, pays: first}",
                "{per: subscription, pays: first}",
            ),
            moves(
                SALES,
                "    rate: 5 %\n    pays: {recognized-by: partner-of-record, as-of: @}\n",
                "usage-start",
                "last-day-of-month",
            ),
            moves(PAYS, HOLD, "30 days", "60 days"),
            moves(
                PAYS,
                "pays: {recognized-by: @, as-of: usage-start, if-several: first-by-attribution}\n",
                "partner-of-record",
                "reseller",
            ),
            moves(
                SALES,
                "    rate: 5 %\n    pays: {recognized-by: partner-of-record, as-of: usage-start, if-several: {by-share: {partner-of-record: @}}}\n",
                "60 %",
                "50 %",
            ),
            moves(CUSTOMERS, "    window: @\n", "{last: 3 months}", "{last: 6 months}"),
            moves("where: {transaction: order}", "where: {transaction: @}", "order", "cancellation"),
            moves(
                USAGE,
                "    rate: 10 %\n    split: s\nsplits: {s: @}\n",
                "{a: {share: 60 %}, b: {share: 40 %}, rounding-rest-goes-to: a}",
                "{a: {share: 50 %}, b: {share: 50 %}, rounding-rest-goes-to: b}",
            ),
        ],
        vec![
            moves(
                WHEN,
                "        - {at-least: @, of: [{agreement: direct}, {check: ethics}, {training: ethics}]}\n",
                "2",
                "1",
            ),
            moves(WHEN, "        - {fee: program, paid: @, every: 12 months}\n", "USD 5", "USD 9"),
            moves(WHEN, "        - {check: ethics, passed-within: @}\n", "12 months", "6 months"),
            moves(
                AWARD,
                "  designation:\n    lasts: 12 months\n    grace: @\n",
                "{after-anniversary: 30 days}",
                "{after-anniversary: 60 days}",
            ),
            moves(AWARD, "  designation:\n    notice: @\n", "30 days", "60 days"),
            moves(
                AWARD,
                "  designation:\n    lasts-until: {anniversary-of: first-award, length: @}\n",
                "12 months",
                "24 months",
            ),
            moves(AWARD, "  designation:\n    down: @\n", "at-once", "{on: [04-01]}"),
        ],
        vec![
            moves(EXPERTS, "  experts: @\n", "{count: people, holding: expert}", "{count: people, holding: basic}"),
            moves(
                "      partner: [badge, score, lines, explanation, way-there]",
                "      partner: @",
                "[badge, score]",
                "[badge]",
            ),
            moves("office: {members: [mail, chat]}", "office: {members: @}", "[mail, chat]", "[mail]"),
            moves("active-users: {unit: users, kind: level,", "active-users: {unit: users, kind: @,", "level", "flow"),
            moves(
                WHEN,
                "        - @\n",
                "{score: this-area, at-least: 30 points}",
                "{any: [{agreement: direct}, {score: this-area, above: 5 points}]}",
            ),
            moves(
                "rounding: {to: minor-unit, mode: half-even, at: line}",
                "rounding: {mode: @, at: line}",
                "half-even",
                "half-up",
            ),
        ],
        vec![
            place("title: Acme's areas\neffective: 2024-01-01", "title: Acme's areas\neffective: @", "2024-01-01"),
            place(
                "uses: [acme/catalog, acme/recognition, acme/tiers]",
                "uses: [acme/catalog, acme/recognition, @]",
                "acme/tiers",
            ),
        ],
        vec![
            place("  first: {partner-of-record: 0, reseller: 1}", "  first: @", "{partner-of-record: 0, reseller: 1}"),
            place("conventions: {time-zone: UTC, recognized-month: any-day}", "conventions: {time-zone: @}", "UTC"),
            place("\nrate-cards:\n", "\nproducts: {suite: {title: Suite, workloads: @}}\nrate-cards:\n", "office"),
        ],
    ]
}

/// What the place may be split by: rows of a plan or catalog by their fields, a tier program by the partner.
fn field_of(place: &Place) -> &'static str {
    match place.from {
        SALES | USAGE | PAYS => "purchasing-motion",
        from if from.contains("licensing") || place.to.contains("service-capacity") => "workload",
        _ => "partner-country",
    }
}

fn problems(place: &Place, value: &str) -> Option<String> {
    let files = changed(&acme(), place.from, &place.to.replace('@', value));
    Bundle::parse(&files).err().map(|problems| listed(&problems))
}

#[test]
fn the_reference_says_what_may_be_dated_split_and_announced() {
    let (rows, places) = (rows(), places());
    let named: Vec<&str> = rows.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(rows.len(), places.len(), "{named:#?}");
    for ((what, [dated, split, announced]), places) in rows.iter().zip(&places) {
        for place in places {
            let is = place.is;
            let field = field_of(place);
            assert_eq!(problems(place, is), None, "{what}: {is} by itself");
            let forms = [
                (*dated, format!("{{2020-01-01: {is}, 2024-07-01: {is}}}")),
                (*split, format!("{{by: {field}, one: {is}, otherwise: {is}}}")),
                (
                    *announced,
                    format!("{{2020-01-01: {is}, announced: {{is: more, said: 2024-05-01, for: next year}}}}"),
                ),
            ];
            for (may, form) in forms {
                match (may, problems(place, &form)) {
                    (true, None) => {}
                    (true, Some(problems)) => unreachable!("{what}: {form}\n{problems}"),
                    (false, None) => unreachable!("{what}: {form} is accepted"),
                    // A case is an unknown name in many places, and refused as that.
                    (false, Some(_)) if form.starts_with("{by:") => {}
                    (false, Some(found)) => {
                        let told = [
                            "say it of the rule around it",
                            "and not split",
                            "is not a date",
                            "unknown key `announced`",
                            "`announced` is not a date",
                        ];
                        assert!(told.iter().any(|words| found.contains(words)), "{what}: {form}\n{found}");
                    }
                }
            }
        }
    }
}

/// The words that a misplaced date or case is answered with.
#[test]
fn a_date_where_none_belongs_is_answered_with_what_to_do() {
    let never = rows().into_iter().zip(places()).filter(|((_, [dated, ..]), _)| !dated);
    for place in never.flat_map(|(_, places)| places) {
        let is = place.is;
        let found = problems(&place, &format!("{{2020-01-01: {is}, 2024-07-01: {is}}}")).expect("a problem");
        assert!(found.contains("say it of the rule around it, or by a new version of the document"), "{found}");
    }
}

/// What the programs and plans say on a day, without the days of their versions and of their rules' names.
fn said_on(bundle: &Bundle, day: &str) -> String {
    let date = day.parse().expect("a day");
    let mut program = bundle.tier_program_on("acme/tiers", date).expect("the program").clone();
    let mut plan = bundle.incentive_plan_on("acme/plan", date).expect("the plan").clone();
    (program.effective, program.until, plan.effective, plan.until) = (None, None, None, None);
    let said = format!("{program:?} {plan:?}");
    ["2020-01-01", "2024-07-01"].iter().fold(said, |said, day| said.replace(&format!(".{day}"), ""))
}

#[test]
fn what_is_dated_is_the_one_value_before_its_day_and_the_other_one_from_it_on() {
    let bundle = |place: &Place, value: &str| parse(&changed(&acme(), place.from, &place.to.replace('@', value)));
    let mut shown = 0;
    for place in places().into_iter().flatten() {
        let (Some(then), is) = (place.then, place.is) else { continue };
        let (before, after) = (bundle(&place, is), bundle(&place, then));
        assert!(
            said_on(&before, "2024-07-01") != said_on(&after, "2024-07-01"),
            "{then} changes nothing: {}",
            place.to
        );
        let announced = "announced: {is: more, said: 2024-05-01, for: next year}";
        for written in [
            format!("{{2020-01-01: {is}, 2024-07-01: {then}}}"),
            format!("{{2020-01-01: {{is: {is}, note: as it was}}, 2024-07-01: {then}, {announced}}}"),
            format!("{{is: {{2020-01-01: {is}, 2024-07-01: {then}}}, {announced}}}"),
            format!("{{2020-01-01: {{2020-01-01: {is}, 2024-07-01: {then}}}}}"),
        ] {
            let dated = bundle(&place, &written);
            let same = |day: &str, as_in: &Bundle| {
                let (own, other) = (said_on(&dated, day).replace(".is", ""), said_on(as_in, day).replace(".is", ""));
                assert!(own == other, "{written} on {day} in {}:\n{own}\n{other}", place.to);
            };
            same("2024-06-30", &before);
            same("2024-07-01", &after);
        }
        // What is announced has no effect until it has a day of its own.
        let told = bundle(&place, &format!("{{is: {is}, {announced}}}"));
        assert!(said_on(&told, "2024-07-01").replace(".is", "") == said_on(&before, "2024-07-01").replace(".is", ""));
        assert_eq!(told.announcements().len(), 1, "{}", place.to);
        shown += 1;
    }
    assert!(shown >= 22, "{shown} places");
}
