//! Whatever the bytes are: no panic, no endless loop, every row accounted for.

use std::io::Read;

use proptest::prelude::*;

use super::{BILL, Table};
use crate::{ReadError, Reader};

/// A source that gives one byte at a time, the worst a network can do.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some((&first, rest)) = self.0.split_first() else { return Ok(0) };
        let Some(place) = buffer.first_mut() else { return Ok(0) };
        *place = first;
        self.0 = rest;
        Ok(1)
    }
}

/// Reads to the end and gives every outcome as text.
fn outcomes(source: impl Read) -> Vec<String> {
    match Reader::open(source) {
        Err(error) => vec![error.to_string()],
        Ok(reader) => reader
            .map(|row| match row {
                Ok(row) => format!("{} {:?}", row.line, row.content),
                Err(error) => error.to_string(),
            })
            .collect(),
    }
}

fn check(bytes: &[u8]) {
    let all = outcomes(bytes);
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
    assert!(all.len() <= lines, "more rows than lines");
    assert_eq!(all, outcomes(Trickle(bytes)), "how the bytes arrive changes the rows");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        check(&bytes);
    }

    #[test]
    fn any_csv_like_text(text in "([A-Za-z]{1,4}|[0-9.eE+-]{1,6}|\"|,|\n|\r|NULL| ){0,400}") {
        let mut csv = Table::small().csv(|| false);
        csv.push_str(&text);
        check(csv.as_bytes());
    }

    #[test]
    fn a_bill_with_bytes_changed(
        changes in proptest::collection::vec((0usize..20_000, any::<u8>()), 1..30),
        cut in 0usize..20_000,
    ) {
        let mut bytes = BILL.as_bytes()[..20_000].to_vec();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        bytes.truncate(cut);
        check(&bytes);
    }
}

#[test]
fn changed_bytes_are_noticed_and_the_rest_is_read() {
    // Guards the test above against passing because everything is refused or nothing is.
    let damaged = BILL.replacen(",\"USD\",", ",\"U\"SD\",", 40);
    let reader = Reader::open(damaged.as_bytes()).expect("the header is untouched");
    let (mut good, mut bad) = (0, 0);
    for row in reader {
        match row {
            Ok(_) => good += 1,
            Err(ReadError::Row(_)) => bad += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((good, bad), (960, 40));
}
