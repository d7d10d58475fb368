//! Events to tenants: webhook endpoints, events and their deliveries.

mod delivery;
mod endpoint;
mod endpoint_status;
mod event;
mod replay;

pub use delivery::{Attempt, DeliveryFilter, DueDelivery};
pub use endpoint::{NewWebhookEndpoint, WebhookEndpoint};
pub use event::NewEvent;
