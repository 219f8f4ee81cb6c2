//! The people and groups that a simulated client provisions, and how they change from one cycle to the next.

use std::collections::BTreeSet;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

/// One person as the client's own directory has them; others are named by their place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) user_name: String,
    pub(super) external_id: String,
    pub(super) given_name: String,
    pub(super) family_name: String,
    pub(super) title: Option<String>,
    pub(super) department: String,
    pub(super) phone: Option<String>,
    pub(super) active: bool,
    pub(super) manager: Option<usize>,
    /// No longer in the client's directory.
    pub(super) gone: bool,
}

/// One group; members are places in `people`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Team {
    pub(super) display_name: String,
    pub(super) external_id: String,
    pub(super) members: BTreeSet<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) people: Vec<Person>,
    pub(super) teams: Vec<Team>,
}

/// What befalls one person between two cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Renamed,
    Disabled,
    Moved,
    Deleted,
    /// Disabled and enabled again within the cycle.
    Restored,
    /// Deleted and hired again under the same name.
    Recreated,
    /// A title taken away, a telephone number given.
    Refined,
}

const EVENTS: [Event; 7] = [
    Event::Renamed,
    Event::Disabled,
    Event::Moved,
    Event::Deleted,
    Event::Restored,
    Event::Recreated,
    Event::Refined,
];
const GIVEN: [&str; 8] = [
    "Ada", "Chidi", "Elif", "Ines", "Mei", "Noor", "Søren", "Zoë",
];
const FAMILY: [&str; 8] = [
    "Osei",
    "Mensah",
    "O'Neill",
    "Tan",
    "Lindqvist",
    "Núñez",
    "Demir",
    "Adeyemi",
];
const DEPARTMENTS: [&str; 4] = ["Field", "Rail", "Research & Development", "Sales"];
/// Every how many a person has a manager, who is an earlier person.
const REPORTS: f64 = 0.7;
/// How many groups a person is in at most at first.
const GROUPS_MAX: usize = 3;

impl Person {
    pub(super) fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

impl Directory {
    /// Invented people and groups; every name holds `marker`.
    pub(super) fn new(marker: &str, people: usize, teams: usize, random: &mut StdRng) -> Self {
        let mut directory = Self {
            people: Vec::with_capacity(people),
            teams: (0..teams).map(|number| team(marker, number)).collect(),
        };
        for number in 0..people {
            let manager =
                (number > 0 && random.random_bool(REPORTS)).then(|| random.random_range(0..number));
            let person = person(marker, number, manager, random);
            directory.people.push(person);
            for _ in 0..random.random_range(0..=GROUPS_MAX.min(teams)) {
                directory.join(number, random);
            }
        }
        directory
    }

    fn join(&mut self, person: usize, random: &mut StdRng) {
        if self.teams.is_empty() {
            return;
        }
        let team = random.random_range(0..self.teams.len());
        if let Some(team) = self.teams.get_mut(team) {
            team.members.insert(person);
        }
    }

    /// The directory one cycle later: something has happened to `percent` of the people, and as many groups are renamed.
    /// A client that never `deletes` disables instead.
    pub(super) fn churned(
        &self,
        percent: u8,
        deletes: bool,
        random: &mut StdRng,
    ) -> (Self, Vec<(usize, Event)>) {
        let mut later = self.clone();
        let share = |whole: usize| (whole * usize::from(percent)).div_ceil(100);
        let mut chosen: Vec<usize> = (0..self.people.len()).collect();
        chosen.shuffle(random);
        chosen.truncate(share(self.people.len()));
        let events = EVENTS.into_iter().map(|event| match event {
            Event::Deleted if !deletes => Event::Disabled,
            Event::Recreated if !deletes => Event::Restored,
            event => event,
        });
        let events: Vec<(usize, Event)> = chosen.into_iter().zip(events.cycle()).collect();
        for (number, event) in &events {
            later.befall(*number, *event, random);
        }
        let renamed = share(self.teams.len());
        for team in later.teams.iter_mut().take(renamed) {
            team.display_name.push_str(" (renamed)");
        }
        (later, events)
    }

    fn befall(&mut self, number: usize, event: Event, random: &mut StdRng) {
        if event == Event::Moved {
            for team in &mut self.teams {
                team.members.remove(&number);
            }
            self.join(number, random);
            return;
        }
        if event == Event::Deleted {
            for team in &mut self.teams {
                team.members.remove(&number);
            }
            for person in &mut self.people {
                person.manager = person.manager.filter(|manager| *manager != number);
            }
        }
        let Some(person) = self.people.get_mut(number) else {
            return;
        };
        match event {
            Event::Renamed => {
                "Wachira".clone_into(&mut person.family_name);
                person.user_name = format!("renamed.{}", person.user_name);
            }
            Event::Disabled => person.active = false,
            Event::Deleted => person.gone = true,
            Event::Refined => {
                person.title = None;
                person.phone = Some(format!("555019{number:04}"));
            }
            Event::Moved | Event::Restored | Event::Recreated => {}
        }
    }
}

fn person(marker: &str, number: usize, manager: Option<usize>, random: &mut StdRng) -> Person {
    let pick = |names: &[&str], random: &mut StdRng| {
        let at = random.random_range(0..names.len());
        names.get(at).copied().unwrap_or_default().to_owned()
    };
    Person {
        user_name: format!("p{number}.{marker}@fabrikam.example"),
        external_id: format!("{marker}-p{number}"),
        given_name: pick(&GIVEN, random),
        family_name: pick(&FAMILY, random),
        title: Some(format!("Engineer {number}")),
        department: pick(&DEPARTMENTS, random),
        phone: None,
        active: true,
        manager,
        gone: false,
    }
}

fn team(marker: &str, number: usize) -> Team {
    Team {
        display_name: format!("Team {number} {marker}"),
        external_id: format!("{marker}-t{number}"),
        members: BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn directory(seed: u64) -> (Directory, Directory, Vec<(usize, Event)>) {
        let mut random = StdRng::seed_from_u64(seed);
        let before = Directory::new("sim1", 40, 5, &mut random);
        let (after, events) = before.churned(30, true, &mut random);
        (before, after, events)
    }

    #[test]
    fn a_seed_always_tells_the_same_story() {
        assert_eq!(directory(7), directory(7));
        assert_ne!(directory(7).0, directory(8).0);
    }

    #[test]
    fn churn_touches_as_many_as_asked_and_everything_happens() {
        let (before, after, events) = directory(1);
        assert_eq!(events.len(), 12);
        let kinds: BTreeSet<Event> = events.iter().map(|(_, event)| *event).collect();
        assert_eq!(kinds.len(), EVENTS.len());
        let renamed = |directory: &Directory| {
            let of = |team: &&Team| team.display_name.ends_with("(renamed)");
            directory.teams.iter().filter(of).count()
        };
        assert_eq!((renamed(&before), renamed(&after)), (0, 2));
        let gone: Vec<usize> = (0..40).filter(|n| after.people[*n].gone).collect();
        assert!(!gone.is_empty());
        for number in gone {
            assert!(
                after
                    .teams
                    .iter()
                    .all(|team| !team.members.contains(&number))
            );
            assert!(
                after
                    .people
                    .iter()
                    .all(|person| person.manager != Some(number))
            );
        }
    }

    #[test]
    fn a_client_that_never_deletes_disables() {
        let mut random = StdRng::seed_from_u64(1);
        let before = Directory::new("sim1", 20, 2, &mut random);
        let (after, events) = before.churned(100, false, &mut random);
        assert!(after.people.iter().all(|person| !person.gone));
        let gone = |(_, event): &(usize, Event)| matches!(event, Event::Deleted | Event::Recreated);
        assert!(!events.iter().any(gone));
    }

    #[test]
    fn nobody_and_nothing_are_possible() {
        let mut random = StdRng::seed_from_u64(1);
        let (after, events) =
            Directory::new("sim1", 0, 0, &mut random).churned(100, true, &mut random);
        assert!(after.people.is_empty() && after.teams.is_empty() && events.is_empty());
        let lonely = Directory::new("sim1", 3, 0, &mut random);
        assert_eq!(lonely.churned(100, true, &mut random).1.len(), 3);
        assert!(lonely.churned(0, true, &mut random).1.is_empty());
    }
}
