//! Who goes next: by seed, or by a list of choices that an explorer counts through.

use rand::rngs::StdRng;
use rand::seq::IteratorRandom as _;
use rand::{Rng, SeedableRng};

/// How often indexes catch up.
const INDEX: f64 = 0.02;

/// Something that can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// The actor's next request begins.
    Start(usize),
    /// A call of the actor is carried out, or its answer arrives: which flight.
    Advance(usize, usize),
    /// The actor is gone in the midst of its request.
    Crash(usize),
    /// An item of a torn commit comes out.
    Release(usize),
    /// A call that nobody waits for any more arrives after all.
    Late(usize),
    /// The indexes show everything there is now.
    Index,
    /// So many seconds pass.
    Jump(i64),
}

impl Event {
    fn actor(self) -> Option<usize> {
        match self {
            Self::Start(actor) | Self::Advance(actor, _) => Some(actor),
            _ => None,
        }
    }
}

/// Choices made, each with what every option would have cost.
#[derive(Debug, Default, Clone)]
pub(crate) struct Path(pub Vec<(usize, Vec<u32>)>);

impl Path {
    /// The next path in depth-first order whose choices together cost at most `bound`.
    pub(crate) fn next(mut self, bound: u32) -> Option<Self> {
        let cost = |(chosen, costs): &(usize, Vec<u32>)| costs[*chosen];
        while let Some((chosen, costs)) = self.0.pop() {
            let spent: u32 = self.0.iter().map(cost).sum();
            let rest = costs.iter().enumerate().skip(chosen + 1);
            let next = rest
                .map(|(at, cost)| (at, *cost))
                .find(|(_, cost)| spent + cost <= bound);
            if let Some((at, _)) = next {
                self.0.push((at, costs));
                return Some(self);
            }
        }
        None
    }
}

#[derive(Debug)]
pub(crate) enum Chooser {
    Random(Box<Habits>),
    /// Follows the path, and takes the first option where it ends.
    Path {
        wanted: Path,
        taken: Path,
    },
}

/// How one seed goes about it.
#[derive(Debug)]
pub(crate) struct Habits {
    random: StdRng,
    switch: f64,
    crash: f64,
    jump: f64,
    release: f64,
    late: f64,
    starve: f64,
    starved: Option<(usize, usize)>,
}

impl Habits {
    pub(crate) fn draw(seed: u64) -> Box<Self> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut one_of = |choices: &[f64]| choices.iter().copied().choose(&mut random).unwrap();
        let (switch, crash) = (one_of(&[0.05, 0.2, 0.5, 1.0]), one_of(&[0.0, 0.01, 0.05]));
        let (jump, release) = (one_of(&[0.0, 0.01, 0.05]), one_of(&[0.1, 0.5, 0.9]));
        let (late, starve) = (one_of(&[0.0, 0.2, 0.8]), one_of(&[0.0, 0.02, 0.1, 0.2]));
        Box::new(Self {
            random,
            switch,
            crash,
            jump,
            release,
            late,
            starve,
            starved: None,
        })
    }

    /// Somebody often stands still, and time passes meanwhile.
    pub(crate) fn uneven(seed: u64) -> Box<Self> {
        let mut habits = Self::draw(seed);
        let mut one_of = |choices: &[f64]| {
            let chosen = choices.iter().copied().choose(&mut habits.random);
            chosen.unwrap()
        };
        let (switch, starve) = (one_of(&[0.05, 0.2]), one_of(&[0.1, 0.3]));
        *habits = Self {
            switch,
            crash: 0.03,
            jump: one_of(&[0.03, 0.1]),
            starve,
            ..*habits
        };
        habits
    }

    pub(crate) fn random(&mut self) -> &mut StdRng {
        &mut self.random
    }

    fn choose(&mut self, last: Option<usize>, events: &[Event]) -> usize {
        let mut pick = |chance: f64, wanted: &dyn Fn(&Event) -> bool| {
            let mut any = events.iter().filter(|event| wanted(event)).peekable();
            any.peek()?;
            if !self.random.random_bool(chance) {
                return None;
            }
            let found = events.iter().enumerate().filter(|(_, event)| wanted(event));
            found.map(|(at, _)| at).choose(&mut self.random)
        };
        let acts = |event: &Event| event.actor().is_some();
        let chosen = pick(self.crash, &|event| matches!(event, Event::Crash(_)))
            .or_else(|| pick(self.jump, &|event| matches!(event, Event::Jump(_))))
            .or_else(|| pick(INDEX, &|event| matches!(event, Event::Index)))
            .or_else(|| pick(self.release, &|event| matches!(event, Event::Release(_))))
            .or_else(|| pick(self.late, &|event| matches!(event, Event::Late(_))));
        if let Some(chosen) = chosen {
            return chosen;
        }
        let actors: std::collections::BTreeSet<usize> =
            events.iter().filter_map(|event| event.actor()).collect();
        if self.starved.is_some_and(|(_, left)| left == 0) {
            self.starved = None;
        }
        if let Some((_, left)) = &mut self.starved {
            *left -= 1;
        } else if self.random.random_bool(self.starve)
            && let Some(actor) = actors.iter().copied().choose(&mut self.random)
        {
            self.starved = Some((actor, self.random.random_range(5..200)));
        }
        let starved = self.starved.map(|(actor, _)| actor);
        let awake = actors
            .iter()
            .copied()
            .filter(|actor| Some(*actor) != starved);
        let stay = last.filter(|last| actors.contains(last) && Some(*last) != starved);
        let actor = match stay.filter(|_| !self.random.random_bool(self.switch)) {
            Some(last) => Some(last),
            None => awake.choose(&mut self.random),
        };
        let of_actor = events
            .iter()
            .enumerate()
            .filter(|(_, event)| actor.is_some() && event.actor() == actor);
        let chosen = of_actor.map(|(at, _)| at).choose(&mut self.random);
        // Nobody but the starved can go on, or nobody at all.
        let rest =
            |found: &Event| acts(found) || matches!(found, Event::Release(_) | Event::Late(_));
        chosen
            .or_else(|| {
                let any = events.iter().enumerate().filter(|(_, event)| rest(event));
                any.map(|(at, _)| at).choose(&mut self.random)
            })
            .unwrap_or(0)
    }
}

impl Chooser {
    pub(crate) fn choose(&mut self, last: Option<usize>, events: &[Event]) -> usize {
        match self {
            Self::Random(habits) => habits.choose(last, events),
            Self::Path { wanted, taken } => {
                let at = wanted.0.get(taken.0.len()).map_or(0, |(chosen, _)| *chosen);
                taken.0.push((at, costs(last, events)));
                at
            }
        }
    }
}

/// Going on with the same actor is free, and so is any actor when that one cannot go on; all else costs one.
fn costs(last: Option<usize>, events: &[Event]) -> Vec<u32> {
    let free = events.first().and_then(|event| event.actor());
    let stays = last.is_some() && free == last;
    let mut seen = std::collections::BTreeSet::new();
    let mut cost = |event: &Event| match event.actor() {
        Some(actor) if (!stays || Some(actor) == last) && seen.insert(actor) => 0,
        // Nobody can go on before something else happens.
        _ if free.is_none() && seen.insert(usize::MAX) => 0,
        _ => 1,
    };
    events.iter().map(&mut cost).collect()
}
