//! Progress on a terminal; silence anywhere else, so that logs and pipes stay clean.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far a long step is.
#[derive(Clone)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A step over so many bytes. Drawn on standard error when that is a terminal.
    pub fn bytes(title: &str, total: u64) -> Progress {
        Progress::new(title, total, "{msg:24} [{bar:32}] {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    }

    /// A step over so many things.
    pub fn count(title: &str, total: u64) -> Progress {
        Progress::new(title, total, "{msg:24} [{bar:32}] {pos}/{len} {eta}")
    }

    /// No progress at all.
    pub fn hidden() -> Progress {
        Progress { bar: ProgressBar::hidden() }
    }

    fn new(title: &str, total: u64, template: &str) -> Progress {
        if !std::io::stderr().is_terminal() {
            return Progress::hidden();
        }
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        bar.set_style(style.progress_chars("=> "));
        bar.set_message(title.to_owned());
        Progress { bar }
    }

    /// So much more is done.
    pub fn add(&self, more: u64) {
        self.bar.inc(more);
    }

    /// So much is done in all.
    pub fn set(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// The step is over; nothing of it stays on the screen.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
