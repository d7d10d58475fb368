//! A record of the calls: counters and a bounded log, without tokens.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

const LOG_LENGTH: usize = 5_000;

/// The response of `GET /sandbox/calls`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct CallRecord {
    /// HTTP calls; a batch is one.
    pub total: u64,
    /// HTTP calls that were batches.
    pub batches: u64,
    pub max_batch: usize,
    pub batch_sizes: VecDeque<usize>,
    pub in_flight: u64,
    pub max_in_flight: u64,
    /// Calls and batch items by path, ids replaced by the kind of node.
    pub by_path: BTreeMap<String, u64>,
    /// Calls and fields that were answered 501, because the sandbox does not simulate them.
    pub not_simulated: BTreeMap<String, u64>,
    /// Reads of an asset's node, alone or in a batch.
    pub probes_by_asset: BTreeMap<String, u64>,
    pub exchanges: u64,
    /// Codes that were sent to be exchanged, whatever came of it.
    pub code_exchanges: u64,
    pub debug_tokens: u64,
    pub push_entry: VecDeque<LogEntry>,
}

/// One HTTP call.
#[derive(Debug, Serialize)]
pub(crate) struct LogEntry {
    pub at: String,
    pub method: String,
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Batch items; 1 for a plain call.
    pub items: usize,
    /// 0 when the connection was dropped.
    pub status: u16,
}

impl CallRecord {
    pub fn start_call(&mut self) {
        self.total = self.total.saturating_add(1);
        self.in_flight = self.in_flight.saturating_add(1);
        self.max_in_flight = self.max_in_flight.max(self.in_flight);
    }

    pub fn end_call(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    pub fn count_batch(&mut self, size: usize) {
        self.batches = self.batches.saturating_add(1);
        self.count_path("/");
        self.max_batch = self.max_batch.max(size);
        push_bounded(&mut self.batch_sizes, size);
    }

    /// Counts a call or batch item under its pattern.
    pub fn count_path(&mut self, pattern: &str) {
        add_one(&mut self.by_path, pattern);
    }

    pub fn count_probe(&mut self, asset: &str) {
        add_one(&mut self.probes_by_asset, asset);
    }

    pub fn count_not_simulated(&mut self, what: &str) {
        add_one(&mut self.not_simulated, what);
    }

    pub fn log(&mut self, entry: LogEntry) {
        push_bounded(&mut self.push_entry, entry);
    }

    /// Clears everything but the calls in flight.
    pub fn reset_counters(&mut self) {
        let in_flight = self.in_flight;
        *self = Self {
            in_flight,
            max_in_flight: in_flight,
            ..Self::default()
        };
    }
}

fn add_one(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count = count.saturating_add(1),
        None => drop(counts.insert(name.to_owned(), 1)),
    }
}

fn push_bounded<T>(ring: &mut VecDeque<T>, item: T) {
    if ring.len() >= LOG_LENGTH {
        ring.pop_front();
    }
    ring.push_back(item);
}

/// The path for the log: segments that look like a token or a secret are masked.
pub(crate) fn mask_secrets(path: &str) -> String {
    let clean = |segment: &str| match segment {
        long if long.len() > 40 || long.starts_with("EAA") || long.contains('|') => {
            "***".to_owned()
        }
        fine => fine.chars().filter(|c| !c.is_control()).collect(),
    };
    path.split('/').map(clean).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_a_path_is_not_logged() {
        assert_eq!(mask_secrets("/v26.0/EAASU123/x"), "/v26.0/***/x");
        assert_eq!(mask_secrets("/v26.0/1|secret"), "/v26.0/***");
        assert_eq!(
            mask_secrets("/v26.0/act_12/agencies"),
            "/v26.0/act_12/agencies"
        );
    }
}
