//! Signed tokens that say who calls: bearer tokens at the gateway, and the short-lived callers
//! that the gateway and the services send each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use proto::r#type::v1::{CallerKind, Role};
use serde::{Deserialize, Serialize};
use values::Instant;

use crate::caller::Caller;
use crate::fault::{Fault, Kind, SHARED_DOMAIN};

/// The one clock, as this crate needs it.
pub type Now = Arc<dyn Fn() -> Instant + Send + Sync>;

/// How far the clocks of two services may be apart.
const LEEWAY_MICROS: i64 = 10_000_000;

/// How many verified tokens are remembered, so that a signature is checked once and not at every call.
const REMEMBERED: usize = 4_096;

/// How long a caller lives that one service sends to another.
pub const HOP: Duration = Duration::from_secs(300);

/// Who a token is for. A token for one is refused by the other: what a person holds is no use
/// beside the gateway, and what services exchange is no use at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Bearer tokens of people and jobs.
    Gateway,
    /// Callers between services.
    Services,
}

impl Audience {
    fn name(self) -> &'static str {
        match self {
            Audience::Gateway => "accolade-gateway",
            Audience::Services => "accolade-services",
        }
    }
}

/// Issues and verifies the tokens of one audience, signed with one key (HS256).
#[derive(Clone)]
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    audience: Audience,
    now: Now,
    verified: Arc<Mutex<HashMap<String, Verified>>>,
}

/// What a token said when its signature was checked.
#[derive(Clone)]
struct Verified {
    caller: Caller,
    /// In microseconds, leeway included.
    expires: i64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accounts: Vec<String>,
    iat: i64,
    exp: i64,
}

impl Tokens {
    /// Tokens of this audience. The key is a secret of the installation, at least 32 bytes; the
    /// clock decides what has expired.
    pub fn new(key: &[u8], audience: Audience, now: Now) -> Tokens {
        let (encoding, decoding) = (EncodingKey::from_secret(key), DecodingKey::from_secret(key));
        Tokens { encoding, decoding, audience, now, verified: Arc::default() }
    }

    /// The clock that decides what has expired.
    pub(crate) fn now(&self) -> Now {
        self.now.clone()
    }

    /// A signed token for this caller that lives so long.
    ///
    /// # Errors
    /// A defect when signing fails.
    pub fn issue(&self, caller: &Caller, lifetime: Duration) -> Result<String, Fault> {
        let now = (self.now)().micros().div_euclid(1_000_000);
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: "accolade".to_owned(),
            aud: self.audience.name().to_owned(),
            sub: caller.subject.clone(),
            kind: kind_name(caller.kind).to_owned(),
            roles: caller.roles.iter().map(|role| role_name(*role).to_owned()).collect(),
            accounts: caller.accounts.clone(),
            iat: now,
            exp: now.saturating_add(seconds),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(Fault::bug)
    }

    /// The caller in a token.
    ///
    /// # Errors
    /// UNAUTHENTICATED: TOKEN_INVALID or TOKEN_EXPIRED.
    pub fn verify(&self, token: &str) -> Result<Caller, Fault> {
        let known = self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned();
        let verified = match known {
            Some(verified) => verified,
            None => {
                let fresh = self.check_signature(token)?;
                let mut all = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
                // A token is used for minutes; forgetting all of them now and then costs one check each.
                if all.len() >= REMEMBERED {
                    all.clear();
                }
                all.insert(token.to_owned(), fresh.clone());
                fresh
            }
        };
        if (self.now)().micros() > verified.expires {
            return Err(refused("TOKEN_EXPIRED", "the token has expired"));
        }
        Ok(verified.caller)
    }

    fn check_signature(&self, token: &str) -> Result<Verified, Fault> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[self.audience.name()]);
        rules.set_issuer(&["accolade"]);
        rules.set_required_spec_claims(&["exp", "aud", "iss"]);
        // The library knows only the clock of the machine; ours is passed in.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &rules)
            .map_err(|error| refused("TOKEN_INVALID", "the token is not one of ours").caused_by(error))?
            .claims;
        let kind = parse_kind(&claims.kind).ok_or_else(|| refused("TOKEN_INVALID", "the token names no known kind"))?;
        // A role of another kind gives nothing: a customer that claims `finance` has no role.
        let roles = claims.roles.iter().filter_map(|name| find_role(kind, name)).collect();
        let expires = claims.exp.saturating_mul(1_000_000).saturating_add(LEEWAY_MICROS);
        Ok(Verified { caller: Caller { subject: claims.sub, kind, roles, accounts: claims.accounts }, expires })
    }

    /// The caller in the `authorization` header.
    ///
    /// # Errors
    /// UNAUTHENTICATED, also when there is none.
    pub fn verify_headers(&self, headers: &http::HeaderMap) -> Result<Caller, Fault> {
        let header = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|text| text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("bearer ")));
        match token {
            Some(token) => self.verify(token.trim()),
            None => Err(refused("TOKEN_MISSING", "the call carries no bearer token")),
        }
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("audience", &self.audience).finish_non_exhaustive()
    }
}

fn refused(reason: &'static str, message: &str) -> Fault {
    Fault::new(Kind::Unauthenticated, SHARED_DOMAIN, reason, message)
}

/// The roles, their names in tokens, and the kind of caller that may hold them.
const ROLES: [(Role, &str, CallerKind); 8] = [
    (Role::ProgramManager, "program-manager", CallerKind::Staff),
    (Role::Finance, "finance", CallerKind::Staff),
    (Role::Support, "support", CallerKind::Staff),
    (Role::Auditor, "auditor", CallerKind::Staff),
    (Role::PartnerAdministrator, "administrator", CallerKind::Partner),
    (Role::PartnerReader, "reader", CallerKind::Partner),
    (Role::CustomerOwner, "owner", CallerKind::Customer),
    (Role::CustomerReader, "reader", CallerKind::Customer),
];

/// Every role that a caller may hold.
pub fn all_roles() -> impl Iterator<Item = Role> {
    ROLES.iter().map(|(role, _, _)| *role)
}

/// The kind of caller that may hold the role.
pub fn kind_of(role: Role) -> CallerKind {
    ROLES.iter().find(|it| it.0 == role).map_or(CallerKind::Unspecified, |it| it.2)
}

/// The role's name in tokens. Readers of partners and of customers share one; the kind tells them apart.
pub fn role_name(role: Role) -> &'static str {
    ROLES.iter().find(|it| it.0 == role).map_or("", |it| it.1)
}

/// The role with this name for this kind of caller.
pub fn find_role(kind: CallerKind, name: &str) -> Option<Role> {
    ROLES.iter().find(|it| it.1 == name && it.2 == kind).map(|it| it.0)
}

fn kind_name(kind: CallerKind) -> &'static str {
    match kind {
        CallerKind::Staff => "staff",
        CallerKind::Partner => "partner",
        CallerKind::Customer => "customer",
        CallerKind::Service => "service",
        CallerKind::Unspecified => "",
    }
}

/// The kind with this name in tokens.
pub fn parse_kind(name: &str) -> Option<CallerKind> {
    match name {
        "staff" => Some(CallerKind::Staff),
        "partner" => Some(CallerKind::Partner),
        "customer" => Some(CallerKind::Customer),
        "service" => Some(CallerKind::Service),
        _ => None,
    }
}
