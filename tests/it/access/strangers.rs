//! What callers that are not authenticated can do to the others: slow bodies, many connections, garbage.

mod attack;
mod bodies;
mod proof;
mod tokens;
