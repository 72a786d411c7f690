//! What of a list its caller may see, as ids of partners.

use rpc::Scope;
use store::Store;
use values::Id;

use crate::ops::OpError;
use crate::store::accounts;

/// The partners of a list: those in the caller's scope, narrowed to the one that was asked for.
/// `None` stands for all.
///
/// # Errors
/// As the database's.
pub async fn partners(store: &Store, scope: &Scope, asked: Option<&Id>) -> Result<Option<Vec<String>>, OpError> {
    let asked = asked.map(ToString::to_string);
    let seen = match scope {
        Scope::Everything => return Ok(asked.map(|partner| vec![partner])),
        Scope::Partners(names) => {
            let own: Vec<String> =
                names.iter().filter_map(|name| name.strip_prefix("partners/")).map(str::to_owned).collect();
            let mut seen = accounts::list_below(store.read(), &own).await?;
            // An account that was not followed yet is the caller's all the same.
            seen.extend(own);
            seen
        }
        Scope::Customers(_) => Vec::new(),
    };
    Ok(Some(seen.into_iter().filter(|partner| asked.as_ref().is_none_or(|asked| asked == partner)).collect()))
}
