//! Tracks, totals and levels, over whole columns.

use super::bind::{Bound, Cases};
use super::lanes::{chosen, join, mask};
use super::need::{Lanes, Need};
use super::scores::{Part, Scores, TrackScores};
use super::worth::{Line, Worth};
use crate::population::scores::DivisionPlan;

impl Lanes<'_> {
    /// Scores every track, and finds the one that counts for each partner with the level that holds by it.
    pub fn division(&mut self, plan: &DivisionPlan, bound: &Bound, scores: &mut Scores) {
        scores.per = bound.per;
        scores.tracks.resize_with(bound.tracks.len(), TrackScores::default);
        for (lines, track) in bound.tracks.iter().zip(&mut scores.tracks) {
            self.track(lines, track);
            self.levels(&bound.levels, plan.nested, track);
        }
        if let (None, [only]) = (&bound.cases, &scores.tracks[..]) {
            scores.track.fill(1);
            scores.held.copy_from_slice(&only.held);
            return;
        }
        let mut nothing = TrackScores { total: vec![0; self.count], ..TrackScores::default() };
        self.levels(&bound.levels, plan.nested, &mut nothing);
        scores.held.copy_from_slice(&nothing.held);
        let allowed = bound.cases.as_ref().map(|cases| self.allowed(cases, bound.tracks.len()));
        for number in 0..scores.tracks.len() {
            let mut counts = self.better(scores, number);
            if let Some(allowed) = &allowed {
                join(&mut counts, &allowed[number], |counts, allowed| counts & allowed);
            }
            let track = &scores.tracks[number];
            // Documents have far fewer tracks.
            let one_based = i32::try_from(number + 1).unwrap_or(i32::MAX);
            for (place, counts) in counts.iter().enumerate() {
                scores.held[place] = chosen(*counts, track.held[place], scores.held[place]);
                scores.track[place] = chosen(*counts, one_based, scores.track[place]);
            }
            self.memory.give(counts);
        }
    }

    fn track(&mut self, lines: &[Line], track: &mut TrackScores) {
        track.lines.resize_with(lines.len(), Vec::new);
        track.total.clear();
        track.total.resize(self.count, 0);
        let part = lines.iter().position(|line| matches!(line.worth, Worth::Fractions { .. }));
        track.part = part.map(|line| Part { line, ..track.part.take().unwrap_or_default() });
        for (number, (line, points)) in lines.iter().zip(&mut track.lines).enumerate() {
            points.resize(self.count, 0);
            let fractions = track.part.as_mut().filter(|part| part.line == number).map(|part| &mut part.points);
            self.line(line, points, fractions);
            join(&mut track.total, points, |total, points| total + points);
        }
    }

    /// The highest level that holds; of nested ones all below it must hold too.
    fn levels(&mut self, levels: &[Need], nested: bool, track: &mut TrackScores) {
        track.held.clear();
        track.held.resize(self.count, 0);
        let mut open = self.memory.filled(self.count, -1);
        for (number, level) in levels.iter().enumerate() {
            let met = self.met(level, Some(track));
            let one_based = i32::try_from(number + 1).unwrap_or(i32::MAX);
            for ((held, open), met) in track.held.iter_mut().zip(&mut open).zip(&met) {
                *held = chosen(met & *open, one_based, *held);
                *open &= if nested { *met } else { -1 };
            }
            self.memory.give(met);
        }
        self.memory.give(open);
    }

    /// Of each track the partners whose case of the class carries its name.
    fn allowed(&mut self, cases: &Cases, tracks: usize) -> Vec<Vec<i32>> {
        let mut allowed = vec![vec![0; self.count]; tracks];
        let mut open = self.memory.filled(self.count, -1);
        for (when, named) in &cases.first_that_holds {
            let met = self.met(when, None);
            for ((place, open), met) in open.iter_mut().enumerate().zip(&met) {
                named.iter().for_each(|track| allowed[*track][place] |= *open & met);
                *open &= !met;
            }
            self.memory.give(met);
        }
        for track in &cases.otherwise {
            join(&mut allowed[*track], &open, |allowed, open| allowed | open);
        }
        self.memory.give(open);
        allowed
    }

    /// For whom a track counts rather than the one that does so far: the higher level goes first, then more points,
    /// then the document's order.
    fn better(&mut self, scores: &Scores, number: usize) -> Vec<i32> {
        let track = &scores.tracks[number];
        let mut found = self.memory.take(self.count);
        for (place, better) in found.iter_mut().enumerate() {
            let known = usize::try_from(scores.track[place]).ok().and_then(|known| known.checked_sub(1));
            *better = mask(known.is_none_or(|known| {
                let ((points, of), (others, of_others)) = (track.total(place), scores.tracks[known].total(place));
                (track.held[place], points * of_others) > (scores.held[place], others * of)
            }));
        }
        found
    }
}
