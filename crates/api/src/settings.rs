//! Limits and times of a listener.
//!
//! The rule: defaults are for tuning only; a secret or an address without which nothing works is no setting here.

use ipnet::IpNet;
use std::time::Duration;

/// Limits and times of the listener.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the outside reaches this listener, for links handed to Meta; the address it listens on if unset.
    pub public_url: Option<String>,
    /// The proxies before this listener: what they say of the caller's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How often somebody may call.
    pub rates: Rates,
    /// The largest body, in bytes.
    pub max_body: usize,
    /// How long a caller may take to send a head, and again to send a body.
    pub request_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How long requests may go on once the server is to stop.
    pub shutdown_timeout: Duration,
    /// How many threads serve.
    pub workers: usize,
    /// How many event streams may be open at once.
    pub max_streams: usize,
    /// How long an event stream lasts; its reader comes back.
    pub stream_lifetime: Duration,
    /// How long an event stream is silent at most.
    pub stream_keep_alive: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            max_body: 1024 * 1024,
            request_timeout: Duration::from_secs(15),
            keep_alive: Duration::from_mins(1),
            shutdown_timeout: Duration::from_secs(30),
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            max_streams: 512,
            stream_lifetime: Duration::from_mins(15),
            stream_keep_alive: Duration::from_secs(10),
        }
    }
}

/// How many calls a second; ten times as many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Of a tenant, and of each of its clients, unless an operator set another number for it.
    pub tenant: u32,
    /// Of a reconnect session.
    pub session: u32,
    /// Of an address: calls for access tokens, preflights, calls that are not let in.
    pub address: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            tenant: 500,
            session: 5,
            address: 30,
        }
    }
}
