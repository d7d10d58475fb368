//! Clients: found by id, limited, given other secrets, deleted; their scopes and proofs.

use regrant_domain::{ClientId, Permission, Permissions, Reach, ReachLimit};
use regrant_storage::{ClientProof, ClientSpec, Error, NewClient, TenantStatus, TenantTx};

use crate::bench::{Bench, day, id, new_client, on_both};

const MOST: usize = 3;

on_both!(
    a_client_is_verified_only_with_its_own_secret,
    a_client_that_is_disabled_or_of_a_suspended_tenant_is_not_found,
    an_older_secret_is_valid_until_its_end,
    a_tenant_has_at_most_so_many_clients,
    limits_of_a_client_are_stored_and_removed,
    another_tenants_client_is_not_found,
    a_deleted_client_leaves_no_rows,
    a_scope_keeps_its_time_while_it_is_held,
    scopes_of_several_clients_are_removed_at_once,
    a_proof_of_a_client_is_used_once,
);

async fn a_client_is_verified_only_with_its_own_secret(bench: Bench) {
    let candidate = async || {
        bench
            .store
            .find_client_for_login(bench.client)
            .await
            .unwrap()
            .unwrap()
    };
    let acme = bench.acme.tenant();
    let it = candidate().await;
    assert_eq!(
        (it.tenant(), it.client(), it.permissions()),
        (acme, bench.client, Permissions::all())
    );
    assert_eq!(
        (
            it.app_id().as_str(),
            it.token_version(),
            it.proof_required()
        ),
        ("1", 0, false)
    );
    assert!(
        it.reach().is_all()
            && it.admits_address([203, 0, 113, 9].into())
            && !it.has_expired(day(9_000))
    );
    assert_eq!(
        it.scope_for_secret(day(0), |hash| hash == [3; 32])
            .unwrap()
            .tenant(),
        acme
    );
    assert!(it.scope_for_secret(day(0), |_| false).is_none());
    assert_eq!(it.scope_of_tenant(acme).unwrap().tenant(), acme);
    assert!(it.scope_of_tenant(bench.bolt.tenant()).is_none());
    assert!(
        bench
            .store
            .find_client_for_login(ClientId::mint())
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_client_that_is_disabled_or_of_a_suspended_tenant_is_not_found(bench: Bench) {
    let (store, acme) = (&bench.store, bench.acme.tenant());
    let candidate = async || store.find_client_for_login(bench.client).await.unwrap();
    let disable = async |at| {
        let tx = bench.acme().await;
        tx.disable_client(bench.client, at).await.unwrap();
        let disabled_at = tx.find_client(bench.client).await.unwrap().disabled_at;
        tx.commit().await.unwrap();
        disabled_at
    };
    assert_eq!(disable(Some(day(1))).await, Some(day(1)));
    assert!(candidate().await.is_none());
    assert_eq!(disable(None).await, None);
    // Access tokens issued before stay revoked.
    assert_eq!(candidate().await.unwrap().token_version(), 1);
    crate::bench::set_status(store, acme, TenantStatus::Suspended).await;
    assert!(candidate().await.is_none());
}

async fn an_older_secret_is_valid_until_its_end(bench: Bench) {
    let reset = async |n: u8, until| {
        let tx = bench.acme().await;
        tx.set_client_secret(bench.client, &[n; 32], until)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        bench
            .store
            .find_client_for_login(bench.client)
            .await
            .unwrap()
            .unwrap()
    };
    let it = reset(8, Some(day(5))).await;
    let opens = |n: u8, now| it.scope_for_secret(now, |hash| hash == [n; 32]).is_some();
    assert!(opens(8, day(1)) && opens(3, day(1)) && opens(8, day(5)) && !opens(3, day(5)));
    assert_eq!(it.token_version(), 0);
    let it = reset(9, Some(day(6))).await;
    let opens = |n: u8| {
        it.scope_for_secret(day(1), |hash| hash == [n; 32])
            .is_some()
    };
    assert!(opens(9) && opens(8) && !opens(3), "two count at most");
    let it = reset(10, None).await;
    let opens = |n: u8| {
        it.scope_for_secret(day(1), |hash| hash == [n; 32])
            .is_some()
    };
    assert!(opens(10) && !opens(9) && !opens(8));
    assert_eq!(it.token_version(), 1);
}

async fn a_tenant_has_at_most_so_many_clients(bench: Bench) {
    let tx = bench.acme().await;
    for _ in 1..MOST {
        tx.insert_client(&new_client(bench.acme.tenant()), MOST)
            .await
            .unwrap();
    }
    let more = tx
        .insert_client(&new_client(bench.acme.tenant()), MOST)
        .await;
    assert!(matches!(more, Err(Error::Taken("client"))));
    let foreign = tx
        .insert_client(&new_client(bench.bolt.tenant()), MOST)
        .await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    assert_eq!(tx.list_clients().await.unwrap().len(), MOST);
}

async fn limits_of_a_client_are_stored_and_removed(bench: Bench) {
    let within = ReachLimit {
        assets: [id("1"), id("2")].into(),
        businesses: [id("9")].into(),
    };
    let narrow = ClientSpec {
        name: "narrow".to_owned(),
        expires_at: Some(day(3)),
        networks: Some(vec![
            "10.0.0.0/8".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ]),
        reach: Reach::Within(within),
        proof_required: true,
        keep_unused_scopes: true,
        ..ClientSpec::with_scopes("", "assets:read".parse().unwrap())
    };
    let client = NewClient {
        spec: narrow.clone(),
        ..new_client(bench.acme.tenant())
    };
    let tx = bench.acme().await;
    tx.insert_client(&client, MOST).await.unwrap();
    assert_eq!(tx.find_client(client.id).await.unwrap().spec, narrow);
    tx.commit().await.unwrap();
    let it = bench
        .store
        .find_client_for_login(client.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((it.reach(), it.proof_required()), (&narrow.reach, true));
    assert!(!it.has_expired(day(2)) && it.has_expired(day(3)));
    for (address, admitted) in [
        ("10.9.9.9", true),
        ("::ffff:10.9.9.9", true),
        ("11.0.0.1", false),
        ("::ffff:11.0.0.1", false),
        ("2001:db8::1", true),
        ("2001:db9::1", false),
        ("::1", false),
    ] {
        assert_eq!(
            it.admits_address(address.parse().unwrap()),
            admitted,
            "{address}"
        );
    }
    let none = Reach::Within(ReachLimit::default());
    for reach in [none, Reach::All] {
        let wide = ClientSpec {
            reach,
            ..ClientSpec::with_scopes("wide", Permissions::all())
        };
        let tx = bench.acme().await;
        tx.change_client(client.id, &wide).await.unwrap();
        assert_eq!(tx.lock_client(client.id).await.unwrap().spec, wide);
        tx.commit().await.unwrap();
    }
}

async fn another_tenants_client_is_not_found(bench: Bench) {
    let (tx, client) = (bench.bolt().await, bench.client);
    assert!(matches!(tx.find_client(client).await, Err(Error::NotFound)));
    assert!(matches!(tx.lock_client(client).await, Err(Error::NotFound)));
    assert!(matches!(
        tx.delete_client(client).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        tx.revoke_client_tokens(client).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        tx.disable_client(client, Some(day(1))).await,
        Err(Error::Stale)
    ));
    let secret = tx.set_client_secret(client, &[8; 32], None).await;
    assert!(matches!(secret, Err(Error::Stale)));
    let spec = ClientSpec::with_scopes("stolen", Permissions::all());
    assert!(matches!(
        tx.change_client(client, &spec).await,
        Err(Error::Stale)
    ));
    assert!(
        !tx.list_clients()
            .await
            .unwrap()
            .iter()
            .any(|it| it.id == client)
    );
}

async fn a_deleted_client_leaves_no_rows(bench: Bench) {
    let tx = bench.acme().await;
    let proof = proof(&bench, 1);
    assert!(is_first_use(&tx, proof).await);
    tx.delete_client(bench.client).await.unwrap();
    assert!(matches!(
        tx.find_client(bench.client).await,
        Err(Error::NotFound)
    ));
    assert!(is_first_use(&tx, proof).await, "its proofs are gone");
    tx.commit().await.unwrap();
    assert!(
        bench
            .store
            .find_client_for_login(bench.client)
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_scope_keeps_its_time_while_it_is_held(bench: Bench) {
    let tx = bench.acme().await;
    let (read, write) = (Permission::AssetsRead, Permission::AssetsWrite);
    let [one, both]: [Permissions; 2] = [
        [read].into_iter().collect(),
        [read, write].into_iter().collect(),
    ];
    let uses = async || {
        let uses = tx.find_client(bench.client).await.unwrap().scope_uses;
        uses.into_iter()
            .map(|it| (it.scope, it.granted_at, it.used_at))
            .collect::<Vec<_>>()
    };
    assert_eq!(uses().await.len(), Permission::ALL.len());
    tx.grant_scopes(bench.client, Permissions::all(), one, day(1))
        .await
        .unwrap();
    tx.note_scope_used(bench.client, read, day(2))
        .await
        .unwrap();
    assert_eq!(uses().await, [(read, day(0), Some(day(2)))]);
    tx.grant_scopes(bench.client, one, both, day(3))
        .await
        .unwrap();
    assert_eq!(
        uses().await,
        [(read, day(0), Some(day(2))), (write, day(3), None)]
    );
    tx.grant_scopes(bench.client, both, Permissions::default(), day(4))
        .await
        .unwrap();
    assert_eq!(uses().await, []);
    // The use of a scope that the client no longer holds is not noted.
    tx.note_scope_used(bench.client, read, day(5))
        .await
        .unwrap();
    assert_eq!(uses().await, []);
    assert_eq!(
        tx.find_client(bench.client).await.unwrap().last_used_at,
        Some(day(5))
    );
}

async fn scopes_of_several_clients_are_removed_at_once(bench: Bench) {
    let tx = bench.acme().await;
    let second = new_client(bench.acme.tenant());
    tx.insert_client(&second, MOST).await.unwrap();
    let one: Permissions = [Permission::AssetsRead].into_iter().collect();
    let mut taken = Vec::new();
    for client in [bench.client, second.id] {
        taken.extend(
            Permissions::all()
                .difference_from(one)
                .iter()
                .map(|scope| (client, scope)),
        );
    }
    tx.remove_scopes(&[(bench.client, one), (second.id, one)], &taken)
        .await
        .unwrap();
    for client in tx.lock_clients().await.unwrap() {
        assert_eq!((client.spec.scopes, client.scope_uses.len()), (one, 1));
    }
}

/// A proof of the client that is accepted until this day.
fn proof(bench: &Bench, n: u8) -> ClientProof {
    ClientProof {
        client: bench.client,
        digest: [n; 32],
        until: day(n.into()),
    }
}

async fn is_first_use(tx: &TenantTx, proof: ClientProof) -> bool {
    let unused = tx.insert_client_proofs([proof]).await.unwrap();
    unused.contains(&(proof.client, proof.digest))
}

async fn a_proof_of_a_client_is_used_once(bench: Bench) {
    let tx = bench.acme().await;
    let [one, two, three] = [1, 2, 3].map(|n| proof(&bench, n));
    assert!(is_first_use(&tx, one).await);
    assert!(!is_first_use(&tx, one).await);
    let unused = tx.insert_client_proofs([three, one, two, two]).await;
    let expected = [two, three].map(|it| (it.client, it.digest));
    assert_eq!(unused.unwrap(), expected.into());
    assert_eq!(tx.purge_client_proofs(day(1), 10).await.unwrap(), 1);
    assert!(!is_first_use(&tx, two).await, "it may still be repeated");
    tx.commit().await.unwrap();
    let tx = bench.bolt().await;
    assert!(is_first_use(&tx, two).await, "another tenant's is another");
}
