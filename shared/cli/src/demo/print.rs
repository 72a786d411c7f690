//! Tells the results to people. Only what is in [`Told`]; the same bytes for the same results.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::told::{Division, Explained, Line, Node, Scorecard, Shared, Statement, Told};

/// Lines of a statement that are written out; JSON has them all.
const LINES: usize = 4;
/// How deep an explanation is written out.
const DEPTH: usize = 5;

/// The whole story.
pub fn text(told: &Told) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = tell(&mut out, told);
    out
}

fn tell(out: &mut String, told: &Told) -> std::fmt::Result {
    heading(out, &format!("The sample marketplace, {}", told.period))?;
    let facts = &told.facts;
    writeln!(
        out,
        "{} partners, {} customers with {} subscriptions, {} decisions about the partner of record, one real bill.",
        facts.partners, facts.customers, facts.subscriptions, facts.decisions
    )?;
    for control in &facts.controls {
        writeln!(
            out,
            "The books agree: lines {}, statements {}, ledger {}.",
            control.lines, control.statements, control.ledger
        )?;
    }
    heading(out, "Statements")?;
    told.statements.iter().try_for_each(|it| statement(out, it))?;
    if let Some(explained) = &told.explained {
        heading(out, "One line explained")?;
        explain(out, explained)?;
    }
    heading(out, "Scorecards, and the way to the next level")?;
    scorecards(out, &told.scorecards)?;
    heading(out, "The most shared subscription")?;
    told.shared.iter().try_for_each(|it| shared(out, it))?;
    heading(out, "What customers see")?;
    if told.badges.is_empty() {
        writeln!(out, "No badges.")?;
    }
    for badge in &told.badges {
        writeln!(out, "{}: {} {}", badge.partner, badge.area, badge.level)?;
    }
    if let Some(applicant) = &told.applicant {
        heading(out, "An application to look at")?;
        writeln!(out, "{}: {}. It may be {}.", applicant.partner, applicant.state, applicant.suspicions.join(" or "))?;
    }
    heading(out, "Result")?;
    writeln!(out, "bundle_hash {}", told.bundle_hash)?;
    writeln!(out, "result_hash {}", told.result_hash)?;
    next(out)
}

fn heading(out: &mut String, title: &str) -> std::fmt::Result {
    if !out.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{title}\n{}", "=".repeat(title.chars().count()))
}

fn statement(out: &mut String, statement: &Statement) -> std::fmt::Result {
    let total = if statement.totals.is_empty() { "nothing".to_owned() } else { statement.totals.join(", ") };
    writeln!(out, "{} ({}): {total}, {} lines", statement.partner, statement.display_name, statement.lines.len())?;
    let mut earning: Vec<&Line> = statement.lines.iter().filter(|it| it.kind != "not-earned").collect();
    // The largest first, whatever the sign; of equal ones the statement's order.
    earning.sort_by_key(|it| std::cmp::Reverse(minor_units(&it.amount)));
    for line in earning.iter().take(LINES).filter(|it| minor_units(&it.amount) > 0) {
        writeln!(out, "  {:>10}  {}", line.amount, covers(line))?;
        writeln!(out, "{:14}{} of {}", "", line.rule, line.basis)?;
    }
    let rest =
        earning.len().saturating_sub(earning.iter().take(LINES).filter(|it| minor_units(&it.amount) > 0).count());
    if rest > 0 {
        writeln!(out, "{:14}{}", "", plural(rest, "and 1 smaller line", "and # smaller lines"))?;
    }
    let mut reasons: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in statement.lines.iter().filter(|it| it.kind == "not-earned") {
        reasons.entry(&line.reason).or_default().push(line);
    }
    for (reason, lines) in reasons {
        let count = plural(lines.len(), "1 line", "# lines");
        writeln!(out, "  not earned  {count}: {reason}")?;
        if let Some(line) = lines.first() {
            writeln!(out, "{:14}first {}, {}", "", covers(line), line.basis)?;
        }
    }
    Ok(())
}

/// One form for one, another, with the number for `#`, for any other count.
fn plural(count: usize, one: &str, many: &str) -> String {
    if count == 1 { one.to_owned() } else { many.replace('#', &count.to_string()) }
}

/// The digits of an amount: minor units without the sign.
fn minor_units(amount: &str) -> u64 {
    amount.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
}

fn covers(line: &Line) -> String {
    let what = [line.subscription.as_str(), line.workload.as_str()].into_iter().filter(|it| !it.is_empty());
    let what = what.collect::<Vec<_>>().join(" ");
    format!("{what} {} to {}", moment(&line.start), moment(&line.end)).trim_start().to_owned()
}

/// An instant without the seconds that are zero.
fn moment(text: &str) -> String {
    text.replace("T00:00:00Z", "").replace(":00Z", "Z").replace('T', " ")
}

fn explain(out: &mut String, explained: &Explained) -> std::fmt::Result {
    writeln!(out, "{}: {} for {}", explained.line.name, explained.line.amount, covers(&explained.line))?;
    step(out, &explained.root, 1)?;
    writeln!(out, "  the largest of its {} rows of the bill:", explained.row_count)?;
    for row in &explained.rows {
        let id: String = row.record.chars().take(12).collect();
        writeln!(out, "    {} {} for {} of {} (row {id})", moment(&row.start), row.billed, row.quantity, row.meter)?;
    }
    Ok(())
}

fn step(out: &mut String, node: &Node, depth: usize) -> std::fmt::Result {
    if depth > DEPTH {
        return Ok(());
    }
    let numbers: Vec<String> = node.numbers.iter().map(|(name, value)| format!("{name} {}", readable(value))).collect();
    let numbers = if numbers.is_empty() { String::new() } else { format!(" ({})", numbers.join(", ")) };
    writeln!(out, "{:indent$}{}: {}{numbers}", "", node.text, readable(&node.value), indent = depth * 2)?;
    if !node.rule.is_empty() {
        writeln!(out, "{:indent$}by {}", "", node.rule, indent = depth * 2 + 2)?;
    }
    node.children.iter().try_for_each(|child| step(out, child, depth + 1))
}

/// A value with long fractions rounded for the eye; JSON has them exact.
fn readable(value: &str) -> String {
    const LONGEST: usize = 15;
    let word = |word: &str| match word.parse::<values::Ratio>() {
        Ok(ratio) if word.len() > LONGEST && word.contains('/') => {
            let millionths = values::round_ratio(&(ratio * scale()), values::Rounding::HalfEven);
            let rounded = values::Ratio::from_integer(millionths) / scale();
            format!("~{}", values::ratio_to_text(&rounded))
        }
        _ => word.to_owned(),
    };
    value.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Six places are enough for the eye.
fn scale() -> values::Ratio {
    values::ratio_from_decimal(values::Decimal::from_int(1_000_000))
}

/// Only what is held or near: JSON has every partner and division.
fn scorecards(out: &mut String, cards: &[Scorecard]) -> std::fmt::Result {
    let all = || cards.iter().flat_map(|card| card.divisions.iter().map(move |division| (card, division)));
    let told = |division: &Division| !division.level.is_empty() || division.missing.len() == 1;
    for (card, it) in all().filter(|(_, division)| told(division)) {
        division(out, card, it)?;
    }
    let rest = all().filter(|(_, division)| !told(division)).count();
    if rest > 0 {
        writeln!(out, "and {rest} more without a level, each more than one requirement away")?;
    }
    Ok(())
}

fn division(out: &mut String, card: &Scorecard, division: &Division) -> std::fmt::Result {
    let level = if division.level.is_empty() { "no level yet" } else { &division.level };
    let title = if division.title.is_empty() { String::new() } else { format!(" {}:", division.title) };
    let score = if division.score.is_empty() { String::new() } else { format!(", {}", division.score) };
    writeln!(out, "{}{title} {level}{score}", card.partner)?;
    if division.next_level.is_empty() {
        return writeln!(out, "  the highest level is reached");
    }
    for missing in &division.missing {
        let amounts = match missing.lacks.as_str() {
            "" => String::new(),
            lacks => format!(" (has {}, lacks {lacks})", missing.has),
        };
        writeln!(out, "  for {}: {}{amounts}", division.next_level, missing.asks)?;
    }
    match division.ways.first() {
        Some(way) => writeln!(out, "  way there: {way}"),
        None => Ok(()),
    }
}

fn shared(out: &mut String, shared: &Shared) -> std::fmt::Result {
    writeln!(out, "{} at {}", shared.subscription, moment(&shared.at))?;
    for partner in &shared.recognized {
        writeln!(out, "  {}: {}", partner.partner, partner.grants.join(", "))?;
        for evidence in &partner.evidence {
            writeln!(out, "    {} by {}", evidence.workloads.join(", "), evidence.kinds.join(" and "))?;
        }
    }
    let nobody = |name: &str| if name.is_empty() { "nobody".to_owned() } else { name.to_owned() };
    writeln!(out, "  paid: {}", nobody(&shared.payee))?;
    writeln!(out, "    {}", shared.why)?;
    writeln!(out, "  first contact: {}", nobody(&shared.first_contact))
}

fn next(out: &mut String) -> std::fmt::Result {
    heading(out, "What to try next")?;
    writeln!(out, "accolade demo --json                 the same as data, with every line")?;
    writeln!(out, "accolade demo --serve                leave it running and call it")?;
    writeln!(out, "accolade serve                       an empty suite on SQLite in ./data")?;
    writeln!(out, "accolade import usage --format focus bill.csv --dry-run")?;
    writeln!(out, "programs/sample                      change a rate, run the demo with --fresh, compare the hashes")
}
