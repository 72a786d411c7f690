//! The demo's story over variations of its bill: what a row decides, and what its place does not.

use anyhow::Result;
use harness::engines;

use crate::stage::{lines, told, written};

#[tokio::test]
async fn told_twice_it_changes_nothing_and_in_any_order_it_is_the_same() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (header, mut rows) = lines();
    let first = engines().await;
    for databases in &first {
        let once = told(databases, vec![written(folder.path(), "bill.csv", header, &rows)?]).await?;
        let again = told(databases, vec![written(folder.path(), "bill.csv", header, &rows)?]).await?;
        assert_eq!(once, again, "on {:?}", databases.engine);
        assert_eq!(once.result_hash.len(), 64);
    }
    // Turned around and cut in two: another order, other batches, other times of arrival.
    rows.reverse();
    let (left, right) = rows.split_at(317);
    let bills = || {
        Ok::<_, anyhow::Error>(vec![
            written(folder.path(), "right.csv", header, right)?,
            written(folder.path(), "left.csv", header, left)?,
        ])
    };
    for (databases, told_before) in engines().await.iter().zip(&first) {
        let straight = told(told_before, Vec::new()).await?;
        let turned = told(databases, bills()?).await?;
        assert_eq!(straight, turned, "on {:?}", databases.engine);
    }
    Ok(())
}

#[tokio::test]
async fn one_row_less_changes_the_hash_and_exactly_one_statement() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (header, rows) = lines();
    // Eleven cents of computing for Voyager, whose partner of record is Quartz all month.
    let removed = rows
        .iter()
        .position(|row| row.contains("\"86259583660\"") && row.contains("0.11100000000"))
        .expect("the bill has the row");
    let mut fewer = rows.clone();
    fewer.remove(removed);
    for (whole, part) in engines().await.iter().zip(&engines().await) {
        let all = told(whole, vec![written(folder.path(), "all.csv", header, &rows)?]).await?;
        let less = told(part, vec![written(folder.path(), "less.csv", header, &fewer)?]).await?;
        assert_ne!(all.result_hash, less.result_hash, "on {:?}", whole.engine);
        assert_eq!(all.statements.len(), less.statements.len());
        let changed: Vec<&str> = all
            .statements
            .iter()
            .zip(&less.statements)
            .filter(|(all, less)| all.content_hash != less.content_hash)
            .map(|(all, _)| all.partner.as_str())
            .collect();
        assert_eq!(changed, ["partners/quartz"], "on {:?}", whole.engine);
    }
    Ok(())
}
