//! The address under which browsers reach the hosted pages.
//!
//! The rule: the pages are offered over https, and over http on the local machine alone: a cookie that another machine
//! could read or set on the way would bind nothing. The caller's Host header counts for nothing.

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use futures_util::future::{Ready, ready};
use regrant_domain::PageUrl;
use regrant_vault::TenantCapability;

use crate::{
    problem::{Code, Problem},
    settings::Settings,
};

/// The address of the public listener, if it may offer pages for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostedBase {
    /// Without a slash at its end.
    url: String,
    callback: PageUrl,
    is_secure: bool,
}

impl HostedBase {
    /// The base with this address; `None` if it may offer no pages.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let url = text.trim_end_matches('/').to_owned();
        // The address of a page is https, or http on the local machine.
        let callback: PageUrl = format!("{url}/connect/callback").parse().ok()?;
        let is_secure = url.starts_with("https://");
        Some(Self {
            url,
            callback,
            is_secure,
        })
    }

    /// The origin, as a browser sends it.
    pub(crate) fn origin(&self) -> &str {
        self.callback.origin().as_str()
    }

    /// The address to which Meta leads a person back.
    pub(crate) const fn callback_url(&self) -> &PageUrl {
        &self.callback
    }

    /// Whether the address is https.
    pub(crate) const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The address of a link's page.
    pub(crate) fn link_url(&self, address: &TenantCapability) -> String {
        format!("{}/connect/{}", self.url, *address.expose())
    }
}

impl FromRequest for HostedBase {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let base = Self::parse(&public_address(request));
        ready(base.ok_or_else(|| {
            Problem::new(
                Code::LinksNotOffered,
                "The public address of this installation is not https.",
            )
        }))
    }
}

/// The address under which Meta and browsers reach the public listener.
pub(crate) fn public_address(request: &HttpRequest) -> String {
    let set = request
        .app_data::<Data<Settings>>()
        .and_then(|it| it.public_url.clone());
    set.unwrap_or_else(|| format!("http://{}", request.app_config().local_addr()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_offered_over_https_and_on_the_local_machine() {
        for (text, origin, is_secure) in [
            ("https://a.example/", "https://a.example", true),
            ("https://a.example:8443", "https://a.example:8443", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", false),
            ("http://localhost:8080", "http://localhost:8080", false),
        ] {
            let base = HostedBase::parse(text).unwrap();
            assert_eq!((base.origin(), base.is_secure()), (origin, is_secure));
        }
        for text in [
            "http://a.example",
            "http://0.0.0.0:8080",
            "http://[::]:8080",
            "http://10.0.0.1",
            "ftp://localhost",
            "",
        ] {
            assert_eq!(HostedBase::parse(text), None, "{text}");
        }
    }
}
