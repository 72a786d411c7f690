//! The amounts of one record as bytes: exact, short, and never summed by the database.
//!
//! One byte says which of the four costs there are; then the quantity and those costs, each as its
//! count of 10⁻¹⁸, sign in the lowest bit, seven bits a byte, the highest bit set on all but the last.

use store::StoreError;
use values::Decimal;

use crate::domain::usage::Costs;

/// Packs a quantity and costs.
pub fn pack(quantity: Decimal, costs: &Costs) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(40);
    bytes.push(costs.iter().enumerate().map(|(place, cost)| u8::from(cost.is_some()) << place).sum());
    for value in std::iter::once(quantity).chain(costs.iter().flatten().copied()) {
        push(&mut bytes, value.attos());
    }
    bytes
}

fn push(bytes: &mut Vec<u8>, attos: i128) {
    let mut rest = ((attos << 1) ^ (attos >> 127)).cast_unsigned();
    while rest >= 0x80 {
        bytes.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// Unpacks what [`pack`] made.
///
/// # Errors
/// [`StoreError::Bug`] for other bytes.
pub fn unpack(mut bytes: &[u8]) -> Result<(Decimal, Costs), StoreError> {
    let damaged = || StoreError::bug("the amounts of a record are damaged");
    let (present, rest) = bytes.split_first().ok_or_else(damaged)?;
    bytes = rest;
    let quantity = take(&mut bytes).ok_or_else(damaged)?;
    let mut costs = Costs::default();
    for (place, cost) in costs.iter_mut().enumerate() {
        if present & (1 << place) != 0 {
            *cost = Some(take(&mut bytes).ok_or_else(damaged)?);
        }
    }
    if bytes.is_empty() { Ok((quantity, costs)) } else { Err(damaged()) }
}

fn take(bytes: &mut &[u8]) -> Option<Decimal> {
    let mut value = 0_u128;
    for shift in (0..128).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u128::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(Decimal::from_attos((value >> 1).cast_signed() ^ -((value & 1).cast_signed())));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn amounts_come_back_as_they_went(
            quantity in any::<i128>(),
            costs in prop::array::uniform4(prop::option::of(any::<i128>())),
        ) {
            let quantity = Decimal::from_attos(quantity);
            let costs = costs.map(|cost| cost.map(Decimal::from_attos));
            prop_assert_eq!(unpack(&pack(quantity, &costs)).expect("its own bytes"), (quantity, costs));
        }

        #[test]
        fn other_bytes_are_refused_or_read_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = unpack(&bytes);
        }
    }
}
