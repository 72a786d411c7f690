//! The same on both engines: what is decided under concurrency, and what is listed.

use futures::future::join_all;
use proto::registry::v1;
use store::testing::test_databases;
use tonic::Code;
use values::Digest;

use super::{Suite, company, creating, refused, time};

#[tokio::test(flavor = "multi_thread")]
async fn rules_hold_when_many_ask_at_once() {
    for database in test_databases().await {
        let suite = Suite::on(database.open().await.expect("a fresh database opens")).await;
        let engine = database.engine;
        for number in 0..6 {
            suite.member(&format!("p-{number}")).await;
        }
        suite.learner("kim").await;

        // One link starts; the others come too soon after it.
        let links = join_all((0..6).map(|number| {
            let (suite, partner) = (&suite, format!("partners/p-{number}"));
            async move { suite.link("learners/kim", &format!("l-{number}"), &partner, "2024-01-01").await }
        }));
        let won = links.await.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1, "{engine:?}");

        // Proposals that come at once are numbered without a gap, and of those approved against the same state of
        // the register one becomes current: the others were agreed to as changes of something else.
        let proposals = join_all((0..6).map(|number| {
            let (mut author, mut reviewer) = (suite.staff().bundles(), suite.reviewer().bundles());
            let bundle = format!("bundles/{}", Digest::of(&[number]));
            async move {
                let proposal = v1::BundleProposal { bundle, ..Default::default() };
                let request = v1::CreateBundleProposalRequest { bundle_proposal: Some(proposal), ..Default::default() };
                let proposal = author.create_bundle_proposal(request).await.expect("proposed").into_inner();
                let request = v1::ApproveBundleProposalRequest { name: proposal.name, ..Default::default() };
                reviewer.approve_bundle_proposal(request).await.expect("approved").into_inner()
            }
        }));
        let proposals = proposals.await;
        let mut revisions: Vec<i64> = proposals.iter().map(|proposal| proposal.revision).collect();
        revisions.sort_unstable();
        assert_eq!(revisions, [1, 2, 3, 4, 5, 6], "{engine:?}");
        let switches = join_all(proposals.into_iter().map(|proposal| {
            let mut bundles = suite.staff().bundles();
            async move {
                let request = v1::PromoteBundleRequest { name: proposal.bundle, ..Default::default() };
                bundles.promote_bundle(request).await.is_ok()
            }
        }));
        assert_eq!(switches.await.into_iter().filter(|done| *done).count(), 1, "{engine:?}");
        let list = v1::ListBundlesRequest { filter: "state = STATE_CURRENT".to_owned(), ..Default::default() };
        assert_eq!(suite.staff().bundles().list_bundles(list).await.expect("listed").get_ref().bundles.len(), 1);

        // An account cannot become a location while it gets one.
        let below = v1::Partner { global_account: "partners/p-0".to_owned(), ..company("Below") };
        let moving = v1::UpdatePartnerRequest {
            partner: Some(v1::Partner {
                name: "partners/p-0".to_owned(),
                global_account: "partners/p-1".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let (mut one, mut other) = (suite.staff().partners(), suite.staff().partners());
        let (created, moved) = tokio::join!(one.create_partner(creating("below", below)), other.update_partner(moving));
        assert!(created.is_ok() != moved.is_ok(), "{engine:?}: {created:?} {moved:?}");

        // The same request twice at once has one effect and one reply.
        let request = v1::CreatePartnerRequest { request_id: super::request_id(1), ..creating("", company("Twice")) };
        let (first, second) = tokio::join!(one.create_partner(request.clone()), other.create_partner(request));
        assert_eq!(first.expect("created").into_inner(), second.expect("replayed").into_inner(), "{engine:?}");

        revisions_are_published_in_order(&suite).await;
    }
}

/// Every aggregate's revisions are 1, 2, 3 and so on along the feed.
async fn revisions_are_published_in_order(suite: &Suite) {
    let get = v1::GetPartnerRequest { name: "partners/p-0".to_owned(), known_time: time("2024-09-15") };
    suite.staff().partners().get_partner(get).await.expect("what is committed is sequenced");
    let changes = feed::history(suite.store.read(), &[], 0, 1_000).await.expect("the history answers");
    assert!(changes.len() > 15);
    let mut seen = std::collections::HashMap::new();
    for change in changes {
        let last = seen.insert(change.aggregate.clone(), change.revision).unwrap_or(0);
        assert_eq!(change.revision, last + 1, "{}", change.aggregate);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_kept_and_listed_alike() {
    let mut told = Vec::new();
    for database in test_databases().await {
        let suite = Suite::on(database.open().await.expect("a fresh database opens")).await;
        told.push((database.engine, story(&suite).await));
    }
    for pair in told.windows(2) {
        assert_eq!(pair[0].1, pair[1].1, "{:?} and {:?}", pair[0].0, pair[1].0);
    }
}

/// One of everything, changed once, and what lists say about it in several orders.
async fn story(suite: &Suite) -> Vec<String> {
    suite.member("acme").await;
    suite.member_below("acme-de", "partners/acme").await;
    let disti = v1::Partner {
        business_types: vec![v1::BusinessType::Aggregator.into(), v1::BusinessType::Distributor.into()],
        tax_id: "DE 1".to_owned(),
        domain: "disti.example".to_owned(),
        origin: v1::partner::Origin::Migration.into(),
        ..company("Disti ÄÖÜ")
    };
    let staff = suite.staff();
    let mut partners = staff.partners();
    partners.create_partner(creating("disti", disti.clone())).await.expect("created");
    partners.create_partner(creating("disti-again", disti)).await.expect("created");
    let suspend = v1::SuspendPartnerRequest {
        name: "partners/disti".to_owned(),
        reason: "Why.".to_owned(),
        ..Default::default()
    };
    partners.suspend_partner(suspend).await.expect("suspended");
    suite.learner("kim").await;
    suite.link("learners/kim", "one", "partners/acme", "2024-01-01").await.expect("linked");
    suite.link("learners/kim", "two", "partners/acme-de", "2024-03-01").await.expect("linked");
    refused(
        suite.link("learners/kim", "three", "partners/acme", "2024-03-02").await,
        Code::FailedPrecondition,
        "LINK_TOO_SOON",
    );
    let mut lines = Vec::new();
    for (filter, order_by) in [
        ("", ""),
        ("business_types:BUSINESS_TYPE_DISTRIBUTOR", "display_name desc"),
        ("domain:*", "domain, name desc"),
        ("NOT state = STATE_SUSPENDED AND display_name = \"Dis*\"", "create_time desc"),
        ("global_account = \"partners/acme\"", "region_code"),
    ] {
        let mut list = v1::ListPartnersRequest {
            filter: filter.to_owned(),
            order_by: order_by.to_owned(),
            page_size: 2,
            ..Default::default()
        };
        loop {
            let page = partners.list_partners(list.clone()).await.expect("listed").into_inner();
            lines.extend(page.partners.iter().map(|partner| format!("{filter} {order_by} {partner:?}")));
            if page.next_page_token.is_empty() {
                break;
            }
            list.page_token = page.next_page_token;
        }
    }
    let list = v1::ListLearnerLinksRequest {
        parent: "learners/-".to_owned(),
        order_by: "end_time desc".to_owned(),
        ..Default::default()
    };
    let links = staff.learners().list_learner_links(list).await.expect("listed").into_inner().learner_links;
    lines.extend(links.iter().map(|link| format!("{link:?}")));
    let learners =
        staff.learners().list_learners(v1::ListLearnersRequest::default()).await.expect("listed").into_inner().learners;
    lines.extend(learners.iter().map(|learner| format!("{learner:?}")));
    lines
}
