//! Damage stays where it is: with its own row, its own tenant, its own process. A full disk is said, and recovered from.

mod backups;
mod clocks;
mod database;
mod disk;
mod log;
mod memory;
mod nodes;
mod pages;
mod partitions;
mod processes;
mod rows;
mod simulation;
mod soak;
mod syncs;
mod tenants;
