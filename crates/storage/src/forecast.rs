//! When assets stop working, by time and by person.

pub(crate) mod lines;
pub(crate) mod persons;

pub use lines::{ForecastFilter, ForecastLine, ForecastRow, ForecastTotals, Place};
pub use persons::{PersonCounts, PersonRow};
