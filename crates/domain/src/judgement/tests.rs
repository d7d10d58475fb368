//! The engine as a whole: every transition against an independent table, and invariants over random histories.

mod cases;
mod disorder;
mod histories;
mod invariants;
mod transitions;
mod world;
