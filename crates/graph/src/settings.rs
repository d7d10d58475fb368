//! Settings of the client: the address of Graph, timeouts, retries and limits.

use std::time::Duration;

use url::{Host, Url};

/// How to reach Graph, and how long to wait and retry.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `https://graph.facebook.com`, or plain HTTP on a loopback address.
    pub base_url: Url,
    /// The version in every path, such as `v26.0`.
    pub version: String,
    /// Timeout of one HTTP call.
    pub timeout: Duration,
    /// Maximum number of batches in flight over the whole client.
    pub max_in_flight: usize,
    /// Maximum number of attempts of one probe or one single call.
    pub max_attempts: u32,
    /// The delay before the second attempt; later delays double, with jitter.
    pub backoff: Duration,
    /// A call sleeps through a pause up to this long; a longer one is returned as a refusal.
    pub max_wait: Duration,
    /// How long a throttled scope is paused where Graph does not say.
    pub throttle_pause: Duration,
    /// The app is suspected when the tokens of this many persons die within a minute.
    pub deaths_to_trip: usize,
    /// How long the calls of an app are suspended after the breaker trips.
    pub cool_down: Duration,
}

impl Default for Settings {
    #[expect(clippy::expect_used, reason = "a constant text; a test reads it")]
    fn default() -> Self {
        Self {
            base_url: Url::parse("https://graph.facebook.com").expect("a constant URL"),
            version: "v26.0".to_owned(),
            timeout: Duration::from_secs(30),
            max_in_flight: 16,
            max_attempts: 4,
            backoff: Duration::from_millis(250),
            max_wait: Duration::from_secs(3),
            throttle_pause: Duration::from_mins(5),
            deaths_to_trip: 5,
            cool_down: Duration::from_mins(1),
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Tokens would cross a network unencrypted.
    #[error("the Graph base URL must be https; plain http is allowed on a loopback address only")]
    Insecure,
    /// User info, query or fragment in the base URL.
    #[error("the Graph base URL must be a plain origin, with at most a path")]
    NotABase,
    /// Not `v` and two numbers.
    #[error("the Graph version must read like `v26.0`")]
    Version,
    /// With a limit of zero no call would be made.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be built")]
    Http(#[source] reqwest::Error),
}

impl Settings {
    /// Refuses settings that leak tokens or admit no call.
    pub(crate) fn check_usable(&self) -> Result<(), ConfigError> {
        let url = &self.base_url;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(url)) {
            return Err(ConfigError::Insecure);
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() || url.cannot_be_a_base() {
            return Err(ConfigError::NotABase);
        }
        if !is_version(&self.version) {
            return Err(ConfigError::Version);
        }
        if self.max_in_flight == 0 {
            return Err(ConfigError::Zero("max_in_flight"));
        }
        if self.max_attempts == 0 {
            return Err(ConfigError::Zero("max_attempts"));
        }
        Ok(())
    }

    /// The URL of a path, with the version.
    pub(crate) fn url_of_path(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .push(&self.version)
                .extend(path.split('/'));
        }
        url
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn is_version(text: &str) -> bool {
    let number = |it: &str| (1..=3).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|it| it.split_once('.'))
        .is_some_and(|(major, minor)| number(major) && number(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base_url: &str) -> Settings {
        Settings {
            base_url: base_url.parse().unwrap(),
            ..Settings::default()
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for fine in [
            "https://graph.facebook.com",
            "http://127.0.0.1:8090",
            "http://[::1]:1",
            "http://localhost:1/",
        ] {
            assert!(at(fine).check_usable().is_ok(), "{fine}");
        }
        for open in [
            "http://graph.facebook.com",
            "http://10.0.0.1",
            "http://localhost.example",
            "ftp://127.0.0.1",
        ] {
            assert!(
                matches!(at(open).check_usable(), Err(ConfigError::Insecure)),
                "{open}"
            );
        }
    }

    #[test]
    fn a_base_url_is_an_origin() {
        for odd in [
            "https://u:p@graph.facebook.com",
            "https://graph.facebook.com/?a=1",
            "https://graph.facebook.com/#a",
        ] {
            assert!(
                matches!(at(odd).check_usable(), Err(ConfigError::NotABase)),
                "{odd}"
            );
        }
    }

    #[test]
    fn a_version_is_two_numbers() {
        for odd in ["", "26.0", "v26", "v26.", "v26.0/me", "v26.0?a", "../v1.0"] {
            let settings = Settings {
                version: odd.to_owned(),
                ..Settings::default()
            };
            assert!(
                matches!(settings.check_usable(), Err(ConfigError::Version)),
                "{odd}"
            );
        }
    }

    #[test]
    fn paths_carry_the_version() {
        assert_eq!(
            at("http://127.0.0.1:1").url_of_path("debug_token").as_str(),
            "http://127.0.0.1:1/v26.0/debug_token"
        );
        assert_eq!(
            at("http://127.0.0.1:1/graph/").url_of_path("").as_str(),
            "http://127.0.0.1:1/graph/v26.0/"
        );
    }
}
