//! Outgoing webhooks: signs them by the Standard Webhooks scheme and sends them to public addresses.
//!
//! The rule: an address is checked at the moment of the connection. Tenants choose destinations, so
//! every address that a name resolves to is filtered and a literal address is checked before the
//! connection. The sender uses no proxy and follows no redirect.
//! Start at [`Sender::send_message`]; `address.rs` lists the refused networks.

#![forbid(unsafe_code)]

mod address;
mod destination;
mod destination_refusal;
mod name_lookup;
mod secret;
mod sender;
mod settings;
mod signature;

pub use destination::Destination;
pub use destination_refusal::DestinationRefusal;
pub use name_lookup::NameLookup;
pub use secret::{RandomError, WebhookSecret};
pub use sender::{Message, SendError, SendFailure, SendOutcome, Sender};
pub use settings::Settings;
