//! Incentive as its callers meet it: the generated clients over in-memory connections, beside neighbours
//! whose feeds are real and whose facts the test says.

mod closing;
mod corrections;
mod crashes;
mod earning_types;
mod late_facts;
mod reading;
mod refusals;
mod simulating;
mod splitting;
mod world;
