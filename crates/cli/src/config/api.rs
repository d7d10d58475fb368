//! Settings of the public API: its address, its proxies, its rates.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

use super::{SettingsReader, loopback::is_loopback_url};

/// Reads the settings of both listeners.
pub(super) fn read_api(reader: &mut SettingsReader<'_>) -> regrant_api::Settings {
    let usual = regrant_api::Settings::default();
    regrant_api::Settings {
        public_url: read_public_url(reader),
        trusted_proxies: read_trusted_proxies(reader),
        max_body: reader.read_at_least_one("limits.body_bytes", usual.max_body),
        bodies_in_flight: reader
            .read_at_least_one("limits.bodies_in_flight_bytes", usual.bodies_in_flight),
        max_connections: reader.read_at_least_one("limits.connections", usual.max_connections),
        max_address_connections: reader
            .read_at_least_one("limits.address_connections", usual.max_address_connections),
        rates: read_rates(reader),
        ..usual
    }
}

fn read_rates(reader: &mut SettingsReader<'_>) -> regrant_api::Rates {
    let usual = regrant_api::Rates::default();
    regrant_api::Rates {
        tenant: reader.read_at_least_one("limits.requests_per_second", usual.tenant),
        session: reader.read_at_least_one("limits.session_requests_per_second", usual.session),
        address: reader.read_at_least_one("limits.address_requests_per_second", usual.address),
        callbacks: reader.read_at_least_one("limits.callbacks_per_second", usual.callbacks),
    }
}

/// The address under which Meta and browsers reach the API: an origin alone. Cookies, styles and redirects of the hosted
/// pages name paths from its root.
fn read_public_url(reader: &mut SettingsReader<'_>) -> Option<String> {
    let url: Url = reader.read_optional("public_url")?;
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback_url(&url));
    let origin = url.origin().ascii_serialization();
    if is_safe && url.as_str().strip_suffix('/') == Some(&origin) {
        return Some(origin);
    }
    reader.add_fault(
        "public_url",
        if is_safe {
            "must be scheme, host and port alone, as https://regrant.example: without a path, query, fragment or user"
        } else {
            "must be https; plain http is allowed for a loopback address only"
        },
    );
    None
}

/// Networks of proxies, separated by commas; a bare address is a network of one.
fn read_trusted_proxies(reader: &mut SettingsReader<'_>) -> Vec<IpNet> {
    let list: String = reader.read_or_default("trusted_proxies", String::new());
    let parts = list.split(',').map(str::trim).filter(|it| !it.is_empty());
    let network = |it: &str| {
        it.parse()
            .or_else(|_| it.parse::<IpAddr>().map(IpNet::from))
    };
    let networks: Result<Vec<_>, _> = parts.map(network).collect();
    networks.unwrap_or_else(|_| {
        reader.add_fault(
            "trusted_proxies",
            "expected networks such as 10.0.0.0/8, separated by commas",
        );
        Vec::new()
    })
}
