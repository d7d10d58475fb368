//! What all hosted pages share: head, style, forms, and the headers of their response.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, ContentType},
    },
};
use maud::{DOCTYPE, Markup, html};
use regrant_domain::Locale;
use regrant_vault::Capability;

use super::super::browser::FORM_TOKEN;

/// A page that is ready to be sent.
pub(in super::super) struct Page {
    pub(super) locale: Locale,
    pub(super) title: String,
    pub(super) body: Markup,
    pub(super) status: StatusCode,
    /// Where forms may lead beside this page: the log-in dialog.
    pub(super) leads_to: Option<String>,
    /// The address from which the page loads itself again in a moment, if it waits for something.
    pub(super) reloads_from: Option<String>,
}

/// After how many seconds a page that waits loads itself again.
const RELOAD_SECONDS: u32 = 2;

impl Page {
    pub(super) fn new(locale: Locale, title: String, body: Markup) -> Self {
        Self {
            locale,
            title,
            body,
            status: StatusCode::OK,
            leads_to: None,
            reloads_from: None,
        }
    }

    /// The response, with the policy of its content: no script, our style, forms to us and to the log-in dialog.
    pub(in super::super) fn into_response(self) -> HttpResponse {
        let leads_to = self.leads_to.as_deref().unwrap_or_default();
        let policy = format!(
            "default-src 'none'; style-src 'self'; form-action 'self' {leads_to}; frame-ancestors 'none'; \
             base-uri 'none'"
        );
        HttpResponse::build(self.status)
            .insert_header((header::CONTENT_SECURITY_POLICY, policy.replace(" ;", ";")))
            .content_type(ContentType::html())
            .body(self.render())
    }

    fn render(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang=(self.locale.as_str()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    // With its address: Meta's return leaves `#_=_` behind, which redirects keep, and a browser does not
                    // load an address with a fragment again by itself.
                    @if let Some(address) = &self.reloads_from {
                        meta http-equiv="refresh" content={ (RELOAD_SECONDS) "; url=" (address) };
                    }
                    title { (self.title) }
                    link rel="stylesheet" href="/static/connect.css";
                }
                body { main { h1 { (self.title) } (self.body) } }
            }
        };
        page.into_string()
    }
}

/// A form with one button that sends `act`, made for this browser.
pub(super) fn button_form(
    browser: &Capability,
    act: &str,
    label: &str,
    class: &str,
    more: &Markup,
) -> Markup {
    html! {
        form method="post" {
            input type="hidden" name=(FORM_TOKEN) value=(browser.form_token());
            (more)
            button class=(class) name="act" value=(act) { (label) }
        }
    }
}
