//! The sample vendor's documents over the real bill beside them.

mod scene;

use program::incentives::{Prior, rate};
use program::tiers::evaluate;
use scene::*;

#[test]
fn print() {
    let bundle = sample_bundle();
    let facts = sample_facts(&bundle);
    for partner in ["harbor", "ridgeline", "bluepeak", "quartz", "tidewater", "fernhill"] {
        let card = evaluate(&bundle, "sample/tiers", &facts, partner, instant("2024-09-30T23:00:00Z"), instant("2024-10-05T00:00:00Z")).unwrap();
        for division in &card.divisions {
            println!("{partner} {} {:?} {:?} -> {:?}", division.division, division.standing, division.level, division.next_level);
            for level in &division.levels { for leaf in &level.requirements { println!("   {} {} actual {}", level.level, leaf.says, leaf.actual.as_ref().map(|q| q.to_string()).unwrap_or_default()); } }
            for way in &division.ways { println!("   way {} {}", way.effort, way.steps.iter().map(|s| s.says.clone()).collect::<Vec<_>>().join("; ")); }
        }
    }
    let rating = rate(&bundle, "sample/incentives", "2024-09".parse().unwrap(), &facts, instant("2024-10-05T00:00:00Z"), &Prior::default()).unwrap();
    for s in &rating.statements { println!("{} earned {} paid {} carried {} lines {}", s.partner, s.earned, s.paid, s.carried_forward, s.lines.len()); }
    for l in &rating.lines { if l.amount.minor() != 0 || l.reason.is_none_or(|r| r.name()!="rounded-to-zero" && r.name() != "nothing-used") { println!("{} {:?} basis {} amount {} {:?}", l.key, l.partner, l.basis, l.amount, l.reason); } }
    println!("{:?}", rating.control);
    println!("{}", rating.result_hash);
    let line = rating.lines.iter().max_by_key(|l| l.amount.minor()).unwrap();
    println!("{}", line.explanation.text());
}
