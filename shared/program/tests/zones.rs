//! A period is in the zone that the document declares, for what is paid and for what is counted.

mod scene;

use program::Facts;
use program::incentives::Prior;
use scene::small::*;
use scene::*;

/// A hundred dollars on 30 June at half past three in the afternoon by the clock of UTC, which is half past midnight in Tokyo.
fn at_midnight() -> Facts {
    let mut facts = world();
    facts.usage.push(usage("s", "mail", "2024-06-30T15:30:00Z", "100"));
    facts
}

/// Usage in the night between two months is paid once over both, in the month of the plan's own zone.
#[test]
fn h27_usage_is_paid_in_the_month_of_the_plans_zone() {
    let paid = |zone: &str| {
        let files = files(USAGE, "10 %");
        let plan = files[2].1.replace("time-zone: UTC", &format!("time-zone: {zone}"));
        let bundle = parse(&[files[0].clone(), files[1].clone(), ("plan.yaml".to_owned(), plan)]);
        let facts = at_midnight();
        let june = rated(&bundle, "2024-06", &facts, &Prior::default());
        let july = rated(&bundle, "2024-07", &facts, &after(&june));
        let earned = |rating: &program::incentives::Rating| rating.lines.iter().map(|line| line.amount.minor()).sum();
        let both: [i128; 2] = [earned(&june), earned(&july)];
        both
    };
    assert_eq!(paid("Asia/Tokyo"), [0, 1_000]);
    assert_eq!(paid("UTC"), [1_000, 0]);
    // At nine in the evening in Kolkata it is still June.
    assert_eq!(paid("Asia/Kolkata"), [1_000, 0]);
}

/// The same usage makes a customer of the month that the program's own zone says.
#[test]
fn h27_usage_counts_in_the_month_of_the_programs_zone() {
    let counted = |zone: &str, day: &str| {
        let line = "{metric: customers, each: 1 customer, earns: 10 points, max: 100 points}";
        let metrics = "\n  customers: {count: customers, recognized-by: {granting: competency}, with: {spend: {at-least: USD 1}}}";
        let files = shapes::files(&shapes::one_line(metrics, line));
        let files: Vec<(String, String)> = files
            .into_iter()
            .map(|(name, text)| {
                let zoned = text.contains("kind: TierProgram");
                (name, if zoned { text.replace("time-zone: UTC", &format!("time-zone: {zone}")) } else { text })
            })
            .collect();
        let mut facts = Facts::default();
        shapes::sold(&mut facts, "c", &["mail"]);
        shapes::spend(&mut facts, "c", "mail", "2024-06", "100");
        facts.usage[0].start = instant("2024-06-30T15:30:00Z");
        shapes::points(&parse(&files), &facts, day)
    };
    // The last full month of a day in July is June, and of one in August July.
    assert_eq!((counted("Asia/Tokyo", "2024-07-15"), counted("Asia/Tokyo", "2024-08-15")), ("0".into(), "10".into()));
    assert_eq!((counted("UTC", "2024-07-15"), counted("UTC", "2024-08-15")), ("10".into(), "0".into()));
}
