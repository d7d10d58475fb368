//! The binary beside other programs: closed pipes, errors for machines, completions, manual pages, taken ports.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn regrant(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regrant"));
    command.env_clear().args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    regrant(arguments).output().expect("the binary starts")
}

fn text(stream: &[u8]) -> String {
    String::from_utf8_lossy(stream).into_owned()
}

#[test]
fn a_reader_that_closes_the_pipe_ends_the_command_without_a_message() {
    for arguments in [&["openapi"][..], &["completions", "bash"], &["demo"]] {
        let mut child = regrant(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut reader = BufReader::new(child.stdout.take().expect("piped"));
        let mut first = String::new();
        reader.read_line(&mut first).expect("a line");
        drop(reader);
        let ended = child.wait_with_output().expect("it ends");
        assert_eq!(text(&ended.stderr), "", "{arguments:?}");
        // What fits into the pipe may be written before it is closed.
        let code = ended.status.code();
        assert!(matches!(code, Some(0 | 141)), "{arguments:?}: {code:?}");
    }
}

#[test]
fn an_error_is_json_where_results_are() {
    let home = tempfile::tempdir().expect("a directory");
    let settings = home.path().join("bad.toml");
    std::fs::write(&settings, "listen = \"8080\"\n[limits]\nassets = -1\n").expect("written");
    let settings = settings.display().to_string();
    let ended = run(&["--config", &settings, "--output", "json", "serve"]);
    assert_eq!(
        (ended.status.code(), text(&ended.stdout)),
        (Some(1), String::new())
    );
    let error: Value = serde_json::from_slice(&ended.stderr).expect("one JSON value");
    let faults = error["error"]["faults"].as_array().expect("faults");
    for (setting, reason) in [
        (
            "listen",
            "is not an address with a port, such as 127.0.0.1:8080",
        ),
        (
            "limits.assets",
            "is not a whole number from 0 on, or it is too large",
        ),
    ] {
        let setting = format!("{setting} in {settings}");
        let named = faults
            .iter()
            .find(|it| it["setting"] == setting.as_str())
            .unwrap_or_else(|| panic!("{setting}: {faults:?}"));
        assert_eq!(named["reason"], reason);
    }
    let usage = run(&["--output=json", "serve", "--no-such-thing"]);
    assert_eq!(usage.status.code(), Some(2));
    let error: Value = serde_json::from_slice(&usage.stderr).expect("one JSON value");
    let message = error["error"]["message"].as_str().expect("a message");
    assert!(message.contains("--no-such-thing"), "{message}");
}

#[test]
fn shells_get_completions_and_readers_get_manual_pages() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = run(&["completions", shell]);
        assert!(ended.status.success());
        assert!(text(&ended.stdout).contains("sandbox"), "{shell}");
    }
    // Bash itself accepts its script and offers the commands.
    let script = text(&run(&["completions", "bash"]).stdout);
    let ask = "COMP_WORDS=(regrant tenants cr) COMP_CWORD=2; _regrant regrant cr tenants; echo ${COMPREPLY[@]}";
    let bash = Command::new("bash")
        .args(["-c", &format!("{script}\n{ask}")])
        .output()
        .expect("bash");
    assert_eq!(
        text(&bash.stdout).trim(),
        "create",
        "{}",
        text(&bash.stderr)
    );
    let page = text(&run(&["man"]).stdout);
    assert!(
        page.starts_with(".ie") || page.contains(".TH regrant 1"),
        "{page}"
    );
    let home = tempfile::tempdir().expect("a directory");
    let directory = home.path().display().to_string();
    assert!(run(&["man", "--directory", &directory]).status.success());
    for page in ["regrant.1", "regrant-serve.1", "regrant-tenants-create.1"] {
        assert!(home.path().join(page).exists(), "{page}");
    }
}

#[test]
fn help_fits_eighty_columns() {
    for arguments in [
        &["--help"][..],
        &["dev", "--help"],
        &["tenants", "create", "--help"],
    ] {
        let ended = regrant(arguments)
            .env("COLUMNS", "80")
            .output()
            .expect("the binary starts");
        for line in text(&ended.stdout).lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
            assert!(!line.contains('`'), "{arguments:?}: {line}");
        }
    }
}

#[test]
fn the_demo_fits_eighty_columns_where_there_is_no_terminal() {
    let ended = run(&["demo"]);
    let story = text(&ended.stdout);
    assert!(ended.status.success(), "{story}{}", text(&ended.stderr));
    for line in story.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn dev_on_a_taken_port_leaves_nothing_behind() {
    let home = tempfile::tempdir().expect("a directory");
    let taken = loop {
        // The other ports of `dev` must exist, and be free of other programs.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let is_free = |it: u16| it == port || TcpListener::bind(("127.0.0.1", it)).is_ok();
        if (10_001..65_000).contains(&port) && (port - 10..=port + 10).all(is_free) {
            break listener;
        }
    };
    let port = taken.local_addr().expect("an address").port();
    // As the public port, as the operators' and as the sandbox's.
    for first in [port, port - 1, port - 10] {
        let data = home.path().join("data");
        let ended = run(&[
            "dev",
            "--data",
            &data.display().to_string(),
            "--port",
            &first.to_string(),
        ]);
        assert_eq!(ended.status.code(), Some(1), "{first}");
        let message = text(&ended.stderr);
        assert!(
            message.contains(&format!("cannot listen on 127.0.0.1:{port}")),
            "{message}"
        );
        assert!(!data.exists(), "{first}");
    }
}

#[test]
fn dev_prints_its_summary_before_it_logs_calls() {
    let home = tempfile::tempdir().expect("a directory");
    let data = home.path().join("data").display().to_string();
    let mut child = regrant(&["dev", "--data", &data, "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("oauth/token") {
        line.clear();
        assert_ne!(reader.read_line(&mut line).expect("a line"), 0, "it ended");
    }
    child.kill().expect("killed");
    let mut log = String::new();
    let mut stderr = child.stderr.take().expect("piped");
    stderr.read_to_string(&mut log).expect("text");
    child.wait().expect("it ends");
    assert!(!log.contains("answered"), "{log}");
}
