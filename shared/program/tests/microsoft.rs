//! Microsoft's documents: the published numbers, each with one number of the rule changed.

mod scene;

use program::facts::*;
use program::incentives::{Prior, Rating, rate};
use program::tiers::{DivisionScore, Standing, evaluate};
use program::{Bundle, Facts, Reason};
use scene::small::{self, late};
use scene::*;

fn bundle() -> Bundle {
    parse(&documents(&["microsoft"]))
}

/// `customers` customers of partner `p`, the first with what is left of `seats`, each with Exchange
/// and Teams.
fn customers(customers: usize, seats: usize, from: &str) -> Facts {
    let mut facts = Facts::default();
    for number in 0..customers {
        let (customer, id) = (format!("c{number:03}"), format!("s{number:03}"));
        let own = if number == 0 { seats - (customers - 1) } else { 1 };
        let mut subscription = small::subscription(&customer, &id);
        subscription.workloads = vec!["exchange".to_owned(), "teams".to_owned()];
        facts.subscriptions.push(subscription);
        facts.associations.push(small::association(
            &format!("a{number}"),
            "p",
            "partner-of-record",
            &customer,
            &id,
            from,
        ));
        facts.seats.push(Seats {
            subscription: id,
            count: decimal(&own.to_string()),
            from: instant(from),
            recorded: recorded(from),
        });
    }
    facts
}

fn division(bundle: &Bundle, facts: &Facts, name: &str, as_of: &str) -> DivisionScore {
    let scorecard =
        evaluate(bundle, "microsoft/competencies", facts, "p", instant(as_of), late()).expect("an evaluation");
    scorecard.divisions.into_iter().find(|division| division.division == name).expect("the competency")
}

fn small_cloud(bundle: &Bundle, facts: &Facts, as_of: &str) -> Option<String> {
    division(bundle, facts, "small-and-midmarket-cloud-solutions", as_of).level
}

#[test]
fn a_69_twelve_customers_with_160_seats_are_silver_in_2014() {
    let facts = customers(12, 160, "2014-02-01T00:00:00Z");
    let found = division(&bundle(), &facts, "small-and-midmarket-cloud-solutions", "2014-08-15T00:00:00Z");
    assert_eq!(found.level.as_deref(), Some("silver"));
    assert_eq!(found.next_level.as_deref(), Some("gold"));
    let gold: Vec<String> =
        found.levels[1].requirements.iter().map(|leaf| leaf.missing.as_ref().unwrap().to_string()).collect();
    assert_eq!(gold, ["18 customers", "140 seats"]);
    let stricter = changed(&documents(&["microsoft"]), "seats: 150 seats", "seats: 161 seats");
    assert_eq!(small_cloud(&parse(&stricter), &facts, "2014-08-15T00:00:00Z"), None);
    assert_eq!(small_cloud(&bundle(), &customers(9, 160, "2014-02-01T00:00:00Z"), "2014-08-15T00:00:00Z"), None);
    assert_eq!(
        small_cloud(&bundle(), &customers(30, 300, "2014-02-01T00:00:00Z"), "2014-08-15T00:00:00Z").as_deref(),
        Some("gold")
    );
}

#[test]
fn the_rule_of_the_day_applies_from_its_first_day() {
    // Twenty-five customers with 250 seats are silver in August 2015 and gold from September on.
    let facts = customers(25, 250, "2014-02-01T00:00:00Z");
    assert_eq!(small_cloud(&bundle(), &facts, "2015-08-31T23:59:59Z").as_deref(), Some("silver"));
    assert_eq!(small_cloud(&bundle(), &facts, "2015-09-01T00:00:00Z").as_deref(), Some("gold"));
    let later = changed(&documents(&["microsoft"]), "      2015-09-01:\n", "      2015-09-02:\n");
    assert_eq!(small_cloud(&parse(&later), &facts, "2015-09-01T00:00:00Z").as_deref(), Some("silver"));
    // From November 2016 seats are no longer asked for.
    let few_seats = customers(25, 25, "2014-02-01T00:00:00Z");
    assert_eq!(small_cloud(&bundle(), &few_seats, "2016-10-31T00:00:00Z"), None);
    assert_eq!(small_cloud(&bundle(), &few_seats, "2016-11-01T00:00:00Z").as_deref(), Some("gold"));
}

#[test]
fn silver_of_2015_counts_new_customers_only() {
    let new = customers(4, 40, "2015-06-10T00:00:00Z");
    assert_eq!(small_cloud(&bundle(), &new, "2016-05-15T00:00:00Z").as_deref(), Some("silver"));
    // Thirteen months later they are not new any more.
    assert_eq!(small_cloud(&bundle(), &new, "2016-08-15T00:00:00Z"), None);
    let longer = changed(&documents(&["microsoft"]), "began-in-last: 12 months", "began-in-last: 24 months");
    assert_eq!(small_cloud(&parse(&longer), &new, "2016-08-15T00:00:00Z").as_deref(), Some("silver"));
}

#[test]
fn h73_a_seat_with_several_evidences_and_workloads_counts_once() {
    let mut facts = customers(12, 160, "2014-02-01T00:00:00Z");
    for kind in ["sales-transaction", "csp-transaction"] {
        for number in 0..12 {
            let (customer, id) = (format!("c{number:03}"), format!("s{number:03}"));
            let at = "2014-02-01T00:00:00Z";
            facts.associations.push(small::association(&format!("{kind}{number}"), "p-west", kind, &customer, &id, at));
        }
    }
    let known = recorded("2014-01-01T00:00:00Z");
    facts.partners.push(Partner {
        partner: "p-west".to_owned(),
        parent: Some("p".to_owned()),
        country: "US".to_owned(),
        business_types: Vec::new(),
        status: "active".to_owned(),
        effective: since("2014-01-01T00:00:00Z"),
        recorded: known,
    });
    let found = division(&bundle(), &facts, "small-and-midmarket-cloud-solutions", "2016-03-15T00:00:00Z");
    let seats = found.levels[1].requirements.iter().find(|leaf| leaf.says.starts_with("Paid seats")).unwrap();
    assert_eq!(seats.actual.as_ref().unwrap().to_string(), "160 seats");
}

#[test]
fn partners_beside_the_partner_of_record_count_from_the_announcement() {
    let mut facts = customers(30, 300, "2014-02-01T00:00:00Z");
    for association in &mut facts.associations {
        association.kind = "sales-transaction".to_owned();
    }
    assert_eq!(small_cloud(&bundle(), &facts, "2016-01-20T00:00:00Z"), None);
    assert_eq!(small_cloud(&bundle(), &facts, "2016-02-01T00:00:00Z").as_deref(), Some("gold"));
}

#[test]
fn cloud_platform_sums_twelve_months() {
    let mut facts = customers(1, 1, "2014-02-01T00:00:00Z");
    for (month, billed) in [("2014-07", "90000"), ("2014-08", "1"), ("2015-07", "14999"), ("2015-08", "5000")] {
        facts.usage.push(small::usage("s000", "storage", &format!("{month}-01T00:00:00Z"), billed));
    }
    // On 15 August the twelve months end with July and begin with August of the year before.
    let level = |bundle: &Bundle| division(bundle, &facts, "cloud-platform", "2015-08-15T00:00:00Z").level;
    assert_eq!(level(&bundle()).as_deref(), Some("silver"));
    let stricter = changed(&documents(&["microsoft"]), "consumption: USD 15_000}", "consumption: USD 15_000.01}");
    assert_eq!(level(&parse(&stricter)), None);
}

#[test]
fn retired_levels_are_neither_new_nor_renewed_and_old_days_stay_computable() {
    let facts = customers(30, 300, "2014-02-01T00:00:00Z");
    let on = |day: &str| division(&bundle(), &facts, "small-and-midmarket-cloud-solutions", day).standing;
    assert_eq!(on("2022-09-30T12:00:00Z"), Standing::Qualified);
    assert_eq!(on("2022-10-01T00:00:00Z"), Standing::Retired);
    assert_eq!(on("2013-12-31T00:00:00Z"), Standing::NotInForce);
    let later = changed(
        &documents(&["microsoft"]),
        "no-new-or-renewed-after: 2022-09-30",
        "no-new-or-renewed-after: 2022-10-01",
    );
    let found = division(&parse(&later), &facts, "small-and-midmarket-cloud-solutions", "2022-10-01T00:00:00Z");
    assert_eq!(found.standing, Standing::Qualified);
}

#[test]
fn the_public_sees_a_badge_and_never_the_numbers() {
    let bundle = bundle();
    let program = &bundle.tier_programs()[0];
    assert!(
        program.shows("public", "badge") && !program.shows("customer", "lines") && program.shows("partner", "lines")
    );
    let leaking =
        changed(&documents(&["microsoft"]), "      public:   [badge, level]", "      public:   [badge, score]");
    let problems = Bundle::parse(&leaking).expect_err("a secret shown");
    assert!(listed(&problems).contains("`public` never sees a score"), "{}", listed(&problems));
}

// ---------------------------------------------------------------- incentives by motion

/// The plan with a day on which it takes effect.
fn dated() -> Bundle {
    parse(&dated_files())
}

/// Both plans that were announced for the motions take effect together.
fn dated_files() -> Vec<(String, String)> {
    let date = |text: String| text.replace("effective: undecided", "effective: 2022-10-01");
    documents(&["microsoft"]).into_iter().map(|(name, text)| (name, date(text))).collect()
}

fn motions(motion: &str) -> Facts {
    let mut facts = small::world();
    facts.subscriptions[0].motion = motion.to_owned();
    facts.subscriptions[0].offer_type = "seat-based".to_owned();
    facts.associations[0].kind = "partner-of-record".to_owned();
    facts
}

fn commerce(bundle: &Bundle, month: &str, facts: &Facts) -> Rating {
    let plan = "microsoft/commerce-incentives";
    rate(bundle, plan, small::month(month), facts, late(), &Prior::default()).expect("a rating")
}

fn amounts(rating: &Rating, lever: &str) -> Vec<String> {
    rating.lines.iter().filter(|line| line.lever == lever).map(|line| line.amount.to_string()).collect()
}

/// Rule `program.announced_has_no_effect`.
#[test]
fn announced_and_postponed_changes_pay_nothing_until_they_have_a_date() {
    let mut facts = motions("breadth");
    facts.transactions.push(small::sale("t", "2022-11-05T00:00:00Z", "3000", "3000"));
    let bundle = bundle();
    let announced = commerce(&bundle, "2022-11", &facts);
    assert_eq!(announced.lines[0].reason, Some(Reason::NotInForce));
    assert_eq!(announced.control.amount.minor(), 0);
    let plan = bundle.incentive_plan("microsoft/commerce-incentives").expect("the plan");
    assert_eq!(plan.announced.len(), 3);
    assert_eq!(plan.announced[2].from, "second half of 2022 (not before 2022-07-01)");
    assert_eq!(amounts(&commerce(&dated(), "2022-11", &facts), "seats"), ["USD 210.00"]);
    // Not a day before it takes effect.
    facts.transactions[0].at = instant("2022-09-30T23:59:59Z");
    assert_eq!(commerce(&dated(), "2022-09", &facts).lines[0].reason, Some(Reason::NotInForce));
}

#[test]
fn breadth_seats_are_graduated_at_2400_of_a_deal() {
    let paid = |bundle: &Bundle, seats: &str| {
        let mut facts = motions("breadth");
        facts.transactions.push(small::sale("t", "2022-11-05T00:00:00Z", seats, seats));
        amounts(&commerce(bundle, "2022-11", &facts), "seats").remove(0)
    };
    let bundle = dated();
    // One dollar a seat: 2,400 at 8 %, the rest at 3 %. No cliff at the threshold.
    assert_eq!(["2400", "2401", "3000"].map(|seats| paid(&bundle, seats)), ["USD 192.00", "USD 192.03", "USD 210.00"]);
    let files = dated_files();
    let files =
        files.into_iter().map(|(name, text)| (name, text.replace("2400 seats", "2399 seats"))).collect::<Vec<_>>();
    assert_eq!(paid(&parse(&files), "2400"), "USD 191.95");
}

#[test]
fn a_deal_sold_in_two_orders_earns_what_one_order_earns() {
    let mut facts = motions("breadth");
    facts.transactions.push(small::sale("t1", "2022-11-05T00:00:00Z", "2000", "2000"));
    facts.transactions.push(small::sale("t2", "2022-11-06T00:00:00Z", "1000", "1000"));
    let rating = commerce(&dated(), "2022-11", &facts);
    assert_eq!(amounts(&rating, "seats"), ["USD 140.00", "USD 70.00"]);
    assert_eq!(rating.statements[0].earned.to_string(), "USD 210.00");
}

#[test]
fn breadth_azure_is_graduated_at_a_million_a_year() {
    let mut facts = motions("breadth");
    facts.usage.push(small::usage("s", "storage", "2022-11-05T00:00:00Z", "1200000"));
    assert_eq!(amounts(&commerce(&dated(), "2022-11", &facts), "azure"), ["USD 64000.00"]);
    facts.subscriptions[0].motion = "enterprise".to_owned();
    assert_eq!(amounts(&commerce(&dated(), "2022-11", &facts), "azure"), ["USD 24000.00"]);
    facts.subscriptions[0].motion = "self-service".to_owned();
    let rating = commerce(&dated(), "2022-11", &facts);
    assert_eq!(amounts(&rating, "azure"), ["USD 0.00"]);
    assert_eq!(rating.lines[0].reason, Some(Reason::ZeroRate));
}

/// Rule `program.paid_once`.
#[test]
fn self_service_is_paid_once_on_the_first_invoice() {
    let mut facts = motions("self-service");
    for (id, at) in [("i2", "2022-11-20T00:00:00Z"), ("i1", "2022-11-05T00:00:00Z"), ("i3", "2022-12-05T00:00:00Z")] {
        let mut invoice = small::sale(id, at, "100", "1");
        invoice.kind = "invoice".to_owned();
        facts.transactions.push(invoice);
    }
    let november = commerce(&dated(), "2022-11", &facts);
    assert_eq!(amounts(&november, "referral"), ["USD 5.00", "USD 0.00"]);
    let prior = small::after(&november);
    let plan = "microsoft/commerce-incentives";
    let december = rate(&dated(), plan, small::month("2022-12"), &facts, late(), &prior).expect("a rating");
    let line = december.lines.iter().find(|line| line.lever == "referral").expect("a line");
    assert_eq!(line.reason, Some(Reason::AlreadyCredited));
}

/// A partner's economics of a deal: the discount off list beside the incentive, before and after the day.
#[test]
fn wholesale_discounts_are_graduated_like_the_incentive() {
    let mut facts = motions("breadth");
    facts.transactions.push(small::sale("t", "2022-11-05T00:00:00Z", "3000", "3000"));
    facts.transactions[0].partner = Some("p".to_owned());
    let discount = |bundle: &Bundle, facts: &Facts| {
        let plan = "microsoft/wholesale-discounts";
        rate(bundle, plan, small::month("2022-11"), facts, late(), &Prior::default()).expect("a rating").lines.remove(0)
    };
    assert_eq!(discount(&bundle(), &facts).reason, Some(Reason::NotInForce));
    // 2,400 at 15 % and 600 at 8 %; beside it the incentive of 210.
    let line = discount(&dated(), &facts);
    assert_eq!(
        (line.amount.to_string(), line.parts[0].earning_type.as_str()),
        ("USD 408.00".to_owned(), "wholesale-discount")
    );
    assert_eq!(amounts(&commerce(&dated(), "2022-11", &facts), "seats"), ["USD 210.00"]);
    // A monthly term costs more: 12 % and 6 %.
    facts.subscriptions[0].term = "monthly".to_owned();
    assert_eq!(discount(&dated(), &facts).amount.to_string(), "USD 324.00");
    facts.subscriptions[0].motion = "enterprise".to_owned();
    assert_eq!(discount(&dated(), &facts).amount.to_string(), "USD 150.00");
}

fn csp(facts: &Facts, period: &str, files: &[(String, String)]) -> Rating {
    rate(&parse(files), "microsoft/csp-incentive", small::month(period), facts, late(), &Prior::default())
        .expect("a rating")
}

/// An invoice of the cloud solution provider `p`, which is designated and has its profiles.
fn invoiced(period: &str, amount: &str) -> Facts {
    let mut facts = small::world();
    let mut invoice = small::sale("t", &format!("{period}-05T00:00:00Z"), amount, "1");
    (invoice.kind, invoice.partner) = ("invoice".to_owned(), Some("p".to_owned()));
    invoice.fields.insert("solution".to_owned(), "azure".to_owned());
    facts.transactions.push(invoice);
    facts.awards.push(Award {
        partner: "p".to_owned(),
        program: "microsoft/solutions-partner".to_owned(),
        award: "solutions-partner".to_owned(),
        division: "infrastructure".to_owned(),
        level: String::new(),
        effective: since("2022-10-03T00:00:00Z"),
        recorded: recorded("2022-10-03T00:00:00Z"),
    });
    for check in ["bank-profile", "tax-profile"] {
        facts.checks.push(Check {
            partner: "p".to_owned(),
            check: check.to_owned(),
            passed: true,
            effective: since("2020-01-01T00:00:00Z"),
            recorded: recorded("2020-01-01T00:00:00Z"),
        });
    }
    facts
}

/// The half-year's co-op of 40 % is paid as itself from 10,000 on, in the shipped document. Case: P-B9. Case: A-87.
#[test]
fn co_op_of_the_cloud_solution_provider_incentive() {
    let paid = |files: &[(String, String)], amount: &str| -> Vec<String> {
        let rating = csp(&invoiced("2023-06", amount), "2023-06", files);
        let parts = &rating.statements[0].parts;
        parts.iter().map(|part| format!("{} {}", part.earning_type, part.paid)).collect()
    };
    let files = documents(&["microsoft"]);
    // 4 % of 208,333.25 is 8,333.33, and growth from nothing 8 % of it: 25,000 with a cent less.
    assert_eq!(paid(&files, "208333.25"), ["rebate USD 24999.99", "co-op USD 0.00"]);
    assert_eq!(paid(&files, "208333.35"), ["rebate USD 15000.00", "co-op USD 10000.00"]);
    let lower = changed(&files, "needs: {at-least: USD 10_000", "needs: {at-least: USD 9_999");
    // Each line's part is rounded by itself, so that parts add up to lines.
    assert_eq!(paid(&lower, "208333.25"), ["rebate USD 15000.00", "co-op USD 9999.99"]);
}

/// Case: A-95 in the shipped document: without a tax profile nothing is paid.
#[test]
fn payments_of_the_cloud_solution_provider_incentive_wait_for_profiles() {
    let files = documents(&["microsoft"]);
    let mut facts = invoiced("2023-03", "100000");
    assert_eq!(csp(&facts, "2023-03", &files).statements[0].reason, Some(Reason::Gathered));
    facts.checks.pop();
    let held = csp(&facts, "2023-03", &files).statements.remove(0);
    assert_eq!((held.paid.minor(), held.reason), (0, Some(Reason::OnHold)));
    let plan = parse(&files);
    let plan = plan.incentive_plan("microsoft/csp-incentive").expect("the plan");
    let months: Vec<String> = plan.calendar(small::month("2023-06")).iter().map(|due| due.month.to_string()).collect();
    assert_eq!(months, ["2023-07", "2023-08"]);
}
