//! Binds the admin listener of a process: the operators' API, or health only.

use std::{io, net::SocketAddr, sync::Arc};

use regrant_api::{AdminParts, AdminRoutes, AdminServer, Settings};
use regrant_vault::Vault;
use regrant_worker::Pulse;

/// Threads of the listener: there are few operators.
const THREADS: usize = 2;

/// Binds the listener; port 0 takes a free port. With a `pulse`, `/readyz` fails once the worker has ended.
pub(crate) fn bind_admin_listener(
    vault: Vault,
    listen: SocketAddr,
    api: Settings,
    routes: AdminRoutes,
    pulse: Option<Pulse>,
) -> io::Result<AdminServer> {
    let settings = Settings {
        workers: THREADS,
        ..api
    };
    let alive = Arc::new(move || pulse.as_ref().is_none_or(Pulse::is_alive));
    AdminServer::bind(AdminParts {
        vault,
        listen,
        settings,
        routes,
        alive,
    })
}
