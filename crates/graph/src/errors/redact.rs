//! Redaction: texts of Graph may repeat tokens, so every text is redacted where it is read.
//!
//! The rule: the mark is not ASCII and secrets are ASCII only, so the mark can neither be part of a
//! secret nor complete one.

use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

const MARK: &str = "…";
/// A run of this many letters and digits mixed is taken for an unknown secret.
const MIN_SECRET_LENGTH: usize = 24;
/// Graph shortens some tokens that it repeats: this many first characters are redacted too.
const SHORTENED_LENGTH: usize = 16;
/// Longer messages are cut.
const MAX_CHARS: usize = 600;
const SECRET_PARAMETERS: [&str; 6] = [
    "access_token=",
    "client_secret=",
    "input_token=",
    "fb_exchange_token=",
    "appsecret_proof=",
    "code=",
];

/// Removes the secrets of one call from texts.
pub(crate) struct Redactor(Vec<Zeroizing<String>>);

impl Redactor {
    /// Redacts these secrets, also percent-encoded or shortened.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms: Vec<_> = secrets.into_iter().flat_map(forms_of_secret).collect();
        forms.sort_by_key(|it| std::cmp::Reverse(it.len()));
        Self(forms)
    }

    /// The text without these secrets and without runs that look like another; cut to 600
    /// characters.
    pub(crate) fn redact_text(&self, text: &str) -> String {
        let known = self.redact_known(text);
        let bare = redact_unknown_secrets(&redact_parameters(known));
        bare.chars().take(MAX_CHARS).collect()
    }

    /// The text without these secrets.
    pub(crate) fn redact_known(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), MARK)
        })
    }
}

fn forms_of_secret(secret: &str) -> Vec<Zeroizing<String>> {
    let encoded: String = byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![
        Zeroizing::new(secret.to_owned()),
        Zeroizing::new(encoded.to_lowercase()),
        Zeroizing::new(encoded),
    ];
    if let Some(beginning) = secret
        .get(..SHORTENED_LENGTH)
        .filter(|_| secret.len() >= MIN_SECRET_LENGTH)
    {
        forms.push(Zeroizing::new(beginning.to_owned()));
    }
    forms.retain(|it| !it.is_empty());
    forms
}

fn redact_parameters(mut text: String) -> String {
    for parameter in SECRET_PARAMETERS {
        let mut from = 0;
        while let Some(start) = text.get(from..).and_then(|it| it.find(parameter)) {
            let value = from + start + parameter.len();
            let end = text
                .get(value..)
                .and_then(|it| it.find(|c: char| c == '&' || c == '"' || c.is_whitespace()))
                .map_or(text.len(), |it| value + it);
            text.replace_range(value..end, MARK);
            from = value + MARK.len();
        }
    }
    text
}

fn redact_unknown_secrets(text: &str) -> String {
    text.split_inclusive(|c: char| !is_token_char(c))
        .map(|piece| {
            let run = piece.trim_end_matches(|c: char| !is_token_char(c));
            if looks_like_secret(run) {
                piece.replacen(run, MARK, 1)
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '|')
}

fn looks_like_secret(run: &str) -> bool {
    let has = |what: fn(&u8) -> bool| run.as_bytes().iter().any(what);
    run.len() >= MIN_SECRET_LENGTH && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_token_survives(token in "[!-~]{1,200}", before in ".{0,60}", between in ".{0,60}", after in ".{0,60}") {
            let redactor = Redactor::new([token.as_str()]);
            let text = format!("{before}{token}{between}{token}{after}");
            let encoded: String = byte_serialize(token.as_bytes()).collect();
            prop_assert!(!redactor.redact_text(&text).contains(&token));
            let redacted = redactor.redact_text(&(before + &encoded));
            prop_assert!(!redacted.contains(&encoded));
        }

        #[test]
        fn of_several_secrets_none_survives(secrets in prop::collection::vec("[a-c|%]{1,6}", 1..5), text in "[a-c|%]{0,80}") {
            let redacted = Redactor::new(secrets.iter().map(String::as_str)).redact_text(&text);
            for secret in &secrets {
                prop_assert!(!redacted.contains(secret));
            }
        }
    }

    fn redact(text: &str) -> String {
        Redactor::new([]).redact_text(text)
    }

    #[test]
    fn an_unknown_token_is_recognised() {
        assert_eq!(
            redact("Malformed access token EAAB1cdefghijklmnopqrstuvwxyz."),
            "Malformed access token …."
        );
        assert_eq!(
            redact("next: https://graph.facebook.com/v26.0/me?limit=1&access_token=ab&after=x"),
            "next: https://graph.facebook.com/v26.0/me?limit=1&access_token=…&after=x"
        );
    }

    #[test]
    fn a_shortened_token_is_recognised() {
        let redactor = Redactor::new(["EAABwzLixnjYBAabcdefghijklmnop"]);
        assert!(
            !redactor
                .redact_text("bad token EAABwzLixnjYBAab...")
                .contains("EAAB")
        );
    }

    #[test]
    fn plain_text_ids_and_permissions_are_kept() {
        let text = "(#200) Requires instagram_business_manage_messages on object 17841400000000001, of page 12345678901234567890";
        assert_eq!(redact(text), text);
    }
}
