//! Damage stays where it is: with its own row, its own tenant, its own process.

mod rows;
mod tenants;
