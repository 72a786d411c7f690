//! What documents announce is visible, with its value, its day and where it was said.

use program::Bundle;
use program::bundle::Announcement;

const CATALOG: &str = "
language: 1
kind: Catalog
id: acme/catalog
title: What is counted
effective: 2024-01-01
sample: true
measures:
  spend: {unit: money, kind: flow, reads: billed-cost}
workloads:
  cloud: {title: Cloud, members: [compute]}
---
language: 1
kind: RecognitionPolicy
id: acme/recognition
title: Who is recognized
effective: 2024-01-01
sample: true
conventions: {time-zone: UTC, months: clamp, intervals: start-inclusive, recognized-month: usage-start}
kinds:
  partner-of-record:
    title: Partner of record
    said-by: {customer: [owner]}
    scope: subscription
    exclusive: true
    grants: [incentive, competency]
    restated: forward
";

const PLAN: &str = "
language: 1
kind: IncentivePlan
id: acme/bonus
title: A bonus
effective: 2024-01-01
announced: {said: 2024-02, for: second half of 2025, earliest: 2025-07-01}
sources:
  letter: {title: Letter to partners, edition: 2024-02-01}
source: letter
uses: [acme/catalog, acme/recognition]
conventions: {time-zone: UTC, currency: USD, rules-dated-by: transaction-date, rounding: {mode: half-even, at: line, sample: true},
              counters-when-rules-change: carry-over, counter-filled: pro-rata, partner-level: location-account}
pays: {recognized-by: partner-of-record, as-of: usage-start}
levers:
  bonus:
    basis: {sum: spend, from: usage, per: [subscription, month]}
    rate: {is: 1 %, announced: [{is: 2 %, said: 2024-02-01, for: 2025-01-01}, {is: 3 %, said: 2024-03-01}]}
";

fn announced(documents: &[(&str, &str)]) -> Vec<Announcement> {
    let bundle = Bundle::parse(documents).expect("the documents are right");
    bundle.announcements()
}

#[test]
fn the_whole_document_and_single_values_can_be_announced() {
    let found = announced(&[("catalog.yaml", CATALOG), ("plan.yaml", PLAN)]);
    let told: Vec<_> =
        found.iter().map(|it| (it.rule.as_str(), it.is.as_str(), it.said.as_str(), it.from.as_str())).collect();
    assert_eq!(
        told,
        [
            ("acme/bonus", "", "2024-02", "second half of 2025 (not before 2025-07-01)"),
            ("acme/bonus#levers.bonus.rate", "2 %", "2024-02-01", "2025-01-01"),
            ("acme/bonus#levers.bonus.rate", "3 %", "2024-03-01", ""),
        ]
    );
    assert!(found.iter().all(|it| it.document == "acme/bonus" && it.title == "A bonus"));
    assert!(found.iter().all(|it| it.source.as_deref() == Some("Letter to partners (2024-02-01)")), "{found:#?}");
    // A dated value in place of an announced one is a rule.
    let dated =
        PLAN.replace("announced: [{is: 2 %, said: 2024-02-01, for: 2025-01-01}, {is: 3 %, said: 2024-03-01}]", "");
    let dated = dated.replace("{is: 1 %, }", "{2024-01-01: 1 %, 2025-01-01: 2 %}");
    assert_eq!(announced(&[("catalog.yaml", CATALOG), ("plan.yaml", &dated)]).len(), 1);
}

/// What is announced rules from a day on where somebody tries it: values, split values, and documents without a day.
#[test]
fn what_is_announced_can_be_tried_from_a_day_on() {
    let split = "{by: offer-type, trial: 0 %, otherwise: 1 %, announced: {is: 4 %, said: 2024-03-01}}";
    let one = "{is: 1 %, announced: [{is: 2 %, said: 2024-02-01, for: 2025-01-01}, {is: 3 %, said: 2024-03-01}]}";
    let day = |text: &str| text.parse::<values::Date>().expect("a day");
    let rate = |plan: &str, tried: &str, asked: &str| {
        let bundle = Bundle::parse(&[("catalog.yaml", CATALOG), ("plan.yaml", plan)]).expect("the documents are right");
        let tried = program::reform::as_announced(&bundle, day(tried)).expect("they stay right");
        let plan = &tried.incentive_plans()[0];
        let field = |name: &str| (name == "offer-type").then(|| "trial".to_owned());
        let found = plan.levers[0].charge.find(day(asked), &field).map(|found| match found.value {
            program::model::Charge::Rate(rate) => values::ratio_to_text(rate),
            other => format!("{other:?}"),
        });
        (plan.effective, found.unwrap_or_default())
    };
    // Of several announcements the last counts.
    let (_, before) = rate(PLAN, "2025-01-01", "2024-12-31");
    let (_, after) = rate(PLAN, "2025-01-01", "2025-01-01");
    assert_eq!((before.as_str(), after.as_str()), ("0.01", "0.03"));
    let parted = PLAN.replace(one, split);
    let (_, before) = rate(&parted, "2025-01-01", "2024-12-31");
    let (_, after) = rate(&parted, "2025-01-01", "2025-01-01");
    assert_eq!((before.as_str(), after.as_str()), ("0", "0.04"));
    let undecided = PLAN.replace("effective: 2024-01-01", "effective: undecided");
    assert_eq!(rate(&undecided, "2025-01-01", "2025-01-01").0, Some(day("2025-01-01")));
    let plain = PLAN.replace(one, "1 %");
    let bundle = Bundle::parse(&[("catalog.yaml", CATALOG), ("plan.yaml", &plain)]).expect("the documents are right");
    let refused = program::reform::as_announced(&bundle, day("2025-01-01")).expect_err("nothing has a value");
    assert!(refused[0].message.contains("announce nothing with a value"), "{refused:?}");
}
