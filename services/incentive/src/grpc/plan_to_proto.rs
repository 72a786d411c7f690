//! Plans as they are told: every rate with its case, its bracket and its date, announced ones included.

use program::Quantity;
use program::model::value::Form;
use program::model::{
    Alternative, Announced, Basis, Bound, BracketPays, Charge, IncentivePlan, Lever, LinePer, Pick, Stream, Value,
};
use proto::google::r#type::Decimal as WireDecimal;
use proto::incentive::v1 as pb;
use rpc::wire;
use values::{Date, Digest, Instant, Ratio, ratio_to_text};

use super::to_proto::plan_name;
use crate::domain::plan::{PlanState, state};

/// A plan as it stands at an instant.
pub fn plan(plan: &IncentivePlan, bundle: Digest, at: Instant) -> pb::IncentivePlan {
    let state = match state(plan.effective, plan.until, plan.conventions.zone.date(at)) {
        PlanState::Announced => pb::incentive_plan::State::Announced,
        PlanState::InForce => pb::incentive_plan::State::InForce,
        PlanState::Ended => pb::incentive_plan::State::Ended,
    };
    let mut kinds: Vec<String> = Vec::new();
    for kind in plan.levers.iter().flat_map(|lever| &lever.pays.kinds) {
        if !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    }
    pb::IncentivePlan {
        name: plan_name(&plan.id),
        document_id: plan.id.clone(),
        title: plan.title.clone(),
        state: state.into(),
        effective_date: plan.effective.map(wire::date),
        end_date: plan.until.map(wire::date),
        announcements: plan.announced.iter().map(announcement).collect(),
        time_zone: plan.conventions.zone.name().to_owned(),
        currency_code: plan.conventions.currency.map(|currency| currency.code().to_owned()).unwrap_or_default(),
        paid_kinds: kinds,
        levers: plan.levers.iter().map(lever).collect(),
        bundle_hash: bundle.to_string(),
    }
}

fn announcement(announced: &Announced) -> pb::Announcement {
    pb::Announcement {
        said_date: announced.said.parse::<Date>().ok().map(wire::date),
        earliest_date: announced.from.parse::<Date>().ok().map(wire::date),
        words: match announced.is.is_empty() {
            true => announced.from.clone(),
            false => format!("{} from {}", announced.is, announced.from),
        },
        source: String::new(),
    }
}

fn lever(lever: &Lever) -> pb::Lever {
    let mut rates = Vec::new();
    rows(&lever.charge, &mut Case::default(), &mut rates);
    pb::Lever {
        rule_id: lever.rule.clone(),
        title: lever.title.clone(),
        source: lever.source.clone().unwrap_or_default(),
        basis: basis(&lever.basis),
        rates,
    }
}

fn basis(basis: &Basis) -> String {
    let stream = match basis.stream {
        Stream::Usage => "usage",
        Stream::Transactions => "transactions",
        _ => "facts",
    };
    let per = match basis.per {
        LinePer::Subscription => "subscription and month",
        LinePer::SubscriptionWorkload => "subscription, workload and month",
        LinePer::Transaction => "transaction",
        LinePer::Customer => "customer and month",
        LinePer::CustomerWorkload => "customer, workload and month",
        LinePer::Partner => "partner and month",
    };
    let what = match (&basis.growth, &basis.high_water) {
        (Some(growth), _) if growth.percent => "percent of growth",
        (Some(_), _) => "growth",
        (_, Some(_)) => "what is above the high-water mark",
        _ => "sum",
    };
    format!("{what} of {} from {stream}, per {per}", basis.measure)
}

/// Where in a value one stands.
#[derive(Clone, Default)]
struct Case {
    applies_to: Vec<String>,
    since: Option<Date>,
}

/// Every plain charge in a value, as rows.
fn rows(value: &Value<Charge>, case: &mut Case, found: &mut Vec<pb::RateRow>) {
    match &value.form {
        Form::Is(charge) => charged(charge, &value.rule, case, found),
        Form::Dated(entries) => {
            for (from, value) in entries {
                let mut inner = Case { since: Some(*from), ..case.clone() };
                if let Some(value) = value {
                    rows(value, &mut inner, found);
                }
            }
        }
        Form::Split { by, cases, otherwise } => {
            for (name, value) in cases {
                let mut inner = case.clone();
                inner.applies_to.push(name.clone());
                rows(value, &mut inner, found);
            }
            if let Some(value) = otherwise {
                let mut inner = case.clone();
                inner.applies_to.push(format!("any other {by}"));
                rows(value, &mut inner, found);
            }
        }
    }
    found.extend(value.announced.iter().map(|announced| pb::RateRow {
        rate: announced.is.clone(),
        effective_date: announced.from.parse::<Date>().ok().map(wire::date),
        announced: true,
        rule_id: value.rule.clone(),
        rate_case: case.applies_to.join(", "),
        ..Default::default()
    }));
}

fn charged(charge: &Charge, rule: &str, case: &Case, found: &mut Vec<pb::RateRow>) {
    let row = pb::RateRow {
        rate_case: case.applies_to.join(", "),
        effective_date: case.since.map(wire::date),
        rule_id: rule.to_owned(),
        ..Default::default()
    };
    match charge {
        Charge::Rate(rate) => found.push(pb::RateRow { rate: percent(rate), ..row }),
        Charge::PerUnit { .. } | Charge::Fixed(_) => found.push(pb::RateRow { rate: says(charge), ..row }),
        Charge::OneOf { pick, parts } => {
            let which = match pick {
                Pick::Least => "the least of",
                Pick::Best => "the best of",
            };
            let parts: Vec<String> = parts.iter().map(alternative).collect();
            found.push(pb::RateRow { rate: format!("{which} {}", parts.join(", ")), ..row });
        }
        Charge::Table(table) => found.extend(table.brackets.iter().map(|bracket| {
            let (lower, upper) = (bracket.range.lower.as_ref(), bracket.range.upper.as_ref());
            let unit = lower.or(upper).map(|bound| bound.quantity().unit.to_string());
            pb::RateRow {
                lower_bound: lower.map(bound),
                lower_inclusive: matches!(lower, Some(Bound::AtLeast(_))),
                upper_bound: upper.map(bound),
                upper_inclusive: matches!(upper, Some(Bound::AtMost(_))),
                bound_unit: unit.unwrap_or_default(),
                rate: paid(&bracket.pays),
                rule_id: bracket.rule.clone(),
                sample: bracket.source.as_deref() == Some("sample"),
                ..row.clone()
            }
        })),
    }
}

/// A charge without brackets in words.
fn says(charge: &Charge) -> String {
    match charge {
        Charge::Rate(rate) => percent(rate),
        Charge::PerUnit { each, earns } => format!("{earns} for {each}"),
        Charge::Fixed(amount) => amount.to_string(),
        Charge::Table(_) | Charge::OneOf { .. } => String::new(),
    }
}

fn alternative(part: &Alternative) -> String {
    match &part.measure {
        Some((measure, _)) => format!("{} of {measure}", says(&part.charge)),
        None => says(&part.charge),
    }
}

/// What a bracket pays, in words; money is in the plan's currency.
fn paid(pays: &BracketPays) -> String {
    match pays {
        BracketPays::Rate(rate) => percent(rate),
        BracketPays::PerUnit(amount) => format!("{} for each unit", ratio_to_text(amount)),
        BracketPays::Amount { amount, pro_rata: false } => ratio_to_text(amount),
        BracketPays::Amount { amount, pro_rata: true } => format!("{} pro rata", ratio_to_text(amount)),
    }
}

fn bound(bound: &Bound) -> WireDecimal {
    let quantity: &Quantity = bound.quantity();
    WireDecimal { value: quantity.number() }
}

/// A fraction of one as documents write it: `8 %`.
fn percent(rate: &Ratio) -> String {
    format!("{} %", ratio_to_text(&(rate * Ratio::from_integer(100.into()))))
}
