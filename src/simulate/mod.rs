//! A client that behaves like Entra ID, Okta or the RFC, and reports how any SCIM server fares with it (RFC 7644).
//!
//! It reads the discovery endpoints, plays the scenarios of `tests/scenarios/` that belong to the client, provisions an
//! invented directory and lets it change, reads everything back, and deletes what it created. It writes to nothing else.

mod cleanup;
mod created;
mod dialect;
mod directory;
mod discovery;
mod exchange;
mod latency;
mod ledger;
mod manners;
mod matching;
mod report;
mod rules;
pub mod scenario;
mod session;
mod sync;
mod verify;

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use indicatif::ProgressBar;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use cleanup::Cleaned;
use discovery::Offer;
use ledger::Rule;
use scenario::{Reading, Scenario};
use sync::Sync;

use directory::Directory;
pub use exchange::{Answer, Ask, Exchange};
pub use matching::Names;
pub use report::Report;
pub use session::{Session, Target};

/// Requests on their way at once. At 300 ms an answer that makes the 25 requests a second that Microsoft asks a gallery
/// endpoint to bear from one tenant; and enough to change one group from several sides.
const IN_FLIGHT: usize = 8;
const SCENARIOS_AT_ONCE: usize = 4;
/// How long cleaning up may take.
const CLEANING_TIME: Duration = Duration::from_mins(5);

pub const USERS_MAX: u32 = 10_000;
pub const GROUPS_MAX: u32 = 1_000;

/// Whose behaviour is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Client {
    /// Entra ID with `aadOptscim062020` in the Tenant URL.
    Entra,
    /// Entra ID as it is by default and always on demand.
    EntraLegacy,
    /// Okta with a custom app: PUT for users.
    Okta,
    /// A client that sends what RFC 7644 describes and no more.
    Rfc,
}

impl Client {
    /// Its name, as after `--as` and in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::EntraLegacy => "entra-legacy",
            Self::Okta => "okta",
            Self::Rfc => "rfc",
        }
    }

    /// What describes how it writes its requests.
    fn documents(self) -> &'static str {
        match self {
            Self::Entra => {
                "sent as Entra does with aadOptscim062020 (Entra docs, SCIM compliance), in part beyond the RFC"
            }
            Self::EntraLegacy => {
                "sent as Entra does by default (Entra docs, SCIM compliance), in part beyond the RFC"
            }
            Self::Okta => "sent as Okta does (Okta docs, SCIM 2.0 reference)",
            Self::Rfc => "sent as in the RFC's own examples",
        }
    }

    fn user_agent(self) -> Option<&'static str> {
        match self {
            // Some of Entra's requests carry none, which firewalls like to block.
            Self::Entra | Self::EntraLegacy => None,
            Self::Okta => Some("Okta SCIM Client 1.0.0"),
            Self::Rfc => Some(concat!("serverless-scim/", env!("CARGO_PKG_VERSION"))),
        }
    }
}

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Options {
    pub target: Target,
    pub users: u32,
    pub groups: u32,
    /// Per cent of the users that change in the second cycle.
    pub churn: u8,
    pub seed: u64,
    /// For everything but cleaning up.
    pub time: Duration,
}

/// Runs the whole simulation; `stop` ends it early, and a second time ends the cleaning too.
/// An error says why nothing could be simulated.
pub async fn run<F: Future<Output = ()>>(
    options: &Options,
    bar: &ProgressBar,
    stop: impl Fn() -> F,
) -> Result<Report, String> {
    let scenarios = scenario::all()?;
    let marker = format!("sim{:08x}", rand::random::<u32>());
    let session = Session::new(&options.target, &marker)?;
    connect(&session).await?;
    let stopped = tokio::select! {
        () = simulate(options, &session, &scenarios, bar) => {
            session.silent().then(|| "the server stopped answering".to_owned())
        }
        () = stop() => Some("interrupted".to_owned()),
        () = tokio::time::sleep(options.time) => {
            Some(format!("the time of {} s was over", options.time.as_secs()))
        }
    };
    bar.set_message("cleaning up");
    let cleaned = tokio::select! {
        cleaned = cleanup::clean_up(&session) => cleaned,
        () = stop() => cleaning_ended(&session),
        () = tokio::time::sleep(CLEANING_TIME) => cleaning_ended(&session),
    };
    bar.finish_and_clear();
    Ok(report::of(options, &session, stopped, cleaned))
}

fn cleaning_ended(session: &Session) -> Cleaned {
    let state = session.state();
    let left = state.created.left().into_iter();
    Cleaned {
        created: state.created.count(),
        left: left
            .map(|((collection, id), _)| format!("/{collection}/{id}"))
            .collect(),
    }
}

/// The first request, as "Test Connection" sends it.
async fn connect(session: &Session) -> Result<(), String> {
    let nobody = format!("nobody.{}@fabrikam.example", session.marker());
    let probe = session
        .send(dialect::look_up_user(session.client(), &nobody))
        .await;
    match &probe.answer {
        Err(reason) => Err(format!("{} does not answer: {reason}", session.base())),
        Ok(answer) if matches!(answer.status, 401 | 403) => Err(format!(
            "{} refuses the token with status {}; is it right, and for this URL?",
            session.base(),
            answer.status
        )),
        Ok(_) => Ok(()),
    }
}

async fn simulate(options: &Options, session: &Session, scenarios: &[Scenario], bar: &ProgressBar) {
    bar.set_message("discovery");
    let offer = discovery::discover(session).await;
    refuse_wrong_tokens(session).await;
    let due = select(scenarios, session, &offer);
    let resources = u64::from(options.users) + u64::from(options.groups);
    bar.set_length(due.len() as u64 + 3 * resources);
    bar.set_message("scenarios");
    let playing = due.into_iter().enumerate();
    let playing = playing.map(|(number, scenario)| async move {
        play(session, scenario, number).await;
        bar.inc(1);
    });
    stream::iter(playing)
        .buffer_unordered(SCENARIOS_AT_ONCE)
        .collect::<()>()
        .await;
    provision(options, session, &offer, bar).await;
}

async fn refuse_wrong_tokens(session: &Session) {
    let wrong = format!("Bearer wrong-{}", session.marker());
    for token in [None, Some(wrong.as_str())] {
        let nobody = dialect::look_up_user(session.client(), session.marker());
        let refused = session.send(nobody.header("authorization", token)).await;
        session.judge(&rules::WITHOUT_TOKEN, refused.departs(&[401]), &refused);
    }
}

/// The scenarios of this client that the server can be asked to play.
fn select<'a>(scenarios: &'a [Scenario], session: &Session, offer: &Offer) -> Vec<&'a Scenario> {
    let name = session.client().name();
    let mut due = vec![];
    for scenario in scenarios {
        let theirs = scenario.clients.iter().any(|client| client == name);
        if !theirs || scenario.own.is_some() || scenario.alone {
            continue;
        }
        let missing = scenario.needs.iter().find(|feature| !offer.has(feature));
        let why = match missing {
            Some(feature) => format!("ServiceProviderConfig says that {feature} is not supported"),
            None if !offer.groups && scenario.touches("/Groups") => {
                "ResourceTypes lists no Group".to_owned()
            }
            None => {
                due.push(scenario);
                continue;
            }
        };
        let what = format!("scenario {}", scenario.name);
        session.state().ledger.skip(what, why);
    }
    due
}

async fn play(session: &Session, scenario: &Scenario, number: usize) {
    let uid = format!("{}n{number:03}", session.marker());
    let mut names = Names::default();
    names.set("UID", uid.to_uppercase());
    names.set("uid", uid);
    let played = scenario::play(scenario, session, names, Reading::AnyServer).await;
    let rule = |id: String, must: String| Rule {
        id: id.into(),
        must: must.into(),
        source: scenario.source().into(),
    };
    let name = format!("scenario.{}", scenario.name);
    if played.faults.is_empty() {
        session.kept(&rule(name, scenario.why.clone()));
        return;
    }
    for fault in played.faults {
        let step = scenario.steps.get(fault.step - 1);
        let why = step.map_or("", |step| step.why.as_str());
        let must = if why.is_empty() {
            scenario.why.clone()
        } else {
            format!("{}: {why}", scenario.why)
        };
        let id = format!("{name}#{}", fault.step);
        if let Err(reason) = &fault.exchange.answer {
            let why = format!("step {}: {reason}", fault.step);
            session.state().ledger.skip(name.clone(), why);
        }
        session.judge(&rule(id, must), Some(fault.fault), &fault.exchange);
    }
}

/// Two cycles of an invented directory, each read back.
async fn provision(options: &Options, session: &Session, offer: &Offer, bar: &ProgressBar) {
    if options.users == 0 && options.groups == 0 {
        return;
    }
    if !offer.has("patch") {
        let why = "ServiceProviderConfig says that patch is not supported";
        session.state().ledger.skip("sync", why);
        return;
    }
    let groups = if offer.groups { options.groups } else { 0 };
    if groups < options.groups {
        let why = "ResourceTypes lists no Group";
        session.state().ledger.skip("sync of groups", why);
    }
    let mut random = StdRng::seed_from_u64(options.seed);
    let (users, groups) = (options.users as usize, groups as usize);
    let directory = Directory::new(session.marker(), users, groups, &mut random);
    let deletes = session.client() != Client::Okta;
    let (later, events) = directory.churned(options.churn, deletes, &mut random);
    let mut sync = Sync::new(session, bar);
    bar.set_message("first cycle");
    sync.first(&directory).await;
    bar.set_message("reading back");
    sync.verify().await;
    bar.set_message("second cycle");
    sync.later(&later, &events).await;
    bar.set_message("reading back");
    sync.verify().await;
}
