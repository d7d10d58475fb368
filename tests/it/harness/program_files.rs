//! What a program of a test reads and prints: private files, and the output of its pipes.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::{Arc, Mutex},
};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Adds what comes out of a pipe to the text, until the pipe ends.
pub fn collect_output(
    printed: &Arc<Mutex<String>>,
    mut pipe: impl AsyncRead + Unpin + Send + 'static,
) {
    let printed = Arc::clone(printed);
    tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1_024];
        while let Ok(n @ 1..) = pipe.read(&mut buffer).await {
            let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
            printed.lock().expect("not poisoned").push_str(&text);
        }
    });
}

/// Writes a new file that only its owner can read.
pub fn write_private(path: &Path, content: impl AsRef<[u8]>) {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    file.expect("a new file")
        .write_all(content.as_ref())
        .expect("the file is written");
}
