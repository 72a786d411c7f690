//! Cuts a byte stream into CSV records with their line numbers.
//!
//! Written here, and not taken from a general CSV reader, for three promises this product makes
//! about bad input: a record is never longer than [`Limits::record_bytes`] in memory, whatever the
//! file holds; a quote that is never closed is an error and not a value; and after a broken record
//! the next line is read as usual.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use crate::error::Problem;

/// Bounds on what one record may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Longest record in bytes, over all its fields.
    pub record_bytes: usize,
    /// Largest number of fields.
    pub fields: usize,
}

/// Real rows hold tags as JSON and stay far below a megabyte.
pub(crate) const LIMITS: Limits = Limits { record_bytes: 1 << 20, fields: 4096 };

/// One record. The buffers are reused from record to record.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The line on which it starts; the first line of a file is 1.
    pub line: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    /// The number of fields.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a field without its quotes.
    pub fn field(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(previous) => *self.ends.get(previous)?,
            None => 0,
        };
        self.bytes.get(start..end)
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn is_blank(&self) -> bool {
        self.ends.len() == 1 && self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

/// What reading one record gave.
pub(crate) enum Split {
    /// The record is in the buffer.
    Record,
    /// The record that starts on this line cannot be read; the next one can be.
    Broken { line: u64, problem: Problem },
    /// There is nothing more.
    End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted field: the field's end, or half of a doubled quote.
    QuoteSeen,
    /// After the field's end and a carriage return.
    ReturnSeen,
    /// The record is broken: skip to the end of its line.
    Skip,
}

/// Cuts records off a reader.
pub(crate) struct Splitter<R> {
    input: BufReader<Chain<Cursor<Vec<u8>>, R>>,
    limits: Limits,
    /// The line that the next byte stands on.
    line: u64,
}

impl<R: Read> Splitter<R> {
    /// Starts at the first byte after a byte-order mark, if there is one.
    pub fn new(mut input: R, limits: Limits) -> io::Result<Self> {
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        let mut first = Vec::with_capacity(MARK.len());
        input.by_ref().take(MARK.len() as u64).read_to_end(&mut first)?;
        if first == MARK {
            first.clear();
        }
        let input = BufReader::with_capacity(64 * 1024, Cursor::new(first).chain(input));
        Ok(Splitter { input, limits, line: 1 })
    }

    /// The line that would be read next.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next record that is not a blank line.
    pub fn read(&mut self, record: &mut Record) -> io::Result<Split> {
        loop {
            let split = self.read_any(record)?;
            if matches!(split, Split::Record) && record.is_blank() {
                continue;
            }
            return Ok(split);
        }
    }

    fn read_any(&mut self, record: &mut Record) -> io::Result<Split> {
        record.clear();
        record.line = self.line;
        let mut state = State::FieldStart;
        let mut broken: Option<Problem> = None;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                let nothing = state == State::FieldStart && record.ends.is_empty();
                return Ok(if nothing { Split::End } else { finish(record, state, broken) });
            }
            let mut used = 0;
            let mut ended = false;
            for &byte in chunk {
                used += 1;
                if byte == b'\n' {
                    self.line += 1;
                    if state != State::Quoted {
                        ended = true;
                        break;
                    }
                }
                match step(record, state, byte) {
                    Ok(next) => state = next,
                    Err(problem) => {
                        broken.get_or_insert(problem);
                        state = State::Skip;
                    }
                }
                let over = record.bytes.len() > self.limits.record_bytes || record.ends.len() >= self.limits.fields;
                if over && state != State::Skip {
                    broken.get_or_insert(Problem::RecordTooLong { limit: self.limits.record_bytes });
                    state = State::Skip;
                }
            }
            self.input.consume(used);
            if ended {
                return Ok(finish(record, state, broken));
            }
        }
    }
}

/// Takes one byte into the record. Line feeds outside quotes never come here.
fn step(record: &mut Record, state: State, byte: u8) -> Result<State, Problem> {
    let next = match (state, byte) {
        (State::Skip, _) => State::Skip,
        (State::FieldStart, b'"') => State::Quoted,
        (State::FieldStart | State::Plain, b',') | (State::QuoteSeen, b',') => {
            record.ends.push(record.bytes.len());
            State::FieldStart
        }
        (State::FieldStart | State::Plain, _) => {
            record.bytes.push(byte);
            State::Plain
        }
        (State::Quoted, b'"') => State::QuoteSeen,
        (State::Quoted, _) => {
            record.bytes.push(byte);
            State::Quoted
        }
        (State::QuoteSeen, b'"') => {
            record.bytes.push(b'"');
            State::Quoted
        }
        (State::QuoteSeen, b'\r') => State::ReturnSeen,
        (State::QuoteSeen | State::ReturnSeen, _) => return Err(Problem::TextAfterQuote),
    };
    Ok(next)
}

/// Ends the record at the end of its line or of the input.
fn finish(record: &mut Record, state: State, broken: Option<Problem>) -> Split {
    let line = record.line;
    if let Some(problem) = broken {
        return Split::Broken { line, problem };
    }
    match state {
        State::Quoted => return Split::Broken { line, problem: Problem::QuoteNotClosed },
        State::FieldStart | State::Plain => {
            // `\r\n` ends a line like `\n`; a return inside quotes is part of the value.
            if state == State::Plain && record.bytes.last() == Some(&b'\r') {
                record.bytes.pop();
            }
        }
        State::QuoteSeen | State::ReturnSeen | State::Skip => {}
    }
    record.ends.push(record.bytes.len());
    Split::Record
}
