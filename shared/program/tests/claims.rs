//! Claims, attribution and restatement: who says an association, how a claim lives, and which of several
//! rows is named first.
#![expect(clippy::panic, reason = "a test without its day can only fail")]

mod scene;

use program::facts::Association;
use program::recognition::*;
use program::{Bundle, Reason};
use scene::small::late;
use scene::*;
use values::Date;

fn bundle() -> Bundle {
    parse(&documents(&["microsoft"]))
}

fn policy(bundle: &Bundle) -> &RecognitionPolicy {
    bundle.recognition_policy("microsoft/recognition").expect("there")
}

fn day(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn said(id: &str, partner: &str, kind: &str, workload: Option<&str>, from: &str) -> Association {
    let mut found = small::association(id, partner, kind, "t", "s", &format!("{from}T00:00:00Z"));
    found.workload = workload.map(str::to_owned);
    if workload.is_some() {
        found.subscription = None;
    }
    found
}

fn subject(subscription: &str, workload: &str) -> Subject {
    Subject {
        customer: "t".to_owned(),
        subscription: subscription.to_owned(),
        workloads: vec![workload.to_owned()],
        lasts: None,
    }
}

fn events(moves: &[(&str, &str, ClaimParty)]) -> Vec<ClaimEvent> {
    let made = moves.iter().map(|(on, verb, by)| ClaimEvent {
        day: day(on),
        verb: (*verb).to_owned(),
        by: *by,
        with: if *verb == "submit" { vec!["proof-of-execution".to_owned()] } else { Vec::new() },
    });
    made.collect()
}

fn state(moves: &[(&str, &str, ClaimParty)], on: &str) -> Result<String, ClaimRefusal> {
    let bundle = bundle();
    let rules = policy(&bundle).claims.as_ref().expect("claims");
    rules.follow(day("2023-01-02"), &events(moves), day(on)).map(|standing| standing.state)
}

const REVIEWED: [(&str, &str, ClaimParty); 2] =
    [("2023-01-03", "submit", ClaimParty::Partner), ("2023-01-05", "take-up", ClaimParty::Vendor)];

/// Rule `program.claim_moves_as_its_table_says`.
#[test]
fn a_79_a_rejected_claim_is_disputed_once_within_thirty_days() {
    let mut moves = REVIEWED.to_vec();
    moves.push(("2023-03-01", "refuse", ClaimParty::Vendor));
    assert_eq!(state(&moves, "2023-03-01").as_deref(), Ok("rejected"));
    let disputed = |on: &'static str| {
        let mut moves = moves.clone();
        moves.push((on, "dispute", ClaimParty::Partner));
        moves
    };
    assert_eq!(state(&disputed("2023-03-31"), "2023-03-31").as_deref(), Ok("under-review"));
    let late = state(&disputed("2023-04-01"), "2023-04-01");
    assert!(matches!(late, Err(ClaimRefusal::TooLate { until, .. }) if until == day("2023-03-31")));
    let mut moves = disputed("2023-03-31");
    moves.push(("2023-04-10", "refuse", ClaimParty::Vendor));
    assert_eq!(state(&moves, "2023-04-10").as_deref(), Ok("rejected-final"));
    moves.push(("2023-04-11", "dispute", ClaimParty::Partner));
    assert!(matches!(state(&moves, "2023-04-11"), Err(ClaimRefusal::NoSuchMove { .. })));
    // With a longer time in the document the later dispute is possible.
    let longer = parse(&changed(&documents(&["microsoft"]), "within: 30 days, times: 1", "within: 31 days, times: 1"));
    let rules = policy(&longer).claims.as_ref().expect("claims");
    assert!(rules.follow(day("2023-01-02"), &events(&disputed("2023-04-01")), day("2023-04-01")).is_ok());
}

#[test]
fn silence_is_consent_and_an_unanswered_question_is_a_refusal() {
    let mut moves = REVIEWED.to_vec();
    moves.push(("2023-01-06", "accept", ClaimParty::Vendor));
    // Friday; five business days later it is Friday again.
    assert_eq!(state(&moves, "2023-01-13").as_deref(), Ok("customer-notified"));
    assert_eq!(state(&moves, "2023-01-14").as_deref(), Ok("approved"));
    moves.push(("2023-06-01", "customer-declines", ClaimParty::Customer));
    assert_eq!(state(&moves, "2023-06-01").as_deref(), Ok("ended"));
    let mut asked = REVIEWED.to_vec();
    asked.push(("2023-01-06", "ask-the-partner", ClaimParty::Vendor));
    assert_eq!(state(&asked, "2023-01-26").as_deref(), Ok("partner-action-required"));
    assert_eq!(state(&asked, "2023-01-27").as_deref(), Ok("rejected"));
    let bundle = bundle();
    let rules = policy(&bundle).claims.as_ref().expect("claims");
    let editable: Vec<&String> =
        rules.states.iter().filter(|(_, state)| state.may_be_edited).map(|(name, _)| name).collect();
    assert_eq!(editable, ["partner-action-required"]);
    // There the partner changes what it said, whoever else asks it to; elsewhere nobody does.
    let edited = |on: &'static str, by: ClaimParty| {
        let mut moves = asked.clone();
        moves.push((on, ClaimRules::EDIT, by));
        state(&moves, on)
    };
    assert_eq!(edited("2023-01-09", ClaimParty::Partner).as_deref(), Ok("partner-action-required"));
    assert!(matches!(edited("2023-01-09", ClaimParty::Vendor), Err(ClaimRefusal::NotTheirs { .. })));
    assert!(matches!(edited("2023-01-27", ClaimParty::Partner), Err(ClaimRefusal::NoSuchMove { .. })));
    let editable = "      may-be-edited: true            # the only submitted state in which it may\n";
    let never = parse(&changed(&documents(&["microsoft"]), editable, ""));
    asked.push(("2023-01-09", ClaimRules::EDIT, ClaimParty::Partner));
    let rules_without = policy(&never).claims.as_ref().expect("claims");
    let refused = rules_without.follow(day("2023-01-02"), &events(&asked), day("2023-01-09"));
    assert!(matches!(refused, Err(ClaimRefusal::NoSuchMove { .. })));
    // Nobody but the partner submits, and not without proof.
    let wrong = [("2023-01-03", "submit", ClaimParty::Vendor)];
    assert!(matches!(state(&wrong, "2023-01-03"), Err(ClaimRefusal::NotTheirs { .. })));
    let mut bare = events(&REVIEWED[..1]);
    bare[0].with.clear();
    let missing = rules.follow(day("2023-01-02"), &bare, day("2023-01-03"));
    assert_eq!(missing, Err(ClaimRefusal::Missing { needed: "proof-of-execution".to_owned() }));
}

#[test]
fn a_77_a_scope_claimed_twice_goes_to_a_person_and_the_incumbent_keeps_it() {
    let bundle = bundle();
    let policy = policy(&bundle);
    let held = said("c1", "p1", "claiming-partner-of-record", Some("exchange"), "2023-01-01");
    let holder = |workload: &str| {
        let found = recognize(
            policy,
            std::slice::from_ref(&held),
            &subject("s", workload),
            instant("2023-10-20T00:00:00Z"),
            late(),
        );
        found.payee.map(|payee| payee.partner)
    };
    // The free workload can be approved; the taken one has a holder, and a decision is asked for.
    assert_eq!((holder("exchange").as_deref(), holder("teams")), (Some("p1"), None));
    let claims = policy.claims.as_ref().expect("claims");
    let kind = policy.kind(&claims.kind).expect("the kind");
    assert_eq!((kind.exclusive, kind.ends_with_subscription), (true, true));
    assert_eq!(kind.second_one, SecondOne::Settled("claim-arbitration".to_owned()), "a person decides");
    // Both are claimed by another partner: one has nobody, of the other the incumbent keeps what it has.
    let second = |id: &str, workload| said(id, "p2", "claiming-partner-of-record", Some(workload), "2023-06-01");
    let both = [held, second("c2", "exchange"), second("c3", "teams")];
    let paid = |policy: &RecognitionPolicy, workload: &str| {
        let at = instant("2023-10-20T00:00:00Z");
        recognize(policy, &both, &subject("s", workload), at, late()).payee.map(|payee| payee.partner)
    };
    assert_eq!((paid(policy, "exchange").as_deref(), paid(policy, "teams").as_deref()), (Some("p1"), Some("p2")));
    // Without the rule the later one replaces the earlier, as a designation does.
    let rule =
        "  same-scope-claimed-twice: {goes-to: a-person, decision: claim-arbitration, meanwhile: incumbent-keeps}\n";
    let replaced = parse(&changed(&documents(&["microsoft"]), rule, ""));
    let policy = replaced.recognition_policy("microsoft/recognition").expect("there");
    assert_eq!(paid(policy, "exchange").as_deref(), Some("p2"));
}

#[test]
fn a_75_only_the_customers_owner_designates_and_a_new_one_replaces_the_old() {
    let bundle = bundle();
    let policy = policy(&bundle);
    let kind = policy.kind("partner-of-record").expect("the kind");
    assert!(kind.customer_role_may_say("owner") && kind.customer_role_may_say("global-administrator"));
    assert!(!kind.customer_role_may_say("service-administrator"));
    let both = [
        said("a", "a", "partner-of-record", None, "2017-01-01"),
        said("b", "b", "partner-of-record", None, "2017-06-01"),
    ];
    let found = recognize(policy, &both, &subject("s", "exchange"), instant("2017-06-01T00:00:00Z"), late());
    assert_eq!(found.payee.map(|payee| payee.partner).as_deref(), Some("b"));
    assert_eq!(found.rejected[0].reason, Reason::SameScopeClaimedTwice);
}

/// Rule `program.an_association_ends_with_its_subscription`.
#[test]
fn what_is_said_of_a_workload_ends_with_the_subscriptions_of_then() {
    let claim = said("c1", "p1", "claiming-partner-of-record", Some("teams"), "2022-01-01");
    let held = |policy: &RecognitionPolicy, claim: &Association, lasts: values::Interval, on: &str| {
        let subject = Subject { lasts: Some(lasts), ..subject("s", "teams") };
        let at = instant(&format!("{on}T00:00:00Z"));
        recognize(policy, std::slice::from_ref(claim), &subject, at, late()).payee.is_some()
    };
    let shipped = bundle();
    let policy_now = policy(&shipped);
    let old = between("2021-05-01T00:00:00Z", "2023-05-01T00:00:00Z");
    let days = ["2021-12-31", "2022-01-01", "2023-04-30", "2023-05-01"];
    assert_eq!(days.map(|on| held(policy_now, &claim, old, on)), [false, true, true, false]);
    // The one that follows it is later than the claim; one from the claim's own day on is not.
    let (later, same_day) = (since("2023-05-01T00:00:00Z"), since("2022-01-01T00:00:00Z"));
    assert_eq!([later, same_day].map(|lasts| held(policy_now, &claim, lasts, "2023-06-01")), [false, true]);
    // Who names a subscription may do so before it begins.
    let named = Association { subscription: Some("s".to_owned()), ..claim.clone() };
    assert_eq!(["2023-04-30", "2023-05-01"].map(|on| held(policy_now, &named, later, on)), [false, true]);
    // The spans of recognition are cut where the subscription ends.
    let subject = Subject { lasts: Some(old), ..subject("s", "teams") };
    let whole = since("2021-01-01T00:00:00Z");
    let cuts = changes(policy_now, std::slice::from_ref(&claim), &subject, whole, late());
    assert_eq!(cuts, [instant("2022-01-01T00:00:00Z"), instant("2023-05-01T00:00:00Z")]);
    // Without the key it goes on, and covers what comes later.
    let key = "    ends-with: subscription          # and does not follow the customer to a later one\n";
    let without = parse(&changed(&documents(&["microsoft"]), key, ""));
    assert_eq!(days.map(|on| held(policy(&without), &claim, old, on)), [false, true, true, true]);
    assert!(held(policy(&without), &claim, later, "2023-06-01"));
}

#[test]
fn a_81_a_renewal_with_a_new_id_needs_a_new_claim() {
    let bundle = bundle();
    let policy = policy(&bundle);
    let mut claim = said("c1", "p1", "claiming-partner-of-record", Some("talent"), "2022-01-01");
    claim.subscription = Some("s-old".to_owned());
    let paid = |subscription: &str| {
        let at = instant("2023-10-20T00:00:00Z");
        recognize(policy, std::slice::from_ref(&claim), &subject(subscription, "talent"), at, late()).payee.is_some()
    };
    assert_eq!((paid("s-old"), paid("s-new")), (true, false));
    // Until a claim of the new one is approved: from then on, and for nothing before.
    let mut again = said("c2", "p1", "claiming-partner-of-record", Some("talent"), "2023-11-10");
    again.subscription = Some("s-new".to_owned());
    let both = [claim.clone(), again];
    let paid = |policy: &RecognitionPolicy, on: &str, known: &str| {
        let at = instant(&format!("{on}T00:00:00Z"));
        recognize(policy, &both, &subject("s-new", "talent"), at, instant(&format!("{known}T00:00:00Z")))
            .payee
            .is_some()
    };
    let days = ["2023-10-20", "2023-11-09", "2023-11-10"];
    assert_eq!(days.map(|on| paid(policy, on, "2024-01-01")), [false, false, true]);
    // Approved late it is not retroactive, unless the document restates forward.
    let counts = |restated: &str| {
        let files = documents(&["microsoft"]);
        let to =
            format!("restated: {restated}                   # not retroactive: earns only for usage after approval");
        let bundle = parse(&changed(
            &files,
            "restated: none                   # not retroactive: earns only for usage after approval",
            &to,
        ));
        let mut again = both[1].clone();
        again.recorded = recorded("2023-12-01T00:00:00Z");
        let policy = bundle.recognition_policy("microsoft/recognition").expect("there");
        let at = instant("2023-11-20T00:00:00Z");
        recognize(policy, &[again], &subject("s-new", "talent"), at, late()).payee.is_some()
    };
    assert_eq!((counts("none"), counts("forward")), (false, true));
}

/// Case: A-73. Rule `program.duplicates_are_flagged_not_dropped`.
#[test]
fn a_71_every_partner_keeps_its_row_and_duplicates_are_numbered() {
    let rows = |files: &[(String, String)], associations: &[Association]| {
        let bundle = parse(files);
        let at = instant("2023-06-10T00:00:00Z");
        let account = |partner: &str| partner.split('-').next().unwrap_or_default().to_owned();
        let found = attributed(policy(&bundle), associations, &subject("s", "storage"), at, late(), &account);
        found.into_iter().map(|row| (row.partner, row.kind, row.duplicate)).collect::<Vec<_>>()
    };
    let files = documents(&["microsoft"]);
    let two_locations = [
        said("t", "g-2", "csp-tier-2", None, "2020-01-01"),
        said("l", "g-1", "partner-admin-link", None, "2021-01-01"),
    ];
    let found = rows(&files, &two_locations);
    assert_eq!((found[0].0.as_str(), found[0].2["global-account"]), ("g-1", 0));
    assert_eq!((found[1].0.as_str(), found[1].2["global-account"]), ("g-2", 1));
    // At its own level each location has its full row, and so has each way of being attached.
    assert!(found.iter().all(|(_, _, duplicate)| duplicate["partner"] == 0 && duplicate["attach-type"] == 0));
    let one_partner = [
        said("t", "g-1", "csp-tier-1", None, "2020-01-01"),
        said("l", "g-1", "partner-admin-link", None, "2021-01-01"),
    ];
    let found = rows(&files, &one_partner);
    let numbered: Vec<(&str, usize)> = found.iter().map(|(_, kind, of)| (kind.as_str(), of["partner"])).collect();
    assert_eq!(numbered, [("partner-admin-link", 0), ("csp-tier-1", 1)]);
    let later = changed(&files, "    partner-admin-link: 0", "    partner-admin-link: 9");
    assert_eq!(rows(&later, &one_partner)[0].1, "csp-tier-1");
    // Of two links an Owner's goes first.
    let mut links = [
        said("l1", "g-1", "partner-admin-link", None, "2020-01-01"),
        said("l2", "g-2", "partner-admin-link", None, "2021-01-01"),
    ];
    links[0].role = Some("contributor".to_owned());
    links[1].role = Some("owner".to_owned());
    let found = rows(&files, &links);
    let of = |partner: &str| found.iter().find(|row| row.0 == partner).map(|row| row.2["attach-type"]);
    assert_eq!((of("g-2"), of("g-1")), (Some(0), Some(1)));
}

/// Rule `program.full_restatement_rewrites_the_past`.
#[test]
fn a_change_of_transacting_partner_rewrites_the_past_as_known_from_then_on() {
    let bundle = bundle();
    let policy = policy(&bundle);
    let mut first = said("a", "a", "csp-tier-1", None, "2020-01-01");
    first.effective = between("2020-01-01T00:00:00Z", "2022-05-01T00:00:00Z");
    let second = said("b", "b", "csp-tier-1", None, "2022-05-01");
    let both = [first, second];
    let holder = |at: &str, known: &str| {
        let found = recognize(policy, &both, &subject("s", "exchange"), instant(at), instant(known));
        found.credited(Grant::Competency).map(|partner| partner.partner.clone()).collect::<Vec<_>>()
    };
    assert_eq!(holder("2021-01-01T00:00:00Z", "2022-04-30T00:00:00Z"), ["a"]);
    assert_eq!(holder("2021-01-01T00:00:00Z", "2022-05-01T00:00:00Z"), ["b"]);
    let forward = parse(&changed(
        &documents(&["microsoft"]),
        "restated: full                   # a change of owner rewrites the past",
        "restated: forward",
    ));
    let policy = forward.recognition_policy("microsoft/recognition").expect("there");
    let found = recognize(policy, &both, &subject("s", "exchange"), instant("2021-01-01T00:00:00Z"), late());
    assert_eq!(found.partners[0].partner, "a");
}

#[test]
fn p_d7_three_business_days_from_friday_end_on_wednesday() {
    let plain = BusinessDays::default();
    // Friday, 6 January 2023.
    assert_eq!(plain.after(day("2023-01-06"), 3), day("2023-01-11"));
    let from_the_day = BusinessDays { from_the_day: true, ..BusinessDays::default() };
    assert_eq!(from_the_day.after(day("2023-01-06"), 3), day("2023-01-10"));
    let holiday = BusinessDays { holidays: [day("2023-01-09")].into(), ..BusinessDays::default() };
    assert_eq!(holiday.after(day("2023-01-06"), 3), day("2023-01-12"));
    // The same by a document: reviewed within three business days, and valid for sixty days once it is accepted.
    let registered = |review: &str, validity: &str, moves: &[(&str, &str, ClaimParty)], on: &str| {
        let mut files = small::files(small::TRANSACTIONS, "1 %");
        files[1].1.push_str(&format!(
            "
claims:
  for: helper
  begins: submitted
  states:
    submitted: {{answer-within: {review} business-days, moves: {{accept: registered, refuse: refused}}}}
    registered: {{holds-association: true, lasts: {validity} days, then: over, moves: {{partner-leaves: over}}}}
    refused: {{final: true}}
    over: {{final: true}}
  same-scope-claimed-twice: {{goes-to: a-person, decision: arbitration, meanwhile: incumbent-keeps}}
"
        ));
        let bundle = parse(&files);
        let policy = bundle.recognition_policy("small/recognition").expect("there");
        let rules = policy.claims.as_ref().expect("claims");
        rules.follow(day("2023-01-06"), &events(moves), day(on)).expect("followed")
    };
    let due = |review: &str| registered(review, "60", &[], "2023-01-06").answer_by;
    assert_eq!((due("3"), due("4")), (Some(day("2023-01-11")), Some(day("2023-01-12"))));
    let accepted = [("2023-01-11", "accept", ClaimParty::Vendor)];
    let state = |validity: &str, on: &str| registered("3", validity, &accepted, on).state;
    assert_eq!((state("60", "2023-03-12"), state("60", "2023-03-13")), ("registered".to_owned(), "over".to_owned()));
    assert_eq!((state("61", "2023-03-13"), state("59", "2023-03-12")), ("registered".to_owned(), "over".to_owned()));
}
