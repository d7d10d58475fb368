//! Limits and timeouts of a listener.
//!
//! The rule: every setting has a default, so that a listener starts without any.

use ipnet::IpNet;
use std::{net::SocketAddr, time::Duration};

use crate::routes::Story;

/// Limits and timeouts of a listener.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The base URL under which Meta reaches this listener; the listening address if unset.
    pub public_url: Option<String>,
    /// The proxies in front of this listener; Regrant trusts their `X-Forwarded-For`.
    pub trusted_proxies: Vec<IpNet>,
    /// Rate limits.
    pub rates: Rates,
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// How many bytes of request bodies a process holds at once: seven eighths for the public listener, the rest for
    /// the operators'. A tenant may use a quarter of its listener's part. Callers that are not authenticated share
    /// half of it, and an address may use an eighth.
    pub bodies_in_flight: usize,
    /// The largest number of open connections of a listener.
    pub max_connections: usize,
    /// The largest number of open connections of one address that is no trusted proxy.
    pub max_address_connections: usize,
    /// The time a caller may take to send the head of a request, and again to send its body.
    pub request_timeout: Duration,
    /// The time an idle connection is kept open.
    pub keep_alive: Duration,
    /// The time running requests may take after the server was asked to stop.
    pub shutdown_timeout: Duration,
    /// The number of worker threads.
    pub workers: usize,
    /// The largest number of event streams open at once.
    pub max_streams: usize,
    /// The longest life of one event stream; its reader then reconnects.
    pub stream_lifetime: Duration,
    /// The longest silence of an event stream before it sends a keep-alive.
    pub stream_keep_alive: Duration,
    /// What the page of a rehearsal does; the landing page is served if unset.
    pub story: Option<Story>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            max_body: 1024 * 1024,
            bodies_in_flight: 64 * 1024 * 1024,
            max_connections: 4_096,
            max_address_connections: 384,
            request_timeout: Duration::from_secs(15),
            keep_alive: Duration::from_mins(1),
            shutdown_timeout: Duration::from_secs(30),
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            max_streams: 512,
            stream_lifetime: Duration::from_mins(15),
            stream_keep_alive: Duration::from_secs(10),
            story: None,
        }
    }
}

impl Settings {
    /// The same settings for another listener; links for persons lead to the public listener in any case.
    #[must_use]
    pub fn with_links_to(self, public: SocketAddr) -> Self {
        let own = || format!("http://{public}");
        Self {
            public_url: Some(self.public_url.unwrap_or_else(own)),
            ..self
        }
    }
}

/// Calls per second; a burst may have ten times as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// For a tenant, and for each of its clients, unless an operator sets another limit for the tenant.
    pub tenant: u32,
    /// For a reconnect session.
    pub session: u32,
    /// For an address, each with a limiter of its own: refused calls, preflights, log-ins of operators, and failed
    /// log-ins as one client (ten times as many as all clients).
    pub address: u32,
    /// For an address: calls to Meta's callbacks.
    pub callbacks: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            tenant: 500,
            session: 5,
            address: 30,
            callbacks: 100,
        }
    }
}
