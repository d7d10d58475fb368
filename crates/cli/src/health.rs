//! The admin listener, as long as it knows two questions only: `GET /livez` and `GET /readyz`.
//!
//! The rule: an answer tells whether, never why. A connection gets one answer and a few seconds, so that a slow or
//! silent caller costs nothing. A web server takes its place when the operators' API comes.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use regrant_vault::Vault;
use regrant_worker::Pulse;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

/// How long one caller may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many callers at once.
const AT_ONCE: usize = 64;
/// The longest head of a request that is read.
const LONGEST_HEAD: usize = 8 * 1024;

/// A bound admin listener.
pub(crate) struct Health {
    listener: TcpListener,
    addr: SocketAddr,
    vault: Vault,
    pulse: Option<Pulse>,
}

impl Health {
    /// Binds it; port 0 takes a free one. With a pulse the process is ready only while its worker lives.
    pub async fn bind(vault: Vault, pulse: Option<Pulse>, listen: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let addr = listener.local_addr()?;
        Ok(Self { listener, addr, vault, pulse })
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers until `stop` is cancelled.
    pub async fn run_until(self, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let caller = tokio::select! {
                caller = self.listener.accept() => caller,
                () = stop.cancelled() => return,
            };
            let Ok((caller, _)) = caller else {
                // Out of descriptors, most likely: some will be given back.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let (vault, pulse) = (self.vault.clone(), self.pulse.clone());
            tokio::spawn(async move {
                let _answered = tokio::time::timeout(PATIENCE, answer(caller, &vault, pulse.as_ref())).await;
                drop(place);
            });
        }
    }
}

async fn answer(mut caller: TcpStream, vault: &Vault, pulse: Option<&Pulse>) -> io::Result<()> {
    let head = head(&mut caller).await?;
    let status = match line(&head) {
        Some(("GET" | "HEAD", "/livez")) => "200 OK",
        Some(("GET" | "HEAD", "/readyz")) if is_ready(vault, pulse).await => "200 OK",
        Some(("GET" | "HEAD", "/readyz")) => "503 Service Unavailable",
        Some(_) => "404 Not Found",
        None => "400 Bad Request",
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncache-control: no-store\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    caller.write_all(head.as_bytes()).await?;
    caller.shutdown().await
}

async fn is_ready(vault: &Vault, pulse: Option<&Pulse>) -> bool {
    pulse.is_none_or(Pulse::is_alive) && vault.ready().await.is_ok()
}

/// Reads up to the empty line that ends a head.
async fn head(caller: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(1024);
    while head.len() < LONGEST_HEAD && !head.windows(4).any(|it| it == b"\r\n\r\n") {
        if caller.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    Ok(head)
}

/// The method and the path of a request.
fn line(head: &[u8]) -> Option<(&str, &str)> {
    let end = head.windows(2).position(|it| it == b"\r\n")?;
    let mut words = std::str::from_utf8(head.get(..end)?).ok()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    version.starts_with("HTTP/1.").then_some((method, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_line_is_read_and_nothing_else() {
        assert_eq!(line(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"), Some(("GET", "/livez")));
        assert_eq!(line(b"GET /readyz?a=1 HTTP/1.0\r\n\r\n"), Some(("GET", "/readyz")));
        for odd in [&b"GET /livez\r\n\r\n"[..], b"GET /livez HTTP/1.1", b"\xff\xfe\r\n\r\n", b""] {
            assert_eq!(line(odd), None);
        }
    }
}
