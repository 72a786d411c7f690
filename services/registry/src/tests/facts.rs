//! Compliance facts and supply relations.

use proto::registry::v1;
use tonic::Code;

use super::{Suite, company, creating, refused, time};

#[tokio::test]
async fn a_compliance_fact_is_recorded_and_revoked() {
    let suite = Suite::start().await;
    suite.member("acme").await;
    let mut compliance = suite.staff().compliance();
    let create = |id: &str, code: &str| v1::CreateComplianceFactRequest {
        parent: "partners/acme".to_owned(),
        compliance_fact: Some(v1::ComplianceFact {
            kind: v1::compliance_fact::Kind::Training.into(),
            code: code.to_owned(),
            effective_time: time("2024-01-01"),
            lapse_time: time("2025-01-01"),
            ..Default::default()
        }),
        compliance_fact_id: id.to_owned(),
        ..Default::default()
    };
    let fact =
        compliance.create_compliance_fact(create("ethics", "ethics-training")).await.expect("recorded").into_inner();
    refused(
        compliance.create_compliance_fact(create("ethics", "ethics-training")).await,
        Code::AlreadyExists,
        "RESOURCE_ALREADY_EXISTS",
    );
    compliance.create_compliance_fact(create("other", "other-training")).await.expect("recorded");

    let revoke = v1::RevokeComplianceFactRequest {
        name: fact.name.clone(),
        reason: "Wrong company.".to_owned(),
        etag: fact.etag.clone(),
        ..Default::default()
    };
    let revoked = compliance.revoke_compliance_fact(revoke.clone()).await.expect("revoked").into_inner();
    assert_eq!((revoked.revoke_time, revoked.revoke_reason.as_str()), (time("2024-09-15"), "Wrong company."));
    refused(compliance.revoke_compliance_fact(revoke.clone()).await, Code::Aborted, "ETAG_MISMATCH");
    let again = v1::RevokeComplianceFactRequest { etag: String::new(), ..revoke };
    refused(compliance.revoke_compliance_fact(again).await, Code::FailedPrecondition, "ALREADY_REVOKED");
    let get = v1::GetComplianceFactRequest { name: fact.name, ..Default::default() };
    assert_eq!(compliance.get_compliance_fact(get).await.expect("there").into_inner(), revoked);

    let list = |effective_time, filter: &str| v1::ListComplianceFactsRequest {
        parent: "partners/acme".to_owned(),
        effective_time,
        filter: filter.to_owned(),
        ..Default::default()
    };
    let codes = |reply: tonic::Response<v1::ListComplianceFactsResponse>| -> Vec<String> {
        reply.into_inner().compliance_facts.into_iter().map(|fact| fact.code).collect()
    };
    let all = compliance.list_compliance_facts(list(None, "kind = KIND_TRAINING")).await.expect("listed");
    assert_eq!(codes(all), ["ethics-training", "other-training"]);
    let holding = compliance.list_compliance_facts(list(time("2024-06-01"), "")).await.expect("listed");
    assert_eq!(codes(holding), ["other-training"]);
    let never = compliance
        .list_compliance_facts(list(None, "NOT revoke_time > \"2000-01-01T00:00:00Z\""))
        .await
        .expect("listed");
    assert_eq!(codes(never), ["other-training"]);
}

#[tokio::test]
async fn a_partner_buys_through_suppliers() {
    let suite = Suite::start().await;
    suite.member("acme").await;
    let distributor = v1::Partner {
        business_types: vec![v1::BusinessType::Distributor.into()],
        origin: v1::partner::Origin::Migration.into(),
        ..company("Disti")
    };
    suite.staff().partners().create_partner(creating("disti", distributor)).await.expect("created");
    let mut supply = suite.staff().supply();
    let create = |id: &str, supplier: &str, start: &str| v1::CreateSupplyRelationRequest {
        parent: "partners/acme".to_owned(),
        supply_relation: Some(v1::SupplyRelation {
            supplier: supplier.to_owned(),
            start_time: time(start),
            ..Default::default()
        }),
        supply_relation_id: id.to_owned(),
        ..Default::default()
    };
    refused(
        supply.create_supply_relation(create("x", "partners/acme", "2024-01-01")).await,
        Code::FailedPrecondition,
        "NOT_A_SUPPLIER",
    );
    let relation = supply
        .create_supply_relation(create("one", "partners/disti", "2024-01-01"))
        .await
        .expect("started")
        .into_inner();
    let overlap = refused(
        supply.create_supply_relation(create("two", "partners/disti", "2024-05-01")).await,
        Code::AlreadyExists,
        "SUPPLY_OVERLAPS",
    );
    assert_eq!(overlap["supply_relation"], relation.name);
    let end = v1::EndSupplyRelationRequest {
        name: relation.name.clone(),
        end_time: time("2024-05-01"),
        ..Default::default()
    };
    let ended = supply.end_supply_relation(end.clone()).await.expect("ended").into_inner();
    refused(supply.end_supply_relation(end).await, Code::FailedPrecondition, "ALREADY_ENDED");
    supply.create_supply_relation(create("two", "partners/disti", "2024-05-01")).await.expect("started again");
    let get = v1::GetSupplyRelationRequest { name: relation.name, ..Default::default() };
    assert_eq!(supply.get_supply_relation(get).await.expect("there").into_inner(), ended);
    let list = v1::ListSupplyRelationsRequest {
        parent: "partners/acme".to_owned(),
        filter: "supplier = \"partners/disti\" AND end_time <= \"2024-05-01T00:00:00Z\"".to_owned(),
        ..Default::default()
    };
    assert_eq!(supply.list_supply_relations(list).await.expect("listed").get_ref().supply_relations, [ended]);
}
