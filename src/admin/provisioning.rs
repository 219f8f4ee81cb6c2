//! The provisioning log of a tenant, the oldest first. `next` is always given, so that one can follow.

use super::asked::Asked;
use super::{AdminAnswer, AdminError, page};
use crate::store::{LogCursor, LogEntry, LogQuery};

pub(super) async fn log(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let after = match asked.query("after") {
        Some(cursor) => cursor.parse().map_err(|_| page::bad_cursor())?,
        None => LogCursor::default(),
    };
    let connection = match asked.query("connection") {
        Some(name) => Some(asked.connection_named(name).await?.id),
        None => None,
    };
    let query = LogQuery {
        connection,
        after,
        limit: asked.limit()? as usize,
    };
    let page = asked.store.log(&asked.tenant()?.scope, &query).await?;
    let entries = page.entries.iter().map(LogEntry::to_json).collect();
    Ok(page::answer(entries, Some(page.next.to_string())))
}
