use super::*;

#[test]
fn the_demo_world_has_120_assets_of_one_client_and_20_of_another() {
    let world = World::demo();
    let count = |businesses: &[&str]| {
        let theirs = |asset: &&Asset| businesses.contains(&asset.business.as_str());
        world.assets.iter().filter(theirs).count()
    };
    let first = [
        "200000000000001",
        "200000000000002",
        "200000000000003",
        "200000000000004",
    ];
    assert_eq!((count(&first), count(&["200000000000009"])), (120, 20));
}

#[test]
fn generated_ids_are_consecutive() {
    let scenario = "
businesses: [{id: '2', name: Two}]
generate: [{kind: ad_account, business: '2', count: 3, first_id: act_98, name: 'Account {n}'}]";
    let world = World::from_yaml(scenario).unwrap_or_default();
    let made: Vec<_> = world
        .owned_by("2")
        .map(|asset| (asset.id.as_str(), asset.name.as_str()))
        .collect();
    assert_eq!(
        made,
        [
            ("act_98", "Account 1"),
            ("act_99", "Account 2"),
            ("act_100", "Account 3")
        ]
    );
}
