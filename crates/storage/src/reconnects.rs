//! Reconnects with their items, previews with their findings, reconnect sessions and idempotency keys.

mod accept;
mod history;
mod idempotency;
pub(crate) mod item;
mod item_outcome;
mod preview;
mod preview_finding;
mod reconnect;
mod session;
mod session_summary;
mod session_tokens;
mod undo;

pub use accept::{AcceptedReconnect, NewReconnect};
pub use history::RECORD_ROW_BYTES;
pub use idempotency::{IdempotencyKey, IdempotentCall};
pub use item::{Item, ItemResult, NewItem};
pub use preview::{NewPreview, Preview, PreviewEnding, PreviewPerson};
pub use preview_finding::{PreviewEvent, PreviewTally};
pub use reconnect::{Reconnect, ReconnectCause, ReconnectVisibility, UndoneReconnect};
pub use session::{NewReconnectSession, ReconnectSession, UnverifiedSession};
pub use session_summary::ReconnectSessionSummary;
pub use session_tokens::SessionTokens;
pub use undo::{EarlierUndo, UndoableAsset};
