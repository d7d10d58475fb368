//! The key that wrapped before a move to another provider: it is retired as an older version is.

use regrant_crypto::ProviderKind;
use regrant_domain::{Clock, KekRef};
use regrant_storage::Node;
use regrant_testdb::TestDatabase;
use regrant_vault::{Conflict, Error, KekState, Retirement, Vault};

use super::{
    actions,
    destruction::{BY, id_of, shred},
    moving::{open, services::Keys},
};
use crate::harness::{Fleet, Harness, Options, Tenant, on_both};

on_both!(
    a_shred_is_effective_once_the_keyring_of_before_the_move_is_retired,
    a_shred_is_effective_once_the_service_of_before_the_move_is_retired,
    a_process_that_still_wraps_with_the_former_key_keeps_it,
    the_way_back_is_refused_until_an_approved_retirement_is_completed,
);

/// An installation that moved, and a tenant that was shredded before.
struct Scene {
    harness: Harness,
    keys: Keys,
    tenant: Tenant,
    former: KekRef,
    moved: Vault,
}

impl Scene {
    async fn on(database: TestDatabase, from: ProviderKind, to: ProviderKind) -> Self {
        let keys = Keys::with_transit().await;
        let options = Options {
            provider: keys.provider(from, &[to]).await,
            ..Options::default()
        };
        let harness = Harness::with(database, &Fleet::new(1, 1, 0).world(), options).await;
        let (owner, tenant) = (harness.owner().await, harness.tenant("Leaving").await);
        let status = harness.vault.key_status().await.expect("a status");
        let former = status.keks[0].kek;
        shred(&owner, &tenant).await;
        let moved = open(&harness, keys.provider(to, &[from]).await).await;
        let moved = moved.expect("the vault opens");
        moved.rewrap_data_keys().await.expect("wrapped again");
        Self {
            harness,
            keys,
            tenant,
            former,
            moved,
        }
    }

    /// Asks a day before, as the command line of an installation with one owner does, and calls again.
    async fn retire(&self) -> Result<Retirement, Error> {
        let (name, day) = (self.former.to_string(), chrono::Duration::hours(24));
        self.harness.clock.advance_by(-day);
        let requested = self.moved.retire_kek(BY, &name, &name).await;
        self.harness.clock.advance_by(day);
        requested?;
        self.moved.retire_kek(BY, &name, &name).await
    }

    /// Whether the shred is effective, and what it waits for.
    async fn shred_state(&self) -> (bool, Vec<KekRef>) {
        let view = self.moved.find_tenant(id_of(&self.tenant)).await;
        let deletion = view.expect("the tenant").deletion.expect("a deletion");
        (deletion.effective_at.is_some(), deletion.waits_for)
    }

    /// The versions of the former key, and their states.
    async fn former_states(&self) -> Vec<(u32, KekState)> {
        let keks = self.moved.key_status().await.expect("a status").keks;
        let former = keks.iter().filter(|it| it.kek.id == self.former.id);
        let mut states: Vec<_> = former.map(|it| (it.kek.version, it.state)).collect();
        states.sort_by_key(|it| it.0);
        states
    }
}

async fn a_shred_is_effective_once_the_keyring_of_before_the_move_is_retired(
    database: TestDatabase,
) {
    retire_after_a_move(database, ProviderKind::Local, ProviderKind::Transit).await;
}

async fn a_shred_is_effective_once_the_service_of_before_the_move_is_retired(
    database: TestDatabase,
) {
    retire_after_a_move(database, ProviderKind::Transit, ProviderKind::Local).await;
}

async fn retire_after_a_move(database: TestDatabase, from: ProviderKind, to: ProviderKind) {
    let scene = Scene::on(database, from, to).await;
    assert_eq!(scene.shred_state().await, (false, vec![scene.former]));
    let retired = scene.retire().await;
    assert!(matches!(retired, Ok(Retirement::Done(_))), "{retired:?}");
    assert_eq!(scene.shred_state().await, (true, vec![]));
    assert_eq!(
        scene.former_states().await,
        [(1, KekState::Destroyed), (2, KekState::DecryptOnly)],
        "another version has its place"
    );
    let actions = actions(&scene.harness).await;
    assert!(
        actions.ends_with(&["kek.retiring".to_owned(), "kek.retired".to_owned()]),
        "{actions:?}"
    );
    scene.moved.shut_down().await;
    // Both providers still open, and so does the way back.
    let back = open(&scene.harness, scene.keys.provider(from, &[to]).await).await;
    let back = back.expect("the vault opens");
    assert!(back.rewrap_data_keys().await.expect("a pass") > 0);
    let verdict = back.verify_data_keys().await.expect("a verdict");
    assert!(verdict.is_whole(), "{verdict:?}");
    back.shut_down().await;
}

async fn a_process_that_still_wraps_with_the_former_key_keeps_it(database: TestDatabase) {
    let scene = Scene::on(database, ProviderKind::Local, ProviderKind::Transit).await;
    let status = scene.moved.key_status().await.expect("a status");
    let mut node = Node {
        id: uuid::Uuid::now_v7(),
        name: "machine/7".to_owned(),
        opens: status.keks.iter().map(|it| it.kek).collect(),
        wraps_with: scene.former,
        seen_at: Clock::system_time(),
    };
    let (store, gone) = (scene.harness.store().await, chrono::DateTime::UNIX_EPOCH);
    store.announce_node(&node, gone).await.expect("announced");
    let refused = scene.retire().await;
    let Err(Error::Conflict(Conflict::NodesLackKey(names))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(names, ["machine/7"]);
    assert_eq!(scene.former_states().await, [(1, KekState::DecryptOnly)]);
    node.wraps_with = status.keks[0].kek;
    node.opens.truncate(1);
    store.announce_node(&node, gone).await.expect("announced");
    let retired = scene.retire().await;
    assert!(matches!(retired, Ok(Retirement::Done(_))), "{retired:?}");
    scene.moved.shut_down().await;
}

async fn the_way_back_is_refused_until_an_approved_retirement_is_completed(database: TestDatabase) {
    let (from, to) = (ProviderKind::Transit, ProviderKind::Local);
    let scene = Scene::on(database, from, to).await;
    scene.keys.stub().engine(|it| it.failing = Some(503));
    let cut_off = scene.retire().await;
    assert!(
        matches!(cut_off, Err(Error::KeysUnavailable(_))),
        "{cut_off:?}"
    );
    scene.keys.stub().engine(|it| it.failing = None);
    let refused = open(&scene.harness, scene.keys.provider(from, &[to]).await).await;
    let text = regrant_domain::error_chain(&refused.err().expect("it may not wrap"));
    assert!(text.contains(&scene.former.id.to_string()), "{text}");
    assert!(
        text.contains("the retirement of this one is approved"),
        "{text}"
    );

    let retired = scene.retire().await;
    assert!(matches!(retired, Ok(Retirement::Done(_))), "{retired:?}");
    let back = open(&scene.harness, scene.keys.provider(from, &[to]).await).await;
    let back = back.expect("the vault opens");
    for vault in [scene.moved, back] {
        vault.shut_down().await;
    }
}
