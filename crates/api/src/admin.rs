//! The operators' listener: an address, an audience and an API description of its own.
//!
//! The rule: its routes have the same middleware as the public ones. The use case checks whether an operator may change
//! something, so that no route can forget the check. No route returns a tenant's token.

mod access_at_meta;
mod apps;
mod audit;
mod authenticate;
mod caller;
mod clients;
mod data_keys;
mod deletions;
mod encryption_keys;
mod graph_errors;
mod health;
mod jobs;
mod keys;
mod openapi;
mod operators;
mod receipts;
mod session;
mod tenants;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::middleware::from_fn;
use regrant_vault::Vault;
use tokio_util::sync::CancellationToken;

pub use openapi::openapi_admin_yaml;

use self::authenticate::require_operator;
use crate::{
    openapi::{ApiDescription, RouteList},
    routes::{ADMIN_PAGE_PATHS, add_admin_pages, get_liveness},
    server::{AliveCheck, ListenerRoutes, Server},
    settings::Settings,
};

/// The routes that the listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminRoutes {
    /// The operators' API and the health routes.
    All,
    /// Only the health routes: for a process that serves no API.
    Health,
}

/// The parts of an admin listener.
pub struct AdminParts {
    /// Use cases.
    pub vault: Vault,
    /// The address that [`crate::bind_address`] took.
    pub address: TcpListener,
    /// Limits and timeouts.
    pub settings: Settings,
    /// Routes to serve.
    pub routes: AdminRoutes,
    /// Whether all tasks of the process are running; `/readyz` reports it.
    pub alive: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// A bound admin listener that does not serve yet.
pub struct AdminServer(Server);

impl AdminRoutes {
    /// The listener of these routes, with an eighth of the memory for bodies.
    pub(crate) fn build_listener(
        self,
        settings: &Settings,
        alive: Arc<AliveCheck>,
    ) -> ListenerRoutes {
        let bodies_in_flight = settings.bodies_in_flight / 8;
        match self {
            Self::All => ListenerRoutes {
                bodies_in_flight,
                described: add_described_routes,
                pages: add_admin_pages,
                description: ApiDescription::new(openapi::describe_admin_api, &ADMIN_PAGE_PATHS),
                alive,
            },
            Self::Health => ListenerRoutes {
                bodies_in_flight,
                described: add_health_routes,
                pages: |_| (),
                description: ApiDescription::new(openapi::describe_health_api, &[]),
                alive,
            },
        }
    }
}

impl AdminServer {
    /// Binds the listener.
    pub fn bind(parts: AdminParts) -> io::Result<Self> {
        let AdminParts {
            vault,
            address,
            settings,
            routes,
            alive,
        } = parts;
        let routes = routes.build_listener(&settings, alive);
        Server::bind_routes(routes, vault, address, settings).map(Self)
    }

    /// The address of the listener.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.0.addr()
    }

    /// Serves until `stop` is cancelled and the running requests have ended.
    pub async fn run_until(self, stop: CancellationToken) -> io::Result<()> {
        self.0.run_until(stop).await
    }
}

/// Adds the routes that `openapi-admin.yaml` describes.
fn add_described_routes(routes: &mut RouteList<'_>) {
    add_health_routes(routes);
    routes.service(session::log_in).scope(
        "/admin/v1",
        |it| it.wrap(from_fn(require_operator)),
        add_v1_routes,
    );
}

fn add_v1_routes(routes: &mut RouteList<'_>) {
    routes
        .service(session::get_session)
        .service(session::log_out)
        .service(session::change_password)
        .service(operators::list_operators)
        .service(operators::create_operator)
        .service(operators::get_operator)
        .service(operators::change_operator)
        .service(operators::delete_operator)
        .service(apps::list_apps)
        .service(apps::create_app)
        .service(apps::get_app)
        .service(apps::change_app)
        .service(apps::set_app_secret)
        .service(tenants::create_tenant)
        .service(tenants::list_tenants)
        .service(tenants::get_tenant)
        .service(tenants::change_tenant)
        .service(tenants::delete_tenant)
        .service(tenants::suspend_tenant)
        .service(tenants::resume_tenant)
        .service(tenants::restore_tenant)
        .service(tenants::shred_tenant)
        .service(tenants::get_deletion_receipt)
        .service(clients::list_clients)
        .service(clients::create_client)
        .service(clients::get_client)
        .service(clients::change_client)
        .service(clients::delete_client)
        .service(clients::reset_client_secret)
        .service(clients::revoke_client_tokens)
        .service(deletions::order_deletions)
        .service(deletions::get_deletion)
        .service(keys::list_signing_keys)
        .service(keys::rotate_signing_keys)
        .service(data_keys::rotate_data_keys)
        .service(encryption_keys::get_encryption_keys)
        .service(encryption_keys::stage_encryption_key)
        .service(encryption_keys::promote_encryption_key)
        .service(encryption_keys::verify_encryption_keys)
        .service(encryption_keys::retire_encryption_key)
        .service(jobs::get_jobs)
        .service(graph_errors::list_graph_errors)
        .service(audit::list_audit_events)
        .service(audit::get_audit_checkpoint);
}

fn add_health_routes(routes: &mut RouteList<'_>) {
    routes.service(get_liveness).service(health::get_readiness);
}
