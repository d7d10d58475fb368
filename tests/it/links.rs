//! Links: hosted pages at which one person gives a consent for listed assets.

mod making;
