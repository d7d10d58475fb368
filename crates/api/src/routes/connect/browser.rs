//! The browser that a hosted flow is bound to: its cookie, and the forms that were made for it.
//!
//! The rule: a form counts only with the cookie that it was made for, and only from a page of ours. A page's origin
//! `null` is that of our own forms (their referrer policy hides it) and of a stranger's frame alike, so it counts only
//! beside `Sec-Fetch-Site: same-origin`, which no page can write.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName, HeaderValue},
};
use regrant_vault::Capability;

use super::form::Form;
use crate::extract::HostedBase;

/// The cookie over https; browsers take this prefix only from a secure page, for the whole host, without a domain.
const SECURE_NAME: &str = "__Host-regrant";
/// The cookie over http on the local machine.
const LOCAL_NAME: &str = "regrant";
/// How long the cookie lives, in seconds: as long as the longest link.
const MAX_AGE: u32 = 7 * 24 * 60 * 60;
/// The field of every form that proves for which cookie it was made.
pub(super) const FORM_TOKEN: &str = "form";

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The secret in the cookie of the browser, if it has one.
pub(super) fn find_browser(request: &HttpRequest, base: &HostedBase) -> Option<Capability> {
    let name = cookie_name(base);
    list_cookies(request)
        .find_map(|(have, value)| (have == name).then(|| Capability::parse(value))?)
}

/// The names and values of the cookies of a request.
pub(super) fn list_cookies(request: &HttpRequest) -> impl Iterator<Item = (&str, &str)> {
    let headers = request.headers().get_all(header::COOKIE);
    headers
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(';'))
        .filter_map(|it| it.trim().split_once('='))
}

/// The header that gives a browser its cookie.
pub(super) fn cookie_header(
    browser: &Capability,
    base: &HostedBase,
) -> Option<(HeaderName, HeaderValue)> {
    let secure = if base.is_secure() { "; Secure" } else { "" };
    let text = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={MAX_AGE}{secure}",
        cookie_name(base),
        browser.expose()
    );
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some((header::SET_COOKIE, value))
}

/// The browser of a form, if the form was made for it and comes from a page of ours.
pub(super) fn find_browser_of_form(
    request: &HttpRequest,
    base: &HostedBase,
    form: &Form,
) -> Option<Capability> {
    let browser = find_browser(request, base)?;
    let token = form.get(FORM_TOKEN)?;
    (comes_from_own_page(request, base) && browser.matches_form_token(token)).then_some(browser)
}

fn comes_from_own_page(request: &HttpRequest, base: &HostedBase) -> bool {
    let one = |name: &str| {
        let mut values = request.headers().get_all(name);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(drop),
            (Some(_), Some(_)) => Err(()),
        }
    };
    match (one(SEC_FETCH_SITE), one(header::ORIGIN.as_str())) {
        // The last pair is a browser that sends neither; the cookie and the form token remain.
        (Ok(Some("same-origin")), Ok(Some("null") | None)) | (Ok(None), Ok(None)) => true,
        (Ok(Some("same-origin") | None), Ok(Some(origin))) => origin == base.origin(),
        _ => false,
    }
}

fn cookie_name(base: &HostedBase) -> &'static str {
    if base.is_secure() {
        SECURE_NAME
    } else {
        LOCAL_NAME
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const OWN: &str = "https://links.example";

    fn base() -> HostedBase {
        HostedBase::parse(OWN).unwrap()
    }

    fn is_own(headers: &[(&'static str, &'static str)]) -> bool {
        let request = headers.iter().fold(TestRequest::default(), |it, header| {
            it.append_header(*header)
        });
        comes_from_own_page(&request.to_http_request(), &base())
    }

    #[test]
    fn a_form_comes_from_a_page_of_ours() {
        assert!(is_own(&[
            ("Origin", OWN),
            ("Sec-Fetch-Site", "same-origin")
        ]));
        assert!(is_own(&[("Origin", OWN)]));
        assert!(is_own(&[
            ("Origin", "null"),
            ("Sec-Fetch-Site", "same-origin")
        ]));
        assert!(is_own(&[]));
    }

    #[test]
    fn a_form_of_another_page_does_not_count() {
        for headers in [
            &[("Origin", "null")][..],
            &[("Origin", "https://links.example.evil.example")],
            &[("Origin", "https://links.example:8443")],
            &[("Origin", "http://links.example")],
            &[("Origin", OWN), ("Origin", OWN)],
            &[("Origin", OWN), ("Sec-Fetch-Site", "cross-site")],
            &[("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site")],
            &[("Sec-Fetch-Site", "none")],
        ] {
            assert!(!is_own(headers), "{headers:?}");
        }
    }

    #[test]
    fn a_cookie_reads_back_and_its_attributes_bind_it() {
        let browser = Capability::mint().unwrap();
        let (_, header) = cookie_header(&browser, &base()).unwrap();
        let text = header.to_str().unwrap();
        assert!(text.starts_with("__Host-regrant="));
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(text.contains(attribute), "{attribute}");
        }
        let sent = text.split(';').next().unwrap();
        let request = TestRequest::default()
            .append_header(("Cookie", format!("a=b; __Host-regrant=short; {sent}")))
            .to_http_request();
        let read = find_browser(&request, &base()).unwrap();
        assert!(read.hash().matches(&browser.hash()));
    }
}
