//! The credentials of a Meta app.

use regrant_domain::{AccessToken, AppId, AppSecret, InvalidSecret};

/// A Meta app's id and secret. Not `Clone`: share it behind an `Arc`.
#[derive(Debug)]
pub struct AppCredentials {
    /// The app id, digits.
    pub id: AppId,
    /// The app secret: part of the app token and the key of `appsecret_proof`.
    pub secret: AppSecret,
}

impl AppCredentials {
    /// The app access token, `<app id>|<app secret>`, for calls that no person makes.
    pub(crate) fn app_token(&self) -> Result<AccessToken, InvalidSecret> {
        AccessToken::parse(format!("{}|{}", self.id, self.secret.expose()))
    }
}
