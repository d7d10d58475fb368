//! When assets stop working, as a calendar and by person.

mod at_risk;
pub(crate) mod calendar;
mod endings;
mod feed;
mod persons;

pub use calendar::ForecastRow;
pub use endings::ForecastFilter;
pub use feed::CalendarFeed;
