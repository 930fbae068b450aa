//! P12: whatever people are called, and however often that changes, an
//! account stays theirs and they get no second one.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{id::ConnectorName, id::IdentityId, value::ObjectRef};

type Mine = BTreeMap<(IdentityId, ConnectorName), ObjectRef>;

fn links(world: &World) -> Mine {
    let links = world.truth.links.iter().filter(|it| !it.gone);
    links.map(|it| ((it.identity, it.target.clone()), it.account.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn p12_any_sequence_of_renames_leaves_each_account_with_its_owner(
        mut firm in firm(),
        names in prop::collection::vec(
            prop::collection::vec(prop::sample::select(vec!["Ada", "ADA", "Bo", "Cy"]), 6),
            1..6,
        ),
        troubles in prop::collection::vec(trouble(), 6),
    ) {
        // Everybody works there, and only names change.
        for person in &mut firm.people {
            person.rows.truncate(1);
            for row in &mut person.rows {
                (row.status, row.start, row.end, row.level) = ("Active", "2025-01-01", "", "3");
            }
            person.found = 0;
        }
        firm.file.protected = false;
        let mut world = World::new(&firm);
        prop_assert!(settle(&mut world, &firm, 0).is_some());
        let before = links(&world);
        prop_assert!(before.len() >= firm.people.len());
        for (names, trouble) in names.iter().zip(&troubles) {
            for (person, name) in firm.people.iter_mut().zip(names) {
                person.rows[0].given = name;
            }
            let seen = world.look(&firm.readings(0, world.now), trouble);
            world.apply(&seen, trouble);
            world.pass(file::days(1));
        }
        prop_assert!(settle(&mut world, &firm, 0).is_some());
        prop_assert_eq!(links(&world), before);
        for (target, there) in &world.truth.targets {
            let names: BTreeSet<String> =
                there.accounts.iter().map(|it| it.name.to_lowercase()).collect();
            prop_assert_eq!(names.len(), there.accounts.len(), "a name twice at {}", target);
            let owners: BTreeSet<&ObjectRef> =
                world.truth.links.iter().filter(|it| it.target == *target).map(|it| &it.account).collect();
            prop_assert_eq!(owners.len(), there.accounts.len());
        }
    }
}
