//! The HTTP surface: problems, limits of a request, responses as the descriptions say, and the elements for a provider's
//! page.

mod bodies;
mod clients;
mod component;
mod coverage;
mod description;
mod http;
mod lists;
mod problems;
