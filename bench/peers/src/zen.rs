//! The peer: the same score as its rules.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use rust_decimal::Decimal;
use tokio::runtime::{Builder, Runtime};
use zen_engine::loader::MemoryLoader;
use zen_engine::model::DecisionContent;
use zen_engine::{DecisionEngine, ZEN_CONFIG};
use zen_expression::Variable;

use crate::partners::{Given, share};
use crate::together::{THREADS, together};
use crate::verdict::{LINES, Verdict};

/// How its rules are written down.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A graph as its editor draws it: expressions, then a decision table, then an output.
    Table,
    /// A graph of a single node of expressions.
    Expressions,
    /// A policy document.
    Policy,
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 3] = [Form::Table, Form::Expressions, Form::Policy];

    /// Its name in the printed table.
    pub fn name(self) -> &'static str {
        match self {
            Form::Table => "graph with a decision table",
            Form::Expressions => "graph of one expression node",
            Form::Policy => "policy document",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Form::Table => include_str!("../rules/table.json"),
            Form::Expressions => include_str!("../rules/expressions.json"),
            Form::Policy => include_str!("../rules/policy.json"),
        }
    }
}

/// An engine with one decision, compiled, and a runtime to poll it: every thread has its own.
struct Peer {
    form: Form,
    runtime: Runtime,
    evaluated: Evaluated,
}

/// What is evaluated: whichever costs the peer least.
enum Evaluated {
    Graph(Box<zen_engine::Decision>),
    Policy(DecisionEngine),
}

/// The name under which the engine knows a policy.
const KEY: &str = "score";

impl Peer {
    fn new(form: Form) -> Result<Peer> {
        // Nothing asks for the results of other nodes by name; collecting them would cost it time.
        ZEN_CONFIG.nodes_in_context.store(false, Ordering::Relaxed);
        let content: DecisionContent = serde_json::from_str(form.text())?;
        let evaluated = match form {
            Form::Table | Form::Expressions => {
                let created = DecisionEngine::default().create_decision(Arc::new(content));
                let mut decision = created.map_err(|error| anyhow!("{error:?}"))?;
                decision.validate().map_err(|error| anyhow!("{error:?}"))?;
                decision.compile();
                Evaluated::Graph(Box::new(decision))
            }
            Form::Policy => {
                let loader = MemoryLoader::default();
                loader.add(KEY, content);
                let engine = DecisionEngine::default().with_loader(Arc::new(loader));
                let failures: Vec<String> = engine.compile().iter().map(ToString::to_string).collect();
                ensure!(failures.is_empty(), "{}", failures.join("\n"));
                Evaluated::Policy(engine)
            }
        };
        Ok(Peer { form, runtime: Builder::new_current_thread().build()?, evaluated })
    }

    async fn evaluate(&self, input: Variable) -> Result<Variable> {
        let response = match &self.evaluated {
            Evaluated::Graph(decision) => decision.evaluate(input).await,
            Evaluated::Policy(engine) => engine.evaluate(KEY, input).await,
        };
        Ok(response.map_err(|error| anyhow!("{error}"))?.result)
    }

    /// The numbers as the engine holds them, so that it parses nothing while it is measured.
    fn input(&self, given: &Given) -> Variable {
        let input = Variable::empty_object();
        for (name, number) in &given.numbers {
            input.dot_insert(name, Variable::Number(*number));
        }
        match self.form {
            Form::Table | Form::Expressions => input,
            Form::Policy => {
                let outer = Variable::empty_object();
                outer.dot_insert("partner", input);
                outer
            }
        }
    }

    fn verdict(&self, answer: &Variable) -> Result<Verdict> {
        let named = |name: &str| match self.form {
            Form::Table | Form::Expressions => answer.dot(name),
            Form::Policy => answer.dot(&format!("partner.{name}")),
        };
        let points = |name: &str| {
            let found = named(name).and_then(|found| found.as_number());
            millionths(found.with_context(|| format!("no number {name} in {answer}"))?)
        };
        let mut lines = [0; 5];
        for (line, name) in lines.iter_mut().zip(LINES) {
            *line = points(name)?;
        }
        let designated = named("designated").and_then(|found| found.as_bool());
        let designated = designated.with_context(|| format!("no decision in {answer}"))?;
        Ok(Verdict { lines, total: points("total")?, designated })
    }
}

fn millionths(points: Decimal) -> Result<i128> {
    let scaled = points.checked_mul(Decimal::from(1_000_000)).with_context(|| format!("{points} is out of range"))?;
    Ok(scaled.trunc().mantissa())
}

/// What the peer decides about each, in one form.
///
/// # Errors
/// When it refuses.
pub fn verdicts(form: Form, given: &[Given]) -> Result<Vec<Verdict>> {
    let peer = Peer::new(form)?;
    let verdict = |given: &Given| {
        let input = peer.input(given);
        // An input is used again and again while the peer is measured; the second answer is compared.
        peer.runtime.block_on(peer.evaluate(input.clone()))?;
        peer.verdict(&peer.runtime.block_on(peer.evaluate(input))?)
    };
    given.iter().map(verdict).collect()
}

/// Decides about each so many times.
///
/// # Errors
/// When the peer refuses.
pub fn pass(form: Form, given: &[Given], times: usize) -> Result<Duration> {
    together(
        |thread| {
            let peer = Peer::new(form)?;
            let own = &given[share(given.len(), thread, THREADS)];
            let inputs: Vec<Variable> = own.iter().map(|given| peer.input(given)).collect();
            Ok((peer, inputs))
        },
        |_, (peer, inputs)| {
            peer.runtime.block_on(async {
                for input in std::iter::repeat_n(&*inputs, times).flatten() {
                    black_box(peer.evaluate(input.clone()).await?);
                }
                Ok(())
            })
        },
    )
}
