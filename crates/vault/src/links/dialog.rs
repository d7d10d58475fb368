//! The address of Meta's log-in dialog for an app.

use regrant_domain::{AppId, LoginSettings};
use url::Url;
use zeroize::Zeroizing;

use super::address::TenantCapability;
use crate::Error;

/// Where the dialog is, unless the app has another address.
const META: &str = "https://www.facebook.com";
/// Where Meta's dialog may lead on its way: to its pages for phones and for businesses.
const META_SOURCES: &str = "https://www.facebook.com https://*.facebook.com";

/// A log-in to start.
pub(super) struct DialogCall<'a> {
    pub app: &'a AppId,
    pub login: &'a LoginSettings,
    /// The version of the Graph API, such as `v26.0`.
    pub version: &'a str,
    /// To which address the dialog leads back.
    pub callback: &'a str,
    pub state: &'a TenantCapability,
    /// Whether the person is asked again for what they chose before.
    pub asks_again: bool,
}

impl DialogCall<'_> {
    /// The address to which the browser is led.
    pub(super) fn to_url(&self) -> Result<Zeroizing<String>, Error> {
        let base = self.login.dialog_base_url.as_ref();
        let base = base.map_or(META, |it| it.as_str()).trim_end_matches('/');
        let path = format!("{base}/{}/dialog/oauth", self.version);
        let mut url = Url::parse(&path).map_err(Error::from_cause)?;
        let mut query = url.query_pairs_mut();
        query
            .append_pair("client_id", self.app.as_str())
            .append_pair("redirect_uri", self.callback)
            .append_pair("response_type", "code")
            .append_pair("state", &self.state.expose());
        match &self.login.config_id {
            Some(config) => query.append_pair("config_id", config.as_str()),
            None => query.append_pair("scope", &self.login.scopes.as_slice().join(",")),
        };
        if self.asks_again {
            query.append_pair("auth_type", "rerequest");
        }
        drop(query);
        Ok(Zeroizing::new(url.into()))
    }
}

/// Where a form that starts a log-in may lead, as a content security policy names it.
pub(super) fn form_sources(login: &LoginSettings) -> String {
    match &login.dialog_base_url {
        Some(base) => base.origin().to_string(),
        None => META_SOURCES.to_owned(),
    }
}
