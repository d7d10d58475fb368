//! Steps for the forecast.

pub(super) mod s72_calendar_feeds;
