//! Checked rules, as the documents say them.

pub mod bound;
pub mod capacity;
pub mod charge;
pub mod life;
pub mod metric;
pub mod payment;
pub mod plan;
pub mod requirement;
pub mod tier;
pub mod value;

pub use bound::{Bound, Range};
pub use capacity::{Capacity, CapacityPlace};
pub use charge::{
    Accelerator, AcceleratorStep, Accelerators, Alternative, Applies, Bracket, BracketPays, Charge, CounterOf,
    CounterOver, Direction, Limit, LimitOwner, Mode, Pick, Position, Reached, Table,
};
pub use metric::{
    Base, Change, Counted, Filter, Fold, Holding, Losses, Metric, Part, Period, Population, RecognizedBy, Since,
    Spread, Stream, Test, Window, Words,
};
pub use payment::{Draw, Due, EARNINGS, Hold, Milestone, Minimum, Needs, Payment, Split, SplitPart};
pub use plan::{
    Basis, CountedFrom, Eligible, Growth, HighWater, IncentivePlan, Lever, LinePer, MonthValue, Once, OncePer, PayeeAt,
    Pays, Several, Target,
};
pub use requirement::{Requirement, Role, Stretch};
pub use tier::{
    Asks, AwardRule, Benefit, Class, Column, Division, Leg, LegWorth, Legs, Level, PeopleRules, PointLine, PointScale,
    Shown, TierProgram, Track, TrackChoice, Transition,
};
pub use value::{Announced, Found, Value};
