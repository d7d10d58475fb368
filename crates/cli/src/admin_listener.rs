//! The admin listener of a process: the operators' API, or health alone.

use std::{io, net::SocketAddr, sync::Arc};

use regrant_api::{AdminParts, AdminRoutes, AdminServer, Settings};
use regrant_vault::Vault;
use regrant_worker::Pulse;

/// How many threads serve it: operators are few.
const THREADS: usize = 2;

/// Binds it; port 0 takes a free one. With a pulse the process is ready only while its worker lives.
pub(crate) fn bind(
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
