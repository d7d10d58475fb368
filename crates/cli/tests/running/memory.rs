//! A process that holds keys: no other process of its user reads its memory, and it leaves no core file.
//!
//! Root reads everything. So a test that runs as root gives the process and its readers another user.

use std::{
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::{CommandExt as _, ExitStatusExt as _},
    },
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use super::{Installation, PATIENCE, Running, free_ports};

/// A user that owns nothing else.
const PLAIN_USER: u32 = 65_534;

fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("this process").uid() == 0
}

/// The command as a user that is not root.
fn as_plain_user(mut command: Command) -> Command {
    if is_root() {
        command.uid(PLAIN_USER).gid(PLAIN_USER);
    }
    command
}

/// Gives the files of an installation, and a copy of the binary in it, to the user of the process.
fn give_away(installation: &Installation) {
    let binary = installation.path("regrant");
    if std::fs::hard_link(env!("CARGO_BIN_EXE_regrant"), &binary).is_err() {
        std::fs::copy(env!("CARGO_BIN_EXE_regrant"), &binary).expect("a copy");
    }
    if !is_root() {
        return;
    }
    let home = installation.home.path();
    for entry in std::fs::read_dir(home).expect("the files") {
        let path = entry.expect("a file").path();
        if path != binary {
            chown(path, Some(PLAIN_USER), Some(PLAIN_USER)).expect("another owner");
        }
    }
    chown(home, Some(PLAIN_USER), Some(PLAIN_USER)).expect("another owner");
}

/// Starts `serve` from a shell that allows core files of any size.
fn serve(installation: &Installation) -> Running {
    let [listen, admin] = free_ports();
    let settings = installation.command(&["serve"], listen, admin);
    let mut shell = as_plain_user(Command::new("sh"));
    let script = "ulimit -c \"$(ulimit -H -c)\" && exec ./regrant serve";
    shell.args(["-c", script]).current_dir(&installation.home);
    for (name, value) in settings.get_envs() {
        shell.env(name, value.expect("a value"));
    }
    Running::start(shell, admin, installation.path("serve.log"))
}

/// What reading a byte of a file of another process prints, and the error.
fn read_of_process(process: &Child, file: &str) -> (Vec<u8>, String) {
    let mut head = as_plain_user(Command::new("head"));
    let path = format!("/proc/{}/{file}", process.id());
    let read = head.args(["-c", "1", &path]).env("LC_ALL", "C").output();
    let read = read.expect("head is there");
    (
        read.stdout,
        String::from_utf8_lossy(&read.stderr).into_owned(),
    )
}

#[test]
fn no_process_of_the_same_user_reads_its_memory_or_its_environment() {
    let installation = Installation::new();
    give_away(&installation);
    let serving = serve(&installation);
    let sleep = as_plain_user(Command::new("sleep")).arg("60").spawn();
    let mut unprotected = sleep.expect("sleep is there");
    let open = ["environ", "maps"].map(|file| read_of_process(&unprotected, file));
    unprotected.kill().expect("it runs");
    unprotected.wait().expect("it ends");
    for (content, error) in open {
        assert_eq!((content.len(), error.as_str()), (1, ""), "the reader reads");
    }
    for file in ["mem", "environ", "maps"] {
        let (content, error) = read_of_process(&serving.child, file);
        assert!(content.is_empty(), "{file}");
        assert!(error.contains("Permission denied"), "{file}: {error}");
    }
}

/// Sends the signal until the process ends. Rust's handler for SEGV takes the first one for a fault and lets the process
/// run on.
fn crash(process: &mut Child, signal: &str) -> ExitStatus {
    let pid = process.id().to_string();
    let started = Instant::now();
    loop {
        if let Some(ended) = process.try_wait().expect("its state") {
            return ended;
        }
        assert!(started.elapsed() < PATIENCE, "{signal}");
        // It fails where the process has ended meanwhile.
        let sent = Command::new("kill").args(["-s", signal, &pid]).output();
        drop(sent.expect("kill is there"));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_process_that_crashes_leaves_no_core_file() {
    let installation = Installation::new();
    give_away(&installation);
    for (signal, number) in [("ABRT", 6), ("SEGV", 11)] {
        let mut serving = serve(&installation);
        let ended = crash(&mut serving.child, signal);
        assert_eq!(ended.signal(), Some(number), "{signal}");
        assert!(!ended.core_dumped(), "{signal}");
        let files = std::fs::read_dir(&installation.home).expect("the files");
        let is_core = |name: &str| name.starts_with("core");
        let cores = files
            .map(|it| {
                it.expect("a file")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|it| is_core(it));
        assert_eq!(cores.collect::<Vec<_>>(), Vec::<String>::new(), "{signal}");
    }
}
