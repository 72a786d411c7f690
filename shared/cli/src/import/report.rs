//! What an import did, in numbers and with every refusal.

use serde::Serialize;

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is new and counts.
    Taken,
    /// It is new and is kept until its subscription arrives.
    Kept,
    /// It had been taken before with the same content.
    Known,
    /// It was not taken, for these reasons.
    Refused(Vec<String>),
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The file.
    pub file: String,
    /// The line on which the row starts.
    pub line: u64,
    /// Everything that is wrong with it.
    pub reasons: Vec<String>,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What was imported.
    pub kind: String,
    /// True when nothing was recorded.
    pub dry_run: bool,
    /// Rows that were new.
    pub taken: u64,
    /// Of these, rows kept for subscriptions that have not arrived.
    pub kept: u64,
    /// Rows that had been taken before.
    pub known: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Rows that an interrupted run of the same import had sent already and that were not sent again.
    pub resumed: u64,
    /// Header columns that mean nothing here and were ignored.
    pub ignored_columns: Vec<String>,
    /// The refused rows by file and line; at most [`Report::MOST_REFUSALS`].
    pub refusals: Vec<Refusal>,
}

impl Report {
    /// Refusals that are kept with their text. All are counted.
    pub const MOST_REFUSALS: usize = 10_000;

    /// An empty report.
    pub fn new(kind: &str, dry_run: bool) -> Report {
        Report { kind: kind.to_owned(), dry_run, ..Report::default() }
    }

    /// Counts one row.
    pub fn count(&mut self, file: &str, line: u64, outcome: Outcome) {
        match outcome {
            Outcome::Taken => self.taken += 1,
            Outcome::Kept => {
                self.taken += 1;
                self.kept += 1;
            }
            Outcome::Known => self.known += 1,
            Outcome::Refused(reasons) => {
                self.refused += 1;
                if self.refusals.len() < Self::MOST_REFUSALS {
                    self.refusals.push(Refusal { file: file.to_owned(), line, reasons });
                }
            }
        }
    }

    /// Brings the refusals into the order of files and lines: answers come as they come.
    pub fn sort(&mut self) {
        self.refusals.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    }

    /// The report for people. At most `most` refusals are written out, with a count of the rest.
    pub fn to_text(&self, most: usize) -> String {
        let mut text = String::new();
        for refusal in self.refusals.iter().take(most) {
            let reasons = refusal.reasons.join("; ");
            text.push_str(&format!("{}:{}: refused: {reasons}\n", refusal.file, refusal.line));
        }
        let unsaid = self.refused.saturating_sub(self.refusals.len().min(most) as u64);
        if unsaid > 0 {
            text.push_str(&format!("... and {unsaid} more refused rows (--json tells them all)\n"));
        }
        if !self.ignored_columns.is_empty() {
            text.push_str(&format!("ignored columns: {}\n", self.ignored_columns.join(", ")));
        }
        if self.resumed > 0 {
            text.push_str(&format!("continued behind {} rows of an interrupted import\n", self.resumed));
        }
        let would = if self.dry_run { "dry run, nothing recorded: " } else { "" };
        text.push_str(&format!(
            "{would}{}: {} taken, {} known already, {} refused",
            self.kind, self.taken, self.known, self.refused
        ));
        if self.kept > 0 {
            text.push_str(&format!(" ({} of the taken wait for a subscription that has not arrived)", self.kept));
        }
        text.push('\n');
        text
    }
}
