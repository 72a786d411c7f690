//! Addresses for processes that are started later.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context as _, Result};

/// Below the ports that systems give to outgoing connections: a port from among those, found free, may be somebody's
/// connection a moment later.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// An address that is free now, that no outgoing connection takes, and that no other test here is given.
pub fn free() -> Result<SocketAddr> {
    // Where runs stand beside each other they begin in different places.
    let begin = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap_or(0);
    let mut places = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed)).take(usize::from(COUNT));
    let free = places.find_map(|place| {
        let port = FIRST + begin.wrapping_add(place) % COUNT;
        TcpListener::bind(("127.0.0.1", port)).and_then(|listener| listener.local_addr()).ok()
    });
    free.context("no port is free")
}
