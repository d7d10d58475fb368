//! Steps for events and their deliveries.

pub(super) mod s18_events;
pub(super) mod s19_webhook_endpoints;
pub(super) mod s20_deliveries;
pub(super) mod s71_bulk_events;
