//! Watches the lengths of messages as they pass, so that none is larger than the limit. Of a message
//! only its prefix is looked at: a compression flag and four bytes of length.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use rpc::{Fault, Kind};
use tonic::Status;
use tonic::body::Body;

const PREFIX: usize = 5;

/// Tells whether a message was too large. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Overrun(Arc<OnceLock<Status>>);

impl Overrun {
    /// What to answer when one was.
    pub(super) fn found(&self) -> Option<Status> {
        self.0.get().cloned()
    }
}

/// A body of messages, checked as it passes.
pub(super) struct Frames {
    body: Body,
    limit: usize,
    overrun: Overrun,
    /// What is known of the prefix of the next message.
    prefix: [u8; PREFIX],
    have: usize,
    /// How much of the current message is still to come.
    rest: usize,
}

impl Frames {
    /// The body, which ends with an error at a message of more than `limit` bytes.
    pub(super) fn checked(body: Body, limit: usize) -> (Body, Overrun) {
        let overrun = Overrun::default();
        let frames = Frames { body, limit, overrun: overrun.clone(), prefix: [0; PREFIX], have: 0, rest: 0 };
        (Body::new(frames), overrun)
    }

    fn check(&mut self, mut data: &[u8]) -> Result<(), Status> {
        while !data.is_empty() {
            if self.rest > 0 {
                let passed = self.rest.min(data.len());
                self.rest -= passed;
                data = &data[passed..];
                continue;
            }
            let taken = (PREFIX - self.have).min(data.len());
            self.prefix[self.have..self.have + taken].copy_from_slice(&data[..taken]);
            self.have += taken;
            data = &data[taken..];
            if self.have == PREFIX {
                self.have = 0;
                self.rest = self.prefix[1..].iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
                if self.rest > self.limit {
                    return Err(too_large(self.limit));
                }
            }
        }
        Ok(())
    }
}

fn too_large(limit: usize) -> Status {
    let message = format!("a message may have at most {limit} bytes");
    Fault::new(Kind::ResourceExhausted, rpc::fault::SHARED_DOMAIN, "MESSAGE_TOO_LARGE", message)
        .with("limit_bytes", limit)
        .into()
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Err(status) = self.check(&data.clone())
        {
            // Said once; a body is not polled again after its error.
            let _ = self.overrun.0.set(status.clone());
            return Poll::Ready(Some(Err(status)));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    fn framed(length: u32) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend(std::iter::repeat_n(7, length as usize));
        bytes
    }

    /// A body whose data comes in pieces of this size.
    fn pieces(bytes: Vec<u8>, size: usize) -> Body {
        let chunks: Vec<Result<Frame<Bytes>, Status>> =
            bytes.chunks(size).map(|chunk| Ok(Frame::data(Bytes::copy_from_slice(chunk)))).collect();
        Body::new(http_body_util::StreamBody::new(tokio_stream::iter(chunks)))
    }

    #[tokio::test]
    async fn messages_pass_however_they_are_cut() {
        let bytes: Vec<u8> = [framed(3), framed(0), framed(10)].concat();
        for size in 1..bytes.len() {
            let (body, overrun) = Frames::checked(pieces(bytes.clone(), size), 10);
            assert_eq!(body.collect().await.expect("passes").to_bytes(), bytes);
            assert!(overrun.found().is_none());
        }
    }

    #[tokio::test]
    async fn a_message_that_is_too_large_ends_the_body() {
        let bytes: Vec<u8> = [framed(3), framed(11)].concat();
        for size in [1, 4, 7, bytes.len()] {
            let (body, overrun) = Frames::checked(pieces(bytes.clone(), size), 10);
            let error = body.collect().await.expect_err("too large");
            assert_eq!(error.code(), tonic::Code::ResourceExhausted);
            assert!(overrun.found().is_some());
        }
        let (body, _) = Frames::checked(Body::new(Full::new(Bytes::from(framed(11)))), 10);
        assert!(body.collect().await.is_err());
    }
}
