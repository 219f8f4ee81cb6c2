//! A tenant with some users and groups, and what becomes of it in one run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use serverless_scim::patch::MemberChange;
use serverless_scim::store::{Credential, Host, Id, Request, Secret, Sizes, Store, Tenant};
use serverless_scim::table::Table;
use serverless_scim::table::wrappers::{FrozenIndexes, Torn, Trouble, Unreliable};

use crate::choose::{Chooser, Path};
use crate::direct::Direct;
use crate::end;
use crate::mutant::Lie;
use crate::op::Op;
use crate::oracle::{Moment, Oracle};
use crate::own::Own;
use crate::remote::{Machine, Port};
use crate::schedule::{Actor, Mishaps, Schedule};
use crate::tally::Tally;
use crate::trace::{Trace, named};
use crate::watch::Watched;

const NOON: i64 = 1_790_000_000_000;
/// Runs that share one engine.
const RUNS_PER_ENGINE: u64 = 200;

/// What a run begins with, and who does what in it.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub users: usize,
    /// Which users are members of each group at first.
    pub groups: Vec<BTreeSet<usize>>,
    pub sizes: Sizes,
    pub torn: bool,
    pub trouble: Trouble,
    pub mishaps: Mishaps,
    /// The indexes show what was there at first, and catch up now and then; otherwise they show nothing at all.
    pub frozen: bool,
    /// The second group is a member of the first.
    pub nested: bool,
    pub skew: i64,
}

/// The ids of the plan's users and groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cast {
    pub users: Vec<Id>,
    pub groups: Vec<Id>,
    /// Whether everybody's instance knows of groups in groups.
    pub nested: bool,
}

pub(crate) type Scripts = Vec<(&'static str, Vec<Op>)>;

/// One engine, used by many runs in turn.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    table: Option<Arc<dyn Table>>,
    runs: u64,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Report {
    pub tally: Tally,
    pub wrong: Option<String>,
    pub trace: String,
    pub path: Path,
}

impl Engine {
    /// Every run over this table.
    pub(crate) fn over(table: Arc<dyn Table>) -> Self {
        // The engine is renewed at each full round only.
        Self {
            table: Some(table),
            runs: 1,
        }
    }

    fn table(&mut self) -> Arc<dyn Table> {
        if self.runs.is_multiple_of(RUNS_PER_ENGINE) {
            self.table = Some(Arc::new(Direct::memory()));
        }
        self.runs += 1;
        Arc::clone(self.table.as_ref().unwrap())
    }
}

/// A tenant as its first moment has it.
pub(crate) struct World {
    pub oracle: Arc<Mutex<Oracle>>,
    pub clock: Arc<AtomicI64>,
    pub cast: Cast,
    /// Behind the oracle's back.
    pub bare: Arc<dyn Table>,
    pub table: Arc<dyn Table>,
    pub machine: Arc<Machine>,
    pub secret: Secret,
    pub credential: Credential,
    pub sizes: Sizes,
}

impl World {
    pub(crate) async fn new(engine: &mut Engine, plan: &Plan, seed: u64) -> Self {
        let bare: Arc<dyn Table> = Arc::new(Own::new(engine.table()));
        let clock = Arc::new(AtomicI64::new(NOON));
        let machine = |seed| Arc::new(Machine::new(clock.clone(), 0, seed, None));
        // Every run has a tenant of its own, and what one seed draws otherwise is always the same.
        let store = Store::new(Arc::clone(&bare), machine(engine.runs));
        let scope = store
            .create_tenant(&format!("t{}", engine.runs))
            .await
            .unwrap();
        let secret = store.connect(&scope, "").await.unwrap();
        let credential = store.authenticate(&secret).await.unwrap().unwrap();
        let mut oracle = Oracle::default();
        oracle.fit = plan.sizes.writes;
        oracle.moments.push(Moment::default());
        let oracle = Arc::new(Mutex::new(oracle));
        let table: Arc<dyn Table> = Arc::new(Watched {
            inner: bare.clone(),
            run: engine.runs,
            oracle: oracle.clone(),
        });
        let (cast, machine) = (Cast::default(), machine(seed));
        let mut world = Self {
            oracle,
            clock,
            cast,
            bare,
            table,
            machine,
            secret,
            credential,
            sizes: plan.sizes,
        };
        world.furnish(plan).await;
        world
    }

    async fn furnish(&mut self, plan: &Plan) {
        // The real sizes: what is there at first need not take many steps.
        let store = Store::new(Arc::clone(&self.table), self.machine.clone());
        for n in 0..plan.users {
            let op = Op::CreateUser {
                name: format!("u{n}@fabrikam.example"),
            };
            let id = self.make(&store, op, &format!("setup.u{n}")).await;
            self.cast.users.push(id);
        }
        for (n, members) in plan.groups.iter().enumerate() {
            let members = members.iter().map(|n| self.cast.users[*n]).collect();
            let op = Op::CreateGroup {
                name: format!("Team {n}"),
                members,
            };
            let id = self.make(&store, op, &format!("setup.g{n}")).await;
            self.cast.groups.push(id);
        }
        if let (true, [outer, inner, ..]) = (plan.nested, self.cast.groups.as_slice()) {
            let mut change = MemberChange::default();
            change.add(&inner.to_string());
            let op = Op::Members {
                group: *outer,
                change,
                name: None,
            };
            self.oracle.lock().unwrap().expect("setup.nest", &op);
            let tenant = self.tenant(&store, "setup.nest");
            op.run(store, tenant, self.oracle.clone()).await.unwrap();
            self.credential = self.credential_now().await;
            self.cast.nested = true;
        }
    }

    /// As an instance would have it that looks now.
    pub(crate) async fn credential_now(&self) -> Credential {
        let known = self.store(None).authenticate(&self.secret).await;
        known.unwrap().unwrap()
    }

    async fn make(&self, store: &Store, op: Op, request: &str) -> Id {
        self.oracle.lock().unwrap().expect(request, &op);
        let before = self.oracle.lock().unwrap().model().live;
        let tenant = self.tenant(store, request);
        let made = op.run(store.clone(), tenant, self.oracle.clone()).await;
        made.unwrap();
        let after = self.oracle.lock().unwrap().model().live;
        *after.difference(&before).next().unwrap()
    }

    pub(crate) fn tenant(&self, store: &Store, request: &str) -> Tenant {
        self.tenant_of(&self.credential, store, request)
    }

    pub(crate) fn tenant_of(
        &self,
        credential: &Credential,
        store: &Store,
        request: &str,
    ) -> Tenant {
        let started = self.machine.now_ms();
        let id = request.to_owned();
        store.tenant(credential, Request { id, started })
    }

    /// A store that works without trouble, but as the mutant does.
    pub(crate) fn store(&self, mutant: Option<Lie>) -> Store {
        let table = Arc::clone(&self.table);
        let table = match mutant {
            Some(mutant) => mutant.over(table, &Op::Pass),
            None => table,
        };
        Store::with_sizes(table, self.machine.clone(), self.sizes)
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    fn names(&self) -> BTreeMap<Id, String> {
        let users = self
            .cast
            .users
            .iter()
            .enumerate()
            .map(|(n, id)| (*id, format!("u{n}")));
        let groups = self
            .cast
            .groups
            .iter()
            .enumerate()
            .map(|(n, id)| (*id, format!("g{n}")));
        users.chain(groups).collect()
    }

    fn actors(
        &self,
        plan: &Plan,
        scripts: Scripts,
        shared: &Arc<dyn Table>,
        seed: u64,
    ) -> Vec<Actor> {
        let actor = |(n, (name, script)): (usize, (&'static str, Vec<Op>))| {
            let own = seed.wrapping_mul(31).wrapping_add(n as u64 + 1);
            let port = Arc::new(Port::default());
            let skew = if n % 2 == 0 { plan.skew } else { -plan.skew };
            let machine = Machine::new(self.clock.clone(), skew, own, Some(port.clone()));
            Actor {
                name: format!("{name}{n}"),
                script: script.into(),
                table: Arc::new(Unreliable::new(Arc::clone(shared), own, plan.trouble)),
                machine: Arc::new(machine),
                port,
                pages: plan.trouble.short_page > 0.0,
                requests: 0,
                running: None,
            }
        };
        scripts.into_iter().enumerate().map(actor).collect()
    }
}

/// One run: everybody's script, then rest, then a look at everything.
pub(crate) async fn play(
    engine: &mut Engine,
    plan: &Plan,
    scripts: impl FnOnce(&Cast) -> Scripts,
    chooser: Chooser,
    seed: u64,
    mutant: Option<Lie>,
    traced: bool,
) -> Report {
    let world = World::new(engine, plan, seed).await;
    let indexes = Arc::new(FrozenIndexes::new(Arc::clone(&world.table)));
    // No answer that is judged here may rest on an index.
    if plan.frozen {
        indexes.freeze();
    } else {
        indexes.empty();
    }
    let torn = plan.torn.then(|| Arc::new(Torn::steered(indexes.clone())));
    let shared: Arc<dyn Table> = match &torn {
        Some(torn) => torn.clone(),
        None => indexes.clone(),
    };
    world.oracle.lock().unwrap().torn.clone_from(&torn);
    let actors = world.actors(plan, scripts(&world.cast), &shared, seed);
    let mut schedule = Schedule::new(
        world.clock.clone(),
        world.oracle.clone(),
        torn,
        actors,
        world.credential.clone(),
        plan.sizes,
        chooser,
        Trace::new(traced),
    );
    schedule.mutant = mutant;
    schedule.mishaps = plan.mishaps;
    schedule.indexes = plan.frozen.then_some(indexes);
    let ended = match schedule.run().await {
        Ok(()) => end::rest(&world, mutant).await,
        Err(wrong) => Err(wrong),
    };
    let names = world.names();
    let path = match schedule.chooser {
        Chooser::Path { taken, .. } => taken,
        Chooser::Random(_) => Path::default(),
    };
    Report {
        tally: Tally {
            reordered: world.oracle.lock().unwrap().reordered,
            ..schedule.tally
        },
        wrong: ended.err().map(|wrong| named(&wrong, &names)),
        trace: schedule.trace.told(&names),
        path,
    }
}
