//! Commands that run until a signal stops them: `serve`, `work`, and both on one database.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

#[path = "running/memory.rs"]
mod memory;

const PATIENCE: Duration = Duration::from_secs(30);

/// An installation on SQLite with a keyring of its own.
struct Installation {
    home: tempfile::TempDir,
}

/// A process that is killed when it is dropped.
struct Running {
    child: Child,
    admin: u16,
    log: PathBuf,
}

impl Installation {
    fn new() -> Self {
        let it = Self {
            home: tempfile::tempdir().expect("a directory"),
        };
        write_private(&it.path("passphrase"), "correct horse battery staple");
        for arguments in [&["migrate"][..], &["keys", "init", "--memory", "64"]] {
            let [listen, admin] = free_ports();
            let made = it
                .command(arguments, listen, admin)
                .output()
                .expect("the binary starts");
            assert!(
                made.status.success(),
                "{arguments:?}: {}",
                String::from_utf8_lossy(&made.stderr)
            );
        }
        it
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, arguments: &[&str], listen: u16, admin: u16) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regrant"));
        let database = format!("sqlite:{}", self.path("regrant.sqlite3").display());
        command
            .env_clear()
            .args(arguments)
            .env("REGRANT_DATABASE_URL", database);
        command.env("REGRANT_KEYRING_PATH", self.path("keyring"));
        command.env("REGRANT_KEYRING_PASSPHRASE_FILE", self.path("passphrase"));
        command.env("REGRANT_GRAPH_BASE_URL", "http://127.0.0.1:9");
        command.env("REGRANT_LISTEN", format!("127.0.0.1:{listen}"));
        command.env("REGRANT_ADMIN_LISTEN", format!("127.0.0.1:{admin}"));
        command
    }

    /// Starts a command and waits until it is ready.
    fn start(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let log = self.path(&format!("{}.log", arguments.concat()));
        let [listen, admin] = free_ports();
        let mut command = self.command(arguments, listen, admin);
        command.envs(variables.iter().copied());
        Running::start(command, admin, log)
    }
}

impl Running {
    /// Starts a command that listens on the port `admin`, and waits until it is ready.
    fn start(mut command: Command, admin: u16, log: PathBuf) -> Self {
        command.stdout(Stdio::null());
        let child = command
            .stderr(std::fs::File::create(&log).expect("a log"))
            .spawn();
        let mut running = Running {
            child: child.expect("the binary starts"),
            admin,
            log,
        };
        let started = Instant::now();
        while running.status("/readyz") != Some(200) {
            let ended = running.child.try_wait().expect("its state");
            assert!(
                ended.is_none() && started.elapsed() < PATIENCE,
                "{command:?}: {}",
                running.read_log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        running
    }

    fn status(&self, path: &str) -> Option<u16> {
        let mut caller = TcpStream::connect(("127.0.0.1", self.admin)).ok()?;
        caller.set_read_timeout(Some(PATIENCE)).ok()?;
        write!(
            caller,
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        let mut response = String::new();
        caller.read_to_string(&mut response).ok()?;
        response.split(' ').nth(1)?.parse().ok()
    }

    fn read_log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends SIGTERM; returns the exit status and the log.
    fn stop(mut self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill is there");
        assert!(sent.success());
        let signalled = Instant::now();
        loop {
            if let Some(ended) = self.child.try_wait().expect("its state") {
                return (ended, self.read_log());
            }
            assert!(
                signalled.elapsed() < PATIENCE,
                "the process does not end: {}",
                self.read_log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error does not matter: the process has usually ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Writes a file that only its owner can read.
fn write_private(path: &std::path::Path, content: &str) {
    std::fs::write(path, content).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(path, mode).expect("a mode");
}

/// Two different ports that are free now.
fn free_ports() -> [u16; 2] {
    let bound = [(); 2].map(|()| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"));
    bound.map(|it| it.local_addr().expect("its address").port())
}

#[test]
fn work_answers_health_checks_and_stops_on_sigterm() {
    let installation = Installation::new();
    let working = installation.start(&["work"], &[]);
    assert_eq!(
        (working.status("/livez"), working.status("/v1/assets")),
        (Some(200), Some(404))
    );
    let (ended, log) = working.stop();
    assert!(ended.success(), "{log}");
    assert!(log.contains("working") && log.contains("stopped"), "{log}");
}

#[test]
fn serve_runs_the_worker_if_the_argument_or_the_setting_says_so() {
    let installation = Installation::new();
    for (arguments, variables, says) in [
        (&["serve", "--with-worker"][..], &[][..], "with_worker=true"),
        (
            &["serve"],
            &[("REGRANT_WITH_WORKER", "true")],
            "with_worker=true",
        ),
        (&["serve"], &[], "with_worker=false"),
    ] {
        let (ended, log) = installation.start(arguments, variables).stop();
        assert!(
            ended.success() && log.contains(says),
            "{arguments:?}: {log}"
        );
    }
}

#[test]
fn a_second_process_on_sqlite_is_refused_and_the_first_keeps_serving() {
    let installation = Installation::new();
    let serving = installation.start(&["serve"], &[]);
    let [listen, admin] = free_ports();
    let refused = installation
        .command(&["work"], listen, admin)
        .output()
        .expect("it starts");
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{message}");
    assert!(
        message.contains("SQLite is for one process") && message.contains("--with-worker"),
        "{message}"
    );
    assert_eq!(serving.status("/readyz"), Some(200));
    assert!(serving.stop().0.success());
    assert!(
        installation.start(&["work"], &[]).stop().0.success(),
        "the lock ends with its process"
    );
}

#[test]
fn the_command_line_creates_and_changes_operators_and_protects_the_last_owner() {
    let installation = Installation::new();
    let run = |arguments: &[&str]| {
        let mut command = installation.command(&[&["operators"][..], arguments].concat(), 1, 2);
        let output = command
            .env("REGRANT_OPERATOR_PASSWORD", "correct horse battery")
            .output();
        let output = output.expect("the binary starts");
        let printed = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&printed).into_owned(),
        )
    };
    assert_eq!(run(&["list"]), (true, "there is no operator\n".to_owned()));
    let (made, printed) = run(&["add", "--name", "ada", "--role", "owner"]);
    assert!(
        made && printed.contains("created operator ada (owner), opr_"),
        "{printed}"
    );
    let (refused, printed) = run(&["add", "--name", "ada", "--role", "support"]);
    assert!(!refused && printed.contains("exists already"), "{printed}");
    for last in [
        &["delete", "--name", "ada"][..],
        &["set-role", "--name", "ada", "--role", "support"],
    ] {
        let (refused, printed) = run(last);
        assert!(!refused && printed.contains("last owner"), "{printed}");
    }
    assert!(
        run(&["add", "--name", "bo", "--role", "owner"]).0 && run(&["disable", "--name", "ada"]).0
    );
    let (_, listed) = run(&["list"]);
    assert!(
        listed.contains("ada  owner  disabled") && !listed.contains("correct"),
        "{listed}"
    );
    assert!(run(&["reset-password", "--name", "bo"]).0 && run(&["delete", "--name", "ada"]).0);
}
