//! The service as its callers and its neighbors see it: the generated clients over in-memory
//! connections, with real feeds beside it.

mod announced;
mod arrivals;
mod bed;
mod deciding;
mod filled;
mod known_awards;
mod lives;
mod ownership;
mod reasons;
mod scoring;
mod shipped;
mod simulating;
mod standing;
mod turns;
