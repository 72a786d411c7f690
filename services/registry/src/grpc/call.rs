//! What every call has in common: who asks, when, and under which request id; the transaction
//! around a change; the page of a list.

use feed::Feed;
use prost::{Message, Name};
use proto::r#type::v1::CallerKind;
use rpc::caller::{Caller, Scope};
use rpc::fault::Fault;
use rpc::filter::{Field, Filter};
use rpc::mask::Update;
use rpc::page::{Limits, Page};
use rpc::validate::{Violations, request_hash};
use store::{OnceKey, Store, StoreError, Tx, TxFuture};
use tonic::{Request, Response, Status};
use uuid::{NoContext, Timestamp, Uuid};
use values::{Digest, Id, Instant};

use super::fault::{database, to_fault};
use crate::domain::ids::PartnerId;
use crate::ops::{self, Actor, OpError};
use crate::store::listing::{NAME, Place, SortKey};
use crate::store::record::KeyOf;
use crate::store::{ListQuery, Listed, Record};

/// The registry's services. Clones share the database and the feed.
#[derive(Clone)]
pub struct Registry {
    pub(super) store: Store,
    pub(super) feed: Feed,
    pub(super) clock: boot::Clock,
}

/// A call that changes something.
pub struct Call {
    /// Who asks.
    pub caller: Caller,
    /// The same, as far as decisions depend on it.
    pub actor: Actor,
    /// When.
    pub now: Instant,
    key: OnceKey,
    validate_only: bool,
}

/// What is asked of a change beside its content.
pub struct Terms<'a> {
    /// The method, for request ids.
    pub method: &'static str,
    /// The caller's id for the request; empty for none.
    pub request_id: &'a str,
    /// Whether the change is only to be tried.
    pub validate_only: bool,
}

impl Call {
    /// A new id for a resource whose caller chose none: ordered by time, unlike any other.
    pub fn fresh_id(&self) -> Id {
        let micros = self.now.micros().max(0).unsigned_abs();
        let nanos = u32::try_from(micros % 1_000_000).unwrap_or(0) * 1_000;
        let uuid = Uuid::new_v7(Timestamp::from_unix(NoContext, micros / 1_000_000, nanos));
        uuid.hyphenated().to_string().parse().expect("a UUID is 36 lower-case digits, letters and hyphens")
    }

    /// What kind of caller reads the reply.
    pub fn viewer(&self) -> CallerKind {
        self.caller.kind
    }

    /// The mask of an update, whose faults are complaints like others.
    pub fn mask(&self, wrong: &mut Violations, mask: Result<Update, Fault>) -> Option<Update> {
        mask.map_err(|fault| complain(wrong, &fault)).ok()
    }
}

fn complain(wrong: &mut Violations, fault: &Fault) {
    for violation in fault.violations() {
        wrong.add(&violation.field, violation.description.clone());
    }
}

/// Why a transaction around a change was rolled back.
#[derive(Debug, thiserror::Error)]
enum Undone {
    /// The change was refused.
    #[error(transparent)]
    Refused(#[from] OpError),
    /// The change was only tried; this would have been the reply.
    #[error("only tried")]
    Tried(Vec<u8>),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Undone {
        Undone::Refused(error.into())
    }
}

/// Which resource to get.
pub struct Lookup<'a, R: Record> {
    /// Its type, for faults.
    pub kind: &'static str,
    /// Its name.
    pub name: &'a str,
    /// Its key; absent if the name was complained about.
    pub key: Option<KeyOf<R>>,
    /// When it is to be as it was known.
    pub known_time: Option<&'a prost_types::Timestamp>,
}

/// The arguments of a list.
pub struct ListArguments<'a> {
    /// The owner as the request names it; empty where there is none.
    pub parent: &'a str,
    /// The same, read: absent for all owners.
    pub owner: Option<Id>,
    /// How many.
    pub page_size: i32,
    /// Where the page starts.
    pub page_token: &'a str,
    /// The filter.
    pub filter: &'a str,
    /// The order.
    pub order_by: &'a str,
    /// The instant at which the resources shall hold.
    pub effective_time: Option<&'a prost_types::Timestamp>,
}

impl Registry {
    /// Reads a request that changes something. Everything that is wrong with it is told at once.
    pub(super) fn read<Q: Message, C>(
        &self,
        request: &Request<Q>,
        terms: &Terms<'_>,
        read: impl FnOnce(&mut Violations, &Call) -> Option<C>,
    ) -> Result<(Call, C), Status> {
        let caller = Caller::of(request)?;
        let mut wrong = Violations::new();
        let request_id = wrong.request_id(terms.request_id).unwrap_or_default();
        let key = OnceKey {
            caller: caller.subject.clone(),
            method: terms.method.to_owned(),
            request_id,
            request_hash: Digest(request_hash(request.get_ref())),
        };
        let actor = actor(&caller);
        let call = Call { caller, actor, now: self.clock.now(), key, validate_only: terms.validate_only };
        let command = read(&mut wrong, &call);
        wrong.check()?;
        let unexplained = || Fault::bug("a request was refused without a complaint");
        Ok((call, command.ok_or_else(unexplained)?))
    }

    /// Makes a change once per request id and replies with what it made; tries it only, if that is
    /// asked.
    pub(super) async fn change<'e, M, F>(&self, call: &Call, body: F) -> Result<Response<M>, Status>
    where
        M: Message + Default + 'static,
        F: for<'c> Fn(Tx<'c, 'e>) -> TxFuture<'c, Result<M, OpError>> + Send + Sync + 'e,
    {
        if !call.validate_only {
            let reply = self.store.once_message(&call.key, call.now, body).await;
            return Ok(Response::new(reply.map_err(to_fault)?));
        }
        let tried = self.store.transact(move |tx| {
            let trying = body(tx);
            Box::pin(async move { Err::<(), Undone>(Undone::Tried(trying.await?.encode_to_vec())) })
        });
        match tried.await {
            Err(Undone::Tried(reply)) => Ok(Response::new(M::decode(reply.as_slice()).map_err(Fault::bug)?)),
            Err(Undone::Refused(error)) => Err(to_fault(error).into()),
            Ok(()) => Err(Fault::bug("a trial was committed").into()),
        }
    }

    /// Whether the call only tries its change.
    pub(super) fn tries(call: &Call) -> bool {
        call.validate_only
    }

    /// Gets a resource as it is, or as it was known at an instant.
    pub(super) async fn get<R: Record, M: Message + Default>(
        &self,
        found: Lookup<'_, R>,
        mut wrong: Violations,
        to_proto: fn(&R) -> M,
    ) -> Result<Response<M>, Status> {
        let Lookup { kind, name, key, known_time } = found;
        let known = wrong.optional_instant("known_time", known_time);
        wrong.check()?;
        if let Some(at) = known {
            let message = self.known(name, at).await.map_err(to_fault)?;
            return Ok(Response::new(message.ok_or_else(|| to_fault(OpError::missing(kind, &name)))?));
        }
        let key = key.ok_or_else(|| Fault::bug("a name was refused without a complaint"))?;
        let resource = ops::read::get::<R>(self.store.read(), key, kind, name).await;
        Ok(Response::new(to_proto(&resource.map_err(to_fault)?)))
    }

    /// The query of a list and its page. Everything that is wrong is told at once.
    pub(super) fn list_query<R: Listed>(
        scope: Scope,
        arguments: &ListArguments<'_>,
        mut wrong: Violations,
    ) -> Result<(ListQuery, Page), Fault> {
        let columns = R::columns();
        let fields: Vec<Field> = columns.iter().map(|column| column.field).collect();
        let orderable: Vec<&'static str> = fields.iter().map(|field| field.name).chain([NAME]).collect();
        let effective = wrong.optional_instant("effective_time", arguments.effective_time);
        let effective_text = effective.map(|at| at.to_string()).unwrap_or_default();
        let others = [arguments.parent, arguments.filter, arguments.order_by, &effective_text];
        let page = Page::parse(arguments.page_size, arguments.page_token, &others, Limits::USUAL);
        let filter = Filter::parse(arguments.filter, &fields);
        let order = rpc::order::parse(arguments.order_by, &orderable);
        match (page, filter, order) {
            (Ok(page), Ok(filter), Ok(order)) => {
                wrong.check()?;
                let after = page.after::<Vec<SortKey>>()?;
                let limit = page.size() as u64 + 1;
                let owner = arguments.owner.clone();
                Ok((ListQuery { scope, owner, filter, order, effective, after, limit }, page))
            }
            (page, filter, order) => {
                let mut faults: Vec<Fault> = [page.err(), filter.err(), order.err()].into_iter().flatten().collect();
                if faults.len() == 1 && wrong.is_empty() {
                    return Err(faults.remove(0));
                }
                faults.iter().for_each(|fault| complain(&mut wrong, fault));
                Err(wrong.check().err().unwrap_or_else(|| Fault::bug("a list was refused without a complaint")))
            }
        }
    }

    /// Lists resources: a page of them and the token of the next.
    pub(super) async fn list<R: Listed>(
        &self,
        scope: Scope,
        arguments: &ListArguments<'_>,
        wrong: Violations,
    ) -> Result<(Vec<R>, String), Status> {
        let (query, page) = Self::list_query::<R>(scope, arguments, wrong)?;
        let places = ops::read::list::<R>(self.store.read(), &query).await.map_err(to_fault)?;
        Self::cut(&page, places)
    }

    pub(super) fn cut<R>(page: &Page, mut places: Vec<Place<R>>) -> Result<(Vec<R>, String), Status> {
        let token = page.cut(&mut places, |place| place.keys.clone())?;
        Ok((places.into_iter().map(|place| place.item).collect(), token))
    }

    /// The message of a resource as it was known at an instant; `None` if it was not known then.
    pub(super) async fn known<M: Message + Default>(&self, name: &str, at: Instant) -> Result<Option<M>, OpError> {
        self.feed.seal(at).await?;
        let change = feed::known_at(self.store.read(), name, at).await?;
        let decoded = change.filter(|change| !change.is_tombstone()).map(|change| change.message::<M>());
        decoded.transpose().map_err(|error| StoreError::bug(format!("the history of {name}: {error}")).into())
    }

    /// All resources of a type as they were known at an instant.
    pub(super) async fn known_all<M: Message + Name + Default>(&self, at: Instant) -> Result<Vec<M>, OpError> {
        const PAGE: usize = 1_000;
        self.feed.seal(at).await?;
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let page = feed::list_known_at(self.store.read(), &M::full_name(), at, after, PAGE).await?;
            for change in &page {
                let damaged = |error| StoreError::bug(format!("the history of {}: {error}", change.aggregate));
                all.push(change.message::<M>().map_err(damaged)?);
                after = change.position;
            }
            if page.len() < PAGE {
                return Ok(all);
            }
        }
    }
}

/// Who asks, as far as decisions depend on it. Customers may call no method that changes anything,
/// and act for no partner.
fn actor(caller: &Caller) -> Actor {
    match caller.kind {
        CallerKind::Staff | CallerKind::Service => Actor::Vendor,
        CallerKind::Partner | CallerKind::Customer | CallerKind::Unspecified => {
            let ids = caller.accounts.iter().filter_map(|account| account.strip_prefix("partners/"));
            Actor::Partner(ids.filter_map(|id| id.parse().ok().map(PartnerId)).collect())
        }
    }
}

/// A failure of the database as a status.
pub(super) fn unanswered(error: impl Into<StoreError>) -> Status {
    database(error.into()).into()
}
