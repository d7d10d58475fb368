//! Sentences for people, in each language.
//!
//! The rule: a code of a closed list has one sentence in each language; the compiler finds one that is missing. English is
//! the default. Sentences hold no secret.

mod next_step;
mod reason_code;
mod who;

use crate::closed_list;

closed_list! {
    /// A language of sentences for people.
    pub enum Locale: "language", serde {
        /// English.
        En = "en",
        /// German.
        De = "de",
    }
}

/// The sentence of this language.
const fn choose(locale: Locale, en: &'static str, de: &'static str) -> &'static str {
    match locale {
        Locale::En => en,
        Locale::De => de,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{NextStep, ReasonCode, Who};

    /// Every code, with its text in each language.
    fn every_text() -> Vec<(&'static str, [&'static str; 2])> {
        let both = |text: &dyn Fn(Locale) -> &'static str| Locale::ALL.map(text);
        let steps = NextStep::ALL.map(|it| (it.as_str(), both(&|locale| it.sentence(locale))));
        let codes = ReasonCode::ALL.map(|it| (it.as_str(), both(&|locale| it.sentence(locale))));
        let parties = Who::ALL.map(|it| (it.as_str(), both(&|locale| it.name(locale))));
        steps.into_iter().chain(codes).chain(parties).collect()
    }

    #[test]
    fn no_code_lacks_a_text_in_a_language() {
        for (code, [en, de]) in every_text() {
            assert!(!en.is_empty() && !de.is_empty(), "{code}");
            assert_ne!(en, de, "{code}");
        }
    }

    #[test]
    fn sentences_end_with_a_stop() {
        let steps = NextStep::ALL.map(|it| Locale::ALL.map(|locale| it.sentence(locale)));
        let codes = ReasonCode::ALL.map(|it| Locale::ALL.map(|locale| it.sentence(locale)));
        for sentence in steps.into_iter().chain(codes).flatten() {
            assert!(sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn each_next_step_has_sentences_of_its_own() {
        for locale in Locale::ALL {
            let sentences: HashSet<_> = NextStep::ALL.map(|it| it.sentence(locale)).into();
            assert_eq!(sentences.len(), NextStep::ALL.len(), "{locale}");
        }
    }
}
