//! Partners as registry publishes them: that they exist, whether they are active, and what stands
//! above them. Nothing else of them is kept here.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, ExprTrait as _, OnConflict, Query, SelectStatement, SimpleExpr};
use sea_orm::{Condition, IntoActiveModel};
use store::StoreError;

use crate::domain::names::PartnerId;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partner")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub global_account: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The state in which something new may be said of a partner.
pub const ACTIVE: &str = "ACTIVE";

/// What is known of a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPartner {
    /// The state, without its prefix: `ACTIVE`.
    pub state: String,
    /// The global account above it.
    pub global_account: Option<String>,
}

/// Writes what registry published.
///
/// # Errors
/// The database's.
pub async fn put(
    db: &impl ConnectionTrait,
    id: &PartnerId,
    known: &KnownPartner,
    revision: i64,
) -> Result<(), StoreError> {
    let row = Model {
        id: id.0.to_string(),
        global_account: known.global_account.clone(),
        state: known.state.clone(),
        revision,
    };
    let update = OnConflict::column(Column::Id)
        .update_columns([Column::GlobalAccount, Column::State, Column::Revision])
        .to_owned();
    Entity::insert(row.into_active_model()).on_conflict(update).exec_without_returning(db).await?;
    Ok(())
}

/// Forgets a partner that registry no longer has.
///
/// # Errors
/// The database's.
pub async fn remove(db: &impl ConnectionTrait, id: &PartnerId) -> Result<(), StoreError> {
    Entity::delete_by_id(id.0.to_string()).exec(db).await?;
    Ok(())
}

/// A partner, if registry has published it so far.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, id: &PartnerId) -> Result<Option<KnownPartner>, StoreError> {
    let row = Entity::find_by_id(id.0.to_string()).one(db).await?;
    Ok(row.map(|row| KnownPartner { state: row.state, global_account: row.global_account }))
}

/// The ids of some accounts and of the locations below them, as a subquery.
pub fn subtree(accounts: &[String]) -> SelectStatement {
    let column = |name: &'static str| SimpleExpr::Column(Alias::new(name).into());
    let mine = || accounts.iter().map(String::as_str);
    Query::select()
        .expr(column("id"))
        .from(Alias::new("partner"))
        .cond_where(Condition::any().add(column("id").is_in(mine())).add(column("global_account").is_in(mine())))
        .to_owned()
}

/// Whether an account is one of these or stands below one.
///
/// # Errors
/// The database's.
pub async fn is_within(db: &impl ConnectionTrait, id: &PartnerId, accounts: &[String]) -> Result<bool, StoreError> {
    let own = accounts.iter().any(|account| account == id.0.as_str());
    if own {
        return Ok(true);
    }
    let above = find(db, id).await?.and_then(|known| known.global_account);
    Ok(above.is_some_and(|above| accounts.contains(&above)))
}
