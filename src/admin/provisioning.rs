//! The provisioning log of a tenant, the oldest first. `next` is always given, so that one can follow.

use http::StatusCode;

use super::asked::Asked;
use super::{AdminAnswer, AdminError, page};
use crate::store::{LogCursor, LogEntry, LogQuery, TenantScope};

pub(super) async fn log(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let after = match asked.query("after") {
        Some(cursor) => cursor.parse().map_err(|_| page::bad_cursor())?,
        None => LogCursor::default(),
    };
    let connection = match asked.query("connection") {
        Some(name) => Some(connection(asked, name).await?),
        None => None,
    };
    let query = LogQuery {
        connection,
        after,
        limit: asked.limit()? as usize,
    };
    let page = asked.store.log(&asked.tenant()?.scope, &query).await?;
    let entries = page.entries.iter().map(LogEntry::to_json);
    Ok(page::answer(entries, Some(page.next.to_string())))
}

/// The id of a connection by its name or id; the log outlives connections, of which only the id is left.
async fn connection(asked: &Asked<'_>, name_or_id: &str) -> Result<String, AdminError> {
    match asked.connection_named(name_or_id).await {
        Ok(found) => Ok(found.id),
        Err(error) => {
            let gone = error.status == StatusCode::NOT_FOUND;
            // Ids of connections are made like those of tenants.
            match TenantScope::parse(name_or_id).filter(|_| gone) {
                Some(id) => Ok(id.to_string()),
                None => Err(error),
            }
        }
    }
}
