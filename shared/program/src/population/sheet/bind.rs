//! A division bound to the columns of a block: its points in parts of a point that make every number whole.

use num_integer::Integer as _;
use values::Ratio;

use super::column::{Column, Shape};
use super::lanes::Side;
use super::need::{Between, Mark, Need};
use super::worth::{Leg, Line, Worth};
use crate::limit::Limit;
use crate::model::Legs;
use crate::population::plan::Compiled;
use crate::population::scores::{DivisionPlan, LegPlan, LinePlan, Need as Asked, Scale};

/// The most parts that the lines of a track give together, where all columns count in parts.
const MOST: i64 = 1 << 30;
/// The same where one column holds fractions, and the largest number that multiplies one: products fit machine words.
const MOST_BESIDE_FRACTIONS: i64 = 1 << 21;
/// What multiplies long numbers that are added, and short ones: of at most so many legs.
const MOST_ADDED: i64 = 1 << 20;
const MOST_ADDED_SHORT: i64 = 1 << 29;
const LEGS_ADDED: usize = 4;

/// A division, bound.
pub struct Bound {
    /// How many parts a point has.
    pub per: i64,
    /// The lines of each track.
    pub tracks: Vec<Vec<Line>>,
    /// Of the class that chooses the track: its cases in order, with the tracks each chooses.
    pub cases: Option<Cases>,
    /// What each level asks for.
    pub levels: Vec<Need>,
}

/// The cases of a class: what each asks for, and which tracks carry its name.
pub struct Cases {
    /// In their order.
    pub first_that_holds: Vec<(Need, Vec<usize>)>,
    /// The tracks of the case of everybody else.
    pub otherwise: Vec<usize>,
}

/// Where the number of a measure, or its base, stands in a sheet.
pub type Place<'p> = &'p dyn Fn(u16, bool) -> Option<usize>;

/// Binds a division to columns, or says that their loops cannot do it exactly.
pub fn bound(plan: &Compiled<'_>, division: &DivisionPlan, columns: &[Column], place: Place<'_>) -> Option<Bound> {
    let mut binder = Binder { columns, place, per: 1, most: MOST };
    binder.find_parts(division)?;
    let mut tracks = Vec::new();
    for track in &division.tracks {
        let lines = track.lines.iter().map(|line| binder.line(line)).collect::<Option<Vec<_>>>()?;
        let sum = lines.iter().map(|line| i64::from(line.cap)).sum::<i64>();
        let fractions = lines.iter().filter(|line| matches!(line.worth, Worth::Fractions { .. })).count();
        if sum > binder.most || fractions > 1 {
            return None;
        }
        tracks.push(lines);
    }
    let named = |name: &str| (0..tracks.len()).filter(|place| division.tracks[*place].name == name).collect();
    let cases = match division.class.map(|class| &plan.classes[class]) {
        None => None,
        Some(class) => {
            let cases = class.cases.iter().map(|(name, when)| Some((binder.need(when, false)?, named(name))));
            Some(Cases { first_that_holds: cases.collect::<Option<_>>()?, otherwise: named(&class.otherwise) })
        }
    };
    let levels = division.levels.iter().map(|level| binder.need(level, true)).collect::<Option<_>>()?;
    Some(Bound { per: binder.per, tracks, cases, levels })
}

struct Binder<'b> {
    columns: &'b [Column],
    place: Place<'b>,
    /// Parts of a point.
    per: i64,
    most: i64,
}

impl Binder<'_> {
    fn shape(&self, measure: u16) -> Option<(usize, Shape)> {
        let column = (self.place)(measure, false)?;
        Some((column, self.columns.get(column)?.shape()))
    }

    /// Finds the parts of a point in which all points of the division are whole.
    fn find_parts(&mut self, division: &DivisionPlan) -> Option<()> {
        for line in division.tracks.iter().flat_map(|track| &track.lines) {
            self.whole(&line.max)?;
            for leg in &line.legs {
                match leg {
                    LegPlan::When { earns, .. } => self.whole(earns)?,
                    LegPlan::Measured { scale: Scale::Steps { earns, .. } | Scale::Targets { earns, .. }, .. } => {
                        self.whole(earns)?;
                    }
                    LegPlan::Measured { scale: Scale::Bands(bands), .. } => {
                        bands.iter().try_for_each(|(_, earns)| self.whole(earns))?;
                    }
                    LegPlan::Measured { measure, scale: Scale::Each(points) } => match self.shape(*measure)?.1 {
                        Shape::Short(parts) | Shape::Long(parts) => {
                            self.whole(&(points * Ratio::of(1, parts.into())))?;
                        }
                        Shape::Fractions => {
                            self.most = MOST_BESIDE_FRACTIONS;
                            self.whole(points)?;
                        }
                    },
                }
            }
        }
        division.levels.iter().try_for_each(|level| self.whole_bounds(level))
    }

    fn whole(&mut self, points: &Ratio) -> Option<()> {
        let denominator = i64::try_from(points.words()?.1).ok().filter(|it| *it <= MOST)?;
        // Both are at most a quarter of the digits of the product's word.
        self.per = Some(self.per.lcm(&denominator)).filter(|per| *per <= MOST)?;
        Some(())
    }

    fn whole_bounds(&mut self, need: &Asked) -> Option<()> {
        match need {
            Asked::All(parts) | Asked::Any(parts) | Asked::None(parts) | Asked::AtLeast(_, parts) => {
                parts.iter().try_for_each(|part| self.whole_bounds(part))
            }
            Asked::Score(limit) | Asked::EveryLine(limit) => self.whole(limit.number()),
            Asked::Metric(..) => Some(()),
        }
    }

    /// Parts of a point, where that is a whole number that loops can work with.
    fn parts(&self, points: &Ratio) -> Option<i64> {
        let (numerator, denominator) = points.words()?;
        let per = i128::from(self.per);
        let parts = numerator.checked_mul(per)?;
        let parts = i64::try_from(parts / denominator).ok().filter(|_| parts % denominator == 0)?;
        Some(parts).filter(|parts| parts.abs() <= self.most)
    }

    fn short(&self, points: &Ratio) -> Option<i32> {
        i32::try_from(self.parts(points)?).ok()
    }

    fn line(&self, line: &LinePlan) -> Option<Line> {
        let cap = self.short(&line.max).filter(|cap| *cap >= 0)?;
        let gates = line.gates.iter().map(|gate| self.need(gate, false)).collect::<Option<_>>()?;
        let added = line.legs.len() > 1 && matches!(line.combine, Legs::Sum | Legs::One);
        let worth = match &line.legs[..] {
            _ if line.suspended => Worth::Nothing,
            [] => Worth::Nothing,
            [LegPlan::Measured { measure, scale: Scale::Each(points) }] => match self.shape(*measure)? {
                (column, Shape::Fractions) => Worth::Fractions { column, points: self.positive(points)?.into() },
                _ => Worth::One(self.leg(&line.legs[0], false)?),
            },
            [leg] => Worth::One(self.leg(leg, false)?),
            legs if added && legs.len() > LEGS_ADDED => return None,
            legs => {
                let legs = legs.iter().map(|leg| self.leg(leg, added)).collect::<Option<_>>()?;
                match line.combine {
                    Legs::Best => Worth::Best(legs),
                    Legs::Least => Worth::Least(legs),
                    Legs::Sum | Legs::One => Worth::Sum(legs),
                }
            }
        };
        Some(Line { gates, cap, worth })
    }

    fn positive(&self, points: &Ratio) -> Option<i32> {
        self.short(points).filter(|points| *points >= 0)
    }

    fn leg(&self, leg: &LegPlan, added: bool) -> Option<Leg> {
        Some(match leg {
            LegPlan::When { when, earns } => Leg::When { when: self.need(when, false)?, earns: self.positive(earns)? },
            LegPlan::Measured { measure, scale } => {
                let (column, shape) = self.shape(*measure)?;
                match (scale, shape) {
                    (Scale::Each(points), Shape::Short(parts) | Shape::Long(parts)) => {
                        let points = self.positive(&(points * Ratio::of(1, parts.into())))?;
                        let most = if matches!(shape, Shape::Short(_)) { MOST_ADDED_SHORT } else { MOST_ADDED };
                        if added && i64::from(points) > most {
                            return None;
                        }
                        Leg::Each { column, points }
                    }
                    (Scale::Each(_), Shape::Fractions) => return None,
                    (Scale::Steps { each, earns }, shape) => self.steps(column, shape, each, earns)?,
                    (Scale::Bands(bands), _) => {
                        let bands = bands
                            .iter()
                            .map(|(limits, earns)| Some((self.between(column, limits.all())?, self.positive(earns)?)));
                        Leg::Bands { column, bands: bands.collect::<Option<_>>()? }
                    }
                    (Scale::Targets { targets, earns }, _) => match (self.place)(*measure, true) {
                        // What is compared with nothing has no base, and meets no target.
                        None => Leg::Nothing,
                        Some(base) => {
                            let targets = targets.iter().map(|(of_base, bound)| {
                                let bound = std::slice::from_ref(bound);
                                Some((self.between(base, of_base.all())?, self.between(column, bound)?))
                            });
                            let earns = self.positive(earns)?;
                            Leg::Targets { column, base, targets: targets.collect::<Option<_>>()?, earns }
                        }
                    },
                }
            }
        })
    }

    /// Steps of `each` units: how often its numerator goes into so many times the number.
    fn steps(&self, column: usize, shape: Shape, each: &Ratio, earns: &Ratio) -> Option<Leg> {
        let (numerator, times) = each.words()?;
        let by = match shape {
            Shape::Short(parts) | Shape::Long(parts) => numerator.checked_mul(parts.into())?,
            Shape::Fractions => numerator,
        };
        let (times, by) = (i64::try_from(times).ok()?, i64::try_from(by).ok()?);
        let earns = self.positive(earns)?;
        let few = by > 0 && by <= MOST_BESIDE_FRACTIONS && times.checked_mul(earns.into())? <= MOST_ADDED;
        few.then_some(Leg::Steps { column, times, by, earns })
    }

    fn need(&self, need: &Asked, scored: bool) -> Option<Need> {
        let all = |parts: &[Asked]| parts.iter().map(|part| self.need(part, scored)).collect::<Option<Vec<_>>>();
        Some(match need {
            Asked::All(parts) => Need::All(all(parts)?),
            Asked::Any(parts) => Need::Any(all(parts)?),
            Asked::None(parts) => Need::None(all(parts)?),
            Asked::AtLeast(count, parts) => Need::AtLeast(*count, all(parts)?),
            Asked::Metric(measure, limit) => {
                let (column, _) = self.shape(*measure)?;
                Need::Figure(column, self.between(column, std::slice::from_ref(limit))?)
            }
            // Where nothing is scored yet there are no points, and no line.
            Asked::Score(limit) if !scored => Need::Always(limit.holds(&Ratio::ZERO)),
            Asked::EveryLine(_) if !scored => Need::Always(true),
            Asked::Score(limit) => Need::Score(self.mark(limit)?),
            Asked::EveryLine(limit) => Need::EveryLine(self.mark(limit)?),
        })
    }

    fn mark(&self, limit: &Limit) -> Option<Mark> {
        let least = i64::from(!limit.includes_itself());
        Some(Mark { asks_for_more: limit.asks_for_more(), least, parts: self.parts(limit.number())? })
    }

    /// The bounds in what the column counts in.
    fn between(&self, column: usize, limits: &[Limit]) -> Option<Between> {
        let parts = match self.columns.get(column)?.shape() {
            Shape::Short(parts) | Shape::Long(parts) => i128::from(parts),
            Shape::Fractions => {
                return Some(Between::Sides(limits.iter().map(side).collect::<Option<_>>()?));
            }
        };
        let (mut from, mut to) = (i64::MIN, i64::MAX);
        for limit in limits {
            let (numerator, denominator) = limit.number().words()?;
            let (down, rest) = numerator.checked_mul(parts)?.div_mod_floor(&denominator);
            let down = i64::try_from(down).ok().filter(|down| down.abs() < i64::MAX / 2)?;
            let up = down + i64::from(rest != 0);
            match limit {
                Limit::AtLeast(_) => from = from.max(up),
                Limit::Above(_) => from = from.max(down + 1),
                Limit::AtMost(_) => to = to.min(down),
                Limit::Below(_) => to = to.min(up - 1),
            }
        }
        Some(Between::Parts(from, to))
    }
}

fn side(limit: &Limit) -> Option<Side> {
    let (numerator, denominator) = limit.number().words()?;
    let small = |number: i128| i64::try_from(number).ok().filter(|it| it.abs() <= MOST_BESIDE_FRACTIONS);
    let (numerator, denominator) = (small(numerator)?, small(denominator)?);
    let sign = if limit.asks_for_more() { 1 } else { -1 };
    let least = i64::from(!limit.includes_itself());
    Some(Side { of_numerator: sign * denominator, of_denominator: -sign * numerator, least })
}
