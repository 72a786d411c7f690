//! A simulation of changed documents over everybody.

use ::store::Store;
use program::Bundle;
use values::Instant;

use super::BenchError;
use crate::Config;
use crate::domain::award::program_id;
use crate::domain::bundle::Document;
use crate::domain::simulation::Count;
use crate::ops::rules::Rules;
use crate::ops::simulate_bundle::{Command, End, compare, create};
use crate::ops::{OpError, stage_bundle};

/// Stages documents, each a path and a text, and simulates what one of their programs would say of everybody beside the
/// current ones, as the operation does. Says how many there are, and how many would rise and fall. `told` hears of every
/// chunk.
///
/// # Errors
/// [`BenchError::Unwritten`] with every problem of the documents, and as the database's.
pub async fn simulate(
    store: &Store,
    documents: &[(String, String)],
    program: &str,
    as_of: Instant,
    told: &(dyn Fn() + Send + Sync),
) -> Result<(i64, i64, i64), BenchError> {
    let bundle = Bundle::parse(documents)
        .map_err(|problems| BenchError::Unwritten(format!("the documents do not make a bundle: {problems:?}")))?;
    let documents: Vec<Document> =
        documents.iter().map(|(path, text)| Document { path: path.clone(), text: text.clone() }).collect();
    let rules = Rules::default();
    let id = format!("s-{}", uuid::Uuid::now_v7());
    let command = Command {
        bundle: bundle.hash().to_string(),
        compared: None,
        programs: vec![program_id(program)],
        as_of: Some(as_of),
        known_at: as_of,
    };
    let (bundle, documents, rules, id, command) = (&bundle, &documents, &rules, &id, &command);
    let created = store.transact(|tx| {
        Box::pin(async move {
            stage_bundle::stage(&tx, as_of, bundle, documents).await?;
            create(&tx, as_of, id, rules, command).await
        })
    });
    let simulation = created.await.map_err(|error: OpError| BenchError::from(error))?;
    match compare(store, rules, &simulation, Config::default().decided_together, told).await? {
        End::Compared(outcome) => {
            let Count { partners, rising, falling } = outcome.all;
            Ok((partners, rising, falling))
        }
        End::Cancelled => Err(BenchError::Evaluate("somebody cancelled the simulation".to_owned())),
    }
}
