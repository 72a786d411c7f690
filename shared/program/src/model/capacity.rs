//! Service capacity: what a partner looks after, workload by workload, beside the people it has for that.

use crate::model::{Holding, Metric, Value};

/// What is measured of some workloads. Nothing hangs on it unless another rule says so.
#[derive(Clone, Debug)]
pub struct Capacity {
    /// Its name.
    pub name: String,
    /// Its rule id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// One for each workload, or one for all of them together.
    pub places: Vec<CapacityPlace>,
    /// What people hold who serve a workload; may be split by `workload`.
    pub holding: Option<Value<Holding>>,
}

/// What is measured of one workload, or of several together.
#[derive(Clone, Debug)]
pub struct CapacityPlace {
    /// The workload; empty where several are measured together.
    pub workload: String,
    /// Measures of the catalog, each summed over what the partner is recognized on.
    pub measures: Vec<Metric>,
}
