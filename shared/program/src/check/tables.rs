//! Tables in which selling more pays less.

use num_traits::Zero;
use values::{Currency, Ratio, ratio_to_text};

use super::Findings;
use crate::incentives::table_worth;
use crate::model::{Applies, BracketPays, Charge, IncentivePlan, Lever, Mode, Position, Table, Target};
use crate::quantity::{Quantity, Unit};

pub(crate) fn plan(plan: &IncentivePlan, findings: &mut Findings<'_>) {
    for lever in &plan.levers {
        for table in lever.charge.all().into_iter().flat_map(tables) {
            self::table(table, plan.conventions.currency, findings);
        }
        lever.charge.all().into_iter().for_each(|charge| units(charge, &lever.charge.rule, findings));
        bases(lever, findings);
    }
}

/// Bands of the base of growth: one that asks for more growth than a smaller base is told.
fn bases(lever: &Lever, findings: &mut Findings<'_>) {
    let targets = lever.basis.growth.as_ref().map(|growth| growth.targets.as_slice()).unwrap_or_default();
    for pair in targets.windows(2).filter(|pair| pair[1].least > pair[0].least) {
        let percent = |target: &Target| Quantity::new(target.least.clone(), Unit::Percent);
        let message = format!("a larger base must grow by more: {} after {}", percent(&pair[1]), percent(&pair[0]));
        findings.warn("not-monotone", &pair[1].rule, message);
    }
}

fn takes(pays: &BracketPays) -> bool {
    match pays {
        BracketPays::PerUnit(amount) | BracketPays::Amount { amount, .. } | BracketPays::Rate(amount) => {
            *amount < Ratio::zero()
        }
    }
}

/// What every unit takes off.
fn units(charge: &Charge, rule: &str, findings: &mut Findings<'_>) {
    match charge {
        Charge::PerUnit { earns, .. } if earns.value < Ratio::zero() => {
            findings.warn("not-monotone", rule, "a larger quantity pays less: every unit takes something".to_owned());
        }
        Charge::OneOf { parts, .. } => parts.iter().for_each(|part| units(&part.charge, &part.rule, findings)),
        _ => {}
    }
}

fn tables(charge: &Charge) -> Vec<&Table> {
    match charge {
        Charge::Table(table) => vec![table],
        Charge::OneOf { parts, .. } => parts.iter().flat_map(|part| tables(&part.charge)).collect(),
        _ => Vec::new(),
    }
}

/// The worth of a table just before and just after a place. It is linear inside a bracket, so two points
/// on each side give its limit there.
fn limits(table: &Table, at: &Ratio, grain: &Ratio) -> (Ratio, Ratio) {
    let two = Ratio::from_integer(2.into());
    let worth = |steps: i32| table_worth(table, &(at + grain * Ratio::from_integer(steps.into())));
    (worth(-1) * &two - worth(-2), worth(1) * &two - worth(2))
}

fn table(table: &Table, currency: Option<Currency>, findings: &mut Findings<'_>) {
    // Packages go up by whole steps, and down only where each takes something.
    if matches!(table.mode, Mode::Package(_)) {
        for bracket in table.brackets.iter().filter(|bracket| takes(&bracket.pays)) {
            let message = "a larger quantity pays less: every package takes something".to_owned();
            findings.warn("not-monotone", &bracket.rule, message);
        }
        return;
    }
    let bounds: Vec<Ratio> = table
        .brackets
        .iter()
        .filter_map(|bracket| bracket.range.upper.as_ref().map(|upper| upper.quantity().value.clone()))
        .collect();
    let grain = grain(&bounds);
    for (bound, next) in bounds.iter().zip(table.brackets.iter().skip(1)) {
        let (before, after) = limits(table, bound, &grain);
        if after < before {
            findings.warn("cliff", &next.rule, cliff(table, bound, (&before, &after), &grain, currency));
        } else if paid_twice(&table.mode) && after > before {
            let (bound, paid) = (Quantity::new(bound.clone(), table.unit.clone()), |worth| money(worth, currency));
            let (before, after) = (paid(&before), paid(&after));
            let message = format!("at {bound} a little more pays for everything once more: {before} become {after}");
            findings.warn("cliff", &next.rule, message);
        }
    }
    for (place, bracket) in table.brackets.iter().enumerate() {
        let low = if place == 0 { Ratio::zero() } else { bounds[place - 1].clone() };
        let (first, second) = (&low + &grain, &low + &grain * Ratio::from_integer(2.into()));
        if table_worth(table, &second) < table_worth(table, &first) {
            let message = "a larger quantity pays less inside this bracket".to_owned();
            findings.warn("not-monotone", &bracket.rule, message);
        }
    }
}

/// Whether the reached bracket prices what the passed ones have priced already.
fn paid_twice(mode: &Mode) -> bool {
    matches!(mode, Mode::Mixed { passed: Applies::Part | Applies::Whole, reached: Applies::Whole })
}

fn money(value: &Ratio, currency: Option<Currency>) -> String {
    match currency {
        Some(currency) => Quantity::new(value.clone(), Unit::Money(currency)).to_string(),
        None => ratio_to_text(value),
    }
}

/// Far smaller than any bracket is wide.
fn grain(bounds: &[Ratio]) -> Ratio {
    let widths = std::iter::once(Ratio::zero()).chain(bounds.iter().cloned());
    let widths = widths.zip(bounds).map(|(low, high)| high - low).filter(Ratio::is_positive);
    let least = widths.min().unwrap_or_else(|| Ratio::from_integer(1.into()));
    least / Ratio::from_integer(1000.into())
}

fn cliff(
    table: &Table,
    bound: &Ratio,
    (before, after): (&Ratio, &Ratio),
    grain: &Ratio,
    currency: Option<Currency>,
) -> String {
    let at = Quantity::new(bound.clone(), table.unit.clone());
    let by_money = table.pays_money() || table.position == Position::RunningTotal;
    let money = |value: &Ratio| money(value, currency);
    if !by_money {
        let percent =
            |value: &Ratio| Quantity::new(value / bound * Ratio::from_integer(100.into()), Unit::Percent).to_string();
        return format!("at {at} selling more pays less: {} of the whole become {}", percent(before), percent(after));
    }
    let lost = before - after;
    let slope = (table_worth(table, &(bound + grain * Ratio::from_integer(2.into())))
        - table_worth(table, &(bound + grain)))
        / grain;
    let made_up = match slope.is_positive() {
        true => format!(", made up for at {}", Quantity::new(bound + &lost / slope, table.unit.clone())),
        false => String::new(),
    };
    format!(
        "at {at} selling more pays less: {} become {}, {} are lost{made_up}",
        money(before),
        money(after),
        money(&lost)
    )
}
