//! Tenants, their apps, clients and quotas.

mod clients;
mod lifecycle;
mod quotas;
mod receipts;
mod revocation;
mod shares;
