//! People: how long they count, and who takes which role.

mod scene;

use program::Facts;
use scene::shapes::*;
use scene::*;

const EXPERTS: &str = "
people: RULES
company:
  when: {count: people, holding: expert, at-least: 1 person}
";

fn counted(rules: &str, facts: &Facts, day: &str) -> bool {
    level(&program(&EXPERTS.replace("RULES", rules)), facts, day).is_some()
}

/// Case: A-57. Rule `program.people_count_as_the_program_says`.
#[test]
fn a_leaver_counts_until_the_refresh_of_the_month_after() {
    let rules = "{after-leaving: {counted-through: {day: 10, of: next-month}}}";
    let mut facts = Facts::default();
    person(&mut facts, "a", &["expert"]);
    facts.people[0].effective = between("2019-01-01T00:00:00Z", "2023-01-20T00:00:00Z");
    let days = ["2023-01-19", "2023-01-31", "2023-02-10", "2023-02-11"];
    assert_eq!(days.map(|day| counted(rules, &facts, day)), [true, true, true, false]);
    let sooner = rules.replace("day: 10", "day: 9");
    assert_eq!(days.map(|day| counted(&sooner, &facts, day)), [true, true, false, false]);
    assert_eq!(days.map(|day| counted("{}", &facts, day)), [true, false, false, false]);
}

#[test]
fn a_retired_certification_counts_twelve_months_more() {
    let rules = "{retired-certifications: {counted-for: 12 months, through: end-of-month}}";
    let mut facts = Facts::default();
    person(&mut facts, "a", &["expert"]);
    facts.certifications[0].retired = Some(instant("2023-07-31T00:00:00Z"));
    let days = ["2023-08-01", "2024-07-31", "2024-08-01"];
    assert_eq!(days.map(|day| counted(rules, &facts, day)), [true, true, false]);
    let shorter = rules.replace("12 months", "11 months");
    assert_eq!(days.map(|day| counted(&shorter, &facts, day)), [true, false, false]);
    // One that expires is over, whatever else is said.
    facts.certifications[0].effective = between("2020-01-01T00:00:00Z", "2024-02-01T00:00:00Z");
    assert_eq!(days.map(|day| counted(rules, &facts, day)), [true, false, false]);
}

#[test]
fn p_c31_an_exam_counts_for_the_company_longer_than_for_the_person() {
    let rules = "{counts-for-partner: 24 months}";
    let mut facts = Facts::default();
    person(&mut facts, "a", &["expert"]);
    // Passed on 1 September 2023; the program changed a month later and ended the person's certification.
    facts.certifications[0].effective = between("2023-09-01T00:00:00Z", "2023-10-01T00:00:00Z");
    let days = ["2023-09-30", "2023-10-01", "2025-08-31", "2025-09-01"];
    assert_eq!(days.map(|day| counted(rules, &facts, day)), [true, true, true, false]);
    assert_eq!(days.map(|day| counted("{}", &facts, day)), [true, false, false, false]);
    let shorter = rules.replace("24", "12");
    assert_eq!(days.map(|day| counted(&shorter, &facts, day)), [true, true, false, false]);
}

const STAFF: &str = "
requirements:
  staff:
    staffed:
      places: [networks, security, storage]
      one-role-per-person: true
      roles:
        sales:    {people: 1 person, holding: sales}
        engineer: {people: 1 person, holding: engineer, serves-at-most: 2 places}
        field:    {people: 1 person, holding: field, serves-at-most: 2 places}
company:
  when: staff
";

fn staff(people: &[(&str, &[&str])]) -> Facts {
    let mut facts = Facts::default();
    for (learner, holds) in people {
        person(&mut facts, learner, holds);
    }
    facts
}

/// Rule `program.roles_are_matched_exactly`.
#[test]
fn p_c21_three_specializations_share_people_within_limits() {
    let bundle = program(STAFF);
    let enough: &[(&str, &[&str])] =
        &[("a", &["sales"]), ("b", &["engineer"]), ("c", &["engineer"]), ("d", &["field"]), ("e", &["field"])];
    assert!(level(&bundle, &staff(enough), "2023-07-15").is_some());
    // One engineer serves two of three.
    let one_engineer: Vec<_> = enough.iter().copied().filter(|(learner, _)| *learner != "c").collect();
    let short = first(&bundle, &staff(&one_engineer), "2023-07-15");
    assert_eq!(short.level, None);
    let missing: Vec<_> = short.levels[0].requirements.iter().filter(|leaf| !leaf.met).collect();
    assert_eq!((missing.len(), missing[0].missing.as_ref().map(ToString::to_string)), (1, Some("1 person".to_owned())));
    assert_eq!(short.ways[0].steps[0].says, "1 person more: holding what the role engineer asks for");
    let three = changed(
        &files(STAFF),
        "holding: engineer, serves-at-most: 2 places",
        "holding: engineer, serves-at-most: 3 places",
    );
    assert!(level(&parse(&three), &staff(&one_engineer), "2023-07-15").is_some());
    // The same person as salesperson and engineer counts in one role only.
    let both: &[(&str, &[&str])] =
        &[("a", &["sales", "engineer"]), ("b", &["engineer"]), ("d", &["field"]), ("e", &["field"])];
    assert!(level(&bundle, &staff(both), "2023-07-15").is_none());
    let any_role = changed(&files(STAFF), "one-role-per-person: true", "one-role-per-person: false");
    assert!(level(&parse(&any_role), &staff(both), "2023-07-15").is_some());
}

/// A greedy choice would take the only salesperson as an engineer.
#[test]
fn people_are_matched_and_not_taken_greedily() {
    let rule = STAFF.replace("[networks, security, storage]", "[networks]");
    let bundle = program(&rule);
    for order in [["a", "b", "c"], ["c", "b", "a"], ["b", "a", "c"]] {
        let people: Vec<(&str, &[&str])> = order
            .iter()
            .map(|learner| match *learner {
                "a" => ("a", &["engineer", "sales"][..]),
                "b" => ("b", &["engineer", "field"][..]),
                _ => ("c", &["field"][..]),
            })
            .collect();
        assert!(level(&bundle, &staff(&people), "2023-07-15").is_some());
    }
}

#[test]
fn a_person_serves_in_a_limited_number_of_places_over_all_roles() {
    let rule = |limit: usize| {
        STAFF.replace(
            "      one-role-per-person: true\n",
            &format!("      each-person-serves-at-most: {limit} places\n"),
        )
    };
    let all: &[&str] = &["sales", "engineer", "field"];
    // Nine places are to be filled: by three people of three places each, not by two.
    let people = [("a", all), ("b", all), ("c", all)];
    assert!(level(&program(&rule(3)), &staff(&people), "2023-07-15").is_some());
    assert!(level(&program(&rule(3)), &staff(&people[..2]), "2023-07-15").is_none());
    assert!(level(&program(&rule(2)), &staff(&people), "2023-07-15").is_none());
}
