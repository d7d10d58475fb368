//! The language of the sentences in a response: the header `Accept-Language`.
//!
//! The rule: a language that has no sentences is passed over, and English is the default. No header is a fault.

use std::str::FromStr;

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{AcceptLanguage, Header, Preference},
};
use futures_util::future::{Ready, ready};
use regrant_domain::Locale;

/// The language that the caller prefers among those that have sentences.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Language(pub(crate) Locale);

impl FromRequest for Language {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let preferred = AcceptLanguage::parse(request).ok();
        let locale = preferred.and_then(|it| choose_locale(&it));
        ready(Ok(Self(locale.unwrap_or(Locale::En))))
    }
}

/// The first language of the header that has sentences.
fn choose_locale(header: &AcceptLanguage) -> Option<Locale> {
    header.ranked().into_iter().find_map(|it| match it {
        Preference::Any => Some(Locale::En),
        Preference::Specific(tag) => Locale::from_str(tag.primary_language()).ok(),
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    async fn locale_of(header: &str) -> Locale {
        let request = TestRequest::default().insert_header(("accept-language", header));
        let language = Language::extract(&request.to_http_request()).await;
        language.unwrap().0
    }

    #[actix_web::test]
    async fn the_most_preferred_language_that_has_sentences_is_chosen() {
        for (header, expected) in [
            ("de", Locale::De),
            ("de-AT,en;q=0.5", Locale::De),
            ("fr,de;q=0.8,en;q=0.9", Locale::En),
            ("fr, de;q=0.3", Locale::De),
            ("*", Locale::En),
            ("fr", Locale::En),
            ("", Locale::En),
            (";;q=x", Locale::En),
        ] {
            assert_eq!(locale_of(header).await, expected, "{header:?}");
        }
    }
}
