//! Who calls, and what of a list they may see.

use proto::r#type::v1::{CallerKind, Role};

use crate::fault::Fault;

/// Who calls. The server stack puts it into the extensions of every request after it has verified
/// the token; nothing else makes one there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The person or workload, as its identity provider names it. Never a person's name.
    pub subject: String,
    /// What kind of caller it is.
    pub kind: CallerKind,
    /// What it may do. Only roles of its kind.
    pub roles: Vec<Role>,
    /// The accounts it acts for: `partners/contoso`, `customers/adatum`. Empty for staff and services.
    pub accounts: Vec<String>,
}

impl Caller {
    /// A service of the suite, or a job of the vendor, by its workload name.
    pub fn service(name: &str) -> Caller {
        Caller { subject: name.to_owned(), kind: CallerKind::Service, roles: Vec::new(), accounts: Vec::new() }
    }

    /// A person of the vendor.
    pub fn staff(subject: &str, role: Role) -> Caller {
        Caller { subject: subject.to_owned(), kind: CallerKind::Staff, roles: vec![role], accounts: Vec::new() }
    }

    /// A person of a partner account, by resource name.
    pub fn partner(subject: &str, role: Role, account: &str) -> Caller {
        Caller {
            subject: subject.to_owned(),
            kind: CallerKind::Partner,
            roles: vec![role],
            accounts: vec![account.to_owned()],
        }
    }

    /// A person of a customer, by resource name.
    pub fn customer(subject: &str, role: Role, account: &str) -> Caller {
        Caller {
            subject: subject.to_owned(),
            kind: CallerKind::Customer,
            roles: vec![role],
            accounts: vec![account.to_owned()],
        }
    }

    /// The caller of a request.
    ///
    /// # Errors
    /// A defect when the request did not come through the server stack.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Caller, Fault> {
        request.extensions().get::<Caller>().cloned().ok_or_else(|| Fault::bug("a call without a verified caller"))
    }

    /// Whether it holds the role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it is vendor staff, of any role.
    pub fn is_staff(&self) -> bool {
        self.kind == CallerKind::Staff
    }

    /// Whether it acts for this very account; the tree below it is the owning service's to know.
    pub fn acts_for(&self, account: &str) -> bool {
        self.accounts.iter().any(|mine| mine == account)
    }
}

/// What of a list its caller may see. A store query over resources of partners or customers takes
/// one, so that no list can forget it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything: staff and services.
    Everything,
    /// What belongs to these partner accounts or those below them, and where the method says so,
    /// what their recognition opens. Names: `partners/contoso`.
    Partners(Vec<String>),
    /// What belongs to these customers. Names: `customers/adatum`.
    Customers(Vec<String>),
}

impl Scope {
    /// The scope of a request's caller.
    ///
    /// # Errors
    /// A defect when the request did not come through the server stack.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Scope, Fault> {
        Caller::of(request).map(|caller| Scope::for_caller(&caller))
    }

    /// The scope of a caller.
    pub fn for_caller(caller: &Caller) -> Scope {
        let below = |collection: &str| {
            caller.accounts.iter().filter(|account| account.starts_with(collection)).cloned().collect()
        };
        match caller.kind {
            CallerKind::Staff | CallerKind::Service => Scope::Everything,
            CallerKind::Partner => Scope::Partners(below("partners/")),
            CallerKind::Customer => Scope::Customers(below("customers/")),
            CallerKind::Unspecified => Scope::Customers(Vec::new()),
        }
    }
}

/// How a caller stands to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the caller's, or belongs to an account below the caller's.
    Owner,
    /// It is not, but the caller's recognition on it grants insights.
    Recognized,
    /// Neither, or there is no such resource.
    None,
}

/// Decides how partners and customers stand to resources: the owning service, from its own data.
/// The server stack asks before the handler is called.
#[async_trait::async_trait]
pub trait Ownership: Send + Sync + 'static {
    /// How the caller stands to the resource. The name is as the request has it, unchecked.
    ///
    /// # Errors
    /// Only when it cannot be found out; a resource that is missing is [`Standing::None`].
    async fn standing(&self, caller: &Caller, resource: &str) -> Result<Standing, Fault>;
}

/// Ownership by name alone: a resource belongs to the account at the start of its name, without a
/// tree of accounts. For services whose resources all stand below an account, and for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByName;

#[async_trait::async_trait]
impl Ownership for ByName {
    async fn standing(&self, caller: &Caller, resource: &str) -> Result<Standing, Fault> {
        let mine = caller.acts_for(crate::name::account(resource));
        Ok(if mine { Standing::Owner } else { Standing::None })
    }
}
