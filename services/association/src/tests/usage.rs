//! Usage through the public stream: counted once, summed exactly, attached when its subscription
//! arrives.

use tonic::Code;
use wire::usage_record_result::{Outcome, Reason};

use super::*;

/// A record of the subscription that `aws` knows by an id.
fn used(record_id: &str, external_id: &str, start: &str, quantity: &str, billed: &str) -> wire::UsageRecord {
    wire::UsageRecord {
        record_id: record_id.to_owned(),
        external_source: "aws".to_owned(),
        external_id: external_id.to_owned(),
        workload: "compute".to_owned(),
        meter: "requests".to_owned(),
        start_time: time(start),
        quantity: number(quantity),
        unit: "Requests".to_owned(),
        currency_code: "USD".to_owned(),
        billed_cost: number(billed),
        ..Default::default()
    }
}

async fn ingest(suite: &Suite, batches: Vec<Vec<wire::UsageRecord>>) -> Vec<wire::IngestUsageResponse> {
    let requests: Vec<wire::IngestUsageRequest> = (1..)
        .zip(batches)
        .map(|(sequence, usage_records)| wire::IngestUsageRequest {
            source: "focus".to_owned(),
            sequence,
            usage_import: "september".to_owned(),
            usage_records,
            ..Default::default()
        })
        .collect();
    let mut replies =
        suite.staff().usage().ingest_usage(tokio_stream::iter(requests)).await.expect("a stream").into_inner();
    let mut all = Vec::new();
    while let Some(reply) = replies.message().await.expect("a reply") {
        all.push(reply);
    }
    all
}

fn outcomes(replies: &[wire::IngestUsageResponse]) -> Vec<Outcome> {
    replies.iter().flat_map(|reply| &reply.results).map(wire::UsageRecordResult::outcome).collect()
}

async fn rollups(suite: &Suite, name: &str) -> Vec<wire::UsageRollup> {
    let request = wire::ListUsageRollupsRequest {
        parent: name.to_owned(),
        start_time: time("2024-09-01"),
        end_time: time("2024-10-01"),
        ..Default::default()
    };
    suite.staff().usage().list_usage_rollups(request).await.expect("a page").into_inner().usage_rollups
}

async fn records(suite: &Suite, known: Option<&str>) -> Vec<wire::UsageRecord> {
    let request = wire::ListUsageRecordsRequest {
        parent: CLOUD.to_owned(),
        start_time: time("2024-09-01"),
        end_time: time("2024-10-01"),
        known_time: known.and_then(time),
        ..Default::default()
    };
    suite.staff().usage().list_usage_records(request).await.expect("a page").into_inner().usage_records
}

/// H39 and H41: the same id with the same content counts once however late, with other content it is
/// refused and changes nothing.
#[tokio::test]
async fn h39_h41_a_record_counts_once_for_ever() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let row = used("r-1", "1001", "2024-09-02T10:15:00Z", "2", "0.00000080000");
        let first = ingest(&suite, vec![vec![row.clone(), row.clone()]]).await;
        assert_eq!(outcomes(&first), [Outcome::Accepted, Outcome::Known]);
        suite.at("2024-12-01");
        let again = ingest(&suite, vec![vec![row.clone()]]).await;
        assert_eq!((again[0].known_count, outcomes(&again)), (1, vec![Outcome::Known]));
        let other = wire::UsageRecord { quantity: number("3"), ..row };
        let refused = ingest(&suite, vec![vec![other]]).await;
        assert_eq!(refused[0].results[0].reason(), Reason::ContentDiffers);
        let hours = rollups(&suite, CLOUD).await;
        assert_eq!(hours.len(), 1, "{:?}", suite.store.engine());
        assert_eq!((hours[0].quantity.clone(), hours[0].billed_cost.clone()), (number("2"), number("0.0000008")));
        assert_eq!((hours[0].hour_time, hours[0].record_count), (time("2024-09-02T10:00:00Z"), 1));
        let get = wire::GetUsageImportRequest { name: "usageImports/september".to_owned() };
        let import = suite.staff().usage().get_usage_import(get).await.expect("there").into_inner();
        assert_eq!((import.accepted_count, import.known_count, import.refused_count), (1, 2, 1));
        assert_eq!(import.acknowledged_sequence, 1);
        let mut usage = suite.staff().usage();
        let one = wire::ListUsageImportsRequest { page_size: 1, ..Default::default() };
        let page = usage.list_usage_imports(one.clone()).await.expect("a page").into_inner();
        assert_eq!((page.usage_imports, page.next_page_token.as_str()), (vec![import], ""));
    }
}

#[tokio::test]
async fn every_wrong_record_has_its_own_answer() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let good = used("g", "1001", "2024-09-02", "1", "1");
        let bad = vec![
            good.clone(),
            wire::UsageRecord { record_id: "a".to_owned(), currency_code: "EUR".to_owned(), ..good.clone() },
            wire::UsageRecord { record_id: "b".to_owned(), currency_code: "dollars".to_owned(), ..good.clone() },
            wire::UsageRecord {
                record_id: "c".to_owned(),
                quantity: number("1e400"),
                billed_cost: number("NaN"),
                start_time: None,
                meter: String::new(),
                ..good.clone()
            },
            wire::UsageRecord {
                record_id: "d".to_owned(),
                external_id: String::new(),
                subscription: "customers/atlas/subscriptions/none".to_owned(),
                ..good.clone()
            },
            wire::UsageRecord { record_id: "e".to_owned(), replaced_record_id: "e".to_owned(), ..good.clone() },
            wire::UsageRecord { record_id: "f".to_owned(), quantity: number("1000000000000"), ..good },
        ];
        let replies = ingest(&suite, vec![bad]).await;
        let reasons: Vec<Reason> = replies[0].results.iter().map(wire::UsageRecordResult::reason).collect();
        assert_eq!(
            reasons,
            [
                Reason::Unspecified,
                Reason::CurrencyMismatch,
                Reason::CurrencyUnknown,
                Reason::Malformed,
                Reason::SubscriptionNotFound,
                Reason::Malformed,
                Reason::Malformed,
            ]
        );
        assert_eq!(replies[0].results[3].violations.len(), 4, "{:?}", replies[0].results[3]);
        assert_eq!((replies[0].accepted_count, replies[0].refused_count), (1, 6));
        assert_eq!(records(&suite, None).await.len(), 1);
    }
    let suite = Suite::start().await;
    let nameless = wire::IngestUsageRequest { sequence: -1, ..Default::default() };
    let stream = suite.staff().usage().ingest_usage(tokio_stream::iter([nameless])).await;
    let refused = stream.expect("a stream").into_inner().message().await;
    let status = expect_reason(refused, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(fields_of(&status), ["sequence", "source"]);
}

#[tokio::test]
async fn usage_waits_for_its_subscription_and_is_visible_meanwhile() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let early = vec![
            used("r-1", "2002", "2024-09-02T10:15:00Z", "2", "0.5"),
            used("r-2", "2002", "2024-09-03T10:15:00Z", "3", "0.25"),
            wire::UsageRecord { currency_code: "EUR".to_owned(), ..used("r-3", "2002", "2024-09-02", "1", "9") },
        ];
        let replies = ingest(&suite, vec![early]).await;
        assert_eq!((replies[0].unattached_count, replies[0].accepted_count), (3, 3));
        let waiting = async || {
            let request = wire::ListUnattachedUsagesRequest::default();
            let page = suite.staff().usage().list_unattached_usages(request).await.expect("a page");
            let mut all = page.into_inner().unattached_usages;
            all.sort_by_key(|it| it.currency_code.clone());
            all
        };
        let before = waiting().await;
        assert_eq!(before.iter().map(|it| it.record_count).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(before[1].last_hour_time, time("2024-09-03T10:00:00Z"));
        let late = suite.subscription("atlas", "late", "2002").await;
        let hours = rollups(&suite, &late.name).await;
        assert_eq!(hours.len(), 2, "{:?}", suite.store.engine());
        assert_eq!(hours[0].billed_cost, number("0.5"));
        let after = waiting().await;
        assert_eq!((after.len(), after[0].currency_code.as_str()), (1, "EUR"), "billed in another currency");
        assert_eq!(after[0].cause(), wire::unattached_usage::Cause::CurrencyMismatch);
        let more = ingest(&suite, vec![vec![used("r-4", "2002", "2024-09-03T10:59:59Z", "1", "1")]]).await;
        assert_eq!(outcomes(&more), [Outcome::Accepted]);
        assert_eq!(rollups(&suite, &late.name).await[1].quantity, number("4"));
    }
}

#[tokio::test]
async fn a_replacement_counts_in_place_of_the_old_one_whichever_comes_first() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let old = used("old", "1001", "2024-09-02T10:15:00Z", "5", "1.25");
        let new = wire::UsageRecord {
            replaced_record_id: "old".to_owned(),
            ..used("new", "1001", "2024-09-04T10:15:00Z", "4", "1")
        };
        let second = wire::UsageRecord { record_id: "second".to_owned(), ..new.clone() };
        let early_new = wire::UsageRecord {
            replaced_record_id: "early".to_owned(),
            ..used("early-new", "1001", "2024-09-05T10:15:00Z", "7", "7")
        };
        let early = used("early", "1001", "2024-09-05T10:20:00Z", "6", "6");
        let replies = ingest(&suite, vec![vec![old], vec![early_new]]).await;
        assert_eq!(outcomes(&replies), [Outcome::Accepted; 2]);
        // A question as known now dates what was said, before the clock goes on.
        suite.at("2024-09-16");
        assert_eq!(records(&suite, Some("2024-09-16")).await.len(), 2);
        suite.at("2024-09-20");
        let replies = ingest(&suite, vec![vec![new], vec![early], vec![second]]).await;
        assert_eq!(outcomes(&replies), [Outcome::Accepted, Outcome::Accepted, Outcome::Refused]);
        assert_eq!(replies[2].results[0].reason(), Reason::ReplacedAlready);
        let hours = rollups(&suite, CLOUD).await;
        let sums: Vec<_> =
            hours.iter().map(|it| (it.quantity.clone(), it.billed_cost.clone(), it.record_count)).collect();
        let expected = [(number("0"), number("0"), 0), (number("4"), number("1"), 1), (number("7"), number("7"), 1)];
        assert_eq!(sums, expected, "{:?}", suite.store.engine());
        let all = records(&suite, None).await;
        assert_eq!(all.len(), 4, "the old ones are kept");
        let old = all.iter().find(|record| record.record_id == "old").expect("kept");
        assert_eq!(old.replacing_record_id, "new");
        let then = records(&suite, Some("2024-09-16")).await;
        assert_eq!(then.len(), 2, "as known before the replacement");
        assert_eq!(then[0].replacing_record_id, "");
    }
}

#[tokio::test]
async fn a_level_is_its_last_measurement_whatever_the_order() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let level = |id: &str, start: &str, quantity: &str| wire::UsageRecord {
            meter: "active-users".to_owned(),
            meter_kind: wire::MeterKind::Level.into(),
            ..used(id, "1001", start, quantity, "0.1")
        };
        let replies = ingest(
            &suite,
            vec![
                vec![level("l-2", "2024-09-02T10:40:00Z", "120")],
                vec![level("l-1", "2024-09-02T10:10:00Z", "100"), level("l-3", "2024-09-02T11:10:00Z", "90")],
            ],
        )
        .await;
        assert_eq!(outcomes(&replies), [Outcome::Accepted; 3]);
        let hours = rollups(&suite, CLOUD).await;
        assert_eq!((hours[0].quantity.clone(), hours[0].billed_cost.clone()), (number("120"), number("0.2")));
        assert_eq!(hours[0].measure_time, time("2024-09-02T10:40:00Z"));
        // Taking the last one out brings the one before back.
        let correction =
            wire::UsageRecord { replaced_record_id: "l-2".to_owned(), ..level("l-4", "2024-09-02T12:40:00Z", "110") };
        ingest(&suite, vec![vec![correction]]).await;
        let hours = rollups(&suite, CLOUD).await;
        assert_eq!(hours[0].quantity, number("100"), "{:?}", suite.store.engine());
        assert_eq!((hours.len(), hours[0].billed_cost.clone()), (3, number("0.1")));
    }
}

/// What is listed can be got by its name, and only below its own subscription.
#[tokio::test]
async fn records_and_hours_have_names() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let other = suite.subscription("atlas", "other", "2002").await;
        let old = used("old", "1001", "2024-09-02T10:15:00Z", "5", "1.25");
        let waiting = used("waiting", "3003", "2024-09-02T10:15:00Z", "5", "1.25");
        ingest(&suite, vec![vec![old, waiting]]).await;
        // A question as known now dates what was said, before the clock goes on.
        suite.at("2024-09-16");
        assert_eq!(records(&suite, Some("2024-09-16")).await.len(), 1);
        suite.at("2024-09-20");
        let new = used("new", "1001", "2024-09-04T10:15:00Z", "4", "1");
        ingest(&suite, vec![vec![wire::UsageRecord { replaced_record_id: "old".to_owned(), ..new }]]).await;
        let mut usage = suite.staff().usage();
        suite.at("2024-09-21");
        // As known now: then the feed has dated all of them.
        let listed = records(&suite, Some("2024-09-21")).await;
        assert_eq!(listed.len(), 2, "{:?}", suite.store.engine());
        for record in &listed {
            let get = wire::GetUsageRecordRequest { name: record.name.clone(), known_time: None };
            assert_eq!(usage.get_usage_record(get).await.expect("listed").into_inner(), *record);
        }
        let then = |record: &wire::UsageRecord| wire::GetUsageRecordRequest {
            name: record.name.clone(),
            known_time: time("2024-09-16"),
        };
        let before = usage.get_usage_record(then(&listed[0])).await.expect("known then").into_inner();
        assert_eq!((before.record_id.as_str(), before.replacing_record_id.as_str()), ("old", ""));
        expect_reason(usage.get_usage_record(then(&listed[1])).await, Code::NotFound, "NOT_FOUND");
        let hours = rollups(&suite, CLOUD).await;
        assert_eq!(hours.len(), 2);
        for hour in &hours {
            let get = wire::GetUsageRollupRequest { name: hour.name.clone() };
            assert_eq!(usage.get_usage_rollup(get).await.expect("listed").into_inner(), *hour);
        }
        let elsewhere = |name: &str| name.replace(CLOUD, &other.name);
        let get = wire::GetUsageRecordRequest { name: elsewhere(&listed[0].name), known_time: None };
        expect_reason(usage.get_usage_record(get).await, Code::NotFound, "NOT_FOUND");
        let get = wire::GetUsageRollupRequest { name: elsewhere(&hours[0].name) };
        expect_reason(usage.get_usage_rollup(get).await, Code::NotFound, "NOT_FOUND");
    }
}

/// A list that does not say its stretch is about the last 31 days.
#[tokio::test]
async fn lists_are_about_the_last_month_unless_they_say() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let row = |id: &str, start: &str| used(id, "1001", start, "1", "1");
    ingest(&suite, vec![vec![row("r-1", "2024-09-01"), row("r-2", "2024-09-10"), row("r-3", "2024-10-05")]]).await;
    suite.at("2024-10-05T00:00:00Z");
    let mut usage = suite.staff().usage();
    let mut listed = async |start_time| {
        let request = wire::ListUsageRecordsRequest { parent: CLOUD.to_owned(), start_time, ..Default::default() };
        let page = usage.list_usage_records(request).await.expect("a page").into_inner();
        page.usage_records.into_iter().map(|record| record.record_id).collect::<Vec<_>>()
    };
    assert_eq!(listed(None).await, ["r-2"]);
    assert_eq!(listed(time("2024-08-01")).await, ["r-1", "r-2"]);
}

/// H69: the rows of an hour can be asked for exactly up to and from an instant inside it.
#[tokio::test]
async fn h69_single_records_split_an_hour() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let rows = vec![
        used("r-1", "1001", "2024-09-02T10:15:00Z", "1", "1"),
        used("r-2", "1001", "2024-09-02T10:30:00Z", "2", "2"),
        used("r-3", "1001", "2024-09-02T10:45:00Z", "3", "3"),
    ];
    ingest(&suite, vec![rows]).await;
    let between = async |start: &str, end: &str, page_size: i32| {
        let request = wire::ListUsageRecordsRequest {
            parent: CLOUD.to_owned(),
            start_time: time(start),
            end_time: time(end),
            page_size,
            ..Default::default()
        };
        let mut usage = suite.staff().usage();
        let mut ids = Vec::new();
        let mut token = String::new();
        loop {
            let page = wire::ListUsageRecordsRequest { page_token: token, ..request.clone() };
            let page = usage.list_usage_records(page).await.expect("a page").into_inner();
            ids.extend(page.usage_records.into_iter().map(|record| record.record_id));
            token = page.next_page_token;
            if token.is_empty() {
                ids.sort();
                return ids;
            }
        }
    };
    assert_eq!(between("2024-09-02T10:00:00Z", "2024-09-02T10:30:00Z", 0).await, ["r-1"]);
    assert_eq!(between("2024-09-02T10:30:00Z", "2024-09-02T11:00:00Z", 1).await, ["r-2", "r-3"]);
}

/// The change feed carries one entry for each transaction, whose differences add up to the sums.
#[tokio::test]
async fn followers_learn_the_differences() {
    let suite = Suite::start().await;
    suite.atlas().await;
    for id in 0..3 {
        ingest(&suite, vec![vec![used(&format!("r-{id}"), "1001", "2024-09-02T10:15:00Z", "1.5", "0.1")]]).await;
    }
    let kinds = ["accolade.association.v1.UsageBatch".to_owned()];
    let changes = feed::history(suite.store.read(), &kinds, 0, 100).await.expect("the history");
    let mut sum = values::Decimal::ZERO;
    for change in &changes {
        let batch: wire::UsageBatch = change.message().expect("a batch");
        for cell in &batch.cells {
            let series = &batch.series[usize::try_from(cell.series_index).expect("an index")];
            assert_eq!((series.subscription.as_str(), series.workload.as_str()), (CLOUD, "compute"));
            let quantity = rpc::wire::parse_decimal(cell.quantity.as_ref().expect("a flow")).expect("a number");
            sum = sum.checked_add(quantity).expect("in range");
        }
    }
    assert_eq!((changes.len(), sum.to_string().as_str()), (3, "4.5"));
}

#[tokio::test]
async fn a_trial_of_usage_keeps_nothing() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let request = wire::IngestUsageRequest {
        source: "focus".to_owned(),
        usage_records: vec![used("r-1", "1001", "2024-09-02", "1", "1")],
        validate_only: true,
        ..Default::default()
    };
    let mut replies =
        suite.staff().usage().ingest_usage(tokio_stream::iter([request])).await.expect("a stream").into_inner();
    assert_eq!(replies.message().await.expect("a reply").expect("one").accepted_count, 1);
    assert!(rollups(&suite, CLOUD).await.is_empty());
}
