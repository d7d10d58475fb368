//! The table of Graph's errors: what each one means for the token, the object and the app.
//!
//! The rule: the first row that fits decides. A row of [`list_known_rows`] comes from a source that it names; an error in none of
//! them falls to its family and is reported, because it is not known. No error has no meaning.
//! Start at [`look_up_error`]; each file of the folder `errors` has the rows of one concern.

mod app_rows;
mod class;
mod code_fault;
mod facts;
mod family_rows;
mod limit_rows;
mod named;
mod object_rows;
mod row;
mod service_rows;
mod token_rows;
mod unknown;

pub use class::{ErrorClass, ErrorMeaning, Rests, Throttle};
pub use code_fault::CodeFault;
pub use facts::{Caller, GraphErrorFacts};
pub(crate) use named::lists_alternatives;
pub use row::{Codes, ErrorRow, RowClass, When};
pub use unknown::UnknownError;

use crate::RefusalKind;

/// The rows of errors that are known, in the order in which they are tried.
pub fn list_known_rows() -> impl Iterator<Item = &'static ErrorRow> {
    [
        app_rows::ROWS,
        limit_rows::ROWS,
        token_rows::ROWS,
        object_rows::ROWS,
        service_rows::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// The rows of the families: what an error means that no known row fits.
pub fn list_family_rows() -> impl Iterator<Item = &'static ErrorRow> {
    family_rows::ROWS.iter()
}

/// What an error of Graph means.
#[must_use]
pub fn look_up_error(error: &GraphErrorFacts<'_>) -> ErrorMeaning {
    let text = error.message.to_lowercase();
    let fits = |row: &&ErrorRow| row.fits(error, &text);
    let meaning = |row: &'static ErrorRow, is_known| ErrorMeaning {
        class: row.class.to_class(&text),
        is_known,
        source: row.source,
    };
    let row = list_known_rows().find(fits).map(|row| meaning(row, true));
    row.or_else(|| list_family_rows().find(fits).map(|row| meaning(row, false)))
        .unwrap_or(ErrorMeaning {
            class: ErrorClass::Refused(RefusalKind::Unclassified),
            is_known: false,
            source: "no row",
        })
}

#[cfg(test)]
mod tests;
