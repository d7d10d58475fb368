//! The running server.

use std::net::SocketAddr;

use actix_web::{App, HttpServer, dev::ServerHandle, web};
use tokio::net::TcpListener;

use crate::{
    Clock, Error, World, control, dialog, http,
    state::{SharedState, State},
};

/// Settings of a sandbox.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen: loopback only; port 0 takes a free port.
    pub listen: SocketAddr,
    /// The initial world.
    pub world: World,
    /// The clock.
    pub clock: Clock,
}

/// A running sandbox; [`Sandbox::stop`] or the end of its runtime stops it.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    handle: ServerHandle,
}

impl Sandbox {
    /// Starts listening and serving.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] and [`Error::Listen`].
    pub async fn start(settings: Settings) -> Result<Self, Error> {
        let address = settings.listen;
        if !address.ip().is_loopback() {
            return Err(Error::NotLoopback(address));
        }
        let failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address)
            .await
            .and_then(TcpListener::into_std)
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = SharedState::new(State::new(
            settings.world,
            settings.clock,
            format!("http://{address}"),
        ));
        let service = move || {
            App::new()
                .app_data(web::Data::new(shared.clone()))
                .app_data(web::PayloadConfig::new(64 << 20))
                .service(control::control_routes())
                .service(dialog::dialog_route())
                .default_service(web::to(http::handle_graph_call))
        };
        let server = HttpServer::new(service)
            .workers(2)
            .disable_signals()
            .shutdown_timeout(1);
        let server = server.listen(listener).map_err(failed)?.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { address, handle })
    }

    /// The base URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes every connection and stops.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}
