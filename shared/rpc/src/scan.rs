//! Reads single fields out of an encoded message without decoding it.

use prost::encoding::{WireType, decode_key, decode_varint};

/// The bytes are not an encoded message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// One field on the wire: its number, and its bytes when it has a length.
type Found<'a> = (u32, Option<&'a [u8]>);

/// The fields of an encoded message in their order; ends at the first malformed one.
pub(crate) fn fields(mut bytes: &[u8]) -> impl Iterator<Item = Result<Found<'_>, Malformed>> {
    let mut broken = false;
    std::iter::from_fn(move || {
        if bytes.is_empty() || broken {
            return None;
        }
        let next = next_field(&mut bytes);
        broken = next.is_err();
        Some(next)
    })
}

fn next_field<'a>(bytes: &mut &'a [u8]) -> Result<Found<'a>, Malformed> {
    let (number, wire) = decode_key(bytes).map_err(|_| Malformed)?;
    let fixed = match wire {
        WireType::Varint => {
            decode_varint(bytes).map_err(|_| Malformed)?;
            return Ok((number, None));
        }
        WireType::LengthDelimited => {
            let length = decode_varint(bytes).map_err(|_| Malformed)?;
            let length = usize::try_from(length).map_err(|_| Malformed)?;
            let (value, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
            *bytes = rest;
            return Ok((number, Some(value)));
        }
        WireType::SixtyFourBit => 8,
        WireType::ThirtyTwoBit => 4,
        // Groups are gone from the language; none of ours has one.
        WireType::StartGroup | WireType::EndGroup => return Err(Malformed),
    };
    *bytes = bytes.get(fixed..).ok_or(Malformed)?;
    Ok((number, None))
}

/// The texts at a path of field numbers, through messages and repeated fields. A singular text
/// that is sent twice counts twice: both are checked, whichever a decoder keeps. A message on the
/// way that lacks the rest of the path counts as an empty text, so that nothing is overlooked.
pub(crate) fn texts<'a>(bytes: &'a [u8], path: &[u32], found: &mut Vec<&'a str>) -> Result<(), Malformed> {
    let Some((&number, rest)) = path.split_first() else { return Ok(()) };
    let mut absent = true;
    for field in fields(bytes) {
        let (have, value) = field?;
        if have != number {
            continue;
        }
        absent = false;
        let value = value.ok_or(Malformed)?;
        if rest.is_empty() {
            found.push(std::str::from_utf8(value).map_err(|_| Malformed)?);
        } else {
            texts(value, rest, found)?;
        }
    }
    if absent {
        found.push("");
    }
    Ok(())
}
