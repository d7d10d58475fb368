//! The sources of settings: variables, files that variables name, and the settings file.
//!
//! The rule: a variable overrides the settings file; a secret has exactly one source.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use anyhow::Context as _;
use zeroize::Zeroizing;

use crate::private_file;

/// How the variables of settings begin.
const PREFIX: &str = "REGRANT_";
/// The variable that many platforms set.
const DATABASE_URL: &str = "DATABASE_URL";

/// Variables and the settings file, read once.
#[derive(Default)]
pub(crate) struct SettingsSource {
    variables: HashMap<String, String>,
    /// Dotted key to value.
    file: BTreeMap<String, String>,
    /// The settings file, as the caller named it.
    file_name: String,
}

impl SettingsSource {
    /// Reads the environment of this process and a settings file.
    pub fn from_process(file: Option<&Path>) -> anyhow::Result<Self> {
        // No setting has a value that is not UTF-8. Variables of others may be secrets of theirs: they are not kept.
        let is_ours = |name: &str| name.starts_with(PREFIX) || name == DATABASE_URL;
        let text = |it: std::ffi::OsString| it.into_string().ok();
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        let variables = variables.filter(|(name, _)| is_ours(name));
        let file_name = file.map(|it| it.display().to_string());
        let file = file.map(read_file).transpose()?.unwrap_or_default();
        let file_name = file_name.unwrap_or_default();
        Ok(Self {
            variables: variables.collect(),
            file,
            file_name,
        })
    }

    /// The value of a setting, if it is set and not empty.
    pub fn find_value(&self, key: &str) -> Option<&str> {
        let set = self
            .find_variable(&variable_name(key))
            .or_else(|| self.find_variable(find_alias(key)?));
        set.or_else(|| self.file.get(key).map(String::as_str))
    }

    /// How the one who wrote a setting knows it: by its name in the settings file, else by its variable.
    pub fn written_name(&self, key: &str) -> String {
        let variable = find_alias(key).filter(|it| self.find_variable(it).is_some());
        let own = variable_name(key);
        match variable {
            _ if self.find_variable(&own).is_some() => own,
            Some(variable) => variable.to_owned(),
            None if self.file.contains_key(key) => self.name_in_file(key),
            None => own,
        }
    }

    /// A key of the settings file, as a fault names it.
    pub fn name_in_file(&self, key: &str) -> String {
        format!("{key} in {}", self.file_name)
    }

    /// A secret: the setting, or the content of the file that `…_FILE` names.
    pub fn find_secret(&self, key: &str) -> anyhow::Result<Option<Zeroizing<String>>> {
        let in_file = format!("{key}_file");
        match (self.find_value(key), self.find_value(&in_file)) {
            (Some(_), Some(_)) => {
                anyhow::bail!(
                    "is set together with {}: set one",
                    self.written_name(&in_file)
                )
            }
            (Some(value), None) => Ok(Some(Zeroizing::new(value.to_owned()))),
            (None, Some(path)) => Ok(Some(private_file::read_secret(Path::new(path))?)),
            (None, None) => Ok(None),
        }
    }

    /// Keys of the settings file.
    pub fn file_keys(&self) -> impl Iterator<Item = &str> {
        self.file.keys().map(String::as_str)
    }

    fn find_variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    #[cfg(test)]
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            variables: pairs.iter().map(owned).collect(),
            ..Self::default()
        }
    }

    #[cfg(test)]
    pub fn with_file(mut self, key: &str, value: &str) -> Self {
        self.file.insert(key.to_owned(), value.to_owned());
        self.file_name = "regrant.toml".to_owned();
        self
    }
}

/// The name of the variable of a setting: `database.url` is `REGRANT_DATABASE_URL`.
pub(crate) fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// A second variable of a setting: many platforms set `DATABASE_URL`.
fn find_alias(key: &str) -> Option<&'static str> {
    (key == "database.url").then_some(DATABASE_URL)
}

fn read_file(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let read = std::fs::read_to_string(path).map_err(anyhow::Error::from);
    let parsed = read.and_then(|text| parse_file(&text));
    parsed.with_context(|| format!("cannot read the settings file {}", path.display()))
}

/// The settings of a file, by dotted keys.
pub(crate) fn parse_file(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let file = config::File::from_str(text, config::FileFormat::Toml);
    let read = config::Config::builder().add_source(file).build()?;
    let table: serde_json::Value = read.try_deserialize()?;
    let mut flat = BTreeMap::new();
    flatten_table("", &table, &mut flat);
    Ok(flat)
}

fn flatten_table(prefix: &str, value: &serde_json::Value, into: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(table) => {
            for (name, value) in table {
                let key = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                flatten_table(&key, value, into);
            }
        }
        serde_json::Value::String(text) => drop(into.insert(prefix.to_owned(), text.clone())),
        other => drop(into.insert(prefix.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_wins_over_the_file() {
        let source = SettingsSource::from_pairs(&[("REGRANT_LISTEN", "1.1.1.1:1")])
            .with_file("listen", "2.2.2.2:2");
        assert_eq!(source.find_value("listen"), Some("1.1.1.1:1"));
    }

    #[test]
    fn database_url_is_read_from_its_usual_variable() {
        assert_eq!(
            SettingsSource::from_pairs(&[("DATABASE_URL", "sqlite:a")]).find_value("database.url"),
            Some("sqlite:a")
        );
    }

    #[test]
    fn a_secret_comes_from_a_file_or_from_a_variable_but_not_from_both() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("url");
        private_file::write_private(&path, b"sqlite:a\n").unwrap();
        let path = path.to_str().unwrap();
        let by_file = SettingsSource::from_pairs(&[("REGRANT_DATABASE_URL_FILE", path)]);
        assert_eq!(
            by_file
                .find_secret("database.url")
                .unwrap()
                .unwrap()
                .as_str(),
            "sqlite:a"
        );
        let both = [
            ("REGRANT_DATABASE_URL_FILE", path),
            ("REGRANT_DATABASE_URL", "canary"),
        ];
        let message = SettingsSource::from_pairs(&both)
            .find_secret("database.url")
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("REGRANT_DATABASE_URL_FILE") && !message.contains("canary"),
            "{message}"
        );
    }

    #[test]
    fn sections_of_the_file_become_dotted_keys() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("regrant.toml");
        private_file::write_private(
            &path,
            b"listen = \"127.0.0.1:1\"\n[graph]\nmax_in_flight = 4\n",
        )
        .unwrap();
        let source = SettingsSource {
            file: read_file(&path).unwrap(),
            ..SettingsSource::default()
        };
        assert_eq!(
            (
                source.find_value("listen"),
                source.find_value("graph.max_in_flight")
            ),
            (Some("127.0.0.1:1"), Some("4"))
        );
    }
}
