//! From which instant on a neighbour's message may change anything.

use feed::Change;
use prost::{Message, Name};
use prost_types::Timestamp;
use proto::association::v1 as association;
use proto::competency::v1 as competency;
use proto::registry::v1 as registry;
use rpc::wire;
use values::Instant;

use super::WireFault;

/// The earliest instant that a change may matter for: where a message does not say one, the earliest there is.
///
/// # Errors
/// [`feed::ApplyError`] when the message cannot be read.
pub fn first(change: &Change) -> Result<Instant, feed::ApplyError> {
    let kind = change.kind.as_str();
    let bytes = change.payload.as_slice();
    let time = if kind == registry::AgreementAcceptance::full_name() {
        registry::AgreementAcceptance::decode(bytes)?.sign_time
    } else if kind == registry::ComplianceFact::full_name() {
        registry::ComplianceFact::decode(bytes)?.effective_time
    } else if kind == registry::Enrollment::full_name() {
        registry::Enrollment::decode(bytes)?.start_time
    } else if kind == association::Subscription::full_name() {
        association::Subscription::decode(bytes)?.effective_time
    } else if kind == association::Association::full_name() {
        association::Association::decode(bytes)?.start_time
    } else if kind == association::Transaction::full_name() {
        association::Transaction::decode(bytes)?.transaction_time
    } else if kind == association::SeatCount::full_name() {
        association::SeatCount::decode(bytes)?.start_time
    } else if kind == competency::Award::full_name() {
        competency::Award::decode(bytes)?.validity.and_then(|validity| validity.start_time)
    } else if kind == registry::Partner::full_name() {
        registry::Partner::decode(bytes)?.update_time
    } else {
        None
    };
    instant(time.as_ref()).map_err(feed::ApplyError::refused)
}

fn instant(time: Option<&Timestamp>) -> Result<Instant, WireFault> {
    let time = time.map(wire::instant).transpose().map_err(|error| WireFault::new("a change", error))?;
    Ok(time.unwrap_or(Instant::MIN))
}
