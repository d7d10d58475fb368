//! Identifiers: Regrant's own, Graph's, and the plan ids of previews.

mod graph_id;
mod plan_id;
mod record_id;

pub use graph_id::{AppId, AssetId, InvalidGraphId, PersonId};
pub use plan_id::PlanId;
pub use record_id::{
    ClientId, CredentialId, DeliveryId, EventId, GrantId, InvalidId, OperatorId, OperatorSessionId,
    ReconnectId, ReconnectSessionId, RequestId, TenantId, WebhookEndpointId,
};
