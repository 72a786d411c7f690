//! Microsoft's documents: the published numbers, each in both directions.

mod scene;
use scene::*;

#[test]
fn loads() {
    let bundle = parse(&documents(&["microsoft"]));
    assert_eq!(bundle.tier_programs().len(), 1);
}
