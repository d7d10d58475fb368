//! Reconnects with their items, reconnect sessions and idempotency keys.

pub(crate) mod idempotency;
pub(crate) mod item;
pub(crate) mod reconnect;
pub(crate) mod session;

pub use idempotency::{IdempotencyKey, IdempotentCall};
pub use item::{Item, ItemResult, NewItem};
pub use reconnect::{Accepted, Begun, NewReconnect, Origin, Reconnect};
pub use session::{NewReconnectSession, ReconnectSession, SessionCandidate};
