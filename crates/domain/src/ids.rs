//! Identifiers: Regrant's own, Graph's, the plan ids of previews, and the names of keys.

mod graph_id;
mod kek_ref;
mod plan_id;
mod record_id;

pub use graph_id::{AppId, AssetId, InvalidGraphId, LoginConfigId, PersonId};
pub use kek_ref::{InvalidKekRef, KekRef};
pub use plan_id::PlanId;
pub use record_id::{
    CalendarFeedId, ClientId, ConsentId, CredentialId, DeliveryId, DiscoveryId, EventId, GrantId,
    InvalidId, LinkId, OperatorId, OperatorSessionId, PreviewId, ReconnectId, ReconnectSessionId,
    RequestId, TenantId, WebhookEndpointId,
};
