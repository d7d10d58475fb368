//! Reads settings one by one and collects every fault.
//!
//! The rule: a fault never stops the reader, and never repeats a value.

use std::{collections::BTreeSet, fmt, str::FromStr, time::Duration};

use zeroize::Zeroizing;

use super::{
    Faults,
    source::{Source, variable},
};

/// A century: longer periods overflow the range of dates.
const MOST_DAYS: u32 = 36_500;

/// Reads settings and collects faults.
pub(super) struct Reader<'a> {
    source: &'a Source,
    faults: Faults,
    known: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self {
            source,
            faults: Faults::default(),
            known: BTreeSet::new(),
        }
    }

    /// A setting, or `usual` if it is not set.
    pub fn or<T: FromStr>(&mut self, key: &str, usual: T) -> T {
        self.parsed(key).unwrap_or(usual)
    }

    /// A setting without a default that may be missing.
    pub fn optional<T: FromStr>(&mut self, key: &str) -> Option<T> {
        self.parsed(key)
    }

    /// A setting without a default that must be set.
    pub fn required<T: FromStr>(&mut self, key: &str) -> Option<T> {
        if self.source.find(key).is_none() {
            self.fault(key, "is not set and has no default");
        }
        self.parsed(key)
    }

    /// A secret without a default, from its variable or from the file that `…_FILE` names.
    pub fn secret(&mut self, key: &str) -> Option<Zeroizing<String>> {
        self.known.extend([key.to_owned(), format!("{key}_file")]);
        match self.source.find_secret(key) {
            Ok(Some(secret)) => return Some(secret),
            Ok(None) => self.fault(key, format!("is not set, nor is {}_FILE", variable(key))),
            Err(error) => self.fault(key, format!("{error:#}")),
        }
        None
    }

    /// A number of seconds above zero.
    pub fn seconds(&mut self, key: &str, usual: Duration) -> Duration {
        Duration::from_secs(self.at_least_one(key, usual.as_secs().max(1)))
    }

    /// A number of hours above zero.
    pub fn hours(&mut self, key: &str, usual: chrono::Duration) -> chrono::Duration {
        let hours = self.at_least_one(key, whole(usual.num_hours()));
        self.at_most(key, hours, MOST_DAYS.saturating_mul(24));
        chrono::Duration::hours(i64::from(hours))
    }

    /// A number of days above zero.
    pub fn days(&mut self, key: &str, usual: chrono::Duration) -> chrono::Duration {
        let days = self.at_least_one(key, whole(usual.num_days()));
        self.at_most(key, days, MOST_DAYS);
        chrono::Duration::days(i64::from(days))
    }

    /// A number of days; 0 means without limit, which is `None`.
    pub fn days_or_for_ever(
        &mut self,
        key: &str,
        usual: Option<chrono::Duration>,
    ) -> Option<chrono::Duration> {
        let days: u32 = self.or(key, usual.map_or(0, |it| whole(it.num_days())));
        self.at_most(key, days, MOST_DAYS);
        (days > 0).then(|| chrono::Duration::days(i64::from(days)))
    }

    /// A whole number above zero.
    pub fn at_least_one<T: FromStr + PartialOrd + From<u8>>(&mut self, key: &str, usual: T) -> T {
        let read = self.or(key, usual);
        if read < T::from(1) {
            self.fault(key, "must be at least 1");
        }
        read
    }

    /// Adds a fault if the value is larger than `most`.
    fn at_most(&mut self, key: &str, read: u32, most: u32) {
        if read > most {
            self.fault(key, format!("must be at most {most}"));
        }
    }

    pub fn fault(&mut self, key: &str, reason: impl fmt::Display) {
        self.faults.add(variable(key), reason);
    }

    /// All faults, with the unknown keys of the file among them: a misspelt key must not be ignored.
    pub fn finish(mut self) -> Faults {
        let unknown: Vec<_> = self
            .source
            .keys_of_file()
            .filter(|key| !self.known.contains(*key))
            .collect();
        for key in unknown {
            self.faults
                .add(format!("`{key}` in the settings file"), "is not a setting");
        }
        self.faults
    }

    fn parsed<T: FromStr>(&mut self, key: &str) -> Option<T> {
        self.known.insert(key.to_owned());
        let parsed = self.source.find(key)?.trim().parse();
        // The parser's error may repeat the value.
        parsed
            .map_err(|_| self.fault(key, format!("is not {}", what::<T>())))
            .ok()
    }
}

fn whole(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A readable description of a type.
fn what<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    match name.rsplit("::").next().unwrap_or(name) {
        "SocketAddr" => "an address with a port, such as 127.0.0.1:8080",
        "u16" | "u32" | "u64" | "usize" | "i64" => "a whole number",
        "bool" => "`true` or `false`",
        "Url" => "a URL",
        "LogFormat" => "`text` or `json`",
        _ => "a valid value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_in_the_file_is_a_fault() {
        let source = Source::default().with_file("lisen", "127.0.0.1:1");
        let mut reader = Reader::new(&source);
        let _listen: u32 = reader.or("listen", 1);
        assert!(
            reader
                .finish()
                .to_string()
                .contains("`lisen` in the settings file")
        );
    }
}
