//! Meta's own SDKs, unchanged, against the sandbox.

use std::process::Stdio;

use regrant_sandbox::{Clock, Sandbox, Settings, World};

#[tokio::test(flavor = "multi_thread")]
async fn metas_own_sdks_run_on_the_sandbox() {
    if !installed("python3").await || !installed("npm").await {
        assert!(
            std::env::var_os("CI").is_none(),
            "python3 and npm are needed"
        );
        eprintln!("SDK RING SKIPPED: python3 and npm are needed");
        return;
    }
    let settings = Settings {
        listen: ([127, 0, 0, 1], 0).into(),
        world: World::demo(),
        clock: Clock::new(),
    };
    let sandbox = Sandbox::start(settings).await.expect("the sandbox starts");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/sdk/run.sh");
    let run = tokio::process::Command::new("bash")
        .arg(script)
        .arg(sandbox.url())
        .stdin(Stdio::null())
        .output();
    let output = tokio::time::timeout(std::time::Duration::from_mins(10), run)
        .await
        .expect("it ends in time");
    let output = output.expect("bash starts");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    eprintln!("{}", out.lines().last().unwrap_or_default());
    sandbox.stop().await;
}

async fn installed(program: &str) -> bool {
    let version = tokio::process::Command::new(program)
        .arg("--version")
        .output()
        .await;
    version.is_ok_and(|it| it.status.success())
}
