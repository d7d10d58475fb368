//! The faulty fields of a request.
//!
//! The rule: a fault names the field and what it must contain, never its value, which may be a token.

use std::fmt;

use serde::de::{Expected, Unexpected};

use crate::problem::{Fault, MAX_FAULTS};

/// The longest field name that a response repeats; a longer one may be a misplaced token.
const MAX_SHOWN_NAME: usize = 40;

/// Start of the text about an unknown field; the names of the known fields follow.
pub(crate) const UNKNOWN_FIELD: &str = "unknown field; expected one of: ";

/// Faults of a request, at most `MAX_FAULTS`.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    fn at_field(field: &str, detail: impl Into<String>) -> Self {
        Self(vec![Fault {
            field: field.to_owned(),
            detail: detail.into(),
        }])
    }

    pub(super) fn under_parent(mut self, parent: &str) -> Self {
        for fault in &mut self.0 {
            fault.field = match fault.field.as_str() {
                "" => parent.to_owned(),
                inner if inner.starts_with('[') => format!("{parent}{inner}"),
                inner => format!("{parent}.{inner}"),
            };
        }
        self
    }

    pub(super) fn add_faults(&mut self, more: Self) {
        let free = MAX_FAULTS.saturating_sub(self.0.len());
        self.0.extend(more.0.into_iter().take(free));
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request is not valid")
    }
}

impl std::error::Error for Faults {}

impl serde::de::Error for Faults {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::at_field("", message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::at_field("", describe_expectation(expected))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::at_field("", describe_expectation(expected))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::at_field("", describe_expectation(expected))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::at_field("", format!("expected one of: {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::at_field(
            displayable_name(field),
            format!("{UNKNOWN_FIELD}{}", expected.join(", ")),
        )
    }

    fn missing_field(field: &'static str) -> Self {
        Self::at_field(field, "is required")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::at_field(field, "is given twice")
    }
}

fn describe_expectation(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "u64" => "expected a whole number".to_owned(),
        other => format!("expected {other}"),
    }
}

pub(super) fn displayable_name(name: &str) -> &str {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain && (1..=MAX_SHOWN_NAME).contains(&name.len()) {
        name
    } else {
        "(unknown)"
    }
}
