//! The bundle register.

use proto::registry::v1;
use proto::registry::v1::bundle::State;
use tonic::Code;
use values::Digest;

use super::{Suite, refused, request_id, time, wrong_fields};

fn name(content: &str) -> String {
    format!("bundles/{}", Digest::of(content.as_bytes()))
}

fn making(content: &str) -> v1::PromoteBundleRequest {
    v1::PromoteBundleRequest { name: name(content), comment: "As tested.".to_owned(), ..Default::default() }
}

fn getting(name: &str) -> v1::GetBundleRequest {
    v1::GetBundleRequest { name: name.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn one_bundle_is_current_and_the_past_is_known() {
    let suite = Suite::start().await;
    let mut bundles = suite.staff().bundles();
    refused(bundles.get_bundle(getting("bundles/current")).await, Code::NotFound, "NO_CURRENT_BUNDLE");
    let first = bundles.promote_bundle(making("first")).await.expect("current").into_inner();
    assert_eq!((first.state(), first.revision, first.publisher.as_str()), (State::Current, 1, "staff-1"));
    assert_eq!(bundles.promote_bundle(making("first")).await.expect("unchanged").into_inner(), first);

    suite.at("2024-09-20");
    let expecting = v1::PromoteBundleRequest { expected_bundle: name("other"), ..making("second") };
    let metadata = refused(bundles.promote_bundle(expecting).await, Code::Aborted, "CURRENT_BUNDLE_MISMATCH");
    assert_eq!(metadata["current_bundle"], first.name);
    let expecting =
        v1::PromoteBundleRequest { expected_bundle: first.name.clone(), request_id: request_id(1), ..making("second") };
    let second = bundles.promote_bundle(expecting.clone()).await.expect("current").into_inner();
    assert_eq!((second.revision, second.effective_time), (2, time("2024-09-20")));
    assert_eq!(bundles.promote_bundle(expecting).await.expect("replayed").into_inner(), second);

    assert_eq!(bundles.get_bundle(getting("bundles/current")).await.expect("there").into_inner(), second);
    let superseded = bundles.get_bundle(getting(&first.name)).await.expect("there").into_inner();
    assert_eq!((superseded.state(), superseded.supersede_time), (State::Superseded, time("2024-09-20")));
    let then = v1::GetBundleRequest { known_time: time("2024-09-18"), ..getting("bundles/current") };
    assert_eq!(bundles.get_bundle(then).await.expect("known").get_ref().name, first.name);
    let before = v1::GetBundleRequest { known_time: time("2024-09-01"), ..getting("bundles/current") };
    refused(bundles.get_bundle(before).await, Code::NotFound, "NO_CURRENT_BUNDLE");

    suite.at("2024-09-21");
    let again = bundles.promote_bundle(making("first")).await.expect("current again").into_inner();
    assert_eq!((again.revision, again.state()), (3, State::Current));
    let list = v1::ListBundlesRequest { order_by: "revision desc".to_owned(), ..Default::default() };
    let found = bundles.list_bundles(list).await.expect("listed").into_inner().bundles;
    assert_eq!(found.iter().map(|bundle| bundle.revision).collect::<Vec<_>>(), [3, 2]);
    let list = v1::ListBundlesRequest { filter: "state = STATE_CURRENT".to_owned(), ..Default::default() };
    assert_eq!(bundles.list_bundles(list).await.expect("listed").into_inner().bundles, [again]);
    assert_eq!(
        wrong_fields(
            bundles
                .promote_bundle(v1::PromoteBundleRequest { name: "bundles/FF".to_owned(), ..Default::default() })
                .await
        ),
        ["name"]
    );
}
