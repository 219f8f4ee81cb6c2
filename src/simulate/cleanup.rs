//! Taking away what a run created: groups first, then users, then whatever a lost answer may have left.

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::IN_FLIGHT;
use super::created::{Place, shows};
use super::dialect::filter;
use super::exchange::Ask;
use super::session::Session;

/// How the cleaning went.
#[derive(Debug, Default)]
pub(super) struct Cleaned {
    pub(super) created: usize,
    /// Paths or names that are still there, or may be.
    pub(super) left: Vec<String>,
}

/// Deletes everything this run created and nothing else.
pub(super) async fn clean_up(session: &Session) -> Cleaned {
    session.listen_again();
    let mut left = vec![];
    for collection in ["Groups", "Users"] {
        let places = session.state().created.left();
        let places = places.into_iter().filter(|((c, _), _)| *c == collection);
        let failed: Vec<Option<String>> = stream::iter(places)
            .map(|(place, sure)| delete(session, place, sure))
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        left.extend(failed.into_iter().flatten());
    }
    let unclear = session.state().created.unclear();
    let unclear = unclear
        .into_iter()
        .filter(|(_, _, name)| name.to_lowercase().contains(session.marker()));
    let failed: Vec<Vec<String>> = stream::iter(unclear)
        .map(|(collection, attribute, name)| delete_named(session, collection, attribute, name))
        .buffer_unordered(IN_FLIGHT)
        .collect()
        .await;
    left.extend(failed.into_iter().flatten());
    left.sort();
    let created = session.state().created.count();
    Cleaned { created, left }
}

/// Deletes one resource; says its path if it stays.
async fn delete(session: &Session, (collection, id): Place, sure: bool) -> Option<String> {
    let path = format!("/{collection}/{id}");
    if !sure {
        let read = session.send(Ask::get(path.clone())).await;
        if read.is(&[404]) {
            return None;
        }
        if !shows(read.body(), session.marker()) {
            return Some(format!("{path} (shows no name of this run; not touched)"));
        }
    }
    let deleted = session.send(Ask::new("DELETE", path.clone())).await;
    (!deleted.is(&[200, 202, 204, 404])).then_some(path)
}

/// Looks for what an unanswered POST may have created.
async fn delete_named(
    session: &Session,
    collection: &'static str,
    attribute: &str,
    name: String,
) -> Vec<String> {
    let filter = filter(session.client(), attribute, &name);
    let found = session
        .send(Ask::get(format!("/{collection}?{filter}")))
        .await;
    let rows = found.body().get("Resources").and_then(Value::as_array);
    let Some(rows) = rows.filter(|_| found.is(&[200])) else {
        return vec![format!("perhaps {name} in /{collection}")];
    };
    let same = |row: &&Value| {
        let found = row.get(attribute).and_then(Value::as_str);
        found.is_some_and(|found| found.eq_ignore_ascii_case(&name))
    };
    let ids = rows
        .iter()
        .filter(same)
        .filter_map(|row| row.get("id")?.as_str());
    let mut left = vec![];
    for id in ids {
        left.extend(delete(session, (collection, id.to_owned()), true).await);
    }
    left
}
