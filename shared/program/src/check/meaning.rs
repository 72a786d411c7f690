//! Whether two metrics count the same, whatever they are called and wherever they are written.

use crate::model::metric::{Change, Counted, Filter, Fold, Metric, Population, Since, Test};
use crate::model::{Range, Value, Words};

/// What a metric counts, as a text: two metrics with one text are one number on every day.
pub(super) fn meaning(metric: &Metric) -> String {
    let mut filters: Vec<String> = metric.filters.iter().map(filter).collect();
    let mut tests: Vec<String> = metric.tests.iter().map(test).collect();
    filters.sort();
    tests.sort();
    format!("{} {filters:?} {tests:?} {}", fold(metric), rest(metric))
}

/// Whether everything that `narrow` counts is counted by `wide` too: it counts the same things under more conditions.
pub(super) fn within(narrow: &Metric, wide: &Metric) -> bool {
    let things = matches!(narrow.fold, Fold::Count(counted) if counted != Counted::People);
    let all = |narrow: Vec<String>, wide: Vec<String>| wide.iter().all(|one| narrow.contains(one));
    let plain = matches!(narrow.change, Change::None) && !narrow.not_if_already && narrow.taken_back_by.is_empty();
    let among = wide.among.is_none() || population(narrow.among.as_deref()) == population(wide.among.as_deref());
    let same = |metric: &Metric| rest(&Metric { among: None, ..metric.clone() });
    things
        && plain
        && among
        && fold(narrow) == fold(wide)
        && same(narrow) == same(wide)
        && all(narrow.filters.iter().map(filter).collect(), wide.filters.iter().map(filter).collect())
        && all(narrow.tests.iter().map(test).collect(), wide.tests.iter().map(test).collect())
}

fn fold(metric: &Metric) -> String {
    match &metric.fold {
        Fold::Share { of, whole } => format!("share {} in {}", meaning(of), meaning(whole)),
        Fold::Combined { add, less } => {
            let all = |metrics: &[Metric]| metrics.iter().map(meaning).collect::<Vec<_>>();
            format!("combined {:?} less {:?}", all(add), all(less))
        }
        other => format!("{other:?}"),
    }
}

fn rest(metric: &Metric) -> String {
    let holding = metric.holding.as_ref().map(|holding| holding.groups.iter().map(words).collect::<Vec<_>>());
    format!(
        "{} {:?} {:?} {} {:?} {} {} {} {holding:?} {:?}",
        metric.unit,
        metric.stream,
        metric.recognized_by,
        population(metric.among.as_deref()),
        metric.window,
        metric.months_back,
        change(&metric.change),
        metric.not_if_already,
        metric.taken_back_by,
    )
}

fn population(population: Option<&Population>) -> String {
    population.map(|population| meaning(&population.metric)).unwrap_or_default()
}

fn filter(filter: &Filter) -> String {
    let of = |list: &Option<Words>| list.as_ref().map(words);
    format!("{} {:?} {:?}", filter.field, of(&filter.any_of), of(&filter.none_of))
}

fn test(test: &Test) -> String {
    format!("{} {} {:?} {:?}", test.measure, dated(&test.range, Range::to_string), test.spread, test.period)
}

fn words(list: &Words) -> String {
    dated(list, |words| {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.sort_unstable();
        words.dedup();
        words.join(",")
    })
}

fn change(change: &Change) -> String {
    let Change::Since(since) = change else { return format!("{change:?}") };
    let Since { base, percent, base_at_least, now_at_least, not_before_association, losses, zero_base_full } = &**since;
    let least = |value: &Option<_>| value.as_ref().map(|value| dated(value, ToString::to_string));
    let (base_least, now_least) = (least(base_at_least), least(now_at_least));
    format!("{base:?} {percent} {base_least:?} {now_least:?} {not_before_association} {losses:?} {zero_base_full}")
}

/// A value with the days on which it changes; one that is split is its own only.
fn dated<T>(value: &Value<T>, shown: impl Fn(&T) -> String) -> String {
    if !value.split_by().is_empty() {
        return value.rule.clone();
    }
    let days = value.days();
    if days.is_empty() {
        return value.all().into_iter().map(shown).collect();
    }
    let on = |day| value.on(day).map(|found| shown(found.value)).unwrap_or_default();
    days.into_iter().map(|day| format!("{day}: {};", on(day))).collect()
}
