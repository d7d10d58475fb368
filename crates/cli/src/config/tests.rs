//! The settings as a whole: defaults, faults, and rules between two settings.

use std::{os::unix::fs::PermissionsExt as _, sync::LazyLock};

use super::*;
use crate::private_file;

fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
    Config::from_source(&SettingsSource::from_pairs(pairs)).map_err(|faults| faults.to_string())
}

/// The settings without a default. The passphrase file stays for all tests of the process.
static WHOLE: LazyLock<[(&str, &str); 3]> = LazyLock::new(|| {
    let home = tempfile::tempdir().unwrap().keep();
    let file = home.join("passphrase");
    private_file::write_private(&file, b"correct horse battery staple").unwrap();
    let file: &str = Box::leak(file.to_str().unwrap().to_owned().into_boxed_str());
    [
        ("REGRANT_DATABASE_URL", "sqlite:regrant.sqlite3"),
        ("REGRANT_KEYRING_PATH", "keyring"),
        ("REGRANT_KEYRING_PASSPHRASE_FILE", file),
    ]
});

#[test]
fn every_fault_is_reported_at_once_by_its_variable() {
    let message = read(&[
        ("REGRANT_LISTEN", "8080"),
        ("REGRANT_LEASE_SECONDS", "soon"),
        ("REGRANT_GRAPH_BASE_URL", "http://graph.facebook.com"),
        ("REGRANT_LIMITS_BODY_BYTES", "0"),
        ("REGRANT_LOG_FORMAT", "xml"),
    ]);
    let message = message.err().unwrap();
    for variable in [
        "REGRANT_LISTEN",
        "REGRANT_LEASE_SECONDS",
        "REGRANT_GRAPH_BASE_URL",
        "REGRANT_LIMITS_BODY_BYTES",
        "REGRANT_LOG_FORMAT",
        "REGRANT_DATABASE_URL",
        "REGRANT_KEYRING_PATH",
        "REGRANT_KEYRING_PASSPHRASE_FILE",
    ] {
        assert!(
            message.contains(variable),
            "{variable} is missing in:\n{message}"
        );
    }
}

#[test]
fn a_fault_names_the_setting_as_it_was_written() {
    let source = SettingsSource::from_pairs(&[("REGRANT_LISTEN", "8080")])
        .with_file("listen", "127.0.0.1:1")
        .with_file("limits.assets", "-1")
        .with_file("log.format", "xml");
    let message = Config::from_source(&source).err().unwrap().to_string();
    for line in [
        "REGRANT_LISTEN: is not an address with a port",
        "limits.assets in regrant.toml: is not a whole number from 0 on",
        "log.format in regrant.toml: is not `text` or `json`",
        "REGRANT_KEYRING_PATH: is not set",
    ] {
        assert!(message.contains(line), "{line} is missing in:\n{message}");
    }
}

#[test]
fn tokens_name_the_public_address_as_their_issuer_unless_a_setting_does() {
    let with = |more: &[(&'static str, &'static str)]| read(&[&*WHOLE, more].concat()).unwrap();
    let names = |it: &Config| {
        let (access, audit) = (&it.vault.access, &it.vault.audit);
        [&access.issuer, &access.audience, &audit.issuer].map(Clone::clone)
    };
    let usual = with(&[]);
    assert_eq!(
        names(&usual),
        ["http://127.0.0.1:8080", "http://127.0.0.1:8080", "regrant"]
    );
    let url = ("REGRANT_PUBLIC_URL", "https://vault.example.com/");
    let address = "https://vault.example.com";
    assert_eq!(names(&with(&[url])), [address, address, "regrant"]);
    let chosen = with(&[url, ("REGRANT_ISSUER", "main"), ("REGRANT_AUDIENCE", "api")]);
    assert_eq!(names(&chosen), ["main", "api", "main"]);
}

#[test]
fn the_public_address_is_an_origin_alone() {
    let public_url = |url| {
        let config = read(&[&*WHOLE, &[("REGRANT_PUBLIC_URL", url)][..]].concat());
        config.map(|it| it.api.public_url.unwrap())
    };
    for (written, address) in [
        ("https://a.example", "https://a.example"),
        ("https://a.example:443/", "https://a.example"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
    ] {
        assert_eq!(public_url(written).unwrap(), address);
    }
    for refused in [
        "https://a.example/regrant",
        "https://a.example/regrant/",
        "https://a.example/?a=b",
        "https://a.example/#a",
        "https://user@a.example",
    ] {
        let message = public_url(refused).unwrap_err();
        assert!(message.contains("without a path"), "{refused}: {message}");
    }
    let message = public_url("http://a.example").unwrap_err();
    assert!(message.contains("must be https"), "{message}");
}

#[test]
fn a_database_and_a_keyring_are_enough() {
    let config = read(&*WHOLE).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database.url, "sqlite:regrant.sqlite3");
}

#[test]
fn a_passphrase_that_is_no_file_is_refused_with_the_name_of_the_file_form() {
    let variable = [("REGRANT_KEYRING_PASSPHRASE", "canary of sixteen bytes")];
    let by_variable = read(&[&WHOLE[..], &variable].concat()).err().unwrap();
    let source = SettingsSource::from_pairs(&WHOLE[..])
        .with_file("keyring.passphrase", "canary of sixteen bytes");
    let by_file = Config::from_source(&source).err().unwrap().to_string();
    for message in [by_variable, by_file] {
        assert!(
            message.contains("REGRANT_KEYRING_PASSPHRASE_FILE"),
            "{message}"
        );
        assert!(!message.contains("canary"), "{message}");
    }
}

#[test]
fn a_shared_passphrase_file_needs_the_setting_for_it() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("passphrase");
    private_file::write_private(&file, b"correct horse battery staple").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o444)).unwrap();
    let file = [("REGRANT_KEYRING_PASSPHRASE_FILE", file.to_str().unwrap())];
    let settings = [&WHOLE[..2], &file].concat();
    let message = read(&settings).err().unwrap();
    assert!(message.contains("chmod 600"), "{message}");
    let allowed = [("REGRANT_KEYRING_ALLOW_SHARED_PASSPHRASE_FILE", "true")];
    assert!(read(&[&settings[..], &allowed].concat()).is_ok());
}

#[test]
fn a_fault_never_repeats_the_value() {
    let message = read(&[
        ("REGRANT_DATABASE_URL", "mysql://user:canary@host"),
        ("REGRANT_LISTEN", "canary"),
    ]);
    assert!(!message.err().unwrap().contains("canary"));
}

#[test]
fn plain_http_is_for_loopback() {
    let at = |url: &str| read(&[&WHOLE[..], &[("REGRANT_GRAPH_BASE_URL", url)]].concat()).is_ok();
    assert!(
        at("http://127.0.0.1:8090") && at("http://[::1]:8090") && at("https://graph.facebook.com")
    );
    assert!(!at("http://10.0.0.1:8090") && !at("http://graph.facebook.com"));
}

#[test]
fn audit_retention_of_zero_days_is_unlimited() {
    let pairs = [
        ("REGRANT_RETENTION_AUDIT_READS_DAYS", "0"),
        ("REGRANT_RETENTION_AUDIT_ACTS_DAYS", "30"),
    ];
    let keep = read(&[&WHOLE[..], &pairs].concat())
        .unwrap()
        .vault
        .retention;
    assert_eq!(keep.audit_reads, None);
    assert_eq!(keep.audit_worker, Some(chrono::Duration::days(730)));
    assert_eq!(keep.audit_acts, Some(chrono::Duration::days(30)));
}

#[test]
fn trusted_proxies_are_networks() {
    let with = |list: &str| read(&[&WHOLE[..], &[("REGRANT_TRUSTED_PROXIES", list)]].concat());
    let proxies = |it: Config| {
        it.api
            .trusted_proxies
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        proxies(with("10.0.0.0/8, 192.0.2.1,fd00::/8").unwrap()),
        ["10.0.0.0/8", "192.0.2.1/32", "fd00::/8"]
    );
    assert!(proxies(with("").unwrap()).is_empty());
    for faulty in ["10.0.0.0/33", "proxy.local", "10.0.0.0/8;10.1.0.0/16"] {
        assert!(
            with(faulty)
                .err()
                .unwrap()
                .contains("REGRANT_TRUSTED_PROXIES"),
            "{faulty}"
        );
    }
}

#[test]
fn webhooks_to_loopback_are_for_rehearsals() {
    let allowed = [("REGRANT_WEBHOOK_ALLOW_LOOPBACK", "true")];
    let message = read(&[&WHOLE[..], &allowed].concat()).err().unwrap();
    assert!(
        message.contains("REGRANT_WEBHOOK_ALLOW_LOOPBACK"),
        "{message}"
    );
    let local = [("REGRANT_GRAPH_BASE_URL", "http://127.0.0.1:8090")];
    let config = read(&[&WHOLE[..], &allowed, &local].concat()).unwrap();
    assert!(config.vault.webhooks.sender.allow_loopback);
    assert!(
        !read(&[&WHOLE[..], &local].concat())
            .unwrap()
            .vault
            .webhooks
            .sender
            .allow_loopback
    );
}

#[test]
fn a_provider_without_a_name_or_without_its_feature_is_a_fault() {
    let with = |more: &[(&'static str, &'static str)]| read(&[&*WHOLE, more].concat()).err();
    let unknown = with(&[("REGRANT_KEYS_PROVIDER", "kms")]).unwrap();
    assert!(
        unknown.contains("REGRANT_KEYS_PROVIDER: is not `local`"),
        "{unknown}"
    );
    for (name, feature, is_compiled) in [
        ("aws_kms", "aws-kms", cfg!(feature = "aws-kms")),
        ("pkcs11", "pkcs11", cfg!(feature = "pkcs11")),
        ("transit", "transit", cfg!(feature = "transit")),
    ] {
        let fault = with(&[("REGRANT_KEYS_PROVIDER", name)]).unwrap();
        if is_compiled {
            assert!(fault.contains("is not set and has no default"), "{fault}");
        } else {
            assert!(fault.contains(&format!("--features {feature}")), "{fault}");
        }
    }
    let table = [("REGRANT_KEYS_TRANSIT_ADDRESS", "http://vault.internal:8200")];
    let fault = with(&table).unwrap();
    let expected = if cfg!(feature = "transit") {
        "REGRANT_KEYS_TRANSIT_ADDRESS: must be https"
    } else {
        "the provider transit is not in this program"
    };
    assert!(fault.contains(expected), "{fault}");
}

#[test]
fn the_keyring_is_needed_unless_another_provider_wraps() {
    let database = ("REGRANT_DATABASE_URL", "sqlite:regrant.sqlite3");
    let local = read(&[database]).err().unwrap();
    assert!(local.contains("REGRANT_KEYRING_PATH"), "{local}");
    let other = read(&[database, ("REGRANT_KEYS_PROVIDER", "transit")])
        .err()
        .unwrap();
    assert!(!other.contains("REGRANT_KEYRING"), "{other}");
}
