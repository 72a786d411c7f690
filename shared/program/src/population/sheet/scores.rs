//! How the partners of a block stand in a division, column by column.

use std::ops::Range;

use values::Ratio;

use super::need::Fractions;
use crate::population::decision::{Decision, Points};
use crate::population::scores::DivisionPlan;
use crate::tiers::Standing;

/// How the partners of a block stand in a division. Partners are named by their places in the block.
pub struct Scores {
    pub(super) partners: Range<usize>,
    /// How many parts a point has, in which all points are counted.
    pub(super) per: i64,
    pub(super) tracks: Vec<TrackScores>,
    /// The levels that hold, the first as one; nothing where none does.
    pub(super) held: Vec<i32>,
    /// The tracks that count, the first as one; nothing where there is none.
    pub(super) track: Vec<i32>,
    /// Who was judged by itself, in order.
    pub(super) aside: Vec<(usize, Decision)>,
    /// Where one stands who holds no level, and where one who does.
    pub(super) standings: [Standing; 2],
}

/// The points of a track.
#[derive(Default)]
pub(super) struct TrackScores {
    /// Of each line, and without what the fractions give.
    pub lines: Vec<Vec<i32>>,
    /// Their sum.
    pub total: Vec<i32>,
    /// The line that has fractions of parts, if one has.
    pub part: Option<Part>,
    /// The levels that hold by it, the first as one.
    pub held: Vec<i32>,
}

/// A line of which every partner has a fraction.
#[derive(Default)]
pub(super) struct Part {
    pub line: usize,
    pub points: Fractions,
}

impl TrackScores {
    /// A number of parts as a fraction: of a line, or of all of them.
    fn fraction(&self, whole: i32, line: Option<usize>, place: usize) -> (i128, i128) {
        match self.part.as_ref().filter(|part| line.is_none_or(|line| line == part.line)) {
            None => (whole.into(), 1),
            Some(part) => {
                let (numerator, denominator) = (i128::from(part.points.0[place]), i128::from(part.points.1[place]));
                (i128::from(whole) * denominator + numerator, denominator)
            }
        }
    }

    pub(super) fn total(&self, place: usize) -> (i128, i128) {
        self.fraction(self.total[place], None, place)
    }

    fn line(&self, line: usize, place: usize) -> (i128, i128) {
        self.fraction(self.lines[line][place], Some(line), place)
    }
}

impl Scores {
    pub(super) fn none() -> Scores {
        Scores {
            partners: 0..0,
            per: 1,
            tracks: Vec::new(),
            held: Vec::new(),
            track: Vec::new(),
            aside: Vec::new(),
            standings: [Standing::NotInForce; 2],
        }
    }

    pub(super) fn begin(&mut self, division: &DivisionPlan, partners: &Range<usize>) {
        self.partners = partners.clone();
        self.standings = match division.blank {
            true => [Standing::NotInForce; 2],
            false => [division.standing(None), division.standing(Some(0))],
        };
        self.aside.clear();
        self.held.clear();
        self.held.resize(partners.len(), 0);
        self.track.clear();
        self.track.resize(partners.len(), 0);
    }

    /// Takes in how somebody stands who was judged by itself; in the order of the places.
    pub(super) fn put_aside(&mut self, place: usize, decision: Decision) {
        let one_based = |place: Option<usize>| place.map_or(0, |place| i32::try_from(place + 1).unwrap_or(i32::MAX));
        self.held[place] = one_based(decision.held);
        self.track[place] = one_based(decision.track);
        self.aside.push((place, decision));
    }

    /// The places of the block's partners in the population.
    pub fn partners(&self) -> Range<usize> {
        self.partners.clone()
    }

    /// The level that each partner is given, by its place in the program; none where none is.
    pub fn levels(&self) -> impl Iterator<Item = Option<usize>> {
        let given = self.standings[1] == Standing::Qualified;
        self.held.iter().map(move |held| place_of(*held).filter(|_| given))
    }

    /// How the partner at a place of the block stands, as [`crate::population::Worker::judge`] says it.
    ///
    /// None beyond the last.
    pub fn decision(&self, place: usize) -> Option<Decision> {
        if let Some(decision) = self.aside(place) {
            return Some(decision.clone());
        }
        let held = place_of(*self.held.get(place)?);
        let number = place_of(*self.track.get(place)?);
        let track = number.and_then(|number| self.tracks.get(number));
        let points = |(numerator, denominator): (i128, i128)| {
            Points(Ratio::of(numerator, denominator * i128::from(self.per)).lowest())
        };
        let lines = track.map_or(0, |track| track.lines.len());
        Some(Decision {
            standing: self.standings[usize::from(held.is_some())],
            held,
            track: number,
            points: track.filter(|_| lines > 0).map(|track| points(track.total(place))),
            lines: track.iter().flat_map(|track| (0..lines).map(|line| points(track.line(line, place)))).collect(),
        })
    }

    /// Whether a partner of the block stands in both exactly the same, points and all.
    pub fn same(&self, other: &Scores, place: usize) -> bool {
        if self.aside(place).is_some() || other.aside(place).is_some() {
            return self.decision(place) == other.decision(place);
        }
        if (self.held.get(place), self.track.get(place)) != (other.held.get(place), other.track.get(place)) {
            return false;
        }
        let (Some(held), Some(track)) = (self.held.get(place), self.track.get(place)) else { return true };
        let standing = |scores: &Scores| scores.standings[usize::from(*held != 0)];
        let found = |scores: &Scores| place_of(*track).filter(|track| *track < scores.tracks.len());
        standing(self) == standing(other)
            && match (found(self), found(other)) {
                (None, None) => true,
                (Some(one), Some(two)) => self.same_points(other, (one, two), place),
                _ => false,
            }
    }

    fn same_points(&self, other: &Scores, (one, two): (usize, usize), place: usize) -> bool {
        let (one, two) = (&self.tracks[one], &other.tracks[two]);
        one.lines.len() == two.lines.len()
            && (0..one.lines.len()).all(|line| {
                let ((points, denominator), (others, of_others)) = (one.line(line, place), two.line(line, place));
                match self.per == other.per {
                    true => points * of_others == others * denominator,
                    false => {
                        let exact = |points, of: i128, per: i64| Ratio::of(points, of) * Ratio::of(1, per.into());
                        exact(points, denominator, self.per) == exact(others, of_others, other.per)
                    }
                }
            })
    }

    fn aside(&self, place: usize) -> Option<&Decision> {
        let found = self.aside.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        self.aside.get(found).map(|(_, decision)| decision)
    }
}

fn place_of(one_based: i32) -> Option<usize> {
    usize::try_from(one_based).ok()?.checked_sub(1)
}
