//! Links to hosted pages, and the log-ins at Meta that they start.

pub(super) mod s60_links;
pub(super) mod s61_link_logins;
