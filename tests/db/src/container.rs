//! A PostgreSQL server in a container, where Docker answers.
//!
//! The rule: nobody is left to remove a container when a test process is killed, so the server in it ends
//! by itself after half an hour, and Docker removes it then.

use testcontainers::{
    GenericImage, ImageExt,
    core::{IntoContainerPort, WaitFor},
    runners::AsyncRunner,
};
use url::Url;

/// Starts a server; `None` where Docker does not answer.
pub(crate) async fn start() -> Option<Url> {
    let image = GenericImage::new("postgres", "17-alpine")
        .with_exposed_port(5432.tcp())
        .with_wait_for(WaitFor::message_on_stderr(
            "database system is ready to accept connections",
        ))
        .with_wait_for(WaitFor::message_on_stdout(
            "PostgreSQL init process complete",
        ));
    let request = image
        .with_env_var("POSTGRES_HOST_AUTH_METHOD", "trust")
        .with_host_config_modifier(|host| host.auto_remove = Some(true))
        .with_cmd([
            "timeout",
            "1800",
            "docker-entrypoint.sh",
            "postgres",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=300",
        ]);
    let container = request.start().await.ok()?;
    let host = container.get_host().await.ok()?;
    let port = container.get_host_port_ipv4(5432.tcp()).await.ok()?;
    // Its drop needs the runtime of the test that came first, which ends before the others.
    std::mem::forget(container);
    let url: Url = format!("postgres://postgres@{host}:{port}/postgres")
        .parse()
        .ok()?;
    crate::server::answers(&url, || true).await.then_some(url)
}
