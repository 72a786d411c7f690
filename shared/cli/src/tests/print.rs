//! What people read.

use crate::demo::print::text;
use crate::demo::told::{Division, Evidence, Facts, Line, Missing, Recognized, Scorecard, Shared, Statement, Told};

fn line(kind: &str, amount: &str, reason: &str) -> Line {
    Line {
        name: "partners/p/statements/2024-09/statementLines/l-0001".to_owned(),
        kind: kind.to_owned(),
        subscription: "aws-x".to_owned(),
        workload: "compute".to_owned(),
        start: "2024-09-01T00:00:00Z".to_owned(),
        end: "2024-09-20T16:30:00Z".to_owned(),
        basis: "USD 5.678".to_owned(),
        rule: "sample/marketplace#levers.consumption".to_owned(),
        amount: amount.to_owned(),
        reason: reason.to_owned(),
    }
}

/// What fails with an error of this kind.
struct Refusing(std::io::ErrorKind);

impl std::io::Write for Refusing {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Err(self.0.into())
    }
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    use crate::output::tell_to;
    use std::io::ErrorKind;
    let mut read = Vec::new();
    tell_to(&mut read, "one\n").expect("it is written");
    assert_eq!(read, b"one\n");
    tell_to(&mut Refusing(ErrorKind::BrokenPipe), "two\n").expect("nobody wants it");
    let full = tell_to(&mut Refusing(ErrorKind::StorageFull), "three\n").expect_err("it is lost");
    assert_eq!(full.kind(), ErrorKind::StorageFull);
}

#[test]
fn the_story_is_told_in_full() {
    let told = Told {
        period: "2024-09".to_owned(),
        bundle_hash: "b".to_owned(),
        result_hash: "r".to_owned(),
        facts: Facts { partners: 1, customers: 1, subscriptions: 1, decisions: 1, ..Facts::default() },
        statements: vec![Statement {
            partner: "partners/p".to_owned(),
            display_name: "P Ltd".to_owned(),
            totals: vec!["USD 0.50".to_owned()],
            content_hash: String::new(),
            lines: vec![
                line("earning", "USD -0.02", ""),
                line("earning", "USD 0.52", ""),
                line("earning", "USD 0.00", ""),
                line("not-earned", "USD 0.00", "missing-agreement"),
            ],
        }],
        explained: None,
        scorecards: vec![Scorecard {
            partner: "partners/p".to_owned(),
            program: "tierPrograms/sample-tiers".to_owned(),
            divisions: vec![Division {
                title: "Cloud".to_owned(),
                level: String::new(),
                next_level: "select".to_owned(),
                score: String::new(),
                missing: vec![Missing {
                    asks: "at least 2 people".to_owned(),
                    has: "1 person".to_owned(),
                    lacks: "1 person".to_owned(),
                }],
                ways: vec!["1 more person".to_owned()],
            }],
        }],
        shared: vec![Shared {
            subscription: "customers/c/subscriptions/aws-x".to_owned(),
            at: "2024-09-10T12:00:00Z".to_owned(),
            recognized: vec![Recognized {
                partner: "partners/p".to_owned(),
                grants: vec!["incentive".to_owned()],
                evidence: vec![Evidence {
                    workloads: vec!["compute".to_owned()],
                    kinds: vec!["onboarding".to_owned(), "partner-of-record".to_owned()],
                }],
            }],
            payee: "partners/p".to_owned(),
            why: "It is the partner of record.".to_owned(),
            first_contact: String::new(),
        }],
        badges: Vec::new(),
        applicant: None,
    };
    let text = text(&told);
    for expected in [
        "partners/p (P Ltd): USD 0.50, 4 lines\n",
        "    USD 0.52  aws-x compute 2024-09-01 to 2024-09-20 16:30Z\n",
        "   USD -0.02  aws-x compute",
        "and 1 smaller line\n",
        "  not earned  1 line: missing-agreement\n",
        "partners/p Cloud: no level yet\n  for select: at least 2 people (has 1 person, lacks 1 person)\n  way there: 1 more person\n",
        "    compute by onboarding and partner-of-record\n  paid: partners/p\n    It is the partner of record.\n  first contact: nobody\n",
        "No badges.\n",
        "result_hash r\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing in:\n{text}");
    }
}
