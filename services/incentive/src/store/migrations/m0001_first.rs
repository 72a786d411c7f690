//! Everything the service began with.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Index, IndexCreateStatement, Table, TableCreateStatement};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// See the module.
pub struct First;

impl MigrationName for First {
    fn name(&self) -> &str {
        "incentive_0001_first"
    }
}

#[async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in known().into_iter().chain(books()).chain(rated()).chain(issued()) {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        let backend = manager.get_database_backend();
        let row = "INSERT INTO books (book, changes) VALUES ('periods', 0)";
        let insert = sea_orm::Statement::from_string(backend, row);
        sea_orm::ConnectionTrait::execute_raw(manager.get_connection(), insert).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in NAMES {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

const NAMES: [&str; 18] = [
    "received_states",
    "usage_cells",
    "bundles",
    "books",
    "periods",
    "runs",
    "run_control",
    "run_feeds",
    "run_parts",
    "run_records",
    "run_units",
    "run_payments",
    "run_bases",
    "run_counters",
    "statements",
    "statement_totals",
    "statement_lines",
    "postings",
];

fn table(
    name: &'static str,
    texts: &[&'static str],
    numbers: &[&'static str],
    key: &[&'static str],
) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    for text in texts {
        table.col(ColumnDef::new(*text).text().not_null());
    }
    for number in numbers {
        table.col(ColumnDef::new(*number).big_integer().not_null());
    }
    let mut primary = Index::create();
    for column in key {
        primary.col(*column);
    }
    table.primary_key(&mut primary);
    table
}

fn nullable(table: &mut TableCreateStatement, numbers: &[&'static str]) {
    for number in numbers {
        table.col(ColumnDef::new(*number).big_integer().null());
    }
}

fn payload(table: &mut TableCreateStatement, name: &'static str) {
    table.col(ColumnDef::new(name).binary().not_null());
}

/// The quantity and the four costs of usage; null where nobody said one.
fn amounts(table: &mut TableCreateStatement) {
    for amount in ["quantity", "billed", "effective", "list", "contracted"] {
        for column in ::store::exact::columns(amount) {
            table.col(ColumnDef::new(column).big_integer().null());
        }
    }
}

/// What neighbours said, by revision, and the bundles.
fn known() -> Vec<TableCreateStatement> {
    let mut states = table(
        "received_states",
        &["kind", "name", "source", "customer", "partner"],
        &["revision", "recorded", "affects", "withdrawn"],
        &["kind", "name", "revision"],
    );
    payload(&mut states, "payload");
    let series = ["subscription", "workload", "meter", "meter_kind", "unit", "currency"];
    let texts = [&["event"][..], &series[..]].concat();
    let key = [&series[..], &["hour", "event"][..]].concat();
    let mut cells = table("usage_cells", &texts, &["hour", "position", "recorded"], &key);
    amounts(&mut cells);
    let mut bundles = table("bundles", &["hash"], &["created"], &["hash"]);
    payload(&mut bundles, "documents");
    vec![states, cells, bundles]
}

/// Which periods are closed, and the runs that close them.
fn books() -> Vec<TableCreateStatement> {
    let books = table("books", &["book"], &["changes"], &["book"]);
    let periods = table("periods", &["period", "state"], &["run"], &["period"]);
    let mut runs = table(
        "runs",
        &["period", "state", "bundle", "engine", "zones", "result", "failure"],
        &[
            "number",
            "known",
            "parts",
            "collected",
            "cancel_requested",
            "statements",
            "line_count",
            "created",
            "split_records",
        ],
        &["number"],
    );
    nullable(&mut runs, &["ended"]);
    let control =
        table("run_control", &["currency"], &["run", "rated", "lines", "statements", "ledger"], &["run", "currency"]);
    let feeds = table("run_feeds", &["feed"], &["run", "known", "position"], &["run", "feed"]);
    let parts = table("run_parts", &[], &["run", "part"], &["run", "part"]);
    vec![books, periods, runs, control, feeds, parts]
}

/// What a run fetched and what the rules gave.
fn rated() -> Vec<TableCreateStatement> {
    let texts = ["subscription", "workload", "meter", "record", "meter_kind", "unit", "currency"];
    let mut records = table(
        "run_records",
        &texts,
        &["run", "hour", "start"],
        &["run", "subscription", "workload", "meter", "hour", "record"],
    );
    amounts(&mut records);
    let units =
        table("run_units", &["period", "plan", "currency", "hash"], &["run", "rated"], &["run", "period", "plan"]);
    let payments = table(
        "run_payments",
        &["period", "plan", "partner", "currency", "reason"],
        &["run", "earned", "due_before", "paid", "carried_forward"],
        &["run", "period", "plan", "partner"],
    );
    let bases = table(
        "run_bases",
        &["period", "plan", "lever", "lines", "facts"],
        &["run", "place"],
        &["run", "period", "plan", "place"],
    );
    let counters = table(
        "run_counters",
        &["period", "plan", "kind", "rule", "owner", "span", "total"],
        &["run"],
        &["run", "period", "plan", "kind", "rule", "owner", "span"],
    );
    vec![records, units, payments, bases, counters]
}

/// Statements, lines and the ledger.
fn issued() -> Vec<TableCreateStatement> {
    let statements = table(
        "statements",
        &["partner", "period", "content"],
        &["run", "line_count", "issued"],
        &["partner", "period"],
    );
    let totals = table(
        "statement_totals",
        &["partner", "period", "plan", "currency", "reason"],
        &["earned", "adjusted", "brought_forward", "paid", "carried_forward"],
        &["partner", "period", "plan"],
    );
    // A line of a run that is not issued yet, or that nobody is paid for, has the run as its owner; a
    // line of a statement has the partner and the period.
    let texts = [
        "stage",
        "owner",
        "period",
        "kind",
        "plan",
        "rule",
        "partner",
        "customer",
        "subscription",
        "workload",
        "transaction_id",
        "association_kind",
        "association",
        "basis",
        "basis_unit",
        "rate",
        "exact",
        "currency",
        "reason",
        "corrected_period",
        "corrected_statement",
    ];
    let mut lines = table(
        "statement_lines",
        &texts,
        &["number", "covered_start", "amount", "corrected_number"],
        &["stage", "owner", "period", "number"],
    );
    nullable(&mut lines, &["covered_end"]);
    payload(&mut lines, "grounds");
    let postings = table(
        "postings",
        &["period", "partner", "account", "currency"],
        &["number", "amount", "created"],
        &["period", "partner", "number", "account"],
    );
    vec![statements, totals, lines, postings]
}

fn index(name: &'static str, on: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(on);
    for column in columns {
        index.col(*column);
    }
    index
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("received_states_by_customer", "received_states", &["customer", "kind"]),
        index("received_states_by_partner", "received_states", &["partner", "kind"]),
        index("received_states_by_recorded", "received_states", &["recorded"]),
        index("usage_cells_by_recorded", "usage_cells", &["recorded"]),
        index("runs_by_period", "runs", &["period", "number"]),
        index("statements_by_period", "statements", &["period", "partner"]),
        index("statement_lines_by_corrected", "statement_lines", &["corrected_period"]),
        index("statement_lines_by_period", "statement_lines", &["period", "stage"]),
    ]
}
