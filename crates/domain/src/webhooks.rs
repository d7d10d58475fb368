//! Webhooks to tenants: the events, the endpoints that subscribe to them, and the deliveries.
//!
//! The rule: an event is written in the transaction of the change it reports, and holds no secret.

mod bulk;
mod delivery;
mod delivery_record;
mod endpoint;
mod event;

pub use bulk::BulkChanges;
pub use delivery::{DeliveryStatus, FAILING_FOR, pause_after_attempt};
pub use delivery_record::Delivery;
pub use endpoint::{AssetEvents, DisabledReason, EndpointStatus, EventFilter};
pub use event::EventKind;
