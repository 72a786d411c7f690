//! Cursors and page tokens: opaque to everyone else.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Raised when the fields change.
const VERSION: &str = "1";

/// A place in one feed, as it was when the place was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) feed: String,
    pub(crate) epoch: String,
    /// 0 stands before the first change.
    pub(crate) position: i64,
    /// The change at the position, empty at 0. A restored feed has another one there.
    pub(crate) event_id: String,
}

impl Cursor {
    pub(crate) fn encode(&self) -> String {
        encode(&["c", VERSION, &self.feed, &self.epoch, &self.position.to_string(), &self.event_id])
    }

    /// Reads a cursor; none for any text that is not one.
    pub(crate) fn decode(text: &str) -> Option<Cursor> {
        let fields = decode(text)?;
        let [tag, version, feed, epoch, position, event_id] = fields.as_slice() else { return None };
        if tag != "c" || version != VERSION {
            return None;
        }
        let position = position.parse().ok().filter(|position| *position >= 0)?;
        Some(Cursor { feed: feed.clone(), epoch: epoch.clone(), position, event_id: event_id.clone() })
    }
}

/// The place inside a list of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageToken {
    /// The head up to which the list goes.
    pub(crate) head: Cursor,
    /// The sealed instant of that head.
    pub(crate) sealed: i64,
    /// The last position listed.
    pub(crate) after: i64,
    /// The other arguments, which must not change.
    pub(crate) arguments: String,
}

impl PageToken {
    pub(crate) fn encode(&self) -> String {
        let head = &self.head;
        encode(&[
            "p",
            VERSION,
            &head.feed,
            &head.epoch,
            &head.position.to_string(),
            &head.event_id,
            &self.sealed.to_string(),
            &self.after.to_string(),
            &self.arguments,
        ])
    }

    pub(crate) fn decode(text: &str) -> Option<PageToken> {
        let fields = decode(text)?;
        let [tag, version, feed, epoch, position, event_id, sealed, after, arguments] = fields.as_slice() else {
            return None;
        };
        if tag != "p" || version != VERSION {
            return None;
        }
        Some(PageToken {
            head: Cursor {
                feed: feed.clone(),
                epoch: epoch.clone(),
                position: position.parse().ok()?,
                event_id: event_id.clone(),
            },
            sealed: sealed.parse().ok()?,
            after: after.parse().ok()?,
            arguments: arguments.clone(),
        })
    }
}

/// Fields are names, numbers and UUIDs, none of which holds the separator.
fn encode(fields: &[&str]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(fields.join("|"))
}

fn decode(text: &str) -> Option<Vec<String>> {
    if text.len() > 2_000 {
        return None;
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let fields = String::from_utf8(bytes).ok()?;
    Some(fields.split('|').map(str::to_owned).collect())
}
