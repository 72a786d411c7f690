//! Reports, and the batches that bills become.

use std::collections::BTreeSet;

use crate::import::{Bill, Outcome, Report, batches_of};
use crate::sample;

fn no_workload(_: &str, _: &str) -> Option<String> {
    None
}

#[test]
fn a_report_counts_all_and_shows_some() {
    let mut report = Report::new("usage", false);
    for line in [9, 3, 5] {
        report.count("b.csv", line, Outcome::Refused(vec!["BilledCost: \"x\" is not a number".to_owned()]));
    }
    [Outcome::Taken, Outcome::Kept, Outcome::Known].into_iter().for_each(|outcome| report.count("b.csv", 1, outcome));
    report.sort();
    assert_eq!(
        report.to_text(2),
        "b.csv:3: refused: BilledCost: \"x\" is not a number\n\
         b.csv:5: refused: BilledCost: \"x\" is not a number\n\
         ... and 1 more refused rows (--json tells them all)\n\
         usage: 2 taken, 1 known already, 3 refused (1 of the taken wait for a subscription that has not arrived)\n"
    );
}

#[test]
fn the_real_bill_becomes_batches_of_exact_records() {
    let batches = batches_of(&[sample::bill()], &no_workload, None).expect("the bill is good");
    let records: Vec<_> = batches.iter().flat_map(|(batch, _)| &batch.usage_records).collect();
    assert_eq!(records.len(), 1000);
    let ids: BTreeSet<_> = records.iter().map(|it| it.record_id.as_str()).collect();
    assert_eq!(ids.len(), 1000);
    let first = records[0];
    assert_eq!((first.external_source.as_str(), first.external_id.as_str()), ("aws", "51738928782"));
    assert_eq!(first.meter, "Amazon Simple Queue Service");
    assert_eq!(first.billed_cost.as_ref().map(|it| it.value.as_str()), Some("0.0000008"));
    let negative = records.iter().filter(|it| it.billed_cost.as_ref().is_some_and(|it| it.value.starts_with('-')));
    assert_eq!(negative.count(), 13);
    assert_eq!(records.iter().filter(|it| it.contracted_cost.is_none()).count(), 7);
}

#[test]
fn an_interrupted_import_sends_the_rest_and_nothing_else() {
    // The same bill under two names is one bill with every row twice.
    let bills = [sample::bill(), sample::bill()];
    let all = batches_of(&bills, &no_workload, None).expect("the bill is good");
    assert_eq!(all.len(), 2);
    let (first, place) = &all[0];
    let rest = batches_of(&bills, &no_workload, Some(place)).expect("the bill is good");
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].0, all[1].0);
    let ids = |batch: &proto::association::v1::IngestUsageRequest| -> BTreeSet<String> {
        batch.usage_records.iter().map(|it| it.record_id.clone()).collect()
    };
    assert!(ids(first).is_disjoint(&ids(&rest[0].0)), "equal rows of one import have ids of their own");
}

#[test]
fn a_checkpoint_of_another_bill_is_noticed() {
    let all = batches_of(&[sample::bill(), sample::bill()], &no_workload, None).expect("the bill is good");
    let (_, place) = &all[0];
    let text: &'static str = include_str!("../../../../programs/sample/data/bill-2024-09.focus.csv");
    let (header, rows) = text.split_once('\n').expect("the bill has a header");
    let (one, others) = rows.split_once('\n').expect("the bill has rows");
    let turned: &'static str = Box::leak(format!("{header}\n{others}{one}\n").into_boxed_str());
    let other = [Bill::Text("turned.csv", turned.as_bytes()), sample::bill()];
    assert!(batches_of(&other, &no_workload, Some(place)).is_none(), "the rows before the place are others");
}

#[test]
fn the_catalog_of_the_sample_vendor_maps_services_as_its_data_says() {
    let bundle = program::Bundle::parse(sample::DOCUMENTS).expect("the sample documents are good");
    let text = include_str!("../../../../programs/sample/data/workloads.csv");
    assert!(text.lines().count() > 30, "the table has a row for every service of the bill");
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [provider, service, workload] = cells.as_slice() else { panic!("{line}") };
        assert_eq!(bundle.catalog().workload_of(provider, service), Some(*workload), "{provider} {service}");
    }
}
