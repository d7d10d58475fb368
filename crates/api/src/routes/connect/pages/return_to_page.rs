//! The window of a provider's page after the log-in: the person continues in the page.

use maud::html;
use regrant_vault::LinkPage;

use super::{
    super::{answer::flow_path, texts::Text},
    shell::Page,
};

/// The page that leads back to the provider's page. A person who has closed that one can continue here.
pub(in super::super) fn render_return(page: &LinkPage) -> Page {
    let locale = page.locale;
    let body = html! {
        p { (Text::ReturnHint.text(locale)) }
        p.hint { (Text::ContinueHint.text(locale)) }
        div.choices { a.button href=(flow_path(page.name)) { (Text::ContinueHere.text(locale)) } }
    };
    Page::new(locale, Text::ReturnTitle.text(locale).to_owned(), body)
}
