//! Watching assets: probes, promotion, refresh, outages, fairness and replicas.

mod credential_changes;
mod cut_offs;
mod fairness;
mod hostile;
mod outage;
mod page_tokens;
mod person_migration;
mod promotions;
mod refresh_retries;
mod replicas;
