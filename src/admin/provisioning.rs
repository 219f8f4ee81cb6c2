//! The provisioning log of a tenant, the oldest first. `next` is always given, so that one can follow.

use super::asked::Asked;
use super::{AdminAnswer, AdminError, page};
use crate::store::{LogCursor, LogEntry, LogQuery, TenantScope};

pub(super) async fn log(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let after = match asked.query("after") {
        Some(cursor) => cursor.parse().map_err(|_| page::bad_cursor())?,
        None => LogCursor::default(),
    };
    let query = LogQuery {
        connection: connection(asked).await?,
        after,
        limit: asked.limit()? as usize,
    };
    let page = asked.store.log(&asked.tenant()?.scope, &query).await?;
    let entries = page.entries.iter().map(LogEntry::to_json).collect();
    Ok(page::answer(entries, Some(page.next.to_string())))
}

/// Entries outlive their connection, so an id may be of one that is gone.
async fn connection(asked: &Asked<'_>) -> Result<Option<String>, AdminError> {
    let Some(named) = asked.query("connection") else {
        return Ok(None);
    };
    match asked.connection_named(named).await {
        Ok(connection) => Ok(Some(connection.id)),
        Err(error) => match TenantScope::parse(named) {
            Some(id) => Ok(Some(id.to_string())),
            None => Err(error),
        },
    }
}
