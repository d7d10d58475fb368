//! Who opened the window of a log-in. A page of the provider waits for its window: there the person confirms, and may have
//! chosen fewer assets than the link has, so the window leads back to the page instead of confirming by itself.
//!
//! The rule: addresses and forms say it, and a cookie on the way through Meta. It changes what a window shows, and grants
//! nothing.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::{answer::find_query, browser::list_cookies, form::Form};
use crate::extract::HostedBase;

/// The field of addresses and forms.
const FIELD: &str = "from";
/// Its value in a window that a page opened.
const PAGE: &str = "page";
/// Its value where the person logs in again: a consent that the page has already is not what it waits for.
const PAGE_AGAIN: &str = "page_again";
/// The cookie over https, and over http on the local machine, as for `browser.rs`.
const SECURE_COOKIE: &str = "__Host-regrant-from";
const LOCAL_COOKIE: &str = "regrant-from";
/// How long a person may stay at Meta, in seconds.
const MAX_AGE: u32 = 60 * 60;

/// Who opened a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opener {
    /// The person, with the link.
    Person,
    /// A page of the provider, which waits for the log-in.
    Page,
    /// A page of the provider, which has a log-in and waits for another one.
    PageAgain,
}

impl Opener {
    /// As the address of a window says.
    pub(super) fn of_address(request: &HttpRequest) -> Self {
        Self::of(find_query(request, FIELD).as_ref().map(|it| it.as_str()))
    }

    /// As the form of a window says.
    pub(super) fn of_form(form: &Form) -> Self {
        Self::of(form.get(FIELD))
    }

    /// As the cookie says that went with the browser to Meta and back.
    pub(super) fn of_return(request: &HttpRequest, base: &HostedBase) -> Self {
        let wanted = cookie_name(base);
        let value =
            list_cookies(request).find_map(|(name, value)| (name == wanted).then_some(value));
        Self::of(value)
    }

    /// The value of the `Set-Cookie` header that keeps it while the person is at Meta.
    pub(super) fn cookie(self, base: &HostedBase) -> String {
        let secure = if base.is_secure() { "; Secure" } else { "" };
        let value = match self {
            Self::Person => "",
            Self::Page | Self::PageAgain => PAGE,
        };
        let name = cookie_name(base);
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={MAX_AGE}{secure}")
    }

    /// The field of a form.
    pub(super) fn field(self) -> Markup {
        html! {
            @if self != Self::Person { input type="hidden" name=(FIELD) value=(PAGE); }
        }
    }

    /// An address of ours with it.
    pub(super) fn mark(self, path: String) -> String {
        match self {
            Self::Person => path,
            Self::Page => format!("{path}?{FIELD}={PAGE}"),
            Self::PageAgain => format!("{path}?{FIELD}={PAGE_AGAIN}"),
        }
    }

    fn of(value: Option<&str>) -> Self {
        match value {
            Some(PAGE) => Self::Page,
            Some(PAGE_AGAIN) => Self::PageAgain,
            _ => Self::Person,
        }
    }
}

fn cookie_name(base: &HostedBase) -> &'static str {
    if base.is_secure() {
        SECURE_COOKIE
    } else {
        LOCAL_COOKIE
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn an_address_names_the_page_that_opened_it() {
        for (path, opener) in [
            ("/connect/x", Opener::Person),
            ("/connect/x?from=other", Opener::Person),
            ("/connect/x?from=page", Opener::Page),
            ("/connect/x?from=page_again", Opener::PageAgain),
        ] {
            let request = TestRequest::with_uri(path).to_http_request();
            assert_eq!(Opener::of_address(&request), opener, "{path}");
        }
        assert_eq!(Opener::Page.mark("/a".to_owned()), "/a?from=page");
        assert_eq!(
            Opener::PageAgain.mark("/a".to_owned()),
            "/a?from=page_again"
        );
        assert_eq!(Opener::Person.mark("/a".to_owned()), "/a");
    }

    #[test]
    fn a_cookie_brings_it_back_from_meta() {
        let base = HostedBase::parse("https://links.example").unwrap();
        for opener in [Opener::Person, Opener::Page] {
            let text = opener.cookie(&base);
            assert!(text.starts_with("__Host-regrant-from="));
            for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/;"] {
                assert!(text.contains(attribute), "{attribute}");
            }
            let sent = text.split(';').next().unwrap();
            let request = TestRequest::default()
                .append_header(("Cookie", format!("a=b; {sent}")))
                .to_http_request();
            assert_eq!(Opener::of_return(&request, &base), opener);
        }
    }

    #[test]
    fn a_cookie_on_the_local_machine_reads_back_too() {
        let base = HostedBase::parse("http://127.0.0.1:8080").unwrap();
        let text = Opener::Page.cookie(&base);
        assert!(!text.contains("Secure"), "{text}");
        let request = TestRequest::default()
            .append_header(("Cookie", text.split(';').next().unwrap()))
            .to_http_request();
        assert_eq!(Opener::of_return(&request, &base), Opener::Page);
    }
}
