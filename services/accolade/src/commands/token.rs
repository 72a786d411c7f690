//! `accolade token`: a token for trying things out.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use boot::Clock;
use cli::output::tell;
use rpc::Caller;
use rpc::token::{Audience, Tokens, all_roles, kind_of, role_name};

use crate::args::Token;
use crate::{compose, keys};

/// Prints a token for the gateway, signed with the key of a data folder or of the configuration.
///
/// # Errors
/// When there is no such role, an account is missing, or there is no key.
pub fn run(arguments: &Token) -> Result<ExitCode> {
    let settings = super::settings(&arguments.common)?;
    let caller = caller(&arguments.role, arguments.account.as_deref())?;
    let key = keys::existing(settings.caller_key.as_ref(), &settings.data)?;
    let tokens = Tokens::new(&key, Audience::Gateway, compose::now_of(&Clock::system()));
    let token = tokens.issue(&caller, Duration::from_secs(arguments.hours.saturating_mul(3600)))?;
    tell(&format!("{token}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// The caller of a role by its full name: `finance`, `partner-reader`, `customer-owner`.
///
/// # Errors
/// When there is no such role, or its account is missing or superfluous.
pub fn caller(name: &str, account: Option<&str>) -> Result<Caller> {
    use proto::r#type::v1::CallerKind;
    let full = |role| match kind_of(role) {
        CallerKind::Partner => format!("partner-{}", role_name(role)),
        CallerKind::Customer => format!("customer-{}", role_name(role)),
        _ => role_name(role).to_owned(),
    };
    let Some(role) = all_roles().find(|role| full(*role) == name) else {
        let known: Vec<String> = all_roles().map(full).collect();
        bail!("there is no role `{name}`; the roles are {}", known.join(", "));
    };
    let subject = format!("dev-{name}");
    match (kind_of(role), account) {
        (CallerKind::Staff, None) => Ok(Caller::staff(&subject, role)),
        (CallerKind::Partner, Some(account)) if account.starts_with("partners/") => {
            Ok(Caller::partner(&subject, role, account))
        }
        (CallerKind::Customer, Some(account)) if account.starts_with("customers/") => {
            Ok(Caller::customer(&subject, role, account))
        }
        (CallerKind::Staff, Some(_)) => bail!("`{name}` acts for the vendor and takes no account"),
        (CallerKind::Partner, _) => bail!("`{name}` needs the account it acts for: partners/ID"),
        _ => bail!("`{name}` needs the account it acts for: customers/ID"),
    }
}
