//! The same work on several threads at once, by the clock on the wall.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// How many threads evaluate.
pub const THREADS: usize = 2;

/// Lets every thread make its own `W` first, and then all run at once: from the first start to the last end.
///
/// # Errors
/// As `prepare` and `run`.
pub fn together<W>(
    prepare: impl Fn(usize) -> Result<W> + Sync,
    run: impl Fn(usize, &mut W) -> Result<()> + Sync,
) -> Result<Duration> {
    let ready = Barrier::new(THREADS);
    let one = |thread: usize| -> Result<(Instant, Instant)> {
        let prepared = prepare(thread);
        // Also a thread that failed is waited for.
        ready.wait();
        let mut prepared = prepared?;
        let start = Instant::now();
        run(thread, &mut prepared)?;
        Ok((start, Instant::now()))
    };
    let times: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || one(thread))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?)
            .collect::<Result<_>>()
    })?;
    let first = times.iter().map(|(start, _)| *start).min();
    let last = times.iter().map(|(_, end)| *end).max();
    Ok(first.zip(last).map_or(Duration::ZERO, |(first, last)| last.duration_since(first)))
}
