//! People and their links, on the wire. A reply that is kept with a request id holds no name: it is
//! filled in from the one table that has it, each time.

use proto::registry::v1;
use proto::registry::v1::learner_service_server::LearnerService;
use rpc::caller::Scope;
use rpc::fault::Fault;
use rpc::validate::Violations;
use tonic::{Code, Request, Response, Status, async_trait};

use super::call::{ListArguments, Lookup, Registry, Terms, unanswered};
use super::fault::to_fault;
use super::{from_proto, to_proto};
use crate::domain::ids::{LearnerId, PartnerId};
use crate::domain::people::{Learner, LearnerLink};
use crate::ops;
use crate::ops::read::is_within;
use crate::store::learners::find_people;

#[async_trait]
impl LearnerService for Registry {
    async fn get_learner(&self, request: Request<v1::GetLearnerRequest>) -> Result<Response<v1::Learner>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let key = from_proto::learner_id(&mut wrong, "name", &message.name).map(|id| id.as_str().to_owned());
        let found = Lookup { kind: "Learner", name: &message.name, key, known_time: None };
        let reply = self.get::<Learner, _>(found, wrong, to_proto::learner).await?;
        self.with_person(reply).await
    }

    async fn list_learners(
        &self,
        request: Request<v1::ListLearnersRequest>,
    ) -> Result<Response<v1::ListLearnersResponse>, Status> {
        let message = request.get_ref();
        let arguments = ListArguments {
            parent: "",
            owner: None,
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: None,
        };
        let (found, next_page_token) =
            self.list::<Learner>(Scope::of(&request)?, &arguments, Violations::new()).await?;
        let learners = self.with_people(found.iter().map(to_proto::learner).collect()).await?;
        Ok(Response::new(v1::ListLearnersResponse { learners, next_page_token }))
    }

    async fn create_learner(
        &self,
        request: Request<v1::CreateLearnerRequest>,
    ) -> Result<Response<v1::Learner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "CreateLearner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_learner(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::learner(&ops::create_learner(&tx, now, command).await?)) })
        });
        let reply = change.await?;
        if Registry::tries(&call) {
            return Ok(Response::new(to_proto::with_person(reply.into_inner(), command.person.clone())));
        }
        self.with_person(reply).await
    }

    async fn batch_create_learners(
        &self,
        request: Request<v1::BatchCreateLearnersRequest>,
    ) -> Result<Response<v1::BatchCreateLearnersResponse>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "BatchCreateLearners",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::batch_create_learners(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let mut learners = Vec::with_capacity(command.len());
                for one in command {
                    learners.push(to_proto::learner(&ops::create_learner(&tx, now, one).await?));
                }
                Ok(v1::BatchCreateLearnersResponse { learners })
            })
        });
        let reply = change.await?;
        if Registry::tries(&call) {
            return Ok(reply);
        }
        let learners = self.with_people(reply.into_inner().learners).await?;
        Ok(Response::new(v1::BatchCreateLearnersResponse { learners }))
    }

    async fn update_learner(
        &self,
        request: Request<v1::UpdateLearnerRequest>,
    ) -> Result<Response<v1::Learner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "UpdateLearner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::update_learner(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::learner(&ops::update_learner(&tx, now, command).await?)) })
        });
        let reply = change.await?;
        if Registry::tries(&call) {
            return Ok(reply);
        }
        self.with_person(reply).await
    }

    async fn erase_learner(&self, request: Request<v1::EraseLearnerRequest>) -> Result<Response<v1::Learner>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "EraseLearner", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, _| {
            let id = from_proto::learner_id(wrong, "name", &message.name);
            from_proto::target(id, &message.etag)
        })?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::learner(&ops::erase_learner(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn get_learner_link(
        &self,
        request: Request<v1::GetLearnerLinkRequest>,
    ) -> Result<Response<v1::LearnerLink>, Status> {
        let (message, scope) = (request.get_ref(), Scope::of(&request)?);
        let mut wrong = Violations::new();
        let key = from_proto::of_learner(&mut wrong, "name", &message.name, from_proto::LINK);
        let key = key.map(|key| (key.owner.as_str().to_owned(), key.id.to_string()));
        let known_time = message.known_time.as_ref();
        let found = Lookup { kind: "LearnerLink", name: &message.name, key, known_time };
        let reply = self.get::<LearnerLink, _>(found, wrong, to_proto::link).await;
        if scope == Scope::Everything {
            return reply;
        }
        // Who may not see a link does not learn whether it is there.
        let hidden = || Status::from(Fault::not_owned(&message.name));
        let link = reply.map_err(|status| if status.code() == Code::NotFound { hidden() } else { status })?;
        let partner = from_proto::PARTNER.parse::<1>(&link.get_ref().partner).map_err(|_| hidden())?;
        let [id] = partner;
        let partner = ops::read::get_partner(self.store.read(), &PartnerId(id)).await.map_err(to_fault)?;
        if is_within(&scope, &partner) { Ok(link) } else { Err(hidden()) }
    }

    async fn list_learner_links(
        &self,
        request: Request<v1::ListLearnerLinksRequest>,
    ) -> Result<Response<v1::ListLearnerLinksResponse>, Status> {
        let message = request.get_ref();
        let mut wrong = Violations::new();
        let owner = wrong.parent("parent", &message.parent, from_proto::LEARNER);
        let arguments = ListArguments {
            parent: &message.parent,
            owner: owner.and_then(|[id]| id),
            page_size: message.page_size,
            page_token: &message.page_token,
            filter: &message.filter,
            order_by: &message.order_by,
            effective_time: message.effective_time.as_ref(),
        };
        let (found, next_page_token) = self.list::<LearnerLink>(Scope::of(&request)?, &arguments, wrong).await?;
        let learner_links = found.iter().map(to_proto::link).collect();
        Ok(Response::new(v1::ListLearnerLinksResponse { learner_links, next_page_token }))
    }

    async fn create_learner_link(
        &self,
        request: Request<v1::CreateLearnerLinkRequest>,
    ) -> Result<Response<v1::LearnerLink>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "CreateLearnerLink",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::create_learner_link(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::link(&ops::create_learner_link(&tx, now, command).await?)) })
        });
        change.await
    }

    async fn batch_create_learner_links(
        &self,
        request: Request<v1::BatchCreateLearnerLinksRequest>,
    ) -> Result<Response<v1::BatchCreateLearnerLinksResponse>, Status> {
        let message = request.get_ref();
        let terms = Terms {
            method: "BatchCreateLearnerLinks",
            request_id: &message.request_id,
            validate_only: message.validate_only,
        };
        let (call, command) =
            self.read(&request, &terms, |wrong, call| from_proto::batch_create_learner_links(wrong, message, call))?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move {
                let mut learner_links = Vec::with_capacity(command.len());
                for one in command {
                    learner_links.push(to_proto::link(&ops::create_learner_link(&tx, now, one).await?));
                }
                Ok(v1::BatchCreateLearnerLinksResponse { learner_links })
            })
        });
        change.await
    }

    async fn end_learner_link(
        &self,
        request: Request<v1::EndLearnerLinkRequest>,
    ) -> Result<Response<v1::LearnerLink>, Status> {
        let message = request.get_ref();
        let terms =
            Terms { method: "EndLearnerLink", request_id: &message.request_id, validate_only: message.validate_only };
        let (call, command) = self.read(&request, &terms, |wrong, call| {
            let key = from_proto::of_learner(wrong, "name", &message.name, from_proto::LINK);
            let end = from_proto::end(wrong, key, &message.etag, message.end_time.as_ref());
            from_proto::not_ahead(wrong, "end_time", end.as_ref().and_then(|end| end.at), call.now);
            Some((end?, call.actor.clone()))
        })?;
        let (now, command) = (call.now, &command);
        let change = self.change(&call, move |tx| {
            Box::pin(async move { Ok(to_proto::link(&ops::end_learner_link(&tx, now, &command.0, &command.1).await?)) })
        });
        change.await
    }
}

impl Registry {
    /// Fills in name and address.
    async fn with_person(&self, reply: Response<v1::Learner>) -> Result<Response<v1::Learner>, Status> {
        let mut learners = self.with_people(vec![reply.into_inner()]).await?;
        let learner = learners.pop().ok_or_else(|| Fault::bug("one learner in, none out"))?;
        Ok(Response::new(learner))
    }

    /// Fills in names and addresses.
    async fn with_people(&self, learners: Vec<v1::Learner>) -> Result<Vec<v1::Learner>, Status> {
        let id = |learner: &v1::Learner| from_proto::LEARNER.parse::<1>(&learner.name).ok().map(|[id]| LearnerId(id));
        let ids: Vec<LearnerId> = learners.iter().filter_map(id).collect();
        let mut people = find_people(self.store.read(), &ids).await.map_err(unanswered)?;
        let filled = learners.into_iter().map(|learner| {
            let person = id(&learner).and_then(|id| people.remove(id.as_str())).unwrap_or_default();
            to_proto::with_person(learner, person)
        });
        Ok(filled.collect())
    }
}
