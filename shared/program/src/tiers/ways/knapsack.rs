//! Which option each line takes so that the points reach a bound, the cheapest choices first.

use std::rc::Rc;

use values::Ratio;

use super::changes::Changes;
use crate::limit::Limit;
use crate::model::Bound;

/// How many partial choices are looked at.
const MAX_NODES: usize = 6_000;
/// How many choices are kept.
const MAX_CHOICES: usize = 40;

/// Points a line can have, the least effort for them, and the changes that give them.
pub(crate) struct LineOption {
    pub points: Ratio,
    pub effort: Ratio,
    pub changes: Vec<Changes>,
}

/// The points of an option and its effort.
type Weight = (Ratio, Ratio);

/// For every kept choice the place of each line's option, and whether the search stopped early.
///
/// Lines are taken in order; a line's options rise, so beyond the first one that suffices with the
/// least of the rest only what is reached otherwise can be minimal.
pub(crate) fn choices(needed: &Bound, lines: &[Rc<Vec<LineOption>>]) -> (Vec<Vec<usize>>, bool) {
    let needed = Limit::of(needed);
    let numbers = |option: &LineOption| (option.points.clone(), option.effort.clone());
    let mut others: Vec<Vec<Option<Vec<usize>>>> = lines.iter().map(|line| vec![None; line.len()]).collect();
    let options = lines;
    let lines: Vec<Vec<Weight>> = lines.iter().map(|line| line.iter().map(numbers).collect()).collect();
    let over = |pick: fn(&[Weight]) -> Option<&Weight>| -> Vec<Ratio> {
        let mut sums = vec![Ratio::ZERO; lines.len() + 1];
        for (place, line) in lines.iter().enumerate().rev() {
            sums[place] = pick(line).map_or(sums[place + 1].clone(), |(points, _)| &sums[place + 1] + points);
        }
        sums
    };
    let (least, most) = (over(|line| line.first()), over(|line| line.last()));
    let mut found: Vec<(Ratio, Vec<usize>)> = Vec::new();
    let mut open: Vec<(Ratio, Ratio, Vec<usize>)> = vec![Default::default()];
    let mut nodes = 0;
    while let Some((total, effort, chosen)) = open.pop() {
        nodes += 1;
        if nodes > MAX_NODES {
            break;
        }
        let Some(line) = lines.get(chosen.len()) else {
            found.push((effort, chosen));
            continue;
        };
        let at = chosen.len();
        let first = line.iter().position(|(points, _)| needed.holds(&(&total + points + &least[at + 1])));
        let enough = first
            .map(|first| others[at][first].get_or_insert_with(|| reached_otherwise(&options[at], first)).as_slice());
        for place in (0..first.unwrap_or(line.len())).chain(enough.unwrap_or_default().iter().copied()) {
            let (points, more) = &line[place];
            let sum = &total + points;
            if needed.holds(&(&sum + &most[at + 1])) {
                let mut next = chosen.clone();
                next.push(place);
                open.push((sum, &effort + more, next));
            }
        }
    }
    found.sort();
    let cut_short = nodes > MAX_NODES || found.len() > MAX_CHOICES;
    found.truncate(MAX_CHOICES);
    (found.into_iter().map(|(_, chosen)| chosen).collect(), cut_short)
}

/// The option at `first`, and of those that give more the ones with changes that do not include any change of an option
/// before them: where `first` suffices, whatever includes its changes could be smaller.
pub(crate) fn reached_otherwise(options: &[LineOption], first: usize) -> Vec<usize> {
    let mut kept: Vec<&Changes> = Vec::new();
    let mut found = Vec::new();
    for (place, option) in options.iter().enumerate().skip(first) {
        let new = |changes: &&Changes| !kept.iter().any(|less| changes.includes(less));
        let new: Vec<&Changes> = option.changes.iter().filter(new).collect();
        if !new.is_empty() {
            found.push(place);
            kept.extend(new);
        }
    }
    found
}
