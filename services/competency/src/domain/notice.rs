//! What a partner is told.

use program::awards::{EndingAgreement, Standing, Status};
use values::{Instant, Zone};

use super::award::Award;

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

/// What a partner is told about an award.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeSubject {
    /// A level held on a day of its window; the award has not begun.
    Qualified,
    /// That is over, and nothing was given.
    QualificationLapsed,
    /// It was given.
    Granted,
    /// Its level changed.
    Changed,
    /// Its requirements no longer hold, or a loss was announced.
    AtRisk,
    /// They hold again.
    Recovered,
    /// It must be renewed soon.
    RenewalDue,
    /// It was renewed.
    Renewed,
    /// Its anniversary is over and it may still be renewed.
    InGrace,
    /// It is given and renewed no more, and may still be used.
    Legacy,
    /// It ended.
    Ended,
    /// An agreement of the partner ends.
    AgreementEnds,
}

impl NoticeSubject {
    /// All subjects.
    pub const ALL: [NoticeSubject; 12] = [
        NoticeSubject::Qualified,
        NoticeSubject::QualificationLapsed,
        NoticeSubject::Granted,
        NoticeSubject::Changed,
        NoticeSubject::AtRisk,
        NoticeSubject::Recovered,
        NoticeSubject::RenewalDue,
        NoticeSubject::Renewed,
        NoticeSubject::InGrace,
        NoticeSubject::Legacy,
        NoticeSubject::Ended,
        NoticeSubject::AgreementEnds,
    ];

    /// The name in columns and filters.
    pub fn name(self) -> &'static str {
        match self {
            NoticeSubject::Qualified => "AWARD_QUALIFIED",
            NoticeSubject::QualificationLapsed => "QUALIFICATION_LAPSED",
            NoticeSubject::Granted => "AWARD_GRANTED",
            NoticeSubject::Changed => "AWARD_CHANGED",
            NoticeSubject::AtRisk => "AWARD_AT_RISK",
            NoticeSubject::Recovered => "AWARD_RECOVERED",
            NoticeSubject::RenewalDue => "RENEWAL_DUE",
            NoticeSubject::Renewed => "AWARD_RENEWED",
            NoticeSubject::InGrace => "AWARD_IN_GRACE",
            NoticeSubject::Legacy => "AWARD_LEGACY",
            NoticeSubject::Ended => "AWARD_ENDED",
            NoticeSubject::AgreementEnds => "AGREEMENT_ENDS",
        }
    }

    /// The subject of this name.
    pub fn find(name: &str) -> Option<NoticeSubject> {
        NoticeSubject::ALL.into_iter().find(|subject| subject.name() == name)
    }

    /// Whether the partner can still do something about it.
    fn asks_to_act(self) -> bool {
        use NoticeSubject::{AtRisk, InGrace, Legacy, RenewalDue};
        matches!(self, AtRisk | RenewalDue | InGrace | Legacy)
    }
}

impl Notice {
    /// The notice of a change of an award: one for each revision of it.
    pub fn of(award: &Award, subject: NoticeSubject, text: String, now: Instant) -> Notice {
        Notice {
            partner: award.partner.clone(),
            notice: notice_id(format!("{}-{}", award.award, award.revision)),
            subject,
            award: award.award.clone(),
            rule: award.rule.clone(),
            text,
            created: now,
            due: award.lost.or(award.ends).filter(|_| subject.asks_to_act()),
            acknowledged: None,
            revision: 1,
        }
    }

    /// The notice of an agreement that ends: one for each end.
    pub fn of_agreement(partner: &str, ending: &EndingAgreement, zone: &Zone, now: Instant) -> Notice {
        let id = format!("agreement-{}-{}", ending.agreement, ending.last_day);
        let end = ending.last_day.add_days(1).map(|after| zone.start_of_day(after));
        Notice {
            partner: partner.to_owned(),
            notice: notice_id(id),
            subject: NoticeSubject::AgreementEnds,
            award: String::new(),
            rule: ending.rule.clone(),
            text: format!("The agreement {} ends after {}.", ending.agreement, ending.last_day),
            created: now,
            due: end.ok(),
            acknowledged: None,
            revision: 1,
        }
    }
}

/// What a partner is told when its award, which stands as `after` says from now on, stood as `before` says.
/// Every change of status or level is told, and every renewal.
pub fn told(before: &Standing, after: &Standing, award: &Award, zone: &Zone) -> Option<(NoticeSubject, String)> {
    let (what, level) = (award.subject(), &award.level);
    let until = |end: Option<Instant>| end.map(|end| format!(" until {}", last_day(end, zone))).unwrap_or_default();
    let had = before.level.as_deref().unwrap_or_default();
    let told = |subject, text| Some((subject, text));
    match after.status {
        Status::InProgress => match before.status {
            Status::Qualified => told(
                NoticeSubject::QualificationLapsed,
                format!("{what} at {level} is no longer qualified for: it was not begun in time."),
            ),
            _ => None,
        },
        Status::Qualified => {
            told(NoticeSubject::Qualified, format!("{} is qualified for {level} in {what}.", award.partner))
        }
        Status::Ended => told(NoticeSubject::Ended, format!("{what} at {had} has ended.")),
        _ if !before.status.held() => {
            told(NoticeSubject::Granted, format!("{} reached {level} in {what}.", award.partner))
        }
        Status::InGrace if before.status != Status::InGrace => told(
            NoticeSubject::InGrace,
            format!("{what} at {level} was not renewed in time and may still be renewed{}.", until(award.ends)),
        ),
        Status::Legacy if before.status != Status::Legacy => told(
            NoticeSubject::Legacy,
            format!("{what} at {level} is retired and is renewed no more; it may be used{}.", until(award.ends)),
        ),
        _ if after.anniversary > before.anniversary => {
            told(NoticeSubject::Renewed, format!("{what} is renewed at {level}{}.", until(award.anniversary)))
        }
        _ if before.level != after.level => {
            told(NoticeSubject::Changed, format!("{what} changes from {had} to {level}."))
        }
        Status::AtRisk if award.lost.is_some() => told(NoticeSubject::AtRisk, told_loss(award, zone)),
        Status::AtRisk => {
            told(NoticeSubject::AtRisk, format!("{what} at {level} no longer meets its requirements and is at risk."))
        }
        Status::RenewalDue => told(
            NoticeSubject::RenewalDue,
            format!("{what} at {level} is held{} and must be renewed.", until(award.anniversary)),
        ),
        Status::Enrolled if before.status == Status::AtRisk => {
            told(NoticeSubject::Recovered, format!("{what} at {level} meets its requirements again."))
        }
        Status::Enrolled | Status::InGrace | Status::Legacy => None,
    }
}

/// What a partner is told when a loss is announced.
pub fn told_loss(award: &Award, zone: &Zone) -> String {
    let until = award.lost.map(|lost| format!(" after {}", last_day(lost, zone))).unwrap_or_default();
    format!("{} at {} no longer meets its requirements and is lost{until}.", award.subject(), award.level)
}

/// The last day before an instant.
fn last_day(end: Instant, zone: &Zone) -> values::Date {
    zone.date(end.saturating_add(-1))
}

/// The id of a notice; hashed at its end where it is too long for an id.
fn notice_id(id: String) -> String {
    if id.len() <= 63 {
        return id;
    }
    let hash = hex::encode(&blake3::hash(id.as_bytes()).as_bytes()[..6]);
    format!("{}-{hash}", id[..50].trim_end_matches('-'))
}
