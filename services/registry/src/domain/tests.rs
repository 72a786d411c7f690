//! Golden tables of the registry's rules, and properties of its keys.

use values::{Digest, Instant, Interval};

use super::agreement::{AcceptError, Acceptance, Agreement, check_acceptance};
use super::bundle::{Bundle, Publication, Register, Switch, Turn, make_current};
use super::certification::{Life, check_life};
use super::duplicates::{Candidate, DuplicateReason, Likeness, suspect};
use super::enrollment::{Enrollment, check_enrollment, first_anniversary};
use super::hierarchy::{PlaceError, check_place};
use super::ids::{AgreementId, LearnerId, Owned, PartnerId};
use super::partner::{BusinessType, Origin, Partner, Profile, State, Step};
use super::people::{LearnerLink, LinkError, start_link};
use super::proposal::{Proposal, ProposalId, ProposalState, Review, ReviewError};
use super::region::Region;
use super::stamp::Stamp;
use super::supply::{SupplyError, SupplyRelation, check_supply};
use super::text::{Code, Domain, Reason, TaxNumber, Title};

fn at(text: &str) -> Instant {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).expect("a valid instant")
}

fn pid(text: &str) -> PartnerId {
    PartnerId(text.parse().expect("a valid id"))
}

fn lid(text: &str) -> LearnerId {
    LearnerId(text.parse().expect("a valid id"))
}

fn profile(name: &str, region: &str) -> Profile {
    Profile {
        display_name: Title::parse(name).expect("a valid title"),
        global_account: None,
        business_types: vec![BusinessType::SolutionProvider],
        region: Region::parse(region).expect("a valid region"),
        tax_number: None,
        domain: None,
    }
}

fn partner(id: &str, state: State) -> Partner {
    let mut partner = Partner::new(pid(id), profile(id, "DE"), Origin::Application, Vec::new(), at("2024-01-01"));
    partner.standing.state = state;
    partner
}

fn location(id: &str, global: &str) -> Partner {
    let mut partner = partner(id, State::Active);
    partner.profile.global_account = Some(pid(global));
    partner
}

fn owned<O>(owner: O, id: &str) -> Owned<O> {
    Owned { owner, id: id.parse().expect("a valid id") }
}

fn reason() -> Reason {
    Reason::parse("As the test wants.").expect("a valid reason")
}

/// Case: A-59. Rules registry.link-spacing and registry.link-limit: the published case of 2023 (a learner
/// associates on 1 January and tries again on 20 and 31 January, 2 March and 1 April).
#[test]
fn a_learner_links_at_most_three_times_a_year_thirty_days_apart() {
    let partners = ["alpha", "beta", "alpha", "beta", "alpha"].map(pid);
    let mut links: Vec<LearnerLink> = Vec::new();
    let mut attempt = |day: &str, partner: &PartnerId| {
        let start = at(day);
        let ended = start_link(&links, partner, start)?.cloned();
        if let Some(before) = ended {
            let last = links.last_mut().expect("a link that ends is there");
            assert_eq!(before.key, last.key);
            last.held = Interval::new(last.held.start(), Some(start)).expect("ends after it starts");
        }
        let key = owned(lid("kim"), &format!("link-{}", links.len()));
        links.push(LearnerLink {
            key,
            partner: partner.clone(),
            held: Interval::since(start),
            stamp: Stamp::new(start),
        });
        Ok::<(), LinkError>(())
    };
    assert_eq!(attempt("2023-01-01", &partners[0]), Ok(()));
    let too_soon = LinkError::TooSoon { last_start: at("2023-01-01"), next_start: at("2023-01-31") };
    assert_eq!(attempt("2023-01-20", &partners[1]), Err(too_soon));
    assert_eq!(attempt("2023-01-31", &partners[1]), Ok(()));
    assert_eq!(attempt("2023-03-02", &partners[2]), Ok(()));
    let full = LinkError::LimitReached { starts: 3, next_start: at("2024-01-01") };
    assert_eq!(attempt("2023-04-01", &partners[3]), Err(full));
    // At the instant that was named it is allowed, and not a microsecond before.
    assert!(attempt("2023-12-31T23:59:59.999999Z", &partners[3]).is_err());
    assert_eq!(attempt("2024-01-01", &partners[3]), Ok(()));
}

/// Rule registry.one-partner-at-a-time.
#[test]
fn a_link_follows_the_one_before() {
    let link = |id: &str, partner: &str, start: &str, end: Option<&str>| LearnerLink {
        key: owned(lid("kim"), id),
        partner: pid(partner),
        held: Interval::new(at(start), end.map(at)).expect("a valid interval"),
        stamp: Stamp::new(at(start)),
    };
    assert_eq!(start_link(&[], &pid("alpha"), at("2023-01-01")), Ok(None));

    let open = [link("one", "alpha", "2023-01-01", None)];
    let unchanged = LinkError::Unchanged { link: "one".parse().expect("a valid id") };
    assert_eq!(start_link(&open, &pid("alpha"), at("2023-05-01")), Err(unchanged));
    let late = LinkError::OutOfOrder { last_start: at("2023-01-01") };
    assert_eq!(start_link(&open, &pid("beta"), at("2022-12-01")), Err(late.clone()));
    assert_eq!(start_link(&open, &pid("beta"), at("2023-01-01")), Err(late.clone()));
    assert_eq!(start_link(&open, &pid("beta"), at("2023-05-01")).map(|ends| ends.is_some()), Ok(true));

    let ended = [link("one", "alpha", "2023-01-01", Some("2023-06-01"))];
    assert_eq!(start_link(&ended, &pid("beta"), at("2023-05-01")), Err(late));
    // Nothing is left to end, and coming back to the same partner is a new link.
    assert_eq!(start_link(&ended, &pid("alpha"), at("2023-06-01")), Ok(None));
}

/// Rule registry.partner-life: every step from every state.
#[test]
fn a_partner_moves_only_along_its_life() {
    let steps: [(Step, &[State], State); 6] = [
        (Step::Review, &[State::Applied], State::UnderReview),
        (Step::Approve, &[State::UnderReview], State::Active),
        (Step::Refuse(reason()), &[State::Applied, State::UnderReview], State::Refused),
        (Step::Suspend(reason()), &[State::Active], State::Suspended),
        (Step::Reinstate, &[State::Suspended], State::Active),
        (Step::End(reason()), &[State::Active, State::Suspended], State::Ended),
    ];
    let now = at("2024-09-01");
    for (step, from, to) in steps {
        for state in State::ALL {
            let before = partner("acme", state);
            match before.clone().take(step.clone(), now) {
                Ok(after) => {
                    assert!(from.contains(&state), "{step:?} from {state:?}");
                    assert_eq!((after.standing.state, after.standing.since), (to, now));
                    assert_eq!(after.stamp.revision, before.stamp.revision + 1);
                    assert_eq!(after.standing.reason.is_some(), step.clone().reason_is_needed());
                }
                Err(error) => {
                    assert!(!from.contains(&state), "{step:?} from {state:?}: {error}");
                    assert_eq!((error.state, error.allowed), (state, from));
                }
            }
        }
    }
}

impl Step {
    fn reason_is_needed(self) -> bool {
        matches!(self, Step::Refuse(_) | Step::Suspend(_) | Step::End(_))
    }
}

#[test]
fn approval_is_remembered_through_suspension() {
    let approved = partner("acme", State::UnderReview).take(Step::Approve, at("2024-02-01")).expect("allowed");
    let suspended = approved.take(Step::Suspend(reason()), at("2024-03-01")).expect("allowed");
    let back = suspended.take(Step::Reinstate, at("2024-04-01")).expect("allowed");
    assert_eq!(back.approved, Some(at("2024-02-01")));
    assert_eq!(back.standing.reason, None);
}

/// Rule registry.two-levels.
#[test]
fn the_hierarchy_has_two_levels_and_no_cycles() {
    let global = partner("acme", State::Active);
    assert_eq!(check_place(&pid("acme-de"), 0, &global), Ok(()));
    assert_eq!(check_place(&pid("acme"), 0, &global), Err(PlaceError::Cycle { partner: pid("acme") }));
    let below = location("acme-de", "acme");
    assert_eq!(check_place(&pid("acme"), 1, &below), Err(PlaceError::Cycle { partner: pid("acme") }));
    let deep = PlaceError::TooDeep { partner: pid("other"), global: pid("acme-de") };
    assert_eq!(check_place(&pid("other"), 0, &below), Err(deep));
    let has = PlaceError::HasLocations { partner: pid("other"), locations: 2 };
    assert_eq!(check_place(&pid("other"), 2, &global), Err(has));
    for state in [State::Refused, State::Ended] {
        let gone = partner("gone", state);
        assert!(matches!(check_place(&pid("other"), 0, &gone), Err(PlaceError::Forbidden(_))));
    }
}

/// Rule registry.possible-duplicate.
#[test]
fn duplicates_are_suspected_by_what_spelling_does_not_change() {
    let names = [
        ("Acme Cloud GmbH", "ACME Cloud, Inc.", true),
        ("Müller & Söhne KG", "Mueller and Soehne", true),
        ("L'Étoile S.A.", "LEtoile", true),
        ("Acme Cloud", "Acme Clouds", false),
        ("The Company Ltd", "The", true),
        ("Ltd", "Limited", false),
    ];
    for (one, other, same) in names {
        let (one_key, other_key) = (Likeness::of(&profile(one, "DE")), Likeness::of(&profile(other, "DE")));
        assert_eq!(one_key.name == other_key.name, same, "{one} and {other}");
    }
    assert_ne!(Likeness::of(&profile("Acme", "DE")), Likeness::of(&profile("Acme", "FR")));

    let mut full = profile("Acme GmbH", "DE");
    full.tax_number = Some(TaxNumber::parse("DE 811-257.920").expect("valid"));
    full.domain = Some(Domain::parse("www.acme.example").expect("valid"));
    let likeness = Likeness::of(&full);
    let candidate = |id: &str, top: &str, name: &str, tax: Option<&str>, domain: Option<&str>| {
        let mut profile = profile(name, "DE");
        profile.tax_number = tax.map(|text| TaxNumber::parse(text).expect("valid"));
        profile.domain = domain.map(|text| Domain::parse(text).expect("valid"));
        Candidate { partner: pid(id), top: pid(top), likeness: Likeness::of(&profile) }
    };
    let candidates = [
        candidate("by-name", "by-name", "acme", None, None),
        candidate("by-domain", "by-domain", "Else", None, Some("acme.example")),
        candidate("by-all", "by-all", "ACME", Some("de811257920"), Some("acme.example")),
        candidate("location", "acme", "Acme", Some("de811257920"), None),
        candidate("acme", "acme", "Acme GmbH", Some("de811257920"), None),
        candidate("neither", "neither", "Else", None, None),
    ];
    let found = suspect(&pid("acme"), &pid("acme"), &likeness, &candidates);
    let told: Vec<(&str, u8)> = found.iter().map(|it| (it.partner.as_str(), it.score)).collect();
    assert_eq!(told, [("by-all", 100), ("by-domain", 60), ("by-name", 50)]);
    assert_eq!(found[0].reasons, DuplicateReason::ALL);
}

/// Rule registry.agreement-acceptance.
#[test]
fn a_version_is_accepted_while_it_is_offered_and_once() {
    let agreement = Agreement {
        id: AgreementId("terms-2020".parse().expect("valid")),
        code: Code::parse("terms").expect("valid"),
        version: "2020".to_owned(),
        display_name: Title::parse("Terms").expect("valid"),
        document_uri: String::new(),
        offered: Interval::new(at("2020-01-01"), Some(at("2021-01-01"))).expect("valid"),
        stamp: Stamp::new(at("2020-01-01")),
    };
    let accepted = |start: &str, end: Option<&str>| Acceptance {
        key: owned(pid("acme"), "first"),
        agreement: agreement.id.clone(),
        code: agreement.code.clone(),
        version: agreement.version.clone(),
        in_force: Interval::new(at(start), end.map(at)).expect("valid"),
        end_reason: None,
        stamp: Stamp::new(at(start)),
    };
    let since = |start: &str| Interval::since(at(start));
    assert_eq!(check_acceptance(&agreement, &[], since("2020-01-01")), Ok(()));
    assert!(matches!(check_acceptance(&agreement, &[], since("2019-12-31")), Err(AcceptError::NotOffered { .. })));
    assert!(matches!(check_acceptance(&agreement, &[], since("2021-01-01")), Err(AcceptError::NotOffered { .. })));
    let open = [accepted("2020-02-01", None)];
    assert!(matches!(check_acceptance(&agreement, &open, since("2020-06-01")), Err(AcceptError::Accepted { .. })));
    let ended = [accepted("2020-02-01", Some("2020-06-01"))];
    assert_eq!(check_acceptance(&agreement, &ended, since("2020-06-01")), Ok(()));
}

/// Rule registry.one-enrollment.
#[test]
fn a_partner_is_enrolled_once_in_a_program() {
    let program = Code::parse_program("vendor/program").expect("valid");
    let enrollment = |end: Option<&str>| Enrollment {
        key: owned(pid("acme"), "first"),
        program: program.clone(),
        held: Interval::new(at("2024-01-01"), end.map(at)).expect("valid"),
        anniversary: "2025-01-01".parse().expect("valid"),
        fee_paid: None,
        acceptance: None,
        end_reason: None,
        stamp: Stamp::new(at("2024-01-01")),
    };
    assert!(check_enrollment(&program, &[], at("2024-01-01")).is_ok());
    assert!(check_enrollment(&program, &[enrollment(None)], at("2024-06-01")).is_err());
    assert!(check_enrollment(&program, &[enrollment(Some("2024-06-01"))], at("2024-05-31")).is_err());
    assert!(check_enrollment(&program, &[enrollment(Some("2024-06-01"))], at("2024-06-01")).is_ok());
    let anniversaries = [("2024-02-29T12:00:00Z", "2025-02-28"), ("2023-12-31T23:59:59Z", "2024-12-31")];
    for (start, next) in anniversaries {
        assert_eq!(first_anniversary(at(start)).expect("within the calendar").to_string(), next);
    }
}

/// Rule registry.supply-relation.
#[test]
fn one_buys_through_distributors_and_aggregators() {
    let mut supplier = partner("disti", State::Active);
    let start = at("2024-01-01");
    let check = |supplier: &Partner, existing: &[SupplyRelation], start| {
        check_supply(&pid("acme"), supplier, existing, start)
            .map_err(|error| matches!(error, SupplyError::Overlaps { .. }))
    };
    assert_eq!(check(&supplier, &[], start), Err(false));
    for kind in [BusinessType::Distributor, BusinessType::Aggregator] {
        supplier.profile.business_types = vec![kind];
        assert_eq!(check(&supplier, &[], start), Ok(()));
    }
    supplier.id = pid("acme");
    assert_eq!(check(&supplier, &[], start), Err(false), "nobody supplies itself");
    supplier.id = pid("disti");
    let relation = |end: Option<&str>| SupplyRelation {
        key: owned(pid("acme"), "first"),
        supplier: pid("disti"),
        held: Interval::new(start, end.map(at)).expect("valid"),
        stamp: Stamp::new(start),
    };
    assert_eq!(check(&supplier, &[relation(None)], at("2024-05-01")), Err(true));
    assert_eq!(check(&supplier, &[relation(Some("2024-05-01"))], at("2024-05-01")), Ok(()));
}

#[test]
fn a_certification_expires_after_it_was_earned() {
    let life = |expires: Option<&str>| Life { expires: expires.map(at), ..Life::default() };
    assert!(check_life(at("2024-01-01"), &life(None)).is_ok());
    assert!(check_life(at("2024-01-01"), &life(Some("2025-01-01"))).is_ok());
    assert!(check_life(at("2024-01-01"), &life(Some("2024-01-01"))).is_err());
}

fn proposed(bundle: Digest, base: Option<Digest>) -> Proposal {
    Proposal {
        id: ProposalId("p-1".parse().expect("an id")),
        bundle,
        revision: 1,
        base,
        state: ProposalState::Proposed,
        proposer: "ada".to_owned(),
        comment: String::new(),
        review: None,
        published: None,
        stamp: Stamp::new(at("2024-01-01")),
    }
}

fn review(reviewer: &str) -> Review {
    Review { reviewer: reviewer.to_owned(), comment: String::new(), at: at("2024-01-01") }
}

/// Rule registry.second-person-approves.
#[test]
fn a_second_person_approves() {
    let proposal = || proposed(Digest::of(b"first"), None);
    assert!(matches!(proposal().approve(review("ada")), Err(ReviewError::ApproverIsProposer { .. })));
    let approved = proposal().approve(review("ben")).expect("somebody else may");
    assert_eq!((approved.state, approved.stamp.revision), (ProposalState::Approved, 2));
    assert_eq!(approved.review.as_ref().map(|review| review.reviewer.as_str()), Some("ben"));
    assert!(matches!(approved.clone().approve(review("cleo")), Err(ReviewError::Decided { .. })));
    // The proposer may take it back, and an approval may be taken back until it was used.
    assert_eq!(proposal().refuse(review("ada")).expect("taken back").state, ProposalState::Refused);
    assert_eq!(approved.clone().refuse(review("ben")).expect("taken back").state, ProposalState::Refused);
    let published = approved.publish(at("2024-01-02"));
    assert!(published.clone().refuse(review("ben")).is_err());
    assert!(published.approve(review("cleo")).is_err());
}

/// Rule registry.current-bundle.
#[test]
fn one_bundle_is_current() {
    let publication = || Publication { publisher: "staff".to_owned(), comment: String::new() };
    let (first, second) = (Digest::of(b"first"), Digest::of(b"second"));
    let approved = |hash, base| Some(proposed(hash, base).approve(review("ben")).expect("approved"));
    let switch = |hash, known, current: Option<Bundle>, expected, now: &str| {
        let proposal = approved(hash, current.as_ref().map(|current| current.hash));
        make_current(hash, Register { known, current, proposal }, expected, publication(), at(now))
    };
    let changed = |switch| match switch {
        Ok(Switch::Changed(turn)) => {
            let Turn { before, current, proposal } = *turn;
            assert_eq!((proposal.state, Some(&proposal.id)), (ProposalState::Published, current.proposal.as_ref()));
            (before, current)
        }
        other => panic!("a change was expected, not {other:?}"),
    };
    let (before, one) = changed(switch(first, None, None, None, "2024-01-01"));
    assert_eq!((before, one.revision, one.superseded), (None, 1, None));
    assert!(matches!(switch(first, None, Some(one.clone()), None, "2024-01-02"), Ok(Switch::Unchanged(_))));

    // Without an approval, or with one that was given while another bundle was current, nothing changes.
    for (proposal, reason) in [
        (None, "has no approved proposal"),
        (Some(proposed(second, Some(first))), "has no approved proposal"),
        (approved(second, None), "another one than expected"),
    ] {
        let register = Register { known: None, current: Some(one.clone()), proposal };
        let refused = make_current(second, register, None, publication(), at("2024-02-01")).expect_err("refused");
        assert!(refused.to_string().contains(reason), "{refused}");
    }

    let (before, two) = changed(switch(second, None, Some(one.clone()), Some(first), "2024-02-01"));
    let before: Bundle = before.expect("the first one was current");
    assert_eq!((before.hash, before.superseded, before.stamp.revision), (first, Some(at("2024-02-01")), 2));
    assert_eq!(two.revision, 2);
    assert!(switch(first, Some(before.clone()), Some(two.clone()), Some(first), "2024-03-01").is_err());

    // Back to the first: a new place in the register, and the next revision of its own record.
    let (before, again) = changed(switch(first, Some(before), Some(two), None, "2024-03-01"));
    assert_eq!(before.map(|bundle| bundle.hash), Some(second));
    assert_eq!((again.revision, again.superseded, again.stamp.revision), (3, None, 3));
    assert_eq!(again.stamp.created, at("2024-01-01"));
}

#[test]
fn texts_keep_their_limits() {
    let cases: [(bool, bool); 22] = [
        (Title::parse("Acme").is_ok(), true),
        (Title::parse("").is_ok(), false),
        (Title::parse(" Acme").is_ok(), false),
        (Title::parse("A\nB").is_ok(), false),
        (Title::parse(&"ä".repeat(200)).is_ok(), true),
        (Title::parse(&"a".repeat(201)).is_ok(), false),
        (Code::parse("az-104").is_ok(), true),
        (Code::parse("AZ-104").is_ok(), false),
        (Code::parse("a/b").is_ok(), false),
        (Code::parse_program("a/b").is_ok(), true),
        (Code::parse_program("/b").is_ok(), false),
        (Domain::parse("acme.example").is_ok(), true),
        (Domain::parse("acme").is_ok(), false),
        (Domain::parse("Acme.example").is_ok(), false),
        (Domain::parse("-acme.example").is_ok(), false),
        (Domain::parse("acme..example").is_ok(), false),
        (TaxNumber::parse("DE 811").is_ok(), true),
        (TaxNumber::parse("--").is_ok(), false),
        (Region::parse("DE").is_ok(), true),
        (Region::parse("de").is_ok(), false),
        (Region::parse("ZZ").is_ok(), false),
        (Region::parse("D ").is_ok(), false),
    ];
    for (index, (found, expected)) in cases.into_iter().enumerate() {
        assert_eq!(found, expected, "case {index}");
    }
}
