//! A PostgreSQL server from the programs installed on this machine, in a directory of its own.
//!
//! The rule: a shell starts the server and reads from a pipe that the tests hold open. However the tests
//! end, the pipe closes; the shell then stops the server and removes its directory.

use std::{
    env, fs,
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use url::Url;

use crate::server::wait_until_ready;

const SCRIPT: &str = r#"
bin=$1 port=$2
shift 2
directory=$(mktemp -d) || exit 1
trap 'rm -rf "$directory"' EXIT
"$bin/initdb" -D "$directory/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$directory/log" 2>&1 \
    || { cat "$directory/log" >&2; exit 1; }
start() {
    "$bin/postgres" -D "$directory/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 "$@" \
        >>"$directory/log" 2>&1 </dev/null &
    server=$!
}
start "$@"
# A line makes the server a standby.
while read -r _; do
    kill -INT "$server"
    wait "$server"
    touch "$directory/data/standby.signal"
    start "$@"
done
kill -QUIT "$server" 2>/dev/null
wait "$server"
"#;

/// The shell that holds the server; its standard input is the pipe.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts the server again as a standby without a primary, which replays nothing and accepts no writes.
    pub(crate) fn become_standby(&mut self) {
        let pipe = self.0.stdin.as_mut().expect("the pipe is open");
        pipe.write_all(b"standby\n").expect("the shell reads");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // The shell ends after the server.
        let _ = self.0.wait();
    }
}

/// Starts a server with more options (`name=value`); `None` if PostgreSQL is not installed.
pub(crate) async fn start_server(options: &[&str]) -> Option<(Url, Process)> {
    let programs = find_programs()?;
    for _ in 0..3 {
        let port = find_free_port();
        let mut process = Process(spawn_shell(&programs, port, options));
        let url: Url = format!("postgres://postgres@127.0.0.1:{port}/postgres")
            .parse()
            .expect("an address");
        if wait_until_ready(&url, || matches!(process.0.try_wait(), Ok(None))).await {
            return Some((url, process));
        }
    }
    eprintln!("the local PostgreSQL server did not start");
    None
}

/// The directory of `initdb` and `postgres`: the newest of Debian's directories, or one on the path.
pub(crate) fn find_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut directories: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    directories.sort_by_key(|it| std::cmp::Reverse(parse_version(it)));
    let path = env::var_os("PATH").unwrap_or_default();
    directories.extend(env::split_paths(&path));
    directories
        .into_iter()
        .find(|it| it.join("postgres").is_file() && it.join("initdb").is_file())
}

fn parse_version(directory: &Path) -> Option<u32> {
    directory.parent()?.file_name()?.to_str()?.parse().ok()
}

fn spawn_shell(programs: &Path, port: u16, options: &[&str]) -> Child {
    // PostgreSQL refuses to run as root.
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
            "sh",
        ]);
        command
    } else {
        Command::new("sh")
    };
    command
        .args(["-c", SCRIPT, "sh"])
        .arg(programs)
        .arg(port.to_string())
        .args(options.iter().flat_map(|it| ["-c", *it]));
    command.current_dir("/").env_remove("TMPDIR");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    command.spawn().expect("a shell for the PostgreSQL server")
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|it| it.stdout.trim_ascii() == b"0")
}

fn find_free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound port").port()
}
