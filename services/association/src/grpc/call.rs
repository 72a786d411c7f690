//! What every call has in common: who asks, when, and under which request id; the transaction
//! around a change; the page of a list.

use std::sync::Arc;

use feed::Feed;
use prost::Message;
use proto::r#type::v1::CallerKind;
use rpc::caller::{Caller, Scope};
use rpc::fault::Fault;
use rpc::filter::{Field, Filter};
use rpc::page::{Limits, Page};
use rpc::validate::{Violations, request_hash};
use store::{OnceKey, Store, StoreError, Tx, TxFuture};
use tonic::{Request, Response, Status};
use values::{Digest, Instant};

use super::fault::to_fault;
use crate::domain::names::Place;
use crate::domain::saying::Speaker;
use crate::ops::ingest_usage::SeriesCache;
use crate::ops::{self, Made, OpError, Policies};
use crate::store::ListQuery;
use crate::store::listing::Listed;

/// The service. Clones share the database, the feed and what is remembered.
#[derive(Clone)]
pub struct Association {
    pub(super) store: Store,
    pub(super) feed: Feed,
    pub(super) clock: boot::Clock,
    pub(super) policies: Policies,
    pub(super) series: Arc<SeriesCache>,
}

/// A call that changes something.
pub struct Call {
    /// Who speaks, as far as decisions depend on it.
    pub speaker: Speaker,
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

/// The arguments of a list.
pub struct ListArguments<'a> {
    /// The parent as the request names it; empty where there is none.
    pub parent: &'a str,
    /// How many.
    pub page_size: i32,
    /// Where the page starts.
    pub page_token: &'a str,
    /// The filter.
    pub filter: &'a str,
    /// The order: by name, or its opposite.
    pub order_by: &'a str,
    /// The instant at which the resources shall hold.
    pub effective_time: Option<&'a prost_types::Timestamp>,
}

/// Who speaks.
pub fn speaker(caller: &Caller) -> Speaker {
    match caller.kind {
        CallerKind::Staff => Speaker::Staff,
        CallerKind::Service => Speaker::Service,
        CallerKind::Customer | CallerKind::Partner | CallerKind::Unspecified => Speaker::Owner,
    }
}

impl Association {
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
        let call = Call { speaker: speaker(&caller), now: self.clock.now(), key, validate_only: terms.validate_only };
        let command = read(&mut wrong, &call);
        wrong.check()?;
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

    /// Lists resources: a page of them and the token of the next.
    pub(super) async fn list<R: Listed>(
        &self,
        scope: Scope,
        arguments: &ListArguments<'_>,
        key: fn(&R) -> String,
    ) -> Result<(Vec<R>, String), Status> {
        let (query, page) = list_query::<R>(scope, arguments)?;
        let mut found = ops::read::list::<R>(self.store.read(), &query).await.map_err(to_fault)?;
        let token = page.cut(&mut found, key)?;
        Ok((found, token))
    }

    /// What was published of a resource, as known at an instant.
    pub(super) async fn known<M: Message + Default>(
        &self,
        kind: &'static str,
        name: &str,
        at: Instant,
    ) -> Result<Response<M>, Status> {
        let known = ops::read::known::<M>(self.store.read(), &self.feed, name, at).await.map_err(to_fault)?;
        let (message, _) = known.ok_or_else(|| to_fault(OpError::missing(kind, &name)))?;
        Ok(Response::new(message))
    }
}

/// The query of a list and its page. Everything that is wrong is told at once.
fn list_query<R: Listed>(scope: Scope, arguments: &ListArguments<'_>) -> Result<(ListQuery, Page), Fault> {
    let mut wrong = Violations::new();
    let fields: Vec<Field> = R::fields().into_iter().map(|(field, _)| field).collect();
    let (customer, subscription) = parent(&mut wrong, arguments.parent);
    let effective = wrong.optional_instant("effective_time", arguments.effective_time);
    let effective_text = effective.map(|at| at.to_string()).unwrap_or_default();
    let others = [arguments.parent, arguments.filter, arguments.order_by, &effective_text];
    let page = Page::parse(arguments.page_size, arguments.page_token, &others, Limits::USUAL);
    let filter = Filter::parse(arguments.filter, &fields);
    let order = rpc::order::parse(arguments.order_by, &["name"]);
    match (page, filter, order) {
        (Ok(page), Ok(filter), Ok(order)) => {
            wrong.check()?;
            let query = ListQuery {
                scope,
                customer,
                subscription,
                with_customers_own: true,
                filter,
                effective,
                descending: order.first().is_some_and(|order| order.descending),
                after: page.after::<String>()?,
                limit: page.size() as u64 + 1,
            };
            Ok((query, page))
        }
        (page, filter, order) => {
            let mut faults: Vec<Fault> = [page.err(), filter.err(), order.err()].into_iter().flatten().collect();
            if faults.len() == 1 && wrong.is_empty() {
                return Err(faults.remove(0));
            }
            faults.iter().for_each(|fault| complain(&mut wrong, fault));
            Err(wrong.check().err().unwrap_or_else(unexplained))
        }
    }
}

/// The customer and subscription of a list's parent; `-` means any.
fn parent(wrong: &mut Violations, parent: &str) -> (Option<String>, Option<String>) {
    if parent.is_empty() {
        return (None, None);
    }
    let whole: Result<Place, _> = parent.replace("/-", "/any").parse();
    if let Err(error) = whole {
        wrong.add("parent", error.to_string());
        return (None, None);
    }
    let mut ids = parent.split('/').skip(1).step_by(2).map(|id| Some(id.to_owned()).filter(|id| id != "-"));
    (ids.next().flatten(), ids.next().flatten())
}

/// Puts the violations of a fault among others.
pub fn complain(wrong: &mut Violations, fault: &Fault) {
    for violation in fault.violations() {
        wrong.add(&violation.field, violation.description.clone());
    }
}

/// A reader that refuses must complain.
pub fn unexplained() -> Fault {
    Fault::bug("a request was refused without a complaint")
}

/// What a single create replies: the resource, which must be new.
pub fn expect_new<T>(made: Made<T>, exists: impl FnOnce(&T) -> OpError) -> Result<T, OpError> {
    match made {
        Made::New(made) => Ok(made),
        Made::Identical(found) => Err(exists(&found)),
    }
}

/// The results of a batch: all, or every refusal. What is there already with the same content is a
/// result like any other, so that an import can be repeated.
pub struct Batch<T> {
    made: Vec<T>,
    refused: Vec<(usize, OpError)>,
    identical: i32,
}

impl<T> Default for Batch<T> {
    /// An empty batch.
    fn default() -> Batch<T> {
        Batch { made: Vec::new(), refused: Vec::new(), identical: 0 }
    }
}

impl<T> Batch<T> {
    /// Adds the result of the next request. A failure of the database ends the batch at once: after
    /// it, nothing else can be asked in this transaction.
    ///
    /// # Errors
    /// The database's.
    pub fn push(&mut self, result: Result<Made<T>, OpError>) -> Result<(), OpError> {
        let index = self.made.len() + self.refused.len();
        match result {
            Err(OpError::Store(error)) => return Err(OpError::Store(error)),
            Err(refused) => self.refused.push((index, refused)),
            Ok(made) => {
                self.identical += i32::from(made.is_identical());
                self.made.push(made.into_inner());
            }
        }
        Ok(())
    }

    /// What was made, and how many of it was there already.
    ///
    /// # Errors
    /// Every refusal.
    pub fn finish(self) -> Result<(Vec<T>, i32), OpError> {
        if self.refused.is_empty() { Ok((self.made, self.identical)) } else { Err(OpError::InBatch(self.refused)) }
    }
}
