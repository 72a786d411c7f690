//! What a call answers when it cannot do what it was asked: one value, one conversion to a status.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

/// The domain of the reasons in `accolade.type.v1.ErrorReason`.
pub const SHARED_DOMAIN: &str = "accolade.type";

/// What the caller reads when the service itself is at fault.
const INTERNAL_TEXT: &str = "the service failed; its operators find the details under the trace id";

/// The sort of failure; decides the status code and what a caller should do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong in itself, whatever the state.
    InvalidArgument,
    /// The request is right, the state is not.
    FailedPrecondition,
    /// Past the end of something that grows.
    OutOfRange,
    /// No such resource, for a caller who may know that.
    NotFound,
    /// The resource is there already.
    AlreadyExists,
    /// The caller may not.
    PermissionDenied,
    /// The caller is not known.
    Unauthenticated,
    /// Another change was in the way: read again and retry.
    Aborted,
    /// A limit is reached.
    ResourceExhausted,
    /// Something does not answer now: retry.
    Unavailable,
    /// Out of time.
    DeadlineExceeded,
    /// Given up by the caller or an operator.
    Cancelled,
    /// No such method.
    Unimplemented,
    /// A defect of ours. The caller sees a fixed text.
    Internal,
}

impl Kind {
    /// The status code.
    pub fn code(self) -> Code {
        match self {
            Kind::InvalidArgument => Code::InvalidArgument,
            Kind::FailedPrecondition => Code::FailedPrecondition,
            Kind::OutOfRange => Code::OutOfRange,
            Kind::NotFound => Code::NotFound,
            Kind::AlreadyExists => Code::AlreadyExists,
            Kind::PermissionDenied => Code::PermissionDenied,
            Kind::Unauthenticated => Code::Unauthenticated,
            Kind::Aborted => Code::Aborted,
            Kind::ResourceExhausted => Code::ResourceExhausted,
            Kind::Unavailable => Code::Unavailable,
            Kind::DeadlineExceeded => Code::DeadlineExceeded,
            Kind::Cancelled => Code::Cancelled,
            Kind::Unimplemented => Code::Unimplemented,
            Kind::Internal => Code::Internal,
        }
    }
}

/// One field of the request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field in the request: `partner.display_name`, `records[3].quantity`.
    pub field: String,
    /// What is wrong, as a sentence that says what would be right.
    pub description: String,
}

/// One condition of the state that is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precondition {
    /// The sort of condition, for machines: `AGREEMENT`, `PERIOD_OPEN`.
    pub kind: String,
    /// The resource whose state it is.
    pub subject: String,
    /// What is missing, as a sentence.
    pub description: String,
}

/// A failure with its reason. Becomes a status with exactly one `ErrorInfo`.
pub struct Fault(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: Kind,
    domain: &'static str,
    reason: &'static str,
    message: String,
    metadata: BTreeMap<String, String>,
    violations: Vec<Violation>,
    preconditions: Vec<Precondition>,
    resource: Option<(String, String)>,
    retry: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// A failure of this kind. `domain` says whose reasons these are: a service uses
    /// `accolade.<service>`. `reason` is the name of a value of the package's `ErrorReason`; its
    /// prefix is dropped, so that `ErrorReason::X.as_str_name()` can be passed as it is. `message`
    /// is a sentence for a developer, without personal data.
    pub fn new(kind: Kind, domain: &'static str, reason: &'static str, message: impl Into<String>) -> Fault {
        Fault(Box::new(Parts {
            kind,
            domain,
            reason: reason.strip_prefix("ERROR_REASON_").unwrap_or(reason),
            message: message.into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            preconditions: Vec::new(),
            resource: None,
            retry: None,
            source: None,
        }))
    }

    /// A defect of ours: INTERNAL with a fixed text. The source is logged, never sent.
    pub fn bug(source: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
        let mut fault = Fault::new(Kind::Internal, SHARED_DOMAIN, "INTERNAL", INTERNAL_TEXT);
        fault.0.source = Some(source.into());
        fault
    }

    /// Something we need does not answer: UNAVAILABLE, the caller retries. The source is logged.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
        let mut fault =
            Fault::new(Kind::Unavailable, SHARED_DOMAIN, "UNAVAILABLE", "something this call needs does not answer");
        fault.0.source = Some(source.into());
        fault
    }

    /// Another writer was in the way for too long: ABORTED, the caller retries the whole call.
    pub fn contended() -> Fault {
        Fault::new(Kind::Aborted, SHARED_DOMAIN, "CONTENDED", "another change was in the way; retry")
    }

    /// Wrong fields: INVALID_ARGUMENT with all of them.
    pub fn invalid(violations: Vec<Violation>) -> Fault {
        let mut fault = Fault::new(Kind::InvalidArgument, SHARED_DOMAIN, "INVALID_FIELDS", "");
        fault.0.message = match violations.as_slice() {
            [one] => format!("{}: {}", one.field, one.description),
            all => format!("{} fields are wrong", all.len()),
        };
        fault.0.violations = violations;
        fault
    }

    /// One wrong field.
    pub fn wrong(field: impl Into<String>, description: impl Into<String>) -> Fault {
        Fault::invalid(vec![Violation { field: field.into(), description: description.into() }])
    }

    /// No such resource, for a caller who may know that.
    pub fn not_found(resource_type: &str, name: &str) -> Fault {
        Fault::new(Kind::NotFound, SHARED_DOMAIN, "NOT_FOUND", format!("{name} does not exist"))
            .with("resource", name)
            .about(resource_type, name)
    }

    /// The caller does not own the resource, or it does not exist; the answer does not tell which.
    pub fn not_owned(name: &str) -> Fault {
        let message = format!("{name} does not exist, or the caller has no right to it");
        Fault::new(Kind::PermissionDenied, SHARED_DOMAIN, "RESOURCE_NOT_OWNED", message).with("resource", name)
    }

    /// The request id was used for another request.
    pub fn request_id_reused(request_id: &str) -> Fault {
        let message = "another request was made under this request id";
        Fault::new(Kind::InvalidArgument, SHARED_DOMAIN, "REQUEST_ID_REUSED", message)
            .with("request_id", request_id)
            .violating("request_id", message)
    }

    /// Adds metadata to the reason.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Fault {
        self.0.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// Adds a wrong field.
    #[must_use]
    pub fn violating(mut self, field: impl Into<String>, description: impl Into<String>) -> Fault {
        self.0.violations.push(Violation { field: field.into(), description: description.into() });
        self
    }

    /// Adds a condition that is not met.
    #[must_use]
    pub fn requiring(
        mut self,
        kind: impl Into<String>,
        subject: impl Into<String>,
        description: impl Into<String>,
    ) -> Fault {
        let precondition = Precondition { kind: kind.into(), subject: subject.into(), description: description.into() };
        self.0.preconditions.push(precondition);
        self
    }

    /// Names the resource it is about: its type (`accolade.example/Partner`) and its name.
    #[must_use]
    pub fn about(mut self, resource_type: impl Into<String>, name: impl Into<String>) -> Fault {
        self.0.resource = Some((resource_type.into(), name.into()));
        self
    }

    /// Says when to retry.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Fault {
        self.0.retry = Some(delay);
        self
    }

    /// Adds the cause, for the log only.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
        self.0.source = Some(source.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The reason, without prefix.
    pub fn reason(&self) -> &'static str {
        self.0.reason
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The wrong fields.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// As `google.rpc.Status`, for an item of a batch or a failed operation.
    pub fn into_rpc_status(self) -> proto::google::rpc::Status {
        to_rpc_status(&Status::from(self))
    }
}

/// A status as `google.rpc.Status`, with its details.
pub fn to_rpc_status(status: &Status) -> proto::google::rpc::Status {
    use prost::Message;
    // The details of a status are this very message, encoded.
    match proto::google::rpc::Status::decode(status.details()) {
        Ok(full) if full.code != 0 => full,
        _ => proto::google::rpc::Status {
            code: status.code() as i32,
            message: status.message().to_owned(),
            details: Vec::new(),
        },
    }
}

/// `google.rpc.Status` as a status, with its details.
pub fn from_rpc_status(status: &proto::google::rpc::Status) -> Status {
    use prost::Message;
    Status::with_details(Code::from_i32(status.code), status.message.clone(), status.encode_to_vec().into())
}

impl From<Fault> for Status {
    /// The one conversion. A defect is logged here, once, with its chain of causes.
    fn from(fault: Fault) -> Status {
        let mut parts = *fault.0;
        if parts.kind == Kind::Internal {
            let trace_id = crate::trace::current_id();
            tracing::error!(%trace_id, error = %chain(parts.source.as_deref()), "a call failed by a defect");
            parts.metadata.insert("trace_id".to_owned(), trace_id);
        } else if parts.kind == Kind::Unavailable && parts.source.is_some() {
            tracing::warn!(error = %chain(parts.source.as_deref()), "a call failed because something does not answer");
        }
        let mut details = ErrorDetails::new();
        details.set_error_info(
            parts.reason,
            parts.domain,
            parts.metadata.into_iter().collect::<std::collections::HashMap<_, _>>(),
        );
        if !parts.violations.is_empty() {
            let violations = parts.violations.into_iter();
            details.set_bad_request(
                violations.map(|it| FieldViolation::new(it.field, it.description)).collect::<Vec<_>>(),
            );
        }
        if !parts.preconditions.is_empty() {
            let preconditions = parts.preconditions.into_iter();
            details.set_precondition_failure(
                preconditions
                    .map(|it| PreconditionViolation::new(it.kind, it.subject, it.description))
                    .collect::<Vec<_>>(),
            );
        }
        if let Some((resource_type, name)) = parts.resource {
            details.set_resource_info(resource_type, name, "", parts.message.clone());
        }
        if parts.retry.is_some() {
            details.set_retry_info(parts.retry);
        }
        Status::with_error_details(parts.kind.code(), parts.message, details)
    }
}

/// The reason in a status, when it carries one.
pub fn reason_of(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// What a status says about its reason under a key, when it does.
pub fn metadata_of(status: &Status, key: &str) -> Option<String> {
    status.get_details_error_info().and_then(|mut info| info.metadata.remove(key))
}

/// The fields that a status complains about, in its order.
pub fn fields_of(status: &Status) -> Vec<String> {
    let wrong = status.get_details_bad_request();
    wrong.map(|it| it.field_violations.into_iter().map(|violation| violation.field).collect()).unwrap_or_default()
}

/// A chain of causes as one line.
fn chain(source: Option<&(dyn Error + Send + Sync + 'static)>) -> String {
    let Some(first) = source else { return "no cause given".to_owned() };
    let mut text = first.to_string();
    let mut next = first.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.reason, self.0.message)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
