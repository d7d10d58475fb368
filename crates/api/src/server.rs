//! A listener, and what the public one serves.
//!
//! The rule: binding and running are two steps, so that whoever starts it knows the address beforehand;
//! stopping lets requests end, and ends the event streams, which would not.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{
    App, HttpServer,
    body::MessageBody,
    dev::{Server as Running, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data},
};
use ipnet::IpNet;
use regrant_vault::Vault;
use tokio_util::sync::CancellationToken;
use utoipa_actix_web::AppExt;

use crate::{
    envelope::envelope,
    openapi::{Description, no_route},
    rate_limit::{RateLimits, Rates, limit_token_calls},
    routes::{self, Streams},
};

/// Adds routes that the description tells of.
pub(crate) type Described = fn(&mut utoipa_actix_web::service_config::ServiceConfig<'_>);
/// Adds pages.
pub(crate) type Pages = fn(&mut web::ServiceConfig);
/// Tells whether the process does all that it is there for.
pub(crate) type Alive = dyn Fn() -> bool + Send + Sync;

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

/// A bound listener that is about to serve.
pub struct Server {
    running: Running,
    addr: SocketAddr,
    closing: CancellationToken,
}

/// What a listener serves.
pub(crate) struct Routes {
    pub(crate) described: Described,
    pub(crate) pages: Pages,
    pub(crate) description: Description,
    pub(crate) alive: Arc<Alive>,
}

/// What the workers share.
#[derive(Clone)]
struct Shared {
    vault: Data<Vault>,
    settings: Data<Settings>,
    streams: Data<Streams>,
    limits: Data<RateLimits>,
    description: Data<Description>,
    alive: Data<Alive>,
    described: Described,
    pages: Pages,
}

impl Routes {
    /// The public ones.
    fn public() -> Self {
        let (described, pages) = (routes::described, routes::pages);
        Self {
            described,
            pages,
            description: Description::public(),
            alive: Arc::new(|| true),
        }
    }
}

impl Shared {
    fn new(vault: Vault, settings: Settings, routes: Routes, closing: CancellationToken) -> Self {
        Self {
            vault: Data::new(vault),
            streams: Data::new(Streams::new(&settings, closing)),
            limits: Data::new(RateLimits::new(settings.rates)),
            settings: Data::new(settings),
            description: Data::new(routes.description),
            alive: Data::from(routes.alive),
            described: routes.described,
            pages: routes.pages,
        }
    }
}

impl Server {
    /// Binds the public listener; port 0 takes a free one.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn bind(vault: Vault, listen: SocketAddr, settings: Settings) -> io::Result<Self> {
        Self::over(Routes::public(), vault, listen, settings)
    }

    /// The same over other routes.
    pub(crate) fn over(
        routes: Routes,
        vault: Vault,
        listen: SocketAddr,
        settings: Settings,
    ) -> io::Result<Self> {
        let closing = CancellationToken::new();
        let (workers, shutdown) = (settings.workers.max(1), settings.shutdown_timeout.as_secs());
        let (head, idle) = (settings.request_timeout, settings.keep_alive);
        let shared = Shared::new(vault, settings, routes, closing.clone());
        let server = HttpServer::new(move || app(shared.clone()))
            .workers(workers)
            .client_request_timeout(head)
            .keep_alive(idle)
            .shutdown_timeout(shutdown)
            .disable_signals()
            .bind(listen)?;
        let addr = server
            .addrs()
            .first()
            .copied()
            .ok_or_else(|| io::Error::other("nothing is bound"))?;
        Ok(Self {
            running: server.run(),
            addr,
            closing,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `stop` is cancelled and what was under way has ended.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn run_until(self, stop: CancellationToken) -> io::Result<()> {
        let handle = self.running.handle();
        let mut running = tokio::spawn(self.running);
        tokio::select! {
            ended = &mut running => return ended.map_err(io::Error::other)?,
            () = stop.cancelled() => {}
        }
        self.closing.cancel();
        handle.stop(true).await;
        running.await.map_err(io::Error::other)?
    }
}

fn app(
    shared: Shared,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new()
        .into_utoipa_app()
        .configure(shared.described)
        .into_app()
        .configure(shared.pages)
        .app_data(shared.vault)
        .app_data(shared.settings)
        .app_data(shared.streams)
        .app_data(shared.limits)
        .app_data(shared.description)
        .app_data(shared.alive)
        .default_service(web::to(no_route))
        .wrap(from_fn(limit_token_calls))
        .wrap(from_fn(envelope))
}

#[cfg(test)]
mod tests;
