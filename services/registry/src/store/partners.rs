//! Partners, stored, with the accounts that may be the same company.

use std::collections::HashMap;

use rpc::filter::Type;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};
use sea_orm::{Condition, IntoActiveModel, QueryOrder, QuerySelect};

use super::listing::{ListColumn, Listed, Shape};
use super::record::{self, Record};
use crate::domain::duplicates::{Candidate, DuplicateReason, Likeness, PossibleDuplicate};
use crate::domain::ids::PartnerId;
use crate::domain::partner::{BusinessType, Origin, Partner, Profile, Standing, State};
use crate::domain::region::Region;
use crate::domain::text::{Domain, TaxNumber, Title};

/// At most so many accounts are compared with one. They share a name, a tax number or a domain with
/// it, which only a mistake or a fraud makes many.
const MOST_COMPARED: u64 = 200;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partner")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub global_account: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub business_types: String,
    #[sea_orm(column_type = "Text")]
    pub region: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub tax_number: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub domain: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub origin: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub state_since: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub state_reason: Option<String>,
    pub approved_at: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub name_key: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub tax_key: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub domain_key: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Accounts that may be the same company as another.
pub mod duplicates {
    use sea_orm::entity::prelude::*;

    /// The row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "possible_duplicate")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[sea_orm(column_type = "Text")]
        pub partner_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i32,
        #[sea_orm(column_type = "Text")]
        pub other_id: String,
        pub score: i32,
        #[sea_orm(column_type = "Text")]
        pub reasons: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl Record for Partner {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        let likeness = Likeness::of(&self.profile);
        let types: Vec<&str> = self.profile.business_types.iter().map(|kind| kind.name()).collect();
        Model {
            id: self.id.as_str().to_owned(),
            display_name: self.profile.display_name.to_string(),
            global_account: self.profile.global_account.as_ref().map(|global| global.as_str().to_owned()),
            business_types: format!(",{},", types.join(",")),
            region: self.profile.region.to_string(),
            tax_number: self.profile.tax_number.as_ref().map(ToString::to_string),
            domain: self.profile.domain.as_ref().map(ToString::to_string),
            origin: self.origin.name().to_owned(),
            state: self.standing.state.name().to_owned(),
            state_since: self.standing.since.micros(),
            state_reason: self.standing.reason.as_ref().map(ToString::to_string),
            approved_at: self.approved.map(|at| at.micros()),
            name_key: likeness.name,
            tax_key: likeness.tax,
            domain_key: likeness.domain,
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        }
    }

    /// The partner without its possible duplicates, which [`with_duplicates`] adds.
    fn from_row(row: Model) -> Result<Partner, DbErr> {
        let types = row.business_types.split(',').filter(|name| !name.is_empty());
        Ok(Partner {
            id: record::partner_id(&row.id)?,
            profile: Profile {
                display_name: record::text(Title::parse, &row.display_name)?,
                global_account: row.global_account.as_deref().map(record::partner_id).transpose()?,
                business_types: types
                    .map(|name| record::named(&BusinessType::ALL, BusinessType::name, name))
                    .collect::<Result<_, _>>()?,
                region: record::text(Region::parse, &row.region)?,
                tax_number: row.tax_number.as_deref().map(|text| record::text(TaxNumber::parse, text)).transpose()?,
                domain: row.domain.as_deref().map(|text| record::text(Domain::parse, text)).transpose()?,
            },
            origin: record::named(&[Origin::Application, Origin::Migration], Origin::name, &row.origin)?,
            standing: Standing {
                state: record::named(&State::ALL, State::name, &row.state)?,
                since: record::instant(row.state_since)?,
                reason: record::reason(row.state_reason.as_deref())?,
            },
            approved: record::maybe_instant(row.approved_at)?,
            possible_duplicates: Vec::new(),
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

const STATES: &[&str] =
    &["STATE_APPLIED", "STATE_UNDER_REVIEW", "STATE_ACTIVE", "STATE_SUSPENDED", "STATE_REFUSED", "STATE_ENDED"];

const BUSINESS_TYPES: &[&str] = &[
    "BUSINESS_TYPE_SOLUTION_PROVIDER",
    "BUSINESS_TYPE_SERVICE_PROVIDER",
    "BUSINESS_TYPE_DISTRIBUTOR",
    "BUSINESS_TYPE_AGGREGATOR",
    "BUSINESS_TYPE_DIRECT_RESELLER",
    "BUSINESS_TYPE_INDIRECT_RESELLER",
    "BUSINESS_TYPE_SOFTWARE_VENDOR",
    "BUSINESS_TYPE_DEVICE_BUILDER",
];

impl Listed for Partner {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("display_name", Type::Text, Column::DisplayName),
            ListColumn::new("state", Type::Choice(STATES), Column::State).shaped(Shape::Without("STATE_")),
            ListColumn::new("region_code", Type::Text, Column::Region),
            ListColumn::new("global_account", Type::Text, Column::GlobalAccount)
                .shaped(Shape::Without("partners/"))
                .nullable(),
            ListColumn::new("business_types", Type::Choice(BUSINESS_TYPES), Column::BusinessTypes)
                .shaped(Shape::Joined("BUSINESS_TYPE_")),
            ListColumn::new("domain", Type::Text, Column::Domain).nullable(),
            ListColumn::new("create_time", Type::Instant, Column::CreatedAt),
            ListColumn::new("update_time", Type::Instant, Column::UpdatedAt),
        ]
    }

    fn name_columns() -> &'static [Column] {
        &[Column::Id]
    }

    fn owned_by(partners: SelectStatement) -> SimpleExpr {
        Column::Id.in_subquery(partners)
    }
}

/// Adds to partners the accounts that may be the same company.
///
/// # Errors
/// When the database does not answer, or a row is damaged.
pub async fn with_duplicates(db: &impl ConnectionTrait, partners: &mut [Partner]) -> Result<(), DbErr> {
    let ids = partners.iter().map(|partner| partner.id.as_str());
    let rows = duplicates::Entity::find()
        .filter(duplicates::Column::PartnerId.is_in(ids))
        .order_by_asc(duplicates::Column::Position)
        .all(db)
        .await?;
    let mut found: HashMap<String, Vec<PossibleDuplicate>> = HashMap::new();
    for row in rows {
        let reasons =
            row.reasons.split(',').map(|name| record::named(&DuplicateReason::ALL, DuplicateReason::name, name));
        let duplicate = PossibleDuplicate {
            partner: record::partner_id(&row.other_id)?,
            score: u8::try_from(row.score).map_err(record::damaged)?,
            reasons: reasons.collect::<Result<_, _>>()?,
        };
        found.entry(row.partner_id).or_default().push(duplicate);
    }
    for partner in partners {
        partner.possible_duplicates = found.remove(partner.id.as_str()).unwrap_or_default();
    }
    Ok(())
}

/// Records the accounts that may be the same company as a partner, in place of those before.
///
/// # Errors
/// When the database does not answer.
pub async fn put_duplicates(db: &impl ConnectionTrait, partner: &Partner) -> Result<(), DbErr> {
    duplicates::Entity::delete_many().filter(duplicates::Column::PartnerId.eq(partner.id.as_str())).exec(db).await?;
    let rows = partner.possible_duplicates.iter().zip(0..).map(|(duplicate, position)| {
        let reasons: Vec<&str> = duplicate.reasons.iter().map(|reason| reason.name()).collect();
        duplicates::Model {
            partner_id: partner.id.as_str().to_owned(),
            position,
            other_id: duplicate.partner.as_str().to_owned(),
            score: i32::from(duplicate.score),
            reasons: reasons.join(","),
        }
        .into_active_model()
    });
    duplicates::Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

/// How many locations that are members or applications a global account has.
///
/// # Errors
/// When the database does not answer.
pub async fn count_locations(db: &impl ConnectionTrait, global: &PartnerId) -> Result<u64, DbErr> {
    let live = State::LIVE.iter().map(|state| state.name());
    Entity::find().filter(Column::GlobalAccount.eq(global.as_str())).filter(Column::State.is_in(live)).count(db).await
}

/// The accounts that have anything in common with one, refused and ended ones included: a company
/// that comes back under another name is what one wants to know.
///
/// # Errors
/// When the database does not answer, or a row is damaged.
pub async fn find_candidates(db: &impl ConnectionTrait, likeness: &Likeness) -> Result<Vec<Candidate>, DbErr> {
    let mut any = Condition::any().add(Column::NameKey.eq(likeness.name.as_str()));
    if let Some(tax) = &likeness.tax {
        any = any.add(Column::TaxKey.eq(tax.as_str()));
    }
    if let Some(domain) = &likeness.domain {
        any = any.add(Column::DomainKey.eq(domain.as_str()));
    }
    let rows = Entity::find().filter(any).order_by_asc(Column::Id).limit(MOST_COMPARED).all(db).await?;
    rows.into_iter()
        .map(|row| {
            let partner = record::partner_id(&row.id)?;
            let top = row.global_account.as_deref().map(record::partner_id).transpose()?;
            let likeness = Likeness { name: row.name_key, tax: row.tax_key, domain: row.domain_key };
            Ok(Candidate { top: top.unwrap_or_else(|| partner.clone()), partner, likeness })
        })
        .collect()
}
