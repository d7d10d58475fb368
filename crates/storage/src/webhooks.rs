//! Events to tenants: endpoints, events and their deliveries.

pub(crate) mod delivery;
pub(crate) mod endpoint;
pub(crate) mod event;

pub use delivery::{Attempt, Delivery, DeliveryFilter, DueDelivery};
pub use endpoint::{NewWebhookEndpoint, WebhookEndpoint};
pub use event::NewEvent;
