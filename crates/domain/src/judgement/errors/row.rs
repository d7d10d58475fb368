//! A row of the table: the errors that it fits, and what they mean.

use super::{Caller, ErrorClass, GraphErrorFacts, Throttle, named};
use crate::{AssetKind, RefusalKind};

/// One row of the table of errors. The first row that fits an error decides.
#[derive(Debug)]
pub struct ErrorRow {
    /// The codes that it fits.
    pub code: Codes,
    /// The subcodes that it fits.
    pub subcode: Codes,
    /// What must hold besides.
    pub when: When,
    /// What the error means.
    pub class: RowClass,
    /// Where this is documented or was reported.
    pub source: &'static str,
}

/// Codes or subcodes that a row fits.
#[derive(Debug, Clone, Copy)]
pub enum Codes {
    /// Every number, and none.
    Any,
    /// No number.
    Absent,
    /// One of these.
    In(&'static [i64]),
    /// From the first to the last.
    Between(i64, i64),
    /// 10 and 200 to 299: Meta's codes of permissions.
    Permission,
}

/// A condition of a row beside code and subcode.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// None.
    Always,
    /// The message holds one of these texts, in any case.
    Says(&'static [&'static str]),
    /// The message names a permission.
    NamesPermission,
    /// The error has this type.
    IsType(&'static str),
    /// Graph calls the error transient.
    IsTransient,
    /// The HTTP status is from the first to the last.
    Status(u16, u16),
    /// The call was about such an object.
    About(&'static [AssetKind]),
    /// The call was made with such a token.
    CalledBy(&'static [Caller]),
    /// Both hold.
    Both(&'static Self, &'static Self),
}

/// What the errors of a row mean.
#[derive(Debug)]
pub enum RowClass {
    /// A refusal of this kind.
    Refused(RefusalKind),
    /// `MissingScope` with the permissions that the message names.
    MissingScope,
    /// `PageMoved` with the id that the message names.
    PageMoved,
    /// A limit was hit.
    Throttled(Throttle),
}

/// A row: code, subcode, condition, class and source, in the order in which a reader looks.
pub(super) const fn row(
    code: Codes,
    subcode: Codes,
    when: When,
    class: RowClass,
    source: &'static str,
) -> ErrorRow {
    ErrorRow {
        code,
        subcode,
        when,
        class,
        source,
    }
}

impl ErrorRow {
    /// Whether the row fits the error; `text` is its message in lower case.
    pub(super) fn fits(&self, error: &GraphErrorFacts<'_>, text: &str) -> bool {
        self.code.fits(error.code)
            && self.subcode.fits(error.subcode)
            && self.when.holds(error, text)
    }
}

impl Codes {
    fn fits(self, number: Option<i64>) -> bool {
        match (self, number) {
            (Self::Any, _) | (Self::Absent, None) => true,
            (Self::In(numbers), Some(number)) => numbers.contains(&number),
            (Self::Between(first, last), Some(number)) => (first..=last).contains(&number),
            (Self::Permission, Some(number)) => number == 10 || (200..=299).contains(&number),
            (Self::Absent, Some(_))
            | (Self::In(_) | Self::Between(..) | Self::Permission, None) => false,
        }
    }
}

impl When {
    fn holds(&self, error: &GraphErrorFacts<'_>, text: &str) -> bool {
        match *self {
            Self::Always => true,
            Self::Says(texts) => texts.iter().any(|it| text.contains(it)),
            Self::NamesPermission => !named::find_permissions(text).is_empty(),
            Self::IsType(kind) => error.kind == kind,
            Self::IsTransient => error.is_transient,
            Self::Status(first, last) => (first..=last).contains(&error.http_status),
            Self::About(kinds) => error.object.is_some_and(|it| kinds.contains(&it)),
            Self::CalledBy(callers) => callers.contains(&error.caller),
            Self::Both(one, other) => one.holds(error, text) && other.holds(error, text),
        }
    }
}

impl RowClass {
    /// The class of an error whose message in lower case is `text`.
    pub(crate) fn to_class(&self, text: &str) -> ErrorClass {
        ErrorClass::Refused(match self {
            Self::Refused(kind) => kind.clone(),
            Self::MissingScope => RefusalKind::MissingScope(named::find_permissions(text)),
            Self::PageMoved => RefusalKind::PageMoved(named::find_new_page_id(text)),
            Self::Throttled(throttle) => return ErrorClass::Throttled(*throttle),
        })
    }
}
