//! A PostgreSQL server in a container, if Docker is available.
//!
//! The rule: a test process that is killed cannot remove its container, so the server in it stops after half
//! an hour, and Docker removes the container then.

use testcontainers::{
    GenericImage, ImageExt,
    core::{IntoContainerPort, WaitFor},
    runners::AsyncRunner,
};
use url::Url;

/// Starts a server; `None` if Docker does not answer.
pub(crate) async fn start_container() -> Option<Url> {
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
    // Dropping it needs the runtime of the first test, which ends before the others.
    std::mem::forget(container);
    let url: Url = format!("postgres://postgres@{host}:{port}/postgres")
        .parse()
        .ok()?;
    crate::server::wait_until_ready(&url, || true)
        .await
        .then_some(url)
}
