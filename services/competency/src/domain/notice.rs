//! What a partner is told.

use values::Instant;

use super::award::{Award, NoticeSubject};

/// A dated message to a partner with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whom it is for.
    pub partner: String,
    /// Its id below the partner.
    pub notice: String,
    /// What it is about.
    pub subject: NoticeSubject,
    /// The id of the award it is about.
    pub award: String,
    /// The rule that gave the reason.
    pub rule: String,
    /// The message, in English.
    pub text: String,
    /// When the reason arose.
    pub created: Instant,
    /// The instant before which the partner should act.
    pub due: Option<Instant>,
    /// When the partner acknowledged it.
    pub acknowledged: Option<Instant>,
    /// Counts up from 1.
    pub revision: i64,
}

impl Notice {
    /// The notice of a change of an award: one for each revision of it.
    pub fn of(award: &Award, subject: NoticeSubject, text: String, now: Instant) -> Notice {
        let acts = matches!(subject, NoticeSubject::AtRisk | NoticeSubject::RenewalDue);
        Notice {
            partner: award.partner.clone(),
            notice: notice_id(&award.award, award.revision),
            subject,
            award: award.award.clone(),
            rule: award.rule.clone(),
            text,
            created: now,
            due: award.ends.filter(|_| acts),
            acknowledged: None,
            revision: 1,
        }
    }
}

/// The id of the notice of an award's revision; hashed at its end where it is too long for an id.
fn notice_id(award: &str, revision: i64) -> String {
    let id = format!("{award}-{revision}");
    if id.len() <= 63 {
        return id;
    }
    let hash = hex::encode(&blake3::hash(id.as_bytes()).as_bytes()[..6]);
    format!("{}-{hash}", id[..50].trim_end_matches('-'))
}
