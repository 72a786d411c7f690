//! Agreement versions and their acceptances, stored.

use rpc::filter::Type;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, SimpleExpr};

use super::listing::{ListColumn, Listed, Shape};
use super::record::{self, Record};
use crate::domain::agreement::{Acceptance, Agreement};
use crate::domain::ids::{AgreementId, Owned, PartnerId};
use crate::domain::text::{Code, Title};

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agreement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub code: String,
    #[sea_orm(column_type = "Text")]
    pub version: String,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    #[sea_orm(column_type = "Text")]
    pub document_uri: String,
    pub start_at: i64,
    pub end_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Record for Agreement {
    type Entity = Entity;
    type Row = Model;
    type Active = ActiveModel;

    fn to_row(&self) -> Model {
        Model {
            id: self.id.as_str().to_owned(),
            code: self.code.to_string(),
            version: self.version.clone(),
            display_name: self.display_name.to_string(),
            document_uri: self.document_uri.clone(),
            start_at: self.offered.start().micros(),
            end_at: self.offered.end().map(|end| end.micros()),
            created_at: self.stamp.created.micros(),
            updated_at: self.stamp.updated.micros(),
            revision: self.stamp.revision,
        }
    }

    fn from_row(row: Model) -> Result<Agreement, DbErr> {
        Ok(Agreement {
            id: AgreementId(record::id(&row.id)?),
            code: record::text(Code::parse, &row.code)?,
            display_name: record::text(Title::parse, &row.display_name)?,
            version: row.version,
            document_uri: row.document_uri,
            offered: record::interval(row.start_at, row.end_at)?,
            stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
        })
    }
}

impl Listed for Agreement {
    fn columns() -> Vec<ListColumn<Column>> {
        vec![
            ListColumn::new("code", Type::Text, Column::Code),
            ListColumn::new("version", Type::Text, Column::Version),
            ListColumn::new("offer_time", Type::Instant, Column::StartAt),
            ListColumn::new("withdraw_time", Type::Instant, Column::EndAt).nullable(),
        ]
    }

    fn name_columns() -> &'static [Column] {
        &[Column::Id]
    }

    /// Agreements are offered to everybody.
    fn owned_by(_partners: SelectStatement) -> SimpleExpr {
        SimpleExpr::cust("1 = 1")
    }
}

/// Acceptances by partners.
pub mod acceptances {
    use super::*;

    /// The row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "agreement_acceptance")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[sea_orm(column_type = "Text")]
        pub partner_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        #[sea_orm(column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub agreement_id: String,
        #[sea_orm(column_type = "Text")]
        pub code: String,
        #[sea_orm(column_type = "Text")]
        pub version: String,
        pub start_at: i64,
        pub end_at: Option<i64>,
        #[sea_orm(column_type = "Text", nullable)]
        pub end_reason: Option<String>,
        pub created_at: i64,
        pub updated_at: i64,
        pub revision: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Record for Acceptance {
        type Entity = Entity;
        type Row = Model;
        type Active = ActiveModel;

        fn to_row(&self) -> Model {
            Model {
                partner_id: self.key.owner.as_str().to_owned(),
                id: self.key.id.to_string(),
                agreement_id: self.agreement.as_str().to_owned(),
                code: self.code.to_string(),
                version: self.version.clone(),
                start_at: self.in_force.start().micros(),
                end_at: self.in_force.end().map(|end| end.micros()),
                end_reason: self.end_reason.as_ref().map(ToString::to_string),
                created_at: self.stamp.created.micros(),
                updated_at: self.stamp.updated.micros(),
                revision: self.stamp.revision,
            }
        }

        fn from_row(row: Model) -> Result<Acceptance, DbErr> {
            Ok(Acceptance {
                key: Owned { owner: record::partner_id(&row.partner_id)?, id: record::id(&row.id)? },
                agreement: AgreementId(record::id(&row.agreement_id)?),
                code: record::text(Code::parse, &row.code)?,
                version: row.version,
                in_force: record::interval(row.start_at, row.end_at)?,
                end_reason: record::reason(row.end_reason.as_deref())?,
                stamp: record::stamp(row.created_at, row.updated_at, row.revision)?,
            })
        }
    }

    impl Listed for Acceptance {
        fn columns() -> Vec<ListColumn<Column>> {
            vec![
                ListColumn::new("agreement", Type::Text, Column::AgreementId).shaped(Shape::Without("agreements/")),
                ListColumn::new("agreement_code", Type::Text, Column::Code),
                ListColumn::new("sign_time", Type::Instant, Column::StartAt),
                ListColumn::new("end_time", Type::Instant, Column::EndAt).nullable(),
            ]
        }

        fn name_columns() -> &'static [Column] {
            &[Column::PartnerId, Column::Id]
        }

        fn owned_by(partners: SelectStatement) -> SimpleExpr {
            Column::PartnerId.in_subquery(partners)
        }

        fn held() -> Option<(Column, Column)> {
            Some((Column::StartAt, Column::EndAt))
        }
    }

    /// A partner's acceptances of one version, oldest first.
    ///
    /// # Errors
    /// When the database does not answer, or a row is damaged.
    pub async fn of_agreement(
        db: &impl ConnectionTrait,
        partner: &PartnerId,
        agreement: &AgreementId,
    ) -> Result<Vec<Acceptance>, DbErr> {
        let rows = Entity::find()
            .filter(Column::PartnerId.eq(partner.as_str()))
            .filter(Column::AgreementId.eq(agreement.as_str()))
            .order_by_asc(Column::StartAt)
            .all(db)
            .await?;
        rows.into_iter().map(Acceptance::from_row).collect()
    }
}
