//! What the current bundle announces is visible to partners, with its day and where it was said; what is not current
//! is the vendor's own.

use proto::competency::v1 as wire;
use rpc::wire::timestamp;
use tonic::Code;

use super::bed::*;

/// The documents of these tests, with a change of their levels announced.
fn announcing(what: &str) -> String {
    let levels = "    levels:
      silver: {architects: 1 person}
      gold: {architects: 2 people, spend: USD 100}
";
    assert!(DOCUMENTS.contains(levels));
    let dated = format!(
        "    levels:
      2020-01-01:
        silver: {{architects: 1 person}}
        gold: {{architects: 2 people, spend: USD 100}}
      announced: {{is: {what}, said: 2024-05-01, for: 2025-01-01}}
"
    );
    let announced = "title: Silver and gold\neffective: 2020-01-01\nannounced: {said: 2024-04, earliest: 2025-07-01}";
    DOCUMENTS.replace(levels, &dated).replace("title: Silver and gold\neffective: 2020-01-01", announced)
}

async fn shown(bed: &Bed, caller: rpc::Caller) -> Result<wire::ShowAnnouncementsResponse, tonic::Status> {
    let shown = bed.bundles(caller).show_announcements(wire::ShowAnnouncementsRequest::default()).await;
    shown.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn what_was_announced_is_shown_as_it_was_known() {
    let bed = Bed::start().await;
    let first = bed.stage(&announcing("two architects for silver")).await;
    bed.make_current(&first, 1).await;
    bed.partner("contoso", "", 1).await;
    bed.scorecard("contoso", |card| card.bundle_hash == first).await;
    bed.clock.advance_to(at("2024-09-20T00:00:00Z"));
    let second = bed.stage(&announcing("three architects for silver")).await;
    bed.make_current(&second, 2).await;
    bed.scorecard("contoso", |card| card.bundle_hash == second).await;

    let known = async |time: &str| {
        let known_time = Some(timestamp(at(time)));
        let request = wire::ShowAnnouncementsRequest { known_time };
        bed.bundles(reader("contoso")).show_announcements(request).await.map(tonic::Response::into_inner)
    };
    let said = |shown: &wire::ShowAnnouncementsResponse| shown.announcements[1].announced_value.clone();
    let before = known("2024-09-19T00:00:00Z").await.expect("it was current");
    assert_eq!((before.bundle_hash.as_str(), said(&before).as_str()), (first.as_str(), "two architects for silver"));
    let now = shown(&bed, reader("contoso")).await.expect("it is current");
    assert_eq!((now.bundle_hash.as_str(), said(&now).as_str()), (second.as_str(), "three architects for silver"));
    let early = known("2024-09-01T00:00:00Z").await.expect_err("there were no rules");
    assert_eq!(reason(&early), "NO_CURRENT_BUNDLE");
    let ahead = known("2025-01-01T00:00:00Z").await.expect_err("nobody knows what will be");
    assert_eq!(reason(&ahead), "NOT_YET_KNOWN");
}

#[tokio::test]
async fn a_partner_sees_what_the_current_bundle_announces_and_nothing_else() {
    let bed = Bed::start().await;
    let early = shown(&bed, reader("contoso")).await.expect_err("there are no rules yet");
    assert_eq!(reason(&early), "NO_CURRENT_BUNDLE");
    let hash = bed.stage(&announcing("two architects for silver")).await;
    bed.make_current(&hash, 1).await;
    bed.partner("contoso", "", 1).await;
    bed.scorecard("contoso", |_| true).await;
    // The vendor prepares something that nobody has heard of.
    let secret = bed.stage(&announcing("a secret of the vendor")).await;

    let seen = shown(&bed, reader("contoso")).await.expect("a partner may look");
    assert_eq!(seen.bundle_hash, hash);
    let told: Vec<_> = seen
        .announcements
        .iter()
        .map(|it| {
            let said = it.announce_date.map(|date| (date.year, date.month, date.day));
            (it.rule.as_str(), it.announced_value.as_str(), said, it.planned_start.as_str())
        })
        .collect();
    let levels = "test/tiers#competencies.cloud-platform.levels";
    assert_eq!(
        told,
        [
            ("test/tiers", "", Some((2024, 4, 0)), "not before 2025-07-01"),
            (levels, "two architects for silver", Some((2024, 5, 1)), "2025-01-01")
        ]
    );
    assert!(seen.announcements.iter().all(|it| it.document == "test/tiers" && it.title == "Silver and gold"));
    assert_eq!(shown(&bed, manager()).await.expect("so may the vendor"), seen);

    // Neither by its announcements nor by its name does what is staged show.
    let get = wire::GetStagedBundleRequest { name: format!("stagedBundles/{secret}") };
    let refusals = [
        bed.bundles(reader("contoso")).get_staged_bundle(get).await.expect_err("not a partner's"),
        bed.bundles(reader("contoso"))
            .list_staged_bundles(wire::ListStagedBundlesRequest::default())
            .await
            .expect_err("not a partner's"),
        shown(&bed, owner()).await.expect_err("customers are told badges"),
    ];
    for refused in refusals {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "ROLE_MISSING"));
    }
    // Announced, it changes nothing: one architect is silver still.
    bed.architect("l1", "contoso").await;
    bed.scorecard("contoso", |card| level(card) == "silver").await;
}
