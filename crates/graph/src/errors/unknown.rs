//! Keeps the errors that the table of errors does not know until the vault stores them.
//!
//! The rule: at most [`MAX_KINDS`] kinds are kept; what is kept was redacted where it was read, and holds no long
//! number.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use regrant_domain::{AppId, AssetKind, Timestamp, errors::UnknownError};

use crate::{
    Client,
    errors::{classify::ErrorOrigin, graph_error::GraphError},
};

/// Further kinds of errors are dropped until the kept ones are taken.
const MAX_KINDS: usize = 1_000;
/// Longer texts are cut.
const MAX_CHARS: usize = 300;
/// Numbers of this many digits or more are ids.
const MIN_ID_DIGITS: usize = 5;

/// What makes two errors the same kind.
#[derive(PartialEq, Eq, Hash)]
struct ErrorKey {
    app: AppId,
    code: Option<i64>,
    subcode: Option<i64>,
    kind: String,
    http_status: u16,
    object: Option<AssetKind>,
    text: String,
}

struct Tally {
    count: u64,
    first_at: Timestamp,
    last_at: Timestamp,
}

/// The unknown errors since they were last taken.
#[derive(Default)]
pub(crate) struct UnknownErrors(Mutex<HashMap<ErrorKey, Tally>>);

impl UnknownErrors {
    /// Counts one error.
    pub(crate) fn count_error(&self, error: &GraphError, origin: ErrorOrigin<'_>, now: Timestamp) {
        let key = ErrorKey {
            app: origin.app.clone(),
            code: error.code,
            subcode: error.subcode,
            kind: mask_ids(&error.kind),
            http_status: origin.http_status,
            object: origin.object,
            text: mask_ids(&error.message),
        };
        let mut kept = self.lock_errors();
        if let Some(tally) = kept.get_mut(&key) {
            tally.count = tally.count.saturating_add(1);
            tally.last_at = now;
        } else if kept.len() < MAX_KINDS {
            let tally = Tally {
                count: 1,
                first_at: now,
                last_at: now,
            };
            kept.insert(key, tally);
        }
    }

    fn take_all(&self) -> Vec<UnknownError> {
        let kept = std::mem::take(&mut *self.lock_errors());
        let error = |(key, tally): (ErrorKey, Tally)| UnknownError {
            app: key.app,
            code: key.code,
            subcode: key.subcode,
            kind: key.kind,
            http_status: key.http_status,
            object: key.object,
            text: key.text,
            count: tally.count,
            first_at: tally.first_at,
            last_at: tally.last_at,
        };
        kept.into_iter().map(error).collect()
    }

    fn lock_errors(&self) -> MutexGuard<'_, HashMap<ErrorKey, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// The errors that the table of errors did not know since the last call, in no order; they are kept no longer.
    #[must_use]
    pub fn take_unknown_errors(&self) -> Vec<UnknownError> {
        self.inner.unknown_errors.take_all()
    }
}

/// The text with `#` for every id, cut.
fn mask_ids(text: &str) -> String {
    let mut masked = String::new();
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            push_number(&mut masked, &digits);
            digits.clear();
            masked.push(c);
        }
    }
    push_number(&mut masked, &digits);
    masked.chars().take(MAX_CHARS).collect()
}

fn push_number(masked: &mut String, digits: &str) {
    if digits.len() >= MIN_ID_DIGITS {
        masked.push('#');
    } else {
        masked.push_str(digits);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use regrant_domain::errors::Caller;

    use super::*;

    fn count(errors: &UnknownErrors, message: &str, minute: i64) {
        let app = "7".parse().unwrap();
        let error = GraphError {
            code: Some(424_242),
            message: message.to_owned(),
            ..GraphError::default()
        };
        let origin = ErrorOrigin {
            app: &app,
            http_status: 400,
            object: Some(AssetKind::Page),
            caller: Caller::Person,
        };
        let at = DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        errors.count_error(&error, origin, at);
    }

    #[test]
    fn errors_that_differ_only_in_ids_are_one_kind() {
        let errors = UnknownErrors::default();
        count(&errors, "(#424242) page 17841400000000001 of 1234", 1);
        count(&errors, "(#99999) page 55555 of 1234", 3);
        let taken = errors.take_all();
        let [only] = taken.as_slice() else {
            panic!("{taken:?}")
        };
        assert_eq!(only.text, "(##) page # of 1234");
        assert_eq!(only.count, 2);
        assert_eq!(only.last_at - only.first_at, TimeDelta::minutes(2));
        assert_eq!(only.object, Some(AssetKind::Page));
        assert!(errors.take_all().is_empty(), "they are taken once");
    }

    #[test]
    fn a_long_text_is_cut() {
        let errors = UnknownErrors::default();
        count(&errors, &"ä".repeat(900), 0);
        assert_eq!(errors.take_all()[0].text.chars().count(), MAX_CHARS);
    }

    #[test]
    fn no_more_than_a_thousand_kinds_are_kept_and_those_are_still_counted() {
        let errors = UnknownErrors::default();
        let text = |number: usize| {
            format!(
                "kind {}",
                "x".repeat(number % 290) + &"y".repeat(number / 290)
            )
        };
        for number in 0..1_500 {
            count(&errors, &text(number), 0);
        }
        count(&errors, &text(0), 1);
        let taken = errors.take_all();
        assert_eq!(taken.len(), MAX_KINDS);
        let first = taken.iter().find(|it| it.text == text(0)).unwrap();
        assert_eq!(first.count, 2);
    }
}
