//! Links to hosted pages, and the log-ins at Meta that they start.

mod link;
mod login;
mod summary;
mod visit;

pub use link::{BrowserHash, Link, NewLink};
pub use login::NewLinkLogin;
pub use summary::LinkSummary;
pub use visit::{LinkKey, UnverifiedLink};
