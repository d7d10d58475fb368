//! The HTTP surface: problems, limits of a request, and responses as the descriptions say.

mod bodies;
mod description;
mod http;
mod problems;
