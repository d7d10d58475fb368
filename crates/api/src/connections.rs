//! The open connections of a listener, by the address of the peer.
//!
//! The rule: a connection costs memory before it sends anything, so one address may open only a part of all. A trusted
//! proxy may open as many as the listener takes: it speaks for many callers, and limits them itself.

use std::{
    any::Any,
    collections::HashMap,
    net::{IpAddr, Shutdown},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix_web::{dev::Extensions, rt::net::TcpStream};
use ipnet::IpNet;
use socket2::SockRef;

use crate::settings::Settings;

/// How much the system receives ahead of the server, in bytes: megabytes for each connection otherwise.
const RECEIVE_BUFFER: usize = 64 * 1024;

/// The open connections of a listener.
pub(crate) struct Connections {
    limit: usize,
    trusted: Vec<IpNet>,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One open connection; it counts until it is dropped.
struct OpenConnection {
    peer: IpAddr,
    connections: Arc<Connections>,
}

impl Connections {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            limit: settings.max_address_connections,
            trusted: settings.trusted_proxies.clone(),
            open: Mutex::default(),
        }
    }

    /// Counts a new connection, or ends it if its address has too many.
    pub(crate) fn admit_connection(
        self: &Arc<Self>,
        connection: &dyn Any,
        extensions: &mut Extensions,
    ) {
        let Some(stream) = connection.downcast_ref::<TcpStream>() else {
            return;
        };
        let Ok(peer) = stream.peer_addr().map(|it| it.ip().to_canonical()) else {
            return;
        };
        // An error does not matter: the buffer is only larger then.
        drop(SockRef::from(stream).set_recv_buffer_size(RECEIVE_BUFFER));
        if self.trusted.iter().any(|it| it.contains(&peer)) {
            return;
        }
        if self.count_peer(peer) {
            let connections = Arc::clone(self);
            extensions.insert(Arc::new(OpenConnection { peer, connections }));
        } else {
            // An error does not matter: the connection is ending anyway.
            drop(SockRef::from(stream).shutdown(Shutdown::Both));
        }
    }

    /// Counts one more connection of this peer, if it may have one.
    fn count_peer(&self, peer: IpAddr) -> bool {
        let mut open = self.lock();
        let count = open.entry(peer).or_default();
        let is_admitted = *count < self.limit;
        if is_admitted {
            *count = count.saturating_add(1);
        }
        is_admitted
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        if let Some(count) = open.get_mut(&self.peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.peer);
            }
        }
    }
}
