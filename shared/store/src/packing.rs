//! Values as bytes: exact, short, and never looked into by the database.
//!
//! Integers have seven bits a byte, lowest first, the highest bit set on all but the last byte; signed ones carry their
//! sign in the lowest bit. Texts have their length in front. An amount is its count of 10⁻¹⁸.

use values::{Decimal, Instant};

use crate::StoreError;

/// Puts values behind each other.
#[derive(Debug, Default)]
pub struct Packer(Vec<u8>);

impl Packer {
    /// An empty one with room for so many bytes.
    pub fn with_room(bytes: usize) -> Packer {
        Packer(Vec::with_capacity(bytes))
    }

    /// Adds an integer.
    pub fn integer(&mut self, value: impl Into<i128>) {
        let value = value.into();
        let mut wide = ((value << 1) ^ (value >> 127)).cast_unsigned();
        while wide > u128::from(u64::MAX) {
            self.0.push(0x80 | (wide & 0x7f) as u8);
            wide >>= 7;
        }
        // Nearly all values come here at once, where a machine word is enough.
        let mut rest = wide as u64;
        while rest >= 0x80 {
            self.0.push(0x80 | (rest & 0x7f) as u8);
            rest >>= 7;
        }
        self.0.push(rest as u8);
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) {
        self.integer(text.len() as i64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Adds a hash.
    pub fn hash(&mut self, hash: &[u8; 16]) {
        self.0.extend_from_slice(hash);
    }

    /// Adds a quantity and four costs, of which one byte says which there are.
    pub fn amounts(&mut self, quantity: Decimal, costs: &[Option<Decimal>; 4]) {
        self.0.push(costs.iter().enumerate().map(|(place, cost)| u8::from(cost.is_some()) << place).sum());
        for value in std::iter::once(quantity).chain(costs.iter().flatten().copied()) {
            self.integer(value.attos());
        }
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes values off in the order in which they were put.
#[derive(Clone, Copy, Debug)]
pub struct Unpacker<'a>(&'a [u8]);

fn damaged() -> StoreError {
    StoreError::bug("packed bytes are damaged")
}

impl<'a> Unpacker<'a> {
    /// Begins with the first value.
    pub fn new(bytes: &'a [u8]) -> Unpacker<'a> {
        Unpacker(bytes)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self) -> Result<u8, StoreError> {
        let (byte, rest) = self.0.split_first().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn wide(&mut self) -> Result<i128, StoreError> {
        let mut value = 0_u128;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            value |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()));
            }
        }
        Err(damaged())
    }

    /// The next value, an integer.
    ///
    /// # Errors
    /// [`StoreError::Bug`] for bytes that a [`Packer`] did not make; so of all below.
    pub fn integer(&mut self) -> Result<i64, StoreError> {
        i64::try_from(self.wide()?).map_err(|_| damaged())
    }

    /// The next value, an instant.
    ///
    /// # Errors
    /// As of [`Unpacker::integer`].
    pub fn instant(&mut self) -> Result<Instant, StoreError> {
        Instant::from_micros(self.integer()?).map_err(|_| damaged())
    }

    /// The next value, a text.
    ///
    /// # Errors
    /// As of [`Unpacker::integer`].
    pub fn text(&mut self) -> Result<&'a str, StoreError> {
        let length = usize::try_from(self.integer()?).map_err(|_| damaged())?;
        let (text, rest) = self.0.split_at_checked(length).ok_or_else(damaged)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| damaged())
    }

    /// The next value, a hash.
    ///
    /// # Errors
    /// As of [`Unpacker::integer`].
    pub fn hash(&mut self) -> Result<[u8; 16], StoreError> {
        let (hash, rest) = self.0.split_first_chunk::<16>().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*hash)
    }

    /// The next values, a quantity and four costs.
    ///
    /// # Errors
    /// As of [`Unpacker::integer`].
    pub fn amounts(&mut self) -> Result<(Decimal, [Option<Decimal>; 4]), StoreError> {
        let present = self.byte()?;
        let quantity = Decimal::from_attos(self.wide()?);
        let mut costs = [None; 4];
        for (place, cost) in costs.iter_mut().enumerate() {
            if present & (1 << place) != 0 {
                *cost = Some(Decimal::from_attos(self.wide()?));
            }
        }
        Ok((quantity, costs))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_come_back_as_they_went(
            quantity in any::<i128>(),
            costs in prop::array::uniform4(prop::option::of(any::<i128>())),
            integer in any::<i64>(),
            text in any::<String>(),
            hash in any::<[u8; 16]>(),
        ) {
            let quantity = Decimal::from_attos(quantity);
            let costs = costs.map(|cost| cost.map(Decimal::from_attos));
            let mut packer = Packer::default();
            packer.amounts(quantity, &costs);
            packer.integer(integer);
            packer.text(&text);
            packer.hash(&hash);
            let bytes = packer.finish();
            let mut unpacker = Unpacker::new(&bytes);
            prop_assert_eq!(unpacker.amounts().expect("amounts"), (quantity, costs));
            prop_assert_eq!(unpacker.integer().expect("an integer"), integer);
            prop_assert_eq!(unpacker.text().expect("a text"), text);
            prop_assert_eq!(unpacker.hash().expect("a hash"), hash);
            prop_assert!(unpacker.is_empty());
        }

        #[test]
        fn other_bytes_are_refused_or_read_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut unpacker = Unpacker::new(&bytes);
            while !unpacker.is_empty() && unpacker.amounts().is_ok() && unpacker.text().is_ok() {}
        }
    }
}
