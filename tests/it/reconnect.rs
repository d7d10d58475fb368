//! Reconnects: outcomes, previews, events, overlapping calls and crashes.

mod abandoned;
mod bulk;
mod consents;
mod kill;
mod linearizability;
mod links;
mod outcomes;
mod overlap;
mod previews;
mod processes;
mod stream;
mod thousand;
mod throttles;
mod tickets;
mod undo;
mod verdict;
