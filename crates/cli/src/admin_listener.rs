//! Binds the admin listener of a process: the operators' API, or health only.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use anyhow::Context as _;

use regrant_api::{AdminParts, AdminRoutes, AdminServer, Settings};
use regrant_vault::Vault;
use regrant_worker::Pulse;

/// Threads of the listener: there are few operators.
const THREADS: usize = 2;

/// Takes an address; port 0 takes a free port.
pub(crate) fn take_address(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    regrant_api::bind_address(listen)
        .with_context(|| format!("cannot listen on {listen}: does another process use the port?"))
}

/// Binds the listener on this address. With a `pulse`, `/readyz` fails once the worker has ended.
pub(crate) fn bind_admin_listener(
    vault: Vault,
    address: TcpListener,
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
        address,
        settings,
        routes,
        alive,
    })
}
