//! `accolade.competency.v1.BundleService`.

use std::collections::BTreeSet;
use std::sync::Arc;

use program::Bundle;
use program::bundle::Announcement;
use program::check::{Finding, check};
use proto::competency::v1 as wire;
use proto::competency::v1::bundle_service_server::BundleService;
use proto::google::longrunning::Operation;
use proto::google::r#type::Date as WireDate;
use rpc::page::{Limits, Page};
use rpc::validate::Violations;
use rpc::{Caller, Fault, wire as convert};
use tonic::{Request, Response, Status};
use uuid::Uuid;
use values::{Date, Month};

use super::{once_key, operations, tier_programs, times};
use crate::Shared;
use crate::domain::award::program_id;
use crate::domain::bundle::{Document, Staged};
use crate::names;
use crate::ops::simulate_bundle::Command;
use crate::ops::{OpError, simulate_bundle, stage_bundle};
use crate::store::bundles;

/// The most documents of a bundle.
const MAX_DOCUMENTS: usize = 500;
/// The longest path, in characters.
const MAX_PATH: usize = 200;
/// The longest text, in bytes.
const MAX_TEXT: usize = 1_000_000;

/// Answers the service.
pub struct Bundles {
    shared: Arc<Shared>,
}

impl Bundles {
    /// Over the parts of this service.
    pub fn new(shared: Arc<Shared>) -> Bundles {
        Bundles { shared }
    }

    async fn describe(&self, staged: &Staged) -> Result<wire::StagedBundle, Fault> {
        let db = self.shared.store.read();
        let bundle = self.shared.rules.get(db, &staged.hash).await?;
        let current = bundles::find_current(db, None).await.map_err(OpError::from)?;
        Ok(to_proto(&bundle, staged, current.is_some_and(|current| current.hash == staged.hash)))
    }
}

#[tonic::async_trait]
impl BundleService for Bundles {
    async fn stage_bundle(
        &self,
        request: Request<wire::StageBundleRequest>,
    ) -> Result<Response<wire::StageBundleResponse>, Status> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let mut wrong = Violations::new();
        let request_id = wrong.request_id(&request.request_id);
        let documents = documents(&mut wrong, &request.documents);
        wrong.check()?;
        request.request_id.clear();
        let now = self.shared.clock.now();
        let bundle = stage_bundle::check(&documents).map_err(|error| by_index(error, &documents))?;
        let mut staged = Staged { hash: bundle.hash().to_string(), documents, staged: now };
        let db = self.shared.store.read();
        if let Some(before) = bundles::find(db, &staged.hash).await.map_err(OpError::from)? {
            staged = before;
        }
        let current = bundles::find_current(db, None).await.map_err(OpError::from)?;
        let current = current.is_some_and(|current| current.hash == staged.hash);
        let reply = wire::StageBundleResponse { staged_bundle: Some(to_proto(&bundle, &staged, current)) };
        if request.validate_only {
            return Ok(Response::new(reply));
        }
        let key = once_key(&caller, "StageBundle", request_id, &request);
        let (bundle, staged, reply) = (&bundle, &staged, &reply);
        let done = self.shared.store.once_message(&key, now, |tx| {
            Box::pin(async move {
                stage_bundle::stage(&tx, now, bundle, &staged.documents).await?;
                Ok::<_, OpError>(reply.clone())
            })
        });
        Ok(Response::new(done.await?))
    }

    async fn get_staged_bundle(
        &self,
        request: Request<wire::GetStagedBundleRequest>,
    ) -> Result<Response<wire::StagedBundle>, Status> {
        let name = &request.get_ref().name;
        let Some(hash) = names::bundle_hash(names::STAGED_BUNDLE, name) else {
            let mut wrong = Violations::new();
            wrong.add("name", "must look like `stagedBundles/{hash}`, where the hash has 64 hexadecimal digits");
            wrong.check()?;
            return Err(Fault::not_found("competency.accolade.dev/StagedBundle", name).into());
        };
        let staged = bundles::find(self.shared.store.read(), hash).await.map_err(OpError::from)?;
        let staged = staged.ok_or_else(|| Fault::not_found("competency.accolade.dev/StagedBundle", name))?;
        Ok(Response::new(self.describe(&staged).await?))
    }

    async fn list_staged_bundles(
        &self,
        request: Request<wire::ListStagedBundlesRequest>,
    ) -> Result<Response<wire::ListStagedBundlesResponse>, Status> {
        let request = request.into_inner();
        let page = Page::parse(request.page_size, &request.page_token, &[], Limits::USUAL)?;
        let found = bundles::list(self.shared.store.read(), page.after()?, page.size() + 1).await;
        let mut found = found.map_err(OpError::from)?;
        let next_page_token = page.cut(&mut found, |staged| (staged.staged.micros(), staged.hash.clone()))?;
        let mut staged_bundles = Vec::with_capacity(found.len());
        for staged in &found {
            staged_bundles.push(self.describe(staged).await?);
        }
        Ok(Response::new(wire::ListStagedBundlesResponse { staged_bundles, next_page_token }))
    }

    async fn simulate_bundle(
        &self,
        request: Request<wire::SimulateBundleRequest>,
    ) -> Result<Response<Operation>, Status> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let mut wrong = Violations::new();
        let request_id = wrong.request_id(&request.request_id);
        let bundle = staged_hash(&mut wrong, "name", &request.name);
        let compared = match request.compared_bundle.as_str() {
            "" => None,
            name => staged_hash(&mut wrong, "compared_bundle", name),
        };
        let as_of = wrong.optional_instant("effective_time", request.effective_time.as_ref());
        let programs = tier_programs(&mut wrong, &request.tier_programs);
        wrong.check()?;
        let Some(bundle) = bundle else { return Err(Fault::bug("a name was refused without a complaint").into()) };
        request.request_id.clear();
        let key = once_key(&caller, "SimulateBundle", request_id, &request);
        // The same for every attempt of the transaction; ordered by time.
        let id = format!("s-{}", Uuid::now_v7());
        let now = self.shared.clock.now();
        let known_at = times::newest(&self.shared).await;
        let (shared, id, command) = (&self.shared, &id, &Command { bundle, compared, programs, as_of, known_at });
        let done = shared.store.once_message(&key, now, |tx| {
            Box::pin(async move {
                let simulation = simulate_bundle::create(&tx, now, id, &shared.rules, command).await?;
                Ok::<_, OpError>(operations::simulating(&simulation)?.into_wire())
            })
        });
        Ok(Response::new(done.await?))
    }

    async fn show_announcements(
        &self,
        request: Request<wire::ShowAnnouncementsRequest>,
    ) -> Result<Response<wire::ShowAnnouncementsResponse>, Status> {
        let mut wrong = Violations::new();
        let known_at = wrong.optional_instant("known_time", request.get_ref().known_time.as_ref());
        wrong.check()?;
        if known_at.is_some() {
            times::known(&self.shared, known_at).await?;
        }
        // Only what is or was current is published; what is staged or proposed is nobody's but the vendor's.
        let (current, bundle) = self.shared.rules.current(self.shared.store.read(), known_at).await?;
        let announcements = bundle.announcements().into_iter().map(announcement).collect();
        Ok(Response::new(wire::ShowAnnouncementsResponse { bundle_hash: current.hash, announcements }))
    }
}

/// The hash in the name of a staged bundle.
fn staged_hash(wrong: &mut Violations, field: &str, name: &str) -> Option<String> {
    let hash = names::bundle_hash(names::STAGED_BUNDLE, name).map(str::to_owned);
    if hash.is_none() {
        wrong.add(field, "must look like `stagedBundles/{hash}`, where the hash has 64 hexadecimal digits");
    }
    hash
}

fn documents(wrong: &mut Violations, sent: &[wire::BundleDocument]) -> Vec<Document> {
    if sent.is_empty() {
        wrong.add("documents", "is required");
    }
    wrong.count("documents", sent, 0..=MAX_DOCUMENTS);
    let mut paths = BTreeSet::new();
    for (at, document) in sent.iter().enumerate() {
        wrong.within(format!("documents[{at}]"), |wrong| {
            wrong.text("path", &document.path, 1..=MAX_PATH);
            if document.text.is_empty() {
                wrong.add("text", "is required");
            } else if document.text.len() > MAX_TEXT {
                wrong.add("text", format!("must have at most {MAX_TEXT} bytes"));
            }
            if !paths.insert(&document.path) {
                wrong.add("path", "another document has the same path");
            }
        });
    }
    sent.iter().map(|it| Document { path: it.path.clone(), text: it.text.clone() }).collect()
}

/// Problems name files; violations name the place of the document in the request.
fn by_index(error: OpError, documents: &[Document]) -> Fault {
    let OpError::BundleInvalid(mut problems) = error else { return error.into() };
    for problem in &mut problems {
        if let Some(at) = documents.iter().position(|document| document.path == problem.file) {
            problem.file = at.to_string();
        }
    }
    Fault::from(OpError::BundleInvalid(problems))
}

fn announcement(announced: Announcement) -> wire::RuleAnnouncement {
    wire::RuleAnnouncement {
        document: announced.document,
        title: announced.title,
        rule: announced.rule,
        announced_value: announced.is,
        planned_start: announced.from,
        announce_date: said(&announced.said),
        source: announced.source.unwrap_or_default(),
    }
}

/// A day, or a month without its day.
fn said(text: &str) -> Option<WireDate> {
    let day = text.parse::<Date>().ok().map(convert::date);
    let month = || text.parse::<Month>().ok().map(|month| WireDate { day: 0, ..convert::date(month.last_day()) });
    day.or_else(month)
}

fn to_proto(bundle: &Bundle, staged: &Staged, current: bool) -> wire::StagedBundle {
    let programs = bundle.tier_programs().iter().map(|program| wire::staged_bundle::Program {
        tier_program: names::TIER_PROGRAM.format([&program_id(&program.id)]),
        document: program.id.clone(),
        title: program.title.clone(),
    });
    let mut paths: Vec<String> = staged.documents.iter().map(|document| document.path.clone()).collect();
    paths.sort();
    wire::StagedBundle {
        name: format!("{}{}", names::STAGED_BUNDLE, staged.hash),
        hash: staged.hash.clone(),
        programs: programs.collect(),
        paths,
        warnings: check(bundle).iter().map(Finding::to_string).collect(),
        create_time: Some(convert::timestamp(staged.staged)),
        current,
    }
}
