//! The operators' listener: its own address, its own audience, its own description.
//!
//! The rule: what stands round its routes is what stands round the public ones; who may change something is asked
//! in the use case, so that no route can forget it. No route here tells a tenant's token.

mod apps;
mod audit;
mod authenticate;
mod caller;
mod clients;
mod health;
mod jobs;
mod keys;
mod openapi;
mod operators;
mod session;
mod tenants;

use std::{io, net::SocketAddr, sync::Arc};

use actix_web::{
    HttpResponse,
    http::header::ContentType,
    middleware::from_fn,
    web::{self, Data},
};
use regrant_vault::Vault;
use tokio_util::sync::CancellationToken;
use utoipa_actix_web::{scope, service_config::ServiceConfig};

pub use openapi::openapi_admin_yaml;

use self::authenticate::authenticate;
use crate::{
    openapi::Description,
    routes::get_liveness,
    server::{Routes, Server},
    settings::Settings,
};

/// What the listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminRoutes {
    /// The operators' API and health.
    All,
    /// Health alone: for a process that only works.
    Health,
}

/// What an admin listener is made of.
pub struct AdminParts {
    /// The use cases.
    pub vault: Vault,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Limits and times.
    pub settings: Settings,
    /// What it serves.
    pub routes: AdminRoutes,
    /// Whether the process does all that it is there for; `/readyz` asks.
    pub alive: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// A bound admin listener that is about to serve.
pub struct AdminServer(Server);

impl AdminServer {
    /// Binds the listener.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn bind(parts: AdminParts) -> io::Result<Self> {
        let AdminParts {
            vault,
            listen,
            settings,
            routes,
            alive,
        } = parts;
        let routes = match routes {
            AdminRoutes::All => Routes {
                described,
                pages,
                description: Description::of(openapi::openapi_admin(), &["/openapi.json"]),
                alive,
            },
            AdminRoutes::Health => Routes {
                described: health_alone,
                pages: |_| (),
                description: Description::of(openapi::openapi_health(), &[]),
                alive,
            },
        };
        Server::over(routes, vault, listen, settings).map(Self)
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.0.addr()
    }

    /// Serves until `stop` is cancelled and what was under way has ended.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn run_until(self, stop: CancellationToken) -> io::Result<()> {
        self.0.run_until(stop).await
    }
}

/// The routes that the admin API's description tells of.
fn described(config: &mut ServiceConfig<'_>) {
    health_alone(config);
    config.service(session::log_in).service(v1());
}

fn v1() -> impl actix_web::dev::HttpServiceFactory + utoipa_actix_web::OpenApiFactory {
    scope::scope("/admin/v1")
        .wrap(from_fn(authenticate))
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
        .service(clients::list_clients)
        .service(clients::create_client)
        .service(clients::get_client)
        .service(clients::change_client)
        .service(clients::delete_client)
        .service(clients::reset_client_secret)
        .service(clients::revoke_client_tokens)
        .service(keys::list_keys)
        .service(keys::rotate_keys)
        .service(jobs::get_jobs)
        .service(audit::list_audit_events)
        .service(audit::get_audit_checkpoint)
}

fn health_alone(config: &mut ServiceConfig<'_>) {
    config.service(get_liveness).service(health::get_readiness);
}

fn pages(config: &mut web::ServiceConfig) {
    config.route("/openapi.json", web::get().to(description));
}

async fn description(description: Data<Description>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(description.json.clone())
}
