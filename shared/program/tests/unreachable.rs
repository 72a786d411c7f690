//! What nothing reaches: requirements that exclude themselves, rows that never rule, windows that are never full; and
//! levels of which a higher one holds without the lower one, or is paid less.

mod scene;

use program::Bundle;
use scene::flaws::{GOOD, found, none, one, tiers};
use scene::small::{TRANSACTIONS, USAGE, files};
use scene::{changed, listed, parse};

type Files = Vec<(String, String)>;

/// The small program with these levels of its area, each by what it asks for.
fn levels(low: &str, high: &str) -> Files {
    let program = tiers(&format!("areas: {{a: {{levels: {{low: {{when: {low}}}, high: {{when: {high}}}}}}}}}"));
    changed(&program, "columns:\n  spend: {metric: spend}\n  heads: {metric: heads}\n", "")
}

/// The same with a score: at most 50 points for spending and 25 for people.
fn scored(low: &str, high: &str) -> Files {
    let score = "score: {growth: {metric: spend, each: USD 1, earns: 1 point, max: 50 points}, people: {metric: heads, each: 1 person, earns: 1 point, max: 25 points}}";
    changed(&levels(low, high), "{a: {levels:", &format!("{{a: {{{score}, levels:"))
}

const SPEND: &str = "{metric: spend, at-least: USD 1}";
const MORE: &str = "{all: [{metric: spend, at-least: USD 9}, {metric: heads, at-least: 1 person}]}";

#[test]
fn what_excludes_itself_is_nobodys() {
    let low = |asked: &str| {
        levels(
            SPEND,
            &format!("{{all: [{{metric: spend, at-least: USD 9}}, {{metric: heads, at-least: 1 person}}, {asked}]}}"),
        )
    };
    for (asked, says) in [
        ("{agreement: x}, {none: [{agreement: x}]}", "they exclude each other"),
        ("{count: people, holding: basic, below: 1 person}", "nothing is at least 1 person and below 1 person"),
        (
            "{any: [{agreement: x}, {agreement: y}]}, {none: [{agreement: x}, {agreement: y}]}",
            "they exclude each other",
        ),
        (
            "{at-least: 2, of: [{agreement: x}, {agreement: y}, {agreement: z}]}, {none: [{agreement: x}, {agreement: y}]}",
            "they exclude each other",
        ),
    ] {
        let told = one(&low(asked), "unreachable");
        assert!(told.contains(says), "{asked}: {told}");
    }
    for asked in [
        "{agreement: x}, {none: [{agreement: y}]}",
        "{count: people, holding: expert, below: 1 person}",
        "{at-least: 2, of: [{agreement: x}, {agreement: y}, {agreement: z}]}, {none: [{agreement: x}]}",
        "{any-day-in: {back: 3 months}, when: {agreement: x}}, {none: [{agreement: x}]}",
    ] {
        none(&low(asked), "unreachable");
    }
}

#[test]
fn who_is_eligible_is_asked_for_what_can_be() {
    let plan = |when: &str| {
        changed(
            &files(TRANSACTIONS, "1 %"),
            "levers:\n",
            &format!("eligible: {{when: {when}, counted-from: the-day-the-last-part-was-met}}\nlevers:\n"),
        )
    };
    let told = one(&plan("{all: [{agreement: a}, {none: [{agreement: a}]}]}"), "unreachable");
    assert!(told.starts_with("plan.yaml") && told.contains("they exclude each other"), "{told}");
    none(&plan("{all: [{agreement: a}, {none: [{agreement: b}]}]}"), "unreachable");
}

#[test]
fn more_workloads_than_a_group_has_are_never_counted() {
    let asking = |least: &str| {
        let all = "{metric: spend, at-least: USD 9}, {metric: heads, at-least: 1 person}";
        levels(
            SPEND,
            &format!(
                "{{all: [{all}, {{count: workloads, where: {{workload: [mail, chat]}}, recognized-by: anyone, at-least: {least}}}]}}"
            ),
        )
    };
    let told = one(&asking("3 workloads"), "unreachable");
    assert!(told.contains("at least 3 workloads is asked for") && told.contains("counts among 2"), "{told}");
    none(&asking("2 workloads"), "unreachable");
}

#[test]
fn brackets_and_documents_without_inside_do_not_load() {
    let table = |rows: &str| {
        files(
            TRANSACTIONS,
            &format!("{{graduated: {{by: running-total, of: customer, over: month}}, brackets: [{rows}]}}"),
        )
    };
    let empty =
        table("{at-most: USD 10, rate: 1 %}, {above: USD 10, at-most: USD 10, rate: 2 %}, {above: USD 10, rate: 3 %}");
    let told = listed(&Bundle::parse(&empty).expect_err("a flaw"));
    assert!(told.contains("nothing is above USD 10.00 and at most USD 10.00"), "{told}");
    let plan = |until: &str| {
        changed(&files(TRANSACTIONS, "1 %"), "id: small/plan\n", &format!("id: small/plan\nuntil: {until}\n"))
    };
    let told = listed(&Bundle::parse(&plan("2019-06-01")).expect_err("a flaw"));
    assert!(told.contains("it never rules: it ends on 2019-06-01, and begins on 2020-01-01 (at until)"), "{told}");
    parse(&plan("2020-06-01"));
}

#[test]
fn dated_rates_that_never_rule_are_told() {
    let plan = |rate: &str| files(TRANSACTIONS, rate);
    let told = one(&plan("{2018-01-01: 1 %, 2019-01-01: 2 %}"), "unreachable");
    assert!(told.contains("replaced on 2019-01-01, before the plan begins on 2020-01-01"), "{told}");
    none(&plan("{2018-01-01: 1 %, 2021-01-01: 2 %}"), "unreachable");
    let ended =
        changed(&plan("{2020-01-01: 1 %, 2022-01-01: 2 %}"), "id: small/plan\n", "id: small/plan\nuntil: 2022-01-01\n");
    assert!(one(&ended, "unreachable").contains("begins when the plan has ended (2022-01-01)"));
    // What was sold before keeps its rule, so that an older one still rules.
    let sold = changed(
        &plan("{2018-01-01: 1 %, 2019-01-01: 2 %}"),
        "rules-dated-by: transaction-date",
        "rules-dated-by: first-sale-date",
    );
    none(&sold, "unreachable");
}

#[test]
fn a_catalog_with_versions_leaves_rows_reachable() {
    let mut two = files(TRANSACTIONS, "{2020-01-01: 1 %, 2022-01-01: 2 %}");
    two.push(("next.yaml".to_owned(), two[0].1.replace("effective: 2020-01-01", "effective: 2021-01-01")));
    none(&two, "unreachable");
}

#[test]
fn a_window_that_begins_in_the_future_is_told() {
    let metric = |more: &str| {
        changed(
            &tiers(GOOD),
            "spend: {sum: spend, recognized-by: {granting: competency}}",
            &format!("spend: {{sum: spend, recognized-by: {{granting: competency}}, {more}}}"),
        )
    };
    let told = one(&metric("window: {from: 2030-01-31}"), "window-not-full-yet");
    assert!(told.contains("its window begins on 2030-01-31, and the rule begins on 2020-01-01"), "{told}");
    let told = one(&metric("change: {since: {date: 2030-01-31}}"), "window-not-full-yet");
    assert!(told.contains("what it is compared with is of 2030-01-31"), "{told}");
    let ended =
        changed(&metric("window: {from: 2030-01-31}"), "id: small/tiers\n", "id: small/tiers\nuntil: 2029-01-01\n");
    assert!(one(&ended, "window-never-full").contains("nothing asks for it from 2029-01-01 on"));
    none(&metric("window: {from: 2019-01-31}"), "window-not-full-yet");
}

#[test]
fn a_window_of_who_is_eligible_can_be_full() {
    let plan = |window: &str, until: &str| {
        let eligible = format!(
            "metrics: {{spent: {{sum: spend, recognized-by: record, window: {window}}}}}\neligible: {{when: {{metric: spent, at-least: USD 5}}, counted-from: the-day-the-last-part-was-met}}\nlevers:\n"
        );
        let plan = changed(&files(USAGE, "1 %"), "levers:\n", &eligible);
        let plan = changed(
            &plan,
            "  counter-filled: pro-rata\n",
            "  counter-filled: pro-rata\n  current-month: running-month\n  recognized-month: any-day\n",
        );
        changed(&plan, "id: small/plan\n", &format!("id: small/plan\n{until}"))
    };
    let told = one(&plan("{last: 24 months}", "until: 2020-06-01\n"), "window-never-full");
    assert!(told.contains("exists from 2020-01-01 to 2020-06-01 only"), "{told}");
    assert!(one(&plan("{last: 24 months}", ""), "window-not-full-yet").contains("not full before 2022-01-01"));
    none(&plan("current-month", "until: 2020-06-01\n"), "window-never-full");
}

#[test]
fn a_higher_score_is_asked_for_the_higher_level() {
    let score = |points: &str| format!("{{score: this-area, at-least: {points} points}}");
    let weaker = scored(&score("60"), &score("40"));
    let told = one(&weaker, "not-nested");
    assert!(
        told.contains("`high` can hold while `low` fails: it does not ask for a score at least 60 points"),
        "{told}"
    );
    assert!(one(&weaker, "unreachable").contains("whoever reaches `low` also reaches `high`: nobody ever has it"));
    none(&scored(&score("40"), &score("60")), "not-nested");
}

#[test]
fn a_total_that_no_line_can_miss_asks_for_every_line() {
    let lines = "{all: [{every-line: this-area, above: 0 points}, {score: this-area, at-least: 30 points}]}";
    // Sixty of seventy-five points need both lines, and forty do not.
    none(&scored(lines, "{score: this-area, at-least: 60 points}"), "not-nested");
    let told = one(&scored(lines, "{score: this-area, at-least: 40 points}"), "not-nested");
    assert!(told.contains("it does not ask for every line above 0 points"), "{told}");
    none(
        &scored("{score: this-area, at-least: 20 points}", "{every-line: this-area, at-least: 10 points}"),
        "not-nested",
    );
    assert_eq!(
        found(
            &parse(&scored("{score: this-area, at-least: 21 points}", "{every-line: this-area, at-least: 10 points}")),
            "not-nested"
        )
        .len(),
        1
    );
}

#[test]
fn alternatives_nest_where_each_of_them_does() {
    let five = "{metric: spend, at-least: USD 5}";
    let either = "{any: [{metric: spend, at-least: USD 8}, {metric: heads, at-least: 3 people}]}";
    assert!(one(&levels(five, either), "not-nested").contains("it does not ask for `spend` at least USD 5.00"));
    none(
        &levels("{any: [{metric: spend, at-least: USD 5}, {metric: heads, at-least: 2 people}]}", either),
        "not-nested",
    );
    let some = |count: &str, spend: &str, heads: &str| {
        format!(
            "{{at-least: {count}, of: [{{metric: spend, at-least: USD {spend}}}, {{metric: heads, at-least: {heads} people}}, {{agreement: x}}]}}"
        )
    };
    assert_eq!(found(&parse(&levels(&some("2", "5", "3"), &some("1", "8", "5"))), "not-nested").len(), 1);
    none(&levels(&some("2", "5", "3"), &some("2", "8", "5")), "not-nested");
    none(&levels(&some("1", "5", "3"), &some("2", "8", "5")), "not-nested");
}

#[test]
fn one_count_under_more_conditions_is_nested_in_the_wider_one() {
    let count = |filter: &str, least: &str| {
        format!("{{count: customers, {filter}recognized-by: anyone, at-least: {least} customers}}")
    };
    none(&levels(&count("", "2"), &count("where: {workload: mail}, ", "3")), "not-nested");
    assert_eq!(
        found(&parse(&levels(&count("where: {workload: mail}, ", "2"), &count("", "3"))), "not-nested").len(),
        1
    );
    none(&levels(SPEND, MORE), "not-nested");
}

#[test]
fn bands_of_targets_are_one_after_another() {
    let with = |targets: &str| {
        let score = format!(
            "score: {{growth: {{metric: heads, change: {{since: same-month-last-year, as: percent}}, targets: [{targets}], earns: 9 points, max: 9 points}}}}"
        );
        let program = levels(
            "{score: this-area, at-least: 5 points}",
            "{all: [{score: this-area, at-least: 9 points}, {metric: spend, at-least: USD 1}]}",
        );
        changed(&program, "{a: {levels:", &format!("{{a: {{{score}, levels:"))
    };
    let (few, many) =
        ("{base: {at-least: 2 people, below: 4 people}, needs: {at-least: 35 %}}", "needs: {at-least: 25 %}}");
    let good = with(&format!("{few}, {{base: {{at-least: 4 people}}, {many}"));
    for check in ["band-gap", "band-overlap", "closed-end"] {
        none(&good, check);
    }
    assert!(one(&with(&format!("{few}, {{base: {{at-least: 5 people}}, {many}")), "band-gap").contains("leave a gap"));
    assert!(one(&with(&format!("{few}, {{base: {{at-least: 3 people}}, {many}")), "band-overlap").contains("overlap"));
    assert!(
        one(&with(&format!("{few}, {{base: {{at-least: 4 people, below: 9 people}}, {many}")), "closed-end")
            .contains("a larger base earns nothing")
    );
}

#[test]
fn more_is_not_paid_less_outside_of_brackets_either() {
    let by_level = |rates: &str| {
        let plan = changed(
            &tiers(GOOD),
            "rate: 1 %",
            &format!("rate: {{by: {{level-of: small/tiers/rank, in: a}}, {rates}}}"),
        );
        changed(
            &plan,
            "id: small/plan\ntitle: Small\neffective: 2020-01-01\nsample: true\nuses: [small/catalog, small/recognition]",
            "id: small/plan\ntitle: Small\neffective: 2020-01-01\nsample: true\nuses: [small/catalog, small/recognition, small/tiers]",
        )
    };
    let told = one(&by_level("low: 1 %, high: 2 %, none: 5 %"), "not-monotone");
    assert!(told.contains("a higher level is paid less: 1 % at `low` after 5 % at `none`"), "{told}");
    none(&by_level("low: 1 %, high: 2 %, none: 0 %"), "not-monotone");
    none(&by_level("high: 2 %, otherwise: 2 %"), "not-monotone");
    let package = |earns: &str| {
        files(
            TRANSACTIONS,
            &format!("{{package: {{by: running-total, of: line, over: month, size: USD 100}}, earns: {earns}}}"),
        )
    };
    assert!(one(&package("USD -7"), "not-monotone").contains("every package takes something"));
    none(&package("USD 7"), "not-monotone");
    let each = |earns: &str| files(TRANSACTIONS, &format!("{{each: USD 10, earns: {earns}}}"));
    assert!(one(&each("USD -1"), "not-monotone").contains("every unit takes something"));
    none(&each("USD 1"), "not-monotone");
    let growth = |more: &str| {
        let change = format!(
            "change: {{since: same-month-last-year, below-zero: becomes-zero, as: percent, targets: [{{at-most: USD 50, growth-at-least: 5 %}}, {{above: USD 50, growth-at-least: {more} %}}]}}"
        );
        let plan = files(
            &format!("{{sum: value, from: transactions, per: [customer, month], {change}}}"),
            "{each: 1 %, earns: USD 1}",
        );
        changed(&plan, "as-of: usage-start", "as-of: last-day-of-month")
    };
    assert!(one(&growth("90"), "not-monotone").contains("a larger base must grow by more: 90 % after 5 %"));
    none(&growth("4"), "not-monotone");
}
