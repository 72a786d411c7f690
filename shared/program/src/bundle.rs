//! A folder of program documents that is checked and published together.

mod announced;

use std::sync::Arc;

use values::{Date, Digest};

use crate::catalog::Catalog;
use crate::model::{Announced, IncentivePlan, TierProgram};
use crate::parse::yaml::Node;
use crate::problem::Problem;
use crate::recognition::RecognitionPolicy;

pub use announced::Announcement;

/// Checked program documents.
#[derive(Clone, Debug)]
pub struct Bundle {
    hash: Digest,
    documents: Vec<Document>,
    catalog: Catalog,
    policies: Vec<RecognitionPolicy>,
    programs: Vec<TierProgram>,
    plans: Vec<IncentivePlan>,
    /// The documents as they were read, with their files: what changes and comparisons work on.
    trees: Arc<Vec<(String, Node)>>,
}

/// The kinds of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// What can be counted.
    Catalog,
    /// Kinds of association.
    RecognitionPolicy,
    /// Levels, competencies, designations.
    TierProgram,
    /// What is paid.
    IncentivePlan,
}

impl DocumentKind {
    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            DocumentKind::Catalog => "Catalog",
            DocumentKind::RecognitionPolicy => "RecognitionPolicy",
            DocumentKind::TierProgram => "TierProgram",
            DocumentKind::IncentivePlan => "IncentivePlan",
        }
    }
}

/// What a document says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its kind.
    pub kind: DocumentKind,
    /// `vendor/name`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The file it came from, as named to [`Bundle::parse`].
    pub file: String,
    /// From which day on it rules; none while undecided.
    pub effective: Option<Date>,
    /// Up to which day (exclusive) it rules.
    pub until: Option<Date>,
    /// Whether its numbers are samples.
    pub sample: bool,
    /// What was announced about it and has no effect yet.
    pub announced: Vec<Announced>,
}

impl Bundle {
    /// Reads and checks documents given as `(path, text)`. The paths only name files in problems;
    /// neither they nor the order of files changes the bundle or its hash.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, with file, line, column and what was probably meant.
    pub fn parse<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Result<Bundle, Vec<Problem>> {
        crate::parse::bundle(files)
    }

    pub(crate) fn new(
        hash: Digest,
        documents: Vec<Document>,
        catalog: Catalog,
        policies: Vec<RecognitionPolicy>,
        programs: Vec<TierProgram>,
        plans: Vec<IncentivePlan>,
    ) -> Bundle {
        Bundle { hash, documents, catalog, policies, programs, plans, trees: Arc::default() }
    }

    pub(crate) fn with_trees(self, trees: Vec<(String, Node)>) -> Bundle {
        Bundle { trees: Arc::new(trees), ..self }
    }

    /// The documents as they were read, each with its file.
    pub(crate) fn trees(&self) -> &[(String, Node)] {
        &self.trees
    }

    /// A hash of the documents' content: comments, spacing, file names and file order leave it alone.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// What the documents say about themselves, ordered by id.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The recognition policies, ordered by id.
    pub fn recognition_policies(&self) -> &[RecognitionPolicy] {
        &self.policies
    }

    /// The recognition policy, where the bundle has exactly one.
    pub fn recognition(&self) -> Option<&RecognitionPolicy> {
        match self.policies.as_slice() {
            [policy] => Some(policy),
            _ => None,
        }
    }

    /// The policy of this id, if the bundle has it.
    pub fn recognition_policy(&self, id: &str) -> Option<&RecognitionPolicy> {
        self.policies.iter().find(|policy| policy.id == id)
    }

    /// Everything the catalogs of the bundle say together. Where catalogs of several vendors give one
    /// name two meanings, the first by id is seen here; each program uses its own.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The tier programs, ordered by id and effective day: a version undecided stands first. A program that uses a
    /// catalog with several versions stands here once for each stretch of time between them.
    pub fn tier_programs(&self) -> &[TierProgram] {
        &self.programs
    }

    /// The ids of the tier programs, each once, in order.
    pub fn tier_program_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.programs.iter().map(|program| program.id.as_str()).collect();
        ids.dedup();
        ids
    }

    /// The tier program of this id, if the bundle has it; of several versions the last.
    pub fn tier_program(&self, id: &str) -> Option<&TierProgram> {
        self.programs.iter().rev().find(|program| program.id == id)
    }

    /// The version of the tier program that rules on `day`: the last one that took effect up to then, or
    /// the first where none has yet.
    pub fn tier_program_on(&self, id: &str, day: Date) -> Option<&TierProgram> {
        let mut versions = self.programs.iter().filter(|program| program.id == id);
        let begun = versions.clone().rev().find(|program| program.effective.is_some_and(|from| from <= day));
        begun.or_else(|| versions.next())
    }

    /// The incentive plans, ordered by id and effective day, with versions as tier programs have them.
    pub fn incentive_plans(&self) -> &[IncentivePlan] {
        &self.plans
    }

    /// The ids of the incentive plans, each once, in order.
    pub fn incentive_plan_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.plans.iter().map(|plan| plan.id.as_str()).collect();
        ids.dedup();
        ids
    }

    /// The incentive plan of this id, if the bundle has it; of several versions the last.
    pub fn incentive_plan(&self, id: &str) -> Option<&IncentivePlan> {
        self.plans.iter().rev().find(|plan| plan.id == id)
    }

    /// The version of the plan that rules on `day`: the last one that took effect up to then, or the first where
    /// none has yet.
    pub fn incentive_plan_on(&self, id: &str, day: Date) -> Option<&IncentivePlan> {
        let mut versions = self.plans.iter().filter(|plan| plan.id == id);
        let begun = versions.clone().rev().find(|plan| plan.effective.is_some_and(|from| from <= day));
        begun.or_else(|| versions.next())
    }
}
