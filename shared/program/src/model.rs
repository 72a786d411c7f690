//! Checked rules, as the documents say them.

pub mod bound;
pub mod metric;
pub mod plan;
pub mod requirement;
pub mod tier;
pub mod value;

pub use bound::{Bound, Range};
pub use metric::{Change, Counted, Filter, Fold, Holding, Metric, RecognizedBy, Spread, Stream, Test, Window};
pub use plan::{
    Basis, Bracket, Charge, CounterOf, CounterOver, Eligible, IncentivePlan, Lever, LinePer, Mode, PayeeAt, Pays,
    Position, Table,
};
pub use requirement::Requirement;
pub use tier::{AwardRule, Cell, Column, Division, Level, PointLine, PointScale, TierProgram};
pub use value::{Announced, Found, Value};
