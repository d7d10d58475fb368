//! The error of the crate.

use std::net::SocketAddr;

/// Why a sandbox did not start or a world is invalid.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sandbox holds plain tokens and does not authenticate controls: it listens on loopback only.
    #[error("the sandbox listens on loopback addresses only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The address could not be bound.
    #[error("the sandbox cannot listen on {address}")]
    Listen {
        /// The requested address.
        address: SocketAddr,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// The scenario is not a valid world.
    #[error("{field}: {reason}")]
    World {
        /// The path of the field, such as `persons["100"].roles[1].business`.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    pub(crate) fn world(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::World {
            field: field.into(),
            reason: reason.into(),
        }
    }
}
