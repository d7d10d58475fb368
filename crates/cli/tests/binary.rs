//! The binary as a user runs it: exit codes, and the text on each stream.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

fn regrant(arguments: &[&str], variables: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regrant"));
    command
        .env_clear()
        .args(arguments)
        .envs(variables.iter().copied());
    command.output().expect("the binary starts")
}

/// Writes a file that only its owner can read.
fn write_private(path: &Path, content: &str) {
    std::fs::write(path, content).expect("written");
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, mode).expect("a mode");
}

fn text(stream: &[u8]) -> String {
    String::from_utf8_lossy(stream).into_owned()
}

#[test]
fn a_wrong_argument_is_a_usage_error() {
    let ended = regrant(&["serve", "--no-such-thing"], &[]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stdout.is_empty());
}

#[test]
fn serve_reports_every_missing_setting_and_has_no_default_for_keys() {
    let ended = regrant(&["serve"], &[]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stdout.is_empty());
    let message = text(&ended.stderr);
    for variable in [
        "REGRANT_DATABASE_URL",
        "REGRANT_KEYRING_PATH",
        "REGRANT_KEYRING_PASSPHRASE_FILE",
    ] {
        assert!(message.contains(variable), "{message}");
    }
}

#[test]
fn an_installation_can_be_created_from_an_empty_directory() {
    let home = tempfile::tempdir().expect("a directory");
    let (database, keyring, passphrase) = (
        home.path().join("regrant.sqlite3"),
        home.path().join("keyring"),
        home.path().join("passphrase"),
    );
    let address = format!("sqlite:{}", database.display());
    let variables = [
        ("REGRANT_DATABASE_URL", Path::new(&address)),
        ("REGRANT_KEYRING_PATH", &keyring),
        ("REGRANT_KEYRING_PASSPHRASE_FILE", &passphrase),
    ];
    write_private(&passphrase, "correct horse battery staple\n");
    let secret = home.path().join("app-secret");
    std::fs::write(&secret, "0123456789abcdef0123456789abcdef\n").expect("written");
    let secret = secret.display().to_string();

    let unready = regrant(&["tenants", "list"], &variables);
    assert_eq!(unready.status.code(), Some(1), "there is no database yet");
    let add = [
        "apps",
        "add",
        "--id",
        "400100200300400",
        "--name",
        "App",
        "--secret-file",
        &secret,
    ];
    let create = [
        "--output",
        "json",
        "tenants",
        "create",
        "--name",
        "Tenant",
        "--app",
        "400100200300400",
    ];
    for arguments in [
        &["migrate"][..],
        &["keys", "init", "--memory", "64"],
        &add,
        &create,
        &["tenants", "list"],
    ] {
        let ended = regrant(arguments, &variables);
        assert!(
            ended.status.success(),
            "{arguments:?}: {}",
            text(&ended.stderr)
        );
        if arguments == create {
            let made: serde_json::Value =
                serde_json::from_slice(&ended.stdout).expect("one JSON value");
            assert!(
                made["client_secret"]
                    .as_str()
                    .is_some_and(|it| it.len() >= 32),
                "the secret is shown once"
            );
        }
    }
    let again = regrant(&["keys", "init"], &variables);
    assert!(!again.status.success() && text(&again.stderr).contains("a file at this path already"));
    assert!(text(&regrant(&["keys", "show"], &variables).stdout).contains("active"));
}

#[test]
fn the_status_of_a_database_creates_no_file_and_no_table() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("regrant.sqlite3");
    let status = |address: String| {
        let variables = [("REGRANT_DATABASE_URL", Path::new(&address))];
        regrant(&["migrate", "--status"], &variables)
    };
    let address = format!("sqlite:{}", file.display());
    for mistyped in [address.clone(), format!("{address}?mode=rwc")] {
        assert_eq!(status(mistyped).status.code(), Some(1));
        assert!(!file.exists());
    }
    std::fs::write(&file, "").expect("an empty file is an empty database");
    assert!(text(&status(address).stdout).starts_with("0 of "));
    assert_eq!(std::fs::metadata(&file).expect("it is there").len(), 0);
}

#[test]
fn serve_refuses_an_outdated_schema() {
    let home = tempfile::tempdir().expect("a directory");
    let address = format!("sqlite:{}", home.path().join("regrant.sqlite3").display());
    let (keyring, passphrase) = (home.path().join("keyring"), home.path().join("passphrase"));
    write_private(&passphrase, "correct horse battery staple");
    let variables = [
        ("REGRANT_DATABASE_URL", Path::new(&address)),
        ("REGRANT_KEYRING_PATH", &keyring),
        ("REGRANT_KEYRING_PASSPHRASE_FILE", &passphrase),
    ];
    for arguments in [
        &["migrate"][..],
        &["migrate", "--down", "1"],
        &["keys", "init", "--memory", "64"],
    ] {
        assert!(
            regrant(arguments, &variables).status.success(),
            "{arguments:?}"
        );
    }
    let ended = regrant(&["serve"], &variables);
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        text(&ended.stderr).contains("run `regrant migrate`"),
        "{}",
        text(&ended.stderr)
    );
}

#[test]
fn keys_are_made_with_a_long_passphrase_from_a_private_file_alone() {
    let home = tempfile::tempdir().expect("a directory");
    let (keyring, passphrase) = (home.path().join("keyring"), home.path().join("passphrase"));
    let file = ("REGRANT_KEYRING_PASSPHRASE_FILE", passphrase.as_path());
    let path = ("REGRANT_KEYRING_PATH", keyring.as_path());
    let init = ["keys", "init", "--memory", "64"];
    let refused = |variables: &[(&str, &Path)], says: &str| {
        let ended = regrant(&init, variables);
        assert_eq!(ended.status.code(), Some(1), "{says}");
        let message = text(&ended.stderr);
        assert!(
            message.contains(says) && !message.contains("canary"),
            "{message}"
        );
        assert!(!keyring.exists(), "{says}");
    };
    write_private(&passphrase, "canary-of-15-b.");
    refused(&[path, file], "fewer than 16 bytes");
    write_private(&passphrase, "canary-of-16-byt");
    let shared = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&passphrase, shared).expect("a mode");
    refused(&[path, file], "chmod 600");
    let variable = ("REGRANT_KEYRING_PASSPHRASE", Path::new("canary-of-16-byt"));
    refused(&[path, file, variable], "REGRANT_KEYRING_PASSPHRASE_FILE");
    let allowed = (
        "REGRANT_KEYRING_ALLOW_SHARED_PASSPHRASE_FILE",
        Path::new("true"),
    );
    let made = regrant(&init, &[path, file, allowed]);
    assert!(made.status.success(), "{}", text(&made.stderr));
}

#[test]
fn serve_refuses_a_passphrase_by_variable_and_one_that_others_may_read() {
    let home = tempfile::tempdir().expect("a directory");
    let passphrase = home.path().join("passphrase");
    std::fs::write(&passphrase, "correct horse battery staple").expect("written");
    let shared = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(&passphrase, shared).expect("a mode");
    for command in [&["serve"][..], &["work"], &["tenants", "list"], &["doctor"]] {
        let by_file = [("REGRANT_KEYRING_PASSPHRASE_FILE", passphrase.as_path())];
        let by_variable = [(
            "REGRANT_KEYRING_PASSPHRASE",
            Path::new("correct horse canary"),
        )];
        for (variables, says) in [(by_file, "chmod 600"), (by_variable, "a file of mode 0600")] {
            let ended = regrant(command, &variables);
            assert_eq!(ended.status.code(), Some(1), "{command:?}");
            let message = text(&ended.stderr) + &text(&ended.stdout);
            assert!(
                message.contains(says) && !message.contains("canary"),
                "{message}"
            );
        }
    }
}

#[test]
fn the_plan_to_distribute_is_printed_and_is_applied_to_nothing_but_postgres() {
    let printed = regrant(&["distribute", "--plan"], &[]);
    assert!(printed.status.success(), "{}", text(&printed.stderr));
    let plan = text(&printed.stdout);
    for part in [
        "create_distributed_table('assets', 'tenant_id', colocate_with => 'tenant_keys')",
        "citus_add_local_table_to_metadata('tenants'",
    ] {
        assert!(plan.contains(part), "{plan}");
    }
    for arguments in [
        &["distribute"][..],
        &["distribute", "--apply"],
        &["distribute", "--plan", "--apply"],
    ] {
        assert_eq!(
            regrant(arguments, &[]).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
    let on_sqlite = ["distribute", "--apply", "--database-url", "sqlite:none"];
    let refused = regrant(&on_sqlite, &[]);
    assert_eq!(refused.status.code(), Some(1));
    let message = text(&refused.stderr);
    assert!(message.contains("only a PostgreSQL database"), "{message}");
}

#[test]
fn doctor_names_the_key_that_the_keyring_lacks() {
    let home = tempfile::tempdir().expect("a directory");
    let address = format!("sqlite:{}", home.path().join("regrant.sqlite3").display());
    let (right, wrong) = (home.path().join("right"), home.path().join("wrong"));
    let passphrase = home.path().join("passphrase");
    write_private(&passphrase, "correct horse battery staple");
    let run = |arguments: &[&str], keyring: &Path| {
        let variables = [
            ("REGRANT_DATABASE_URL", Path::new(&address)),
            ("REGRANT_KEYRING_PATH", keyring),
            ("REGRANT_KEYRING_PASSPHRASE_FILE", &passphrase),
            ("REGRANT_GRAPH_BASE_URL", Path::new("http://127.0.0.1:9")),
        ];
        regrant(arguments, &variables)
    };
    let init = ["keys", "init", "--memory", "64"];
    assert!(run(&["migrate"], &right).status.success());
    for keyring in [&right, &wrong] {
        assert!(run(&init, keyring).status.success());
    }
    assert!(run(&["tenants", "list"], &right).status.success());
    let status = run(&["--output", "json", "keys", "status"], &right);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("one JSON value");
    let key = &status["keys"][0];
    let key = format!("{}/{}", key["id"].as_str().expect("an id"), key["version"]);

    let healthy = text(&run(&["doctor"], &right).stdout);
    let wraps = format!("{key} wraps and unwraps a data key in");
    let opens = format!("{key} opens its data keys, 1 data key(s)");
    assert!(
        healthy.contains(&wraps) && healthy.contains(&opens),
        "{healthy}"
    );
    let lacking = text(&run(&["doctor"], &wrong).stdout);
    let lacks = format!("FAIL  data keys   no provider holds {key}, which wraps 1 data key(s)");
    assert!(lacking.contains(&lacks), "{lacking}");
}
