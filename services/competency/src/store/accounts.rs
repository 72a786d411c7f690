//! The newest version of every partner account: who stands below whom now, and what badges show of
//! a partner. Questions about the past read the facts instead.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{Condition, QueryOrder, QuerySelect, Set};

use crate::domain::account::Account;
use ::store::StoreError;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner: String,
    pub parent: Option<String>,
    pub display_name: String,
    pub region_code: String,
    /// The roles, each between bars: `|service-provider|distributor|`.
    pub roles: String,
    pub active: bool,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Records an account unless a newer version of it is here.
///
/// # Errors
/// As the database's.
pub async fn record(db: &impl ConnectionTrait, account: &Account, revision: i64) -> Result<(), StoreError> {
    let row = ActiveModel {
        partner: Set(account.partner.clone()),
        parent: Set(account.parent.clone()),
        display_name: Set(account.display_name.clone()),
        region_code: Set(account.region_code.clone()),
        roles: Set(account.roles.iter().fold(String::from("|"), |text, role| text + role + "|")),
        active: Set(account.active),
        revision: Set(revision),
    };
    let columns =
        [Column::Parent, Column::DisplayName, Column::RegionCode, Column::Roles, Column::Active, Column::Revision];
    let newer = OnConflict::column(Column::Partner)
        .update_columns(columns)
        .action_and_where(sea_orm::sea_query::ExprTrait::lt(Expr::col((Entity, Column::Revision)), revision))
        .to_owned();
    Entity::insert(row).on_conflict(newer).exec_without_returning(db).await?;
    Ok(())
}

/// Removes an account that its publisher no longer has.
///
/// # Errors
/// As the database's.
pub async fn forget(db: &impl ConnectionTrait, partner: &str) -> Result<(), StoreError> {
    Entity::delete_by_id(partner).exec(db).await?;
    Ok(())
}

/// The account, if it was followed.
///
/// # Errors
/// As the database's.
pub async fn find(db: &impl ConnectionTrait, partner: &str) -> Result<Option<Account>, StoreError> {
    Ok(Entity::find_by_id(partner).one(db).await?.map(Model::into_account))
}

/// These accounts, those that were followed.
///
/// # Errors
/// As the database's.
pub async fn find_all(db: &impl ConnectionTrait, partners: &[String]) -> Result<Vec<Account>, StoreError> {
    let rows = Entity::find().filter(Column::Partner.is_in(partners)).all(db).await?;
    Ok(rows.into_iter().map(Model::into_account).collect())
}

/// These accounts and those below them.
///
/// # Errors
/// As the database's.
pub async fn list_below(db: &impl ConnectionTrait, partners: &[String]) -> Result<Vec<String>, StoreError> {
    let below = Condition::any().add(Column::Partner.is_in(partners)).add(Column::Parent.is_in(partners));
    let rows: Vec<String> =
        Entity::find().select_only().column(Column::Partner).filter(below).into_tuple().all(db).await?;
    Ok(rows)
}

/// The next accounts after `after` in order of their ids.
///
/// # Errors
/// As the database's.
pub async fn list_all(db: &impl ConnectionTrait, after: &str, limit: u64) -> Result<Vec<String>, StoreError> {
    let accounts: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Partner)
        .filter(Column::Partner.gt(after))
        .order_by_asc(Column::Partner)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(accounts)
}

/// How many accounts there are.
///
/// # Errors
/// As the database's.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64, StoreError> {
    Ok(Entity::find().count(db).await?)
}

impl Model {
    fn into_account(self) -> Account {
        Account {
            partner: self.partner,
            parent: self.parent,
            display_name: self.display_name,
            region_code: self.region_code,
            roles: self.roles.split('|').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
            active: self.active,
        }
    }
}
