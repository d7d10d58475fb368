//! Events to tenants: webhook endpoints, events and their deliveries.

mod attempt;
mod bulk;
mod delivery;
mod endpoint;
mod endpoint_status;
mod event;
mod replay;

pub use attempt::SettledDelivery;
pub use delivery::{DeliveryFilter, DueDelivery};
pub use endpoint::{NewWebhookEndpoint, WebhookEndpoint};
pub use event::{EventRange, NewEvent, StoredEvent};
