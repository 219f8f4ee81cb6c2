use super::super::facts::Made;
use super::super::fault::Broken;
use super::*;

const NOW: i64 = 1_790_000_000_000;

fn id(resource_type: u8, random: u64) -> Id {
    Id::new(resource_type, 0, NOW, random)
}

const MADE: Made = Made {
    version: 1,
    generation: Some(7),
};

/// Ada is in Team; both are as they must be.
fn facts() -> (Facts, Edge) {
    let (member, group) = (id(0, 1), id(1, 2));
    let edge = Edge {
        group,
        member,
        generation: 7,
    };
    let mut facts = Facts::default();
    facts.identity.config = Some("Fabrikam".to_owned());
    facts.identity.registry = Some("Fabrikam".to_owned());
    (facts.identity.has_config, facts.identity.has_registry) = (true, true);
    facts.identity.names.insert("fabrikam".to_owned());
    facts.resources.insert(member, Resource::default());
    let head = Resource {
        generation: Some(7),
        ..Resource::default()
    };
    facts.resources.insert(group, head);
    facts.counts.extend([((0, 0), 1), ((1, 0), 1), ((1, 5), 0)]);
    let both = Sides {
        forward: true,
        reverse: true,
    };
    facts.edges.insert(edge, both);
    (facts, edge)
}

fn row(work: Work) -> Row {
    Row {
        work,
        dead: false,
        op: None,
    }
}

fn faults(facts: &Facts) -> Vec<Fault> {
    judge(facts, NOW).0
}

#[test]
fn a_sound_tenant_is_sound() {
    let (facts, _) = facts();
    assert_eq!(judge(&facts, NOW), (vec![], Waiting::default(), 1));
}

#[test]
fn a_row_excuses_what_it_names_and_nothing_else() {
    let (mut facts, edge) = facts();
    let old = Edge {
        generation: 6,
        ..edge
    };
    let gone = Edge {
        member: id(0, 9),
        ..edge
    };
    facts.edges.insert(old, Sides::default());
    let sides = facts.edges[&edge];
    facts.edges.insert(gone, sides);
    let both = [
        Fault::Edge(old, Amiss::GenerationGone),
        Fault::Edge(gone, Amiss::MemberGone),
    ];
    for (rows, left) in [
        (vec![], &both[..]),
        (
            vec![Work::Generation(edge.group, old.generation())],
            &both[1..],
        ),
        (vec![Work::Deleted(gone.member)], &both[..1]),
        (vec![Work::Deleted(id(0, 8))], &both[..]),
        (
            vec![Work::Generation(id(1, 8), old.generation())],
            &both[..],
        ),
    ] {
        facts.rows = rows.into_iter().map(row).collect();
        let mut found = faults(&facts);
        found.sort();
        assert_eq!(found, left, "{:?}", facts.rows);
    }
}

#[test]
fn a_row_of_the_dead_does_not_excuse_half_an_edge() {
    let (mut facts, edge) = facts();
    let gone = Edge {
        member: id(0, 9),
        ..edge
    };
    facts.rows = vec![row(Work::Deleted(gone.member))];
    for (forward, reverse) in [(true, true), (true, false), (false, true)] {
        facts.edges.insert(gone, Sides { forward, reverse });
        let excused = forward && reverse;
        assert_eq!(faults(&facts).is_empty(), excused, "{forward} {reverse}");
    }
}

#[test]
fn a_row_that_names_the_living_excuses_nothing() {
    let (mut facts, edge) = facts();
    let gone = Edge {
        group: id(1, 8),
        ..edge
    };
    facts.edges.insert(gone, Sides::default());
    facts.rows = vec![row(Work::Deleted(edge.member))];
    let wrong = Fault::Work(Work::Deleted(edge.member));
    assert_eq!(faults(&facts), [wrong, Fault::Edge(gone, Amiss::GroupGone)]);
}

#[test]
fn a_change_that_just_began_may_be_torn() {
    let (mut facts, edge) = facts();
    let began = |ms: i64| Ulid::from_parts((NOW - ms).unsigned_abs(), 1).to_string();
    for (ms, wrong) in [(YOUNG_MS, true), (YOUNG_MS - 1, false)] {
        facts.lanes = [((edge.group, began(ms)), MADE)].into();
        assert_eq!(!faults(&facts).is_empty(), wrong, "{ms}");
    }
    facts.lanes = [((edge.group, "x".to_owned()), MADE)].into();
    assert_eq!(faults(&facts).len(), 1);
}

#[test]
fn edges_of_a_change_that_its_head_was_put_back_before_wait_for_it() {
    let (mut facts, edge) = facts();
    let new = Edge {
        generation: 8,
        ..edge
    };
    facts.edges.insert(new, facts.edges[&edge]);
    facts.edges.entry(edge).or_default().reverse = false;
    let lanes = Fault::Change(edge.group, "x".to_owned(), Loose::Lanes);
    let both = [
        Fault::Edge(edge, Amiss::OnlyForward),
        Fault::Edge(new, Amiss::GenerationGone),
    ];
    for (version, told) in [(0, &both[..]), (1, &[])] {
        let made = Made {
            version,
            generation: Some(8),
        };
        facts.lanes = [((edge.group, "x".to_owned()), made)].into();
        let mut found = faults(&facts);
        found.sort();
        assert_eq!(
            found,
            [told, std::slice::from_ref(&lanes)].concat(),
            "{version}"
        );
    }
}

#[test]
fn a_bucket_has_room_for_so_many() {
    let (mut facts, _) = facts();
    for random in 2..=128 {
        facts.resources.insert(id(0, random), Resource::default());
    }
    facts.counts.insert((0, 0), 128);
    assert_eq!(faults(&facts), []);
    facts.resources.insert(id(0, 129), Resource::default());
    facts.counts.insert((0, 0), 129);
    let overfull = Fault::Overfull {
        resource_type: 0,
        bucket: 0,
        held: 129,
    };
    assert_eq!(faults(&facts), [overfull]);
}

#[test]
fn what_does_not_read_proves_nothing() {
    let (mut facts, edge) = facts();
    let key = crate::table::Key {
        pk: "p".to_owned(),
        sk: "s".to_owned(),
    };
    facts.claims.hold(key, "userName", edge.member);
    assert_eq!(faults(&facts).len(), 1, "a dangling alias");
    let broken = Fault::Document(edge.member, Broken::Unreadable);
    facts.faults.push(broken.clone());
    facts.unread.insert(edge.member);
    assert_eq!(faults(&facts), [broken]);
}
