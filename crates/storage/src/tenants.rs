//! Apps, tenants and their clients, and deleting the rows of tenants.

mod app;
pub(crate) mod client;
pub(crate) mod client_login;
mod client_proof;
mod client_scope;
mod client_secret;
mod deletion;
mod deletion_record;
mod origin;
mod purge;
pub(crate) mod scope;
mod stream_ticket;
pub(crate) mod tenant;

pub use app::{NewApp, StoredApp};
pub use client::{ClientRow, NewClient};
pub use client_login::UnverifiedClient;
pub use client_proof::ClientProof;
pub use deletion_record::{DeletionCause, DeletionRecord, NewDeletion};
pub use stream_ticket::StreamTicket;
pub use tenant::{NewTenant, Tenant};
