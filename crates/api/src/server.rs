//! A listener: what its worker threads share, its middleware, its start and its stop.
//!
//! The rule: taking an address and serving are two steps, so that the caller knows the address before it opens anything.
//! Stopping waits for running requests and ends event streams, which would not end by themselves.

use crate::{
    bodies::{BodyBudget, bound_body, end_unread},
    connections::Connections,
    envelope::wrap_request,
    openapi::{AddRoutes, ApiDescription, RouteList, answer_unmatched},
    rate_limit::{RateLimits, limit_strangers},
    routes::{self, EventStreams},
    settings::Settings,
};
use actix_web::{
    App, HttpServer,
    body::MessageBody,
    dev::{Server as Running, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data},
};
use regrant_vault::Vault;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How many connections wait to be accepted.
const BACKLOG: i32 = 1024;

/// Adds pages, which the API description does not contain.
pub(crate) type AddPages = fn(&mut web::ServiceConfig);

/// Whether all tasks of the process are running.
pub(crate) type AliveCheck = dyn Fn() -> bool + Send + Sync;

/// A bound listener that does not serve yet.
pub struct Server {
    running: Running,
    local_addr: SocketAddr,
    closing: CancellationToken,
}

/// The routes of a listener.
pub(crate) struct ListenerRoutes {
    pub(crate) described: AddRoutes,
    pub(crate) pages: AddPages,
    pub(crate) description: ApiDescription,
    pub(crate) alive: Arc<AliveCheck>,
    /// How many bytes of bodies the listener holds at once.
    pub(crate) bodies_in_flight: usize,
}

/// The state that all worker threads share.
#[derive(Clone)]
struct SharedState {
    vault: Data<Vault>,
    settings: Data<Settings>,
    streams: Data<EventStreams>,
    limits: Data<RateLimits>,
    bodies: Data<BodyBudget>,
    description: Data<ApiDescription>,
    alive: Data<AliveCheck>,
    described: AddRoutes,
    pages: AddPages,
}

impl ListenerRoutes {
    /// The routes of the public listener.
    fn for_public_api(settings: &Settings) -> Self {
        let (described, pages) = (routes::add_described_routes, routes::add_pages);
        Self {
            described,
            pages,
            description: routes::describe_public_api(),
            alive: Arc::new(|| true),
            bodies_in_flight: settings.bodies_in_flight / 8 * 7,
        }
    }
}

impl SharedState {
    fn new(
        vault: Vault,
        settings: Settings,
        routes: ListenerRoutes,
        closing: CancellationToken,
    ) -> Self {
        Self {
            vault: Data::new(vault),
            streams: Data::new(EventStreams::new(&settings, closing)),
            limits: Data::new(RateLimits::new(settings.rates)),
            bodies: Data::new(BodyBudget::new(routes.bodies_in_flight, settings.max_body)),
            settings: Data::new(settings),
            description: Data::new(routes.description),
            alive: Data::from(routes.alive),
            described: routes.described,
            pages: routes.pages,
        }
    }
}

impl Server {
    /// The public listener on this address, which [`bind_address`] took.
    pub fn bind(vault: Vault, address: TcpListener, settings: Settings) -> io::Result<Self> {
        let routes = ListenerRoutes::for_public_api(&settings);
        Self::bind_routes(routes, vault, address, settings)
    }

    /// A listener with these routes.
    pub(crate) fn bind_routes(
        routes: ListenerRoutes,
        vault: Vault,
        address: TcpListener,
        settings: Settings,
    ) -> io::Result<Self> {
        let closing = CancellationToken::new();
        let (workers, shutdown) = (settings.workers.max(1), settings.shutdown_timeout.as_secs());
        let (head, idle) = (settings.request_timeout, settings.keep_alive);
        let connections = Arc::new(Connections::new(&settings));
        let max_connections = settings.max_connections.div_ceil(workers);
        let shared = SharedState::new(vault, settings, routes, closing.clone());
        let server = HttpServer::new(move || build_app(shared.clone()))
            .on_connect(move |it, extensions| connections.admit_connection(it, extensions))
            .workers(workers)
            .max_connections(max_connections)
            .client_request_timeout(head)
            .keep_alive(idle)
            // `bodies` drains what is worth draining; a connection that is refused must not linger.
            .client_disconnect_timeout(Duration::ZERO)
            .shutdown_timeout(shutdown)
            .disable_signals()
            .listen(address)?;
        let addr = server
            .addrs()
            .first()
            .copied()
            .ok_or_else(|| io::Error::other("no address is bound"))?;
        Ok(Self {
            running: server.run(),
            local_addr: addr,
            closing,
        })
    }

    /// The address of the listener.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `stop` is cancelled and the running requests have ended.
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

/// Takes an address for a listener; port 0 takes a free port. A process takes its addresses before it opens anything, so
/// that a start that fails leaves nothing behind.
///
/// # Errors
/// The address is in use, or it is not of this machine.
pub fn bind_address(listen: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(listen),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.bind(&listen.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn build_app(
    shared: SharedState,
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
        .configure(|config| (shared.described)(&mut RouteList::serving(config)))
        .configure(shared.pages)
        .app_data(shared.vault)
        .app_data(shared.settings)
        .app_data(shared.streams)
        .app_data(shared.limits)
        .app_data(shared.bodies)
        .app_data(shared.description)
        .app_data(shared.alive)
        .default_service(web::to(answer_unmatched))
        .wrap(from_fn(limit_strangers))
        .wrap(from_fn(bound_body))
        .wrap(from_fn(wrap_request))
        .wrap(from_fn(end_unread))
}

#[cfg(test)]
mod tests;
