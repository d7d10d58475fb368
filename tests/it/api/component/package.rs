//! The npm package, the served module, and what both promise.

use super::run;

#[tokio::test(flavor = "multi_thread")]
async fn the_package_is_what_its_documentation_says() {
    run("component/package.mjs").await;
}
