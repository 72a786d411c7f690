//! Comparing what a case expects with what was found.

use std::cell::{Cell, RefCell};

use values::{Ratio, ratio_to_text};

use super::given::{exact, quantity_like};
use super::report::Difference;
use crate::explain::Explanation;
use crate::parse::cursor::Cursor;
use crate::quantity::Quantity;

/// Collects what differs. Everything is compared; the first difference stops nothing.
#[derive(Default)]
pub(crate) struct Compare {
    pub differences: RefCell<Vec<Difference>>,
    /// How many values were compared.
    pub compared: Cell<usize>,
}

impl Compare {
    /// Notes one comparison, and the difference where there is one.
    pub fn note(&self, at: &Cursor<'_>, equal: bool, expected: &str, found: &str, because: Option<&Explanation>) {
        self.compared.set(self.compared.get() + 1);
        if equal {
            return;
        }
        self.differences.borrow_mut().push(Difference {
            line: at.node.mark.line,
            column: at.node.mark.column,
            path: at.path.clone(),
            expected: expected.to_owned(),
            found: found.to_owned(),
            because: because.cloned(),
        });
    }

    /// A word.
    pub fn word(&self, at: &Cursor<'_>, found: &str, because: Option<&Explanation>) {
        if let Some(expected) = at.text() {
            self.note(at, expected == found, expected, found, because);
        }
    }

    /// An exact quantity; its unit may be left out.
    pub fn quantity(&self, at: &Cursor<'_>, found: &Quantity, because: Option<&Explanation>) {
        if let Some(expected) = quantity_like(at, found) {
            self.note(at, expected.value == found.value, &expected.to_string(), &found.to_string(), because);
        }
    }

    /// Exact points.
    pub fn points(&self, at: &Cursor<'_>, found: &Ratio, because: Option<&Explanation>) {
        let Some(text) = at.text() else { return };
        match exact(text.trim_end_matches("points").trim_end_matches("point").trim()) {
            Some(expected) => {
                let (expected_text, found_text) = (ratio_to_text(&expected), ratio_to_text(found));
                self.note(at, expected == *found, &expected_text, &found_text, because);
            }
            None => at.problem(format!("`{text}` is not a number of points")),
        }
    }

    /// A set of words, in any order.
    pub fn set(&self, at: &Cursor<'_>, found: &[String], because: Option<&Explanation>) {
        let mut expected = at.words();
        let mut found = found.to_vec();
        expected.sort();
        found.sort();
        let text = |words: &[String]| if words.is_empty() { "none".to_owned() } else { words.join(", ") };
        let equal = expected == found || (found.is_empty() && expected == ["none"]);
        self.note(at, equal, &text(&expected), &text(&found), because);
    }
}
