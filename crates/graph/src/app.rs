//! A Meta app's own credentials.

use regrant_domain::{AccessToken, AppId, AppSecret, InvalidSecret};

/// An app and its secret. Not `Clone`: share it behind an `Arc`.
#[derive(Debug)]
pub struct AppCredentials {
    /// The app's id.
    pub id: AppId,
    /// The secret that mints its app token and signs its calls.
    pub secret: AppSecret,
}

impl AppCredentials {
    /// The token with which the app speaks for itself.
    pub(crate) fn token(&self) -> Result<AccessToken, InvalidSecret> {
        AccessToken::parse(format!("{}|{}", self.id, self.secret.expose()))
    }
}
