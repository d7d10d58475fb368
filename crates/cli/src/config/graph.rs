//! `REGRANT_GRAPH_…`: the upstream, Meta or the sandbox.

use url::Url;

use super::{SettingsReader, loopback::is_loopback_url};

/// Reads the section `graph`.
pub(super) fn read_graph(reader: &mut SettingsReader<'_>) -> regrant_graph::Settings {
    let usual = regrant_graph::Settings::default();
    let base_url: Url = reader.read_or_default("graph.base_url", usual.base_url);
    if base_url.scheme() != "https" && !is_loopback_url(&base_url) {
        reader.add_fault(
            "graph.base_url",
            "must be https; plain http is allowed for a loopback address only",
        );
    }
    regrant_graph::Settings {
        base_url,
        version: reader.read_or_default("graph.version", usual.version),
        timeout: reader.read_seconds("graph.timeout_seconds", usual.timeout),
        max_in_flight: reader.read_at_least_one("graph.max_in_flight", usual.max_in_flight),
        ..regrant_graph::Settings::default()
    }
}
