//! What the handlers of the hosted pages answer with.
//!
//! The rule: the pages are for people, so every error is a page.

use actix_web::{HttpRequest, HttpResponse, http::header};
use regrant_domain::Locale;
use regrant_vault::{Capability, Error, LinkEntry, LinkName, Vault};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{
    browser::cookie_header,
    opener::Opener,
    pages::{Dead, Page, render_dead},
};
use crate::{extract::HostedBase, problem::Problem};

/// Leads the browser to Meta's log-in dialog.
pub(super) async fn go_to_dialog(
    vault: &Vault,
    base: &HostedBase,
    request: &HttpRequest,
    entry: &LinkEntry,
    browser: &Capability,
    asks_again: bool,
    opener: Opener,
) -> HttpResponse {
    let started = vault
        .start_link_login(entry, browser, base.callback_url(), asks_again)
        .await;
    match started {
        Ok(url) => HttpResponse::SeeOther()
            .insert_header((header::LOCATION, url.as_str()))
            .insert_header((header::SET_COOKIE, opener.cookie(base)))
            .finish(),
        Err(error) => error_page(request, error),
    }
}

/// A page with a form for a browser, which gets a cookie if it has none.
pub(super) fn with_browser(
    request: &HttpRequest,
    base: &HostedBase,
    browser: Option<Capability>,
    render: impl FnOnce(&Capability) -> Page,
) -> HttpResponse {
    let (browser, is_new) = match browser {
        Some(browser) => (browser, false),
        None => match Capability::mint() {
            Ok(browser) => (browser, true),
            Err(error) => return error_page(request, Error::Internal(error.into())),
        },
    };
    let mut response = render(&browser).into_response();
    if let Some((name, value)) = cookie_header(&browser, base).filter(|_| is_new) {
        response.headers_mut().append(name, value);
    }
    response
}

/// A page that leads no further.
pub(super) fn dead(request: &HttpRequest, why: &Dead) -> HttpResponse {
    render_dead(why, preferred_locale(request)).into_response()
}

/// The page of an error.
pub(super) fn error_page(request: &HttpRequest, error: Error) -> HttpResponse {
    match error {
        Error::NotFound(_) | Error::Unauthenticated => dead(request, &Dead::Link),
        other => {
            // Logs the cause, as for every other route.
            drop(Problem::from(other));
            dead(request, &Dead::Busy)
        }
    }
}

/// German for browsers that prefer it to English, where no link says which language its person reads.
fn preferred_locale(request: &HttpRequest) -> Locale {
    let languages = request.headers().get(header::ACCEPT_LANGUAGE);
    let first = languages.and_then(|it| it.to_str().ok()?.split(',').next());
    match first {
        Some(language) if language.trim().starts_with("de") => Locale::De,
        _ => Locale::En,
    }
}

/// The path at which a browser finds its step.
pub(super) fn flow_path(name: LinkName) -> String {
    format!("/connect/{}/{}", name.tenant, name.id)
}

/// The same, with the word that something has changed since the last check.
pub(super) fn step_path(name: LinkName, has_changed: bool) -> String {
    let query = if has_changed { "?changed=1" } else { "" };
    flow_path(name) + query
}

/// The first value of a field of the query. It may be a code, so its buffer is zeroed.
pub(super) fn find_query(request: &HttpRequest, name: &str) -> Option<Zeroizing<String>> {
    let mut fields = form_urlencoded::parse(request.query_string().as_bytes());
    let found = fields.find(|(have, value)| have == name && !value.is_empty());
    found.map(|(_, value)| Zeroizing::new(value.into_owned()))
}

/// Leads the browser on; it asks with GET.
pub(super) fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .finish()
}
