//! Reads settings one by one and collects every fault.
//!
//! The rule: a fault never stops the reader, and never repeats a value.

use std::{collections::BTreeSet, fmt, str::FromStr, time::Duration};

use zeroize::Zeroizing;

use super::{
    Faults,
    source::{SettingsSource, variable_name},
};

/// A century: longer periods overflow the range of dates.
const MAX_DAYS: u32 = 36_500;
/// A day: timeouts and leases are added to each other and to the time.
const MAX_SECONDS: u64 = 86_400;
/// Far more of anything than a process can hold; what counts permits and bytes can still count to it.
const MAX_COUNT: u64 = 1_000_000_000_000_000;

/// Reads settings and collects faults.
pub(super) struct SettingsReader<'a> {
    source: &'a SettingsSource,
    faults: Faults,
    known: BTreeSet<String>,
}

impl<'a> SettingsReader<'a> {
    pub fn new(source: &'a SettingsSource) -> Self {
        Self {
            source,
            faults: Faults::default(),
            known: BTreeSet::new(),
        }
    }

    /// A setting, or `usual` if it is not set.
    pub fn read_or_default<T: FromStr>(&mut self, key: &str, usual: T) -> T {
        self.parse_setting(key).unwrap_or(usual)
    }

    /// A setting without a default that may be missing.
    pub fn read_optional<T: FromStr>(&mut self, key: &str) -> Option<T> {
        self.parse_setting(key)
    }

    /// A setting without a default that must be set.
    pub fn read_required<T: FromStr>(&mut self, key: &str) -> Option<T> {
        if self.source.find_value(key).is_none() {
            self.add_fault(key, "is not set and has no default");
        }
        self.parse_setting(key)
    }

    /// Whether any of these settings is set. Each of them counts as known.
    pub fn is_any_set(&mut self, keys: &[&str]) -> bool {
        self.ignore(keys);
        keys.iter().any(|key| self.source.find_value(key).is_some())
    }

    /// Lets these settings be there without a meaning.
    pub fn ignore(&mut self, keys: &[&str]) {
        self.known.extend(keys.iter().map(|it| (*it).to_owned()));
    }

    /// Refuses a setting that must not be a value.
    pub fn refuse_value(&mut self, key: &str, reason: &str) {
        self.known.insert(key.to_owned());
        if self.source.find_value(key).is_some() {
            self.add_fault(key, reason);
        }
    }

    /// A secret without a default, from its variable or from the file that `…_FILE` names.
    pub fn read_secret(&mut self, key: &str) -> Option<Zeroizing<String>> {
        self.known.extend([key.to_owned(), format!("{key}_file")]);
        match self.source.find_secret(key) {
            Ok(Some(secret)) => return Some(secret),
            Ok(None) => self.add_fault(
                key,
                format!("is not set, nor is {}_FILE", variable_name(key)),
            ),
            Err(error) => self.add_fault(key, format!("{error:#}")),
        }
        None
    }

    /// A number of seconds above zero, a day at most.
    pub fn read_seconds(&mut self, key: &str, usual: Duration) -> Duration {
        let seconds = self.read_at_least_one(key, usual.as_secs().max(1));
        self.check_at_most(key, seconds, MAX_SECONDS);
        Duration::from_secs(seconds)
    }

    /// A number of hours above zero.
    pub fn read_hours(&mut self, key: &str, usual: chrono::Duration) -> chrono::Duration {
        let hours = self.read_at_least_one(key, saturate_u32(usual.num_hours()));
        self.check_at_most(key, hours, u64::from(MAX_DAYS) * 24);
        chrono::Duration::hours(i64::from(hours))
    }

    /// A number of days above zero.
    pub fn read_days(&mut self, key: &str, usual: chrono::Duration) -> chrono::Duration {
        let days = self.read_at_least_one(key, saturate_u32(usual.num_days()));
        self.check_at_most(key, days, MAX_DAYS.into());
        chrono::Duration::days(i64::from(days))
    }

    /// A number of days; 0 means without limit, which is `None`.
    pub fn read_days_or_unlimited(
        &mut self,
        key: &str,
        usual: Option<chrono::Duration>,
    ) -> Option<chrono::Duration> {
        let days: u32 =
            self.read_or_default(key, usual.map_or(0, |it| saturate_u32(it.num_days())));
        self.check_at_most(key, days, MAX_DAYS.into());
        (days > 0).then(|| chrono::Duration::days(i64::from(days)))
    }

    /// A whole number above zero.
    pub fn read_at_least_one<T: FromStr + PartialOrd + From<u8> + Copy + TryInto<u64>>(
        &mut self,
        key: &str,
        usual: T,
    ) -> T {
        let read = self.read_or_default(key, usual);
        if read < T::from(1) {
            self.add_fault(key, "must be at least 1");
        }
        self.check_at_most(key, read, MAX_COUNT);
        read
    }

    /// Adds a fault if the value is larger than `most`.
    pub fn check_at_most(&mut self, key: &str, read: impl TryInto<u64>, most: u64) {
        if read.try_into().is_ok_and(|read| read > most) {
            self.add_fault(key, format!("must be at most {most}"));
        }
    }

    pub fn add_fault(&mut self, key: &str, reason: impl fmt::Display) {
        self.faults.add_fault(self.source.written_name(key), reason);
    }

    /// All faults, with the unknown keys of the file among them: a misspelt key must not be ignored.
    pub fn into_faults(mut self) -> Faults {
        let unknown: Vec<_> = self
            .source
            .file_keys()
            .filter(|key| !self.known.contains(*key))
            .collect();
        for key in unknown {
            self.faults
                .add_fault(self.source.name_in_file(key), "is not a setting");
        }
        self.faults
    }

    fn parse_setting<T: FromStr>(&mut self, key: &str) -> Option<T> {
        self.known.insert(key.to_owned());
        let parsed = self.source.find_value(key)?.trim().parse();
        // The parser's error may repeat the value.
        parsed
            .map_err(|_| self.add_fault(key, format!("is not {}", describe_type::<T>())))
            .ok()
    }
}

fn saturate_u32(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A readable description of a type.
fn describe_type<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    match name.rsplit("::").next().unwrap_or(name) {
        "SocketAddr" => "an address with a port, such as 127.0.0.1:8080",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 on, or it is too large",
        "i64" => "a whole number",
        "bool" => "`true` or `false`",
        "Url" => "a URL",
        "ProviderKind" => "`local`, `aws_kms`, `pkcs11` or `transit`",
        "LogFormat" => "`text` or `json`",
        _ => "a valid value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_in_the_file_is_a_fault() {
        let source = SettingsSource::default().with_file("lisen", "127.0.0.1:1");
        let mut reader = SettingsReader::new(&source);
        let _listen: u32 = reader.read_or_default("listen", 1);
        assert!(
            reader
                .into_faults()
                .to_string()
                .contains("lisen in regrant.toml: is not a setting")
        );
    }

    /// Durations are added to each other, counts become permits: what is too large would end a task much later.
    #[test]
    fn a_number_that_is_too_large_is_a_fault() {
        let source = SettingsSource::default()
            .with_file("lease_seconds", "18446744073709551615")
            .with_file("limits.connections", "18446744073709551615");
        let mut reader = SettingsReader::new(&source);
        reader.read_seconds("lease_seconds", Duration::from_secs(15));
        let _connections: usize = reader.read_at_least_one("limits.connections", 1);
        let faults = reader.into_faults().to_string();
        assert!(faults.contains("must be at most 86400"), "{faults}");
        let most = "limits.connections in regrant.toml: must be at most 1000000000000000";
        assert!(faults.contains(most), "{faults}");
    }
}
