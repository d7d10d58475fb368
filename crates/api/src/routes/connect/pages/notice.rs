//! Pages that lead no further.
//!
//! The rule: a link, or a state, that is unknown, over, withdrawn or another's gets the same page, byte for byte.

use actix_web::http::StatusCode;
use maud::html;
use regrant_domain::{LinkPerson, Locale, Timestamp};

use super::{
    super::texts::{Text, format_time},
    intro::person_name,
    shell::Page,
};

/// Why a page leads no further.
pub(in super::super) enum Dead {
    /// The link opens nothing.
    Link,
    /// The state of a log-in does not belong to this browser, or is over.
    State,
    /// A form was not made for this browser.
    Form,
    /// The link was used in another browser.
    Used {
        at: Timestamp,
        by: Option<LinkPerson>,
        tenant: String,
    },
    /// The app has no page of its provider.
    Landing,
    /// Something that we need does not answer.
    Busy,
}

/// The page.
pub(in super::super) fn render_dead(dead: &Dead, locale: Locale) -> Page {
    let (status, title, hint) = match dead {
        Dead::Link => (StatusCode::NOT_FOUND, Text::NotFound, Text::NotFoundHint),
        Dead::State => (StatusCode::FORBIDDEN, Text::StateTitle, Text::StateHint),
        Dead::Form => (StatusCode::FORBIDDEN, Text::FormTitle, Text::FormHint),
        Dead::Used { .. } => (StatusCode::GONE, Text::UsedTitle, Text::UsedHint),
        Dead::Landing => (
            StatusCode::NOT_FOUND,
            Text::NoLandingTitle,
            Text::NoLandingHint,
        ),
        Dead::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            Text::BusyTitle,
            Text::BusyHint,
        ),
    };
    let hint = match dead {
        Dead::Used { at, by, tenant } => {
            let (at, by) = (format_time(*at, locale), by.as_ref().map(person_name));
            let hint = by.as_ref().map_or(hint, |_| Text::UsedByHint);
            let by = by.unwrap_or_default();
            hint.fill(locale, &[("at", &at), ("person", &by), ("tenant", tenant)])
        }
        _ => hint.text(locale).to_owned(),
    };
    let mut page = Page::new(
        locale,
        title.text(locale).to_owned(),
        html! { p { (hint) } },
    );
    page.status = status;
    page
}
