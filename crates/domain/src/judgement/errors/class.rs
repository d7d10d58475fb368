//! The classes of errors: a refusal, or a throttle with what rests.

use std::time::Duration;

use crate::{RefusalKind, closed_list};

/// What an error means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorMeaning {
    /// The class of the error.
    pub class: ErrorClass,
    /// Whether a row knows this error; if not, its family decided, and an operator should see it.
    pub is_known: bool,
    /// The source of the row.
    pub source: &'static str,
}

/// The class of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorClass {
    /// A refusal; its kind says how certain it is, who must act, and what to do next.
    Refused(RefusalKind),
    /// A limit was hit: what it names must rest.
    Throttled(Throttle),
}

/// A limit that was hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// What must not be called.
    pub rests: Rests,
    /// For how long; `None`: an object as long as its usage headers say, anything else as long as the settings say.
    pub pause: Option<Duration>,
}

closed_list! {
    /// What rests after a throttle. Where the call has no such thing, the limit of an object rests the person, or else the
    /// app; that of a person whom we do not know rests the object, or else nothing.
    pub enum Rests: "scope of a throttle" {
        /// Every call of the app.
        App = "app",
        /// Every call with tokens of the person.
        Person = "person",
        /// Every call about the object.
        Object = "object",
        /// Calls of this person about this object; the whole person once three of their objects rest.
        PersonOnObject = "person_on_object",
    }
}
