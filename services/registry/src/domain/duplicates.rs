//! Which accounts may be the same company. A suspicion with its evidence, for a person to decide:
//! nothing is merged or refused because of it.

use super::ids::PartnerId;
use super::partner::Profile;

/// At most so many suspicions are reported on an account.
pub const MOST_REPORTED: usize = 10;

/// An account that may be the same company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PossibleDuplicate {
    /// The other account.
    pub partner: PartnerId,
    /// How strong the suspicion is: the points of its reasons, at most 100.
    pub score: u8,
    /// What the two have in common, strongest first.
    pub reasons: Vec<DuplicateReason>,
}

/// What two accounts have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateReason {
    /// The same tax number in the same country.
    TaxId,
    /// The same internet domain.
    Domain,
    /// The same name in the same country, apart from spelling.
    Name,
}

impl DuplicateReason {
    /// Every reason, strongest first.
    pub const ALL: [DuplicateReason; 3] = [DuplicateReason::TaxId, DuplicateReason::Domain, DuplicateReason::Name];

    /// The reason's name, as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            DuplicateReason::TaxId => "TAX_ID",
            DuplicateReason::Domain => "DOMAIN",
            DuplicateReason::Name => "NAME",
        }
    }

    /// How many points it is worth. A tax number is given to one company; a domain may be shared by
    /// companies of one group, a name by strangers.
    fn points(self) -> u32 {
        match self {
            DuplicateReason::TaxId => 90,
            DuplicateReason::Domain => 60,
            DuplicateReason::Name => 50,
        }
    }
}

/// What an account is compared by: spelling that does not matter is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// The name, with its country.
    pub name: String,
    /// The tax number, with its country.
    pub tax: Option<String>,
    /// The domain without `www`.
    pub domain: Option<String>,
}

impl Likeness {
    /// What a profile is compared by.
    pub fn of(profile: &Profile) -> Likeness {
        Likeness {
            name: format!("{} {}", profile.region, name_key(profile.display_name.as_str())),
            tax: profile.tax_number.as_ref().map(|number| format!("{} {}", profile.region, tax_key(number.as_str()))),
            domain: profile.domain.as_ref().map(|domain| {
                let domain = domain.as_str();
                domain.strip_prefix("www.").unwrap_or(domain).to_owned()
            }),
        }
    }
}

/// Another account, as far as the comparison needs it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The other account.
    pub partner: PartnerId,
    /// The account it rolls up to.
    pub top: PartnerId,
    /// What it is compared by.
    pub likeness: Likeness,
}

/// The accounts among some candidates that may be the same company as one account, strongest
/// suspicion first, ties by id. Accounts of one hierarchy are known to belong together and are not
/// suspected. Rule: `registry.possible-duplicate`.
pub fn suspect(
    id: &PartnerId,
    top: &PartnerId,
    likeness: &Likeness,
    candidates: &[Candidate],
) -> Vec<PossibleDuplicate> {
    let mut found: Vec<PossibleDuplicate> = candidates
        .iter()
        .filter(|candidate| candidate.partner != *id && candidate.top != *top)
        .filter_map(|candidate| compare(likeness, candidate))
        .collect();
    found.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.partner.cmp(&b.partner)));
    found.truncate(MOST_REPORTED);
    found
}

fn compare(likeness: &Likeness, other: &Candidate) -> Option<PossibleDuplicate> {
    let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
    let reasons: Vec<DuplicateReason> = DuplicateReason::ALL
        .into_iter()
        .filter(|reason| match reason {
            DuplicateReason::TaxId => same(&likeness.tax, &other.likeness.tax),
            DuplicateReason::Domain => same(&likeness.domain, &other.likeness.domain),
            DuplicateReason::Name => likeness.name == other.likeness.name,
        })
        .collect();
    let points: u32 = reasons.iter().map(|reason| reason.points()).sum();
    // At most 100, which fits.
    let score = points.min(100) as u8;
    (score > 0).then(|| PossibleDuplicate { partner: other.partner.clone(), score, reasons })
}

/// Words that say how a company is constituted and not which one it is.
const LEGAL_FORMS: [&str; 34] = [
    "ab",
    "ag",
    "aps",
    "as",
    "asa",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "inc",
    "incorporated",
    "kft",
    "kg",
    "kk",
    "limited",
    "llc",
    "llp",
    "ltd",
    "ltda",
    "nv",
    "ohg",
    "oy",
    "oyj",
    "plc",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sarl",
    "sas",
    "spa",
    "srl",
];

/// A name without case, accents, punctuation and legal forms; all of it where nothing else is left.
fn name_key(name: &str) -> String {
    // A dot or an apostrophe joins what it stands between (S.A., D'Acme); anything else separates.
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match without_accent(letter) {
            Some(letters) => plain.push_str(letters),
            None if letter.is_alphanumeric() => plain.push(letter),
            None if matches!(letter, '.' | '\'' | '\u{2019}' | '\u{307}') => {}
            None if letter == '&' => plain.push_str(" and "),
            None => plain.push(' '),
        }
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    let telling: Vec<&str> = words.iter().copied().filter(|word| !LEGAL_FORMS.contains(word)).collect();
    if telling.is_empty() { words.join(" ") } else { telling.join(" ") }
}

/// A tax number without spaces, punctuation and case.
fn tax_key(number: &str) -> String {
    number.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// The plain letters that a Latin letter with a mark stands for.
fn without_accent(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' | 'ė' => "e",
        'ğ' | 'ģ' | 'ĝ' | 'ġ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ļ' | 'ľ' | 'ĺ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ő' => "o",
        'ö' | 'ø' | 'œ' => "oe",
        'ř' | 'ŕ' => "r",
        'ś' | 'š' | 'ş' | 'ș' | 'ŝ' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ž' | 'ż' => "z",
        _ => return None,
    })
}
