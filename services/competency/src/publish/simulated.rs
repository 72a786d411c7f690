//! The result of a simulation, as it is kept and told.

use proto::competency::v1 as wire;
use proto::competency::v1::simulate_bundle_response as reply;
use rpc::wire::timestamp;

use crate::domain::award::program_id;
use crate::domain::simulation::{Count, Fall, Outcome, Simulation, Step};
use crate::names;

/// The response of a simulation's operation.
pub fn response(simulation: &Simulation, outcome: &Outcome) -> wire::SimulateBundleResponse {
    let moves = outcome.moves.iter().map(|((program, division, current, simulated, rises), count)| reply::Move {
        tier_program: tier_program(program),
        division: division.clone(),
        current_level: current.clone(),
        simulated_level: simulated.clone(),
        rises: *rises,
        partner_count: *count,
    });
    let segment = |(region, count): (&String, &Count)| reply::Segment {
        region_code: region.clone(),
        partner_count: count.partners,
        rising_partner_count: count.rising,
        falling_partner_count: count.falling,
    };
    wire::SimulateBundleResponse {
        bundle_hash: simulation.bundle.clone(),
        compared_hash: simulation.compared.clone(),
        effective_time: Some(timestamp(simulation.as_of)),
        known_time: Some(timestamp(simulation.known_at)),
        partner_count: outcome.all.partners,
        rising_partner_count: outcome.all.rising,
        falling_partner_count: outcome.all.falling,
        failed_partner_count: outcome.failed,
        moves: moves.collect(),
        segments: outcome.regions.iter().map(segment).collect(),
        worst: outcome.worst.iter().map(fall).collect(),
    }
}

fn tier_program(document: &str) -> String {
    names::TIER_PROGRAM.format([&program_id(document)])
}

fn fall(fall: &Fall) -> reply::Fall {
    reply::Fall {
        partner: names::PARTNER.format([&fall.partner]),
        region_code: fall.region.clone(),
        steps: fall.steps.iter().map(step).collect(),
    }
}

fn step(step: &Step) -> reply::Step {
    reply::Step {
        tier_program: tier_program(&step.program),
        division: step.division.clone(),
        current_level: step.current.clone(),
        simulated_level: step.simulated.clone(),
        current_points: step.points.0.clone(),
        simulated_points: step.points.1.clone(),
        reasons: step.reasons.clone(),
    }
}
