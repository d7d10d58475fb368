//! Webhooks outwards: signs them by the Standard Webhooks scheme and sends them where they may go.
//!
//! The rule: an address is judged where the connection is made. A destination is a tenant's word, so every
//! address its name resolves to is filtered, and a literal one before it is dialled; nothing else is
//! connected to, through no proxy and after no redirect.
//! Start at [`Sender::send`]; `address.rs` is the list of what is refused.

#![forbid(unsafe_code)]

mod address;
mod destination;
mod names;
mod refusal;
mod secret;
mod sender;
mod settings;
mod signature;

pub use destination::Destination;
pub use names::Names;
pub use refusal::Refusal;
pub use secret::{NoRandom, WebhookSecret};
pub use sender::{Failure, Message, SendError, Sender, Sent};
pub use settings::Settings;
