//! People, stored: what the suite knows of them in one table, their name and address in another.

use rpc::filter::Type;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{OnConflict, SelectStatement, SimpleExpr};

use super::listing::{ListColumn, Listed, Shape};
use super::record::{self, Record};
use crate::domain::ids::LearnerId;
use crate::domain::people::{Learner, Person};

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "learner")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub partner_id: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

const STATES: &[&str] = &["STATE_ACTIVE", "STATE_ERASED"];

impl Record for Learner {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        Model {
            id: self.id.as_str().to_owned(),
            state: if self.erased { "ERASED" } else { "ACTIVE" }.to_owned(),
            partner_id: self.partner.as_ref().map(|partner| partner.as_str().to_owned()),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        }
    }

    fn from_row(row: Model) -> Result<Learner, DbErr> {
        Ok(Learner {
            id: record::learner_id(&row.id)?,
            erased: row.state == "ERASED",
            partner: row.partner_id.as_deref().map(record::partner_id).transpose()?,
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for Learner {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("state", Type::Choice(STATES), Column::State).shaped(Shape::Without("STATE_")),
            ListColumn::new("partner", Type::Text, Column::PartnerId).shaped(Shape::Without("partners/")).nullable(),
            ListColumn::new("create_time", Type::Instant, Column::CreatedAt),
            ListColumn::new("update_time", Type::Instant, Column::UpdatedAt),
        ]
    }

    fn name_columns() -> &'static [Column] {
        &[Column::Id]
    }

    /// Those who are linked to the partners now.
    fn owned_by(partners: SelectStatement) -> SimpleExpr {
        Column::PartnerId.in_subquery(partners)
    }
}

/// The only rows of the suite that hold a person's name and address.
pub mod people {
    use sea_orm::entity::prelude::*;

    /// The row.
    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[sea_orm(column_type = "Text")]
        pub learner_id: String,
        #[sea_orm(column_type = "Text")]
        pub display_name: String,
        #[sea_orm(column_type = "Text")]
        pub email: String,
    }

    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Person").field("learner_id", &self.learner_id).finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The names and addresses of some people, by learner id. An erased person has an empty one.
///
/// # Errors
/// When the database does not answer.
pub async fn find_people(
    db: &impl ConnectionTrait,
    learners: &[LearnerId],
) -> Result<std::collections::HashMap<String, Person>, DbErr> {
    let ids = learners.iter().map(LearnerId::as_str);
    let rows = people::Entity::find().filter(people::Column::LearnerId.is_in(ids)).all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.learner_id, Person { display_name: row.display_name, email: row.email }))
        .collect())
}

/// Writes a person's name and address; empty ones erase them.
///
/// # Errors
/// When the database does not answer.
pub async fn put_person(db: &impl ConnectionTrait, learner: &LearnerId, person: &Person) -> Result<(), DbErr> {
    let row = people::ActiveModel {
        learner_id: Set(learner.as_str().to_owned()),
        display_name: Set(person.display_name.clone()),
        email: Set(person.email.clone()),
    };
    let replace = OnConflict::column(people::Column::LearnerId)
        .update_columns([people::Column::DisplayName, people::Column::Email])
        .to_owned();
    people::Entity::insert(row).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}
