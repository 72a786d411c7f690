//! Who may call what, as the protos declare it: the option `accolade.type.v1.access` of every method.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, MessageDescriptor, MethodDescriptor};
use proto::google::api::{HttpRule, http_rule};
use proto::r#type::v1::{Access, CallerKind, Role};

use crate::caller::Caller;
use crate::token::{all_roles, kind_of};

/// What the protos say about one method.
#[derive(Clone, Debug)]
pub struct Method {
    /// `/accolade.registry.v1.PartnerService/GetPartner`.
    pub path: String,
    /// Who may call it.
    pub access: Access,
    /// The numbers of the fields on the way to the resource that a partner or customer must own.
    pub(crate) resource: Option<Vec<u32>>,
    /// The number of the request's `request_id`.
    pub(crate) request_id: Option<u32>,
    /// The method only reads: its HTTP binding is a GET, or its name says so.
    pub read: bool,
    /// The request is a stream.
    pub client_streaming: bool,
    /// The response is a stream.
    pub server_streaming: bool,
}

/// What the protos say about all methods. A method that is not in it, or whose option names nobody,
/// is closed.
#[derive(Debug, Default)]
pub struct Policy {
    methods: BTreeMap<String, Method>,
}

/// Options that contradict the request they stand on.
#[derive(Debug, thiserror::Error)]
#[error("the access options are wrong:\n{}", .0.join("\n"))]
pub struct PolicyError(pub Vec<String>);

/// The policy of the protos that this binary was built with, and what is wrong with it.
static SHIPPED: LazyLock<Result<Policy, PolicyError>> = LazyLock::new(|| Policy::load(proto::descriptors()));

impl Policy {
    /// The policy of the protos that this binary was built with.
    ///
    /// # Errors
    /// [`PolicyError`] when an option is wrong; no server starts then.
    pub fn shipped() -> Result<&'static Policy, &'static PolicyError> {
        SHIPPED.as_ref()
    }

    /// Reads the options of every method in the pool.
    ///
    /// # Errors
    /// [`PolicyError`] naming every option that is wrong.
    pub fn load(pool: &DescriptorPool) -> Result<Policy, PolicyError> {
        let access = pool.get_extension_by_name("accolade.type.v1.access");
        let http = pool.get_extension_by_name("google.api.http");
        let (Some(access), Some(http)) = (access, http) else {
            return Err(PolicyError(vec!["the descriptor set holds no access option".to_owned()]));
        };
        let mut wrong = Vec::new();
        let mut methods = BTreeMap::new();
        for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let read = read_method(&method, &access, &http, &mut wrong);
            methods.insert(read.path.clone(), read);
        }
        if wrong.is_empty() { Ok(Policy { methods }) } else { Err(PolicyError(wrong)) }
    }

    /// The method at this path.
    pub fn find(&self, path: &str) -> Option<&Method> {
        self.methods.get(path)
    }

    /// All methods, by path.
    pub fn methods(&self) -> impl Iterator<Item = &Method> {
        self.methods.values()
    }
}

impl Method {
    /// Whether a caller of this kind and these roles may call the method at all. Which resources it
    /// may call it on is asked afterwards.
    pub fn permits(&self, caller: &Caller) -> bool {
        if self.access.anyone {
            return true;
        }
        match caller.kind {
            CallerKind::Service => self.access.services.iter().any(|name| name == "*" || *name == caller.subject),
            kind => {
                caller.roles.iter().any(|role| kind_of(*role) == kind && self.access.roles.contains(&(*role as i32)))
            }
        }
    }

    /// Whether the option names nobody.
    pub fn is_closed(&self) -> bool {
        !self.access.anyone && self.access.roles.is_empty() && self.access.services.is_empty()
    }

    /// Whether the caller must own the resource that the request names.
    pub fn asks_ownership(&self, caller: &Caller) -> bool {
        self.resource.is_some() && matches!(caller.kind, CallerKind::Partner | CallerKind::Customer)
    }
}

fn read_method(
    method: &MethodDescriptor,
    access: &ExtensionDescriptor,
    http: &ExtensionDescriptor,
    wrong: &mut Vec<String>,
) -> Method {
    let service = method.parent_service().full_name().to_owned();
    let path = format!("/{service}/{}", method.name());
    let options = method.options();
    let access = match transcode::<Access>(&options, access) {
        Some(declared) => declared,
        None if service == "google.longrunning.Operations" => operations_access(method.name()),
        None => Access::default(),
    };
    let get = transcode::<HttpRule>(&options, http)
        .is_some_and(|rule| matches!(rule.pattern, Some(http_rule::Pattern::Get(_))));
    let named =
        ["Get", "List", "BatchGet", "Search", "Check", "Wait"].iter().any(|verb| method.name().starts_with(verb));
    let mut complain = |what: &str| wrong.push(format!("{path}: {what}"));
    let outsiders = access
        .roles
        .iter()
        .filter_map(|role| Role::try_from(*role).ok())
        .any(|role| matches!(kind_of(role), CallerKind::Partner | CallerKind::Customer));
    if outsiders && access.resource.is_empty() && !access.scoped {
        complain("names partner or customer roles but neither `resource` nor `scoped`");
    }
    if access.recognized && access.resource.is_empty() {
        complain("`recognized` needs a `resource`");
    }
    if !access.resource.is_empty() && method.is_client_streaming() {
        complain("`resource` cannot be read from a stream of requests");
    }
    let resource = (!access.resource.is_empty()).then(|| field_numbers(&method.input(), &access.resource));
    if matches!(resource, Some(None)) {
        complain(&format!("`{}` is not a text field of the request", access.resource));
    }
    Method {
        path,
        resource: resource.flatten(),
        request_id: field_numbers(&method.input(), "request_id").map(|numbers| numbers[0]),
        read: get || named,
        client_streaming: method.is_client_streaming(),
        server_streaming: method.is_server_streaming(),
        access,
    }
}

/// The access to `google.longrunning.Operations`, whose proto is not ours to annotate: staff and
/// services read, those who may start operations cancel them.
fn operations_access(method: &str) -> Access {
    let roles = match method {
        "CancelOperation" | "DeleteOperation" => vec![Role::ProgramManager as i32, Role::Finance as i32],
        _ => all_roles().filter(|role| kind_of(*role) == CallerKind::Staff).map(|role| role as i32).collect(),
    };
    Access { roles, services: vec!["*".to_owned()], ..Access::default() }
}

/// The numbers of the fields on a dotted path to a text.
fn field_numbers(message: &MessageDescriptor, path: &str) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    let mut message = Some(message.clone());
    let mut text = false;
    for segment in path.split('.') {
        let field = message?.get_field_by_name(segment)?;
        numbers.push(field.number());
        text = matches!(field.kind(), prost_reflect::Kind::String) && !field.is_map();
        message = field.kind().as_message().cloned();
    }
    text.then_some(numbers)
}

fn transcode<T: prost::Message + Default>(options: &DynamicMessage, extension: &ExtensionDescriptor) -> Option<T> {
    if !options.has_extension(extension) {
        return None;
    }
    options.get_extension(extension).as_message().and_then(|message| message.transcode_to().ok())
}
