//! Rules that are published after a period was closed reach it only by a correction that a second person approved.

use proto::google::longrunning::operation;
use proto::incentive::v1 as pb;
use proto::incentive::v1::correction::State;
use store::testing::test_databases;
use tonic::{Code, Status};

use super::closing::autumn;
use super::world::{World, cents, refusal, sample};

/// The sample's documents with another rate above the tenth dollar: 10 % as it is shipped.
fn above_ten(rate: &str) -> Vec<(&'static str, String)> {
    let mut documents = sample();
    for (_, text) in &mut documents {
        *text = text.replace("above: USD 10, rate: 10 %", &format!("above: USD 10, rate: {rate}"));
    }
    documents
}

impl World {
    async fn total(&self, period: &str) -> i64 {
        let statements = self.statements(period).await;
        statements.iter().flat_map(|statement| &statement.totals).map(|total| cents(&total.total)).sum()
    }

    /// Everything that was issued for a period: statements and lines, to the last byte.
    async fn issued(&self, period: &str) -> (Vec<pb::Statement>, Vec<pb::StatementLine>) {
        let statements = self.statements(period).await;
        let mut lines = Vec::new();
        for statement in &statements {
            lines.extend(self.lines(&statement.name).await);
        }
        (statements, lines)
    }

    async fn propose(&self, hash: &str, first: &str) -> Result<pb::Correction, Status> {
        let request = pb::ProposeCorrectionRequest {
            bundle_hash: hash.to_owned(),
            first_period: first.to_owned(),
            ..Default::default()
        };
        let operation = self.manager().corrections().propose_correction(request).await?.into_inner();
        match self.outcome(operation).await {
            Some(operation::Result::Response(any)) => {
                let reply: pb::ProposeCorrectionResponse = rpc::wire::unpack(&any).expect("a correction");
                Ok(reply.correction.expect("a correction"))
            }
            other => panic!("the correction was not computed: {other:?}"),
        }
    }

    /// The newest correction, once it is computed and, where that is given, is not this one.
    async fn proposed_by_itself(&self, before: Option<&str>) -> pb::Correction {
        for _ in 0..20_000 {
            let request = pb::ListCorrectionsRequest { page_size: 1, ..Default::default() };
            let listed = self.finance().corrections().list_corrections(request).await.expect("listed").into_inner();
            if let Some(found) = listed.corrections.into_iter().next().filter(|it| before != Some(it.name.as_str())) {
                if found.state() != State::Computing {
                    return found;
                }
                let name = found.operation.clone();
                self.outcome(proto::google::longrunning::Operation { name, ..Default::default() }).await;
            }
            tokio::task::yield_now().await;
        }
        panic!("no correction was proposed");
    }

    async fn approve(&self, name: &str) -> Result<pb::Correction, Status> {
        let request = pb::ApproveCorrectionRequest { name: name.to_owned(), ..Default::default() };
        Ok(self.finance().corrections().approve_correction(request).await?.into_inner())
    }

    async fn correction(&self, name: &str) -> pb::Correction {
        let request = pb::GetCorrectionRequest { name: name.to_owned() };
        self.finance().corrections().get_correction(request).await.expect("it is there").into_inner()
    }

    async fn correction_lines(&self, name: &str) -> Vec<pb::CorrectionLine> {
        let request = pb::ListCorrectionLinesRequest { parent: name.to_owned(), ..Default::default() };
        let listed = self.finance().corrections().list_correction_lines(request).await;
        listed.expect("lines can be listed").into_inner().correction_lines
    }
}

#[tokio::test]
async fn p_b19_a_rule_published_later_with_an_earlier_date_adjusts() {
    // Rule: incentive.changed-rules-are-approved.
    for database in test_databases().await {
        let world = World::on(database.open().await.expect("a fresh database opens")).await;
        autumn(&world).await;
        let run = world.close("2024-09").await;
        let september = world.issued("2024-09").await;
        world.at("2024-11-03T00:00:00Z");
        let hash = world.rule_by(&above_ten("20 %")).await;

        // Nobody has to ask: the list is there when the bundle is current, and nothing is adjusted by it.
        let proposed = world.proposed_by_itself(None).await;
        assert_eq!((proposed.state(), proposed.bundle_hash.as_str()), (State::Proposed, hash.as_str()));
        assert_eq!(proposed.proposer, "manager-1", "who published the bundle");
        assert_eq!(
            (proposed.first_period.as_str(), proposed.last_period.as_str()),
            ("periods/2024-09", "periods/2024-09")
        );
        let total = &proposed.totals[0];
        assert_eq!((cents(&total.issued), cents(&total.due), cents(&total.amount)), (270, 290, 20));
        let lines = world.correction_lines(&proposed.name).await;
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.partner.as_str(), cents(&line.issued), cents(&line.due), cents(&line.amount)))
            .collect();
        assert_eq!(told, [("partners/harbor", 135, 145, 10), ("partners/ridgeline", 135, 145, 10)]);
        assert_eq!(proposed.line_count, 2);
        assert_eq!(lines[0].corrected_line, "partners/harbor/statements/2024-09/statementLines/l-0001");
        let request = pb::GetCorrectionLineRequest { name: lines[0].name.clone() };
        let line = world.finance().corrections().get_correction_line(request).await.expect("there").into_inner();
        let root = line.explanation.and_then(|explanation| explanation.root).expect("it says why");
        assert_eq!(root.rule_id, "incentive.changed-rules-are-approved");

        // A second person agrees, and the next close pays exactly that.
        let approved = world.approve(&proposed.name).await.expect("finance did not publish it");
        assert_eq!((approved.state(), approved.reviewer.as_str()), (State::Approved, "finance-1"));
        let preview = world.preview("2024-10").await;
        let october = world.close("2024-10").await;
        assert_eq!(preview.result_hash, october.result_hash, "a preview says what the approved correction adds");
        assert_eq!(world.issued("2024-09").await, september, "what was issued stays, to the last byte");
        // The new total is 10 at 25 % and 2 at 20 %: 2.90.
        assert_eq!(world.total("2024-10").await, 290 - 270);
        let harbor = world.lines("partners/harbor/statements/2024-10").await;
        assert_eq!(harbor.iter().map(|line| cents(&line.amount)).collect::<Vec<_>>(), [10]);
        assert_eq!(harbor[0].corrected_line, lines[0].corrected_line);
        let posted = world.correction(&proposed.name).await;
        assert_eq!((posted.state(), posted.run.as_str()), (State::Posted, october.name.as_str()));
        assert!(world.replay(&run.name, 1, 0).await.identical);
        assert!(world.replay(&october.name, 2, 3).await.identical);

        // From now on September is under the new rule: a late dollar earns a fifth, without anybody's word.
        world.at("2024-12-03T00:00:00Z");
        world.used("atlas", "2024-09-22T10:00:00Z", "1.00").await;
        let november = world.close("2024-11").await;
        assert_eq!(world.total("2024-11").await, 20, "on {:?}", database.engine);
        assert!(world.replay(&october.name, 1, 1).await.identical);
        assert!(world.replay(&november.name, 1, 1).await.identical);
    }
}

#[tokio::test]
async fn without_an_approval_closed_periods_keep_their_rules() {
    let world = World::start().await;
    autumn(&world).await;
    world.close("2024-09").await;
    world.at("2024-11-03T00:00:00Z");
    world.rule_by(&above_ten("20 %")).await;
    let first = world.proposed_by_itself(None).await;
    // A late dollar of September earns by the rule that September was closed by, and October's two by the new one.
    world.used("atlas", "2024-09-22T10:00:00Z", "1.00").await;
    world.used("atlas", "2024-10-22T10:00:00Z", "2.00").await;
    world.close("2024-10").await;
    assert_eq!(world.total("2024-10").await, 10 + 40);
    // What was proposed compares with what is no longer all that was issued. A new list takes its place.
    assert_eq!(world.correction(&first.name).await.state(), State::Lapsed);
    let refused = refusal(world.approve(&first.name).await);
    assert_eq!(refused, (Code::FailedPrecondition, "CORRECTION_DECIDED".to_owned()));
    let second = world.proposed_by_itself(Some(&first.name)).await;
    assert_eq!((second.state(), second.last_period.as_str()), (State::Proposed, "periods/2024-10"));
    let amounts: Vec<_> = second.totals.iter().map(|it| (it.period.as_str(), cents(&it.amount))).collect();
    assert_eq!(amounts, [("periods/2024-09", 30), ("periods/2024-10", 0)]);

    // Refused, it does not come back, and September keeps its rules.
    let request = pb::RefuseCorrectionRequest { name: second.name.clone(), ..Default::default() };
    let refused = world.finance().corrections().refuse_correction(request).await.expect("refused").into_inner();
    assert_eq!(refused.state(), State::Refused);
    world.at("2024-12-03T00:00:00Z");
    world.used("atlas", "2024-09-23T10:00:00Z", "1.00").await;
    world.close("2024-11").await;
    assert_eq!(world.total("2024-11").await, 10);
    let request = pb::ListCorrectionsRequest::default();
    let listed = world.finance().corrections().list_corrections(request).await.expect("listed").into_inner();
    assert_eq!(listed.corrections.len(), 2);
}

#[tokio::test]
async fn adjustments_sum_to_the_new_total_minus_the_old() {
    // What a vendor would have paid that had the new rules from the start is what is paid in the end.
    let right = World::start().await;
    autumn(&right).await;
    right.rule_by(&above_ten("17.5 %")).await;
    right.close("2024-09").await;
    right.at("2024-11-03T00:00:00Z");
    for (day, billed) in [("2024-10-02", "3.33"), ("2024-10-20", "4.44")] {
        right.used("atlas", &format!("{day}T10:00:00Z"), billed).await;
    }
    right.close("2024-10").await;
    let new_total = right.total("2024-09").await + right.total("2024-10").await;

    let world = World::start().await;
    autumn(&world).await;
    world.close("2024-09").await;
    world.at("2024-11-03T00:00:00Z");
    for (day, billed) in [("2024-10-02", "3.33"), ("2024-10-20", "4.44")] {
        world.used("atlas", &format!("{day}T10:00:00Z"), billed).await;
    }
    world.close("2024-10").await;
    let old_total = world.total("2024-09").await + world.total("2024-10").await;
    let issued = (world.issued("2024-09").await, world.issued("2024-10").await);

    // Publish with a past date, and see the list for approval first: the bundle is staged only.
    world.at("2024-12-03T00:00:00Z");
    let hash = world.stage(&above_ten("17.5 %")).await;
    let proposed = world.propose(&hash, "").await.expect("computed");
    let amounts: i64 = world.correction_lines(&proposed.name).await.iter().map(|line| cents(&line.amount)).sum();
    assert_eq!(amounts, new_total - old_total);
    assert_ne!(amounts, 0, "the rule changes something");
    assert_eq!(proposed.totals.iter().map(|total| cents(&total.due)).sum::<i64>(), new_total);
    assert_eq!(proposed.totals.iter().map(|total| cents(&total.issued)).sum::<i64>(), old_total);
    world.approve(&proposed.name).await.expect("somebody else agrees");
    world.publish(&hash).await;
    world.preview("2024-11").await;
    world.close("2024-11").await;
    assert_eq!(world.total("2024-11").await, new_total - old_total);
    assert_eq!((world.issued("2024-09").await, world.issued("2024-10").await), issued);
}

#[tokio::test]
async fn late_facts_are_adjusted_beside_what_was_approved() {
    let world = World::start().await;
    autumn(&world).await;
    world.close("2024-09").await;
    world.at("2024-11-03T00:00:00Z");
    let hash = world.rule_by(&above_ten("20 %")).await;
    let proposed = world.proposed_by_itself(None).await;
    world.approve(&proposed.name).await.expect("approved");
    world.at("2024-11-04T00:00:00Z");
    world.used("atlas", "2024-09-22T10:00:00Z", "2.00").await;
    let october = world.close("2024-10").await;
    assert_eq!(october.bundle_hash, hash);
    // Approved: 0.10 each. Late: 2.00 more at a fifth, of 14.00 now shared 6 : 8.
    let mut amounts = Vec::new();
    for partner in ["harbor", "ridgeline"] {
        let lines = world.lines(&format!("partners/{partner}/statements/2024-10")).await;
        let mut own: Vec<i64> = lines.iter().map(|line| cents(&line.amount)).collect();
        own.sort_unstable();
        amounts.push(own);
    }
    assert!(
        amounts.iter().all(|own| own.contains(&10)),
        "the approved adjustment stands as it was approved: {amounts:?}"
    );
    assert_eq!(amounts.into_iter().flatten().sum::<i64>(), 330 - 270);
    assert!(world.replay(&october.name, 2, 2).await.identical);
}

#[tokio::test]
async fn a_bundle_that_changes_nothing_needs_no_word() {
    let world = World::start().await;
    autumn(&world).await;
    world.close("2024-09").await;
    world.at("2024-11-03T00:00:00Z");
    // Nobody of September bought in the enterprise motion.
    let mut documents = sample();
    for (_, text) in &mut documents {
        *text = text.replace("enterprise: 8 %", "enterprise: 9 %");
    }
    world.rule_by(&documents).await;
    let found = world.proposed_by_itself(None).await;
    assert_eq!((found.state(), found.line_count), (State::Unchanged, 0));
    let refused = refusal(world.approve(&found.name).await);
    assert_eq!(refused, (Code::FailedPrecondition, "CORRECTION_DECIDED".to_owned()));
    world.close("2024-10").await;
    assert_eq!(world.total("2024-10").await, 0);
}

#[tokio::test]
async fn corrections_are_refused_with_reasons() {
    let world = World::start().await;
    autumn(&world).await;
    let hash = world.stage(&above_ten("20 %")).await;
    assert_eq!(refusal(world.propose(&hash, "").await).1, "NOTHING_CLOSED");
    world.close("2024-09").await;
    assert_eq!(refusal(world.propose(&hash, "periods/2024-08").await).1, "PERIOD_NOT_CLOSED");
    assert_eq!(refusal(world.propose(&"0".repeat(64), "").await).1, "BUNDLE_NOT_STAGED");
    let empty = world.manager().corrections().propose_correction(pb::ProposeCorrectionRequest::default()).await;
    assert_eq!(refusal(empty).0, Code::InvalidArgument);
    let proposed = world.propose(&hash, "periods/2024-09").await.expect("computed");
    let open = refusal(world.propose(&hash, "").await);
    assert_eq!(open, (Code::AlreadyExists, "CORRECTION_OPEN".to_owned()));

    let own = pb::ApproveCorrectionRequest { name: proposed.name.clone(), ..Default::default() };
    let own = refusal(world.manager().corrections().approve_correction(own).await);
    assert_eq!(own, (Code::PermissionDenied, "APPROVER_IS_PROPOSER".to_owned()));
    let stale =
        pb::ApproveCorrectionRequest { name: proposed.name.clone(), etag: "old".to_owned(), ..Default::default() };
    let stale = refusal(world.finance().corrections().approve_correction(stale).await);
    assert_eq!(stale, (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(refusal(world.approve("corrections/c9").await).0, Code::NotFound);
    assert_eq!(refusal(world.approve("corrections/nine").await).0, Code::InvalidArgument);
    let line = pb::GetCorrectionLineRequest { name: format!("{}/correctionLines/l-0099", proposed.name) };
    assert_eq!(refusal(world.finance().corrections().get_correction_line(line).await).0, Code::NotFound);
    let reader = world.partner("harbor").corrections().list_corrections(pb::ListCorrectionsRequest::default()).await;
    assert_eq!(refusal(reader).1, "ROLE_MISSING");

    // The bundle is not the one that closes October: its approval lapses, and nothing of it is paid.
    world.approve(&proposed.name).await.expect("approved");
    world.at("2024-11-03T00:00:00Z");
    world.close("2024-10").await;
    assert_eq!(world.total("2024-10").await, 0);
    assert_eq!(world.correction(&proposed.name).await.state(), State::Lapsed);
}
