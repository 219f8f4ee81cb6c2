//! The provisioning log of a tenant, the oldest first: read page by page, and followed.

use super::asked::{Asked, find_connection};
use super::{AdminAnswer, AdminError, page};
use crate::store::{LogCursor, LogEntry, LogQuery, TenantScope};

/// `next` is always given: asked for again it tells what came since. Young entries come again, under the same ids.
pub(super) async fn read(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let scope = &asked.tenant()?.scope;
    let after = asked.query("after").map(str::parse::<LogCursor>);
    let after = after.transpose().map_err(|_| page::bad_cursor())?;
    let query = LogQuery {
        connection: connection(asked, scope).await?,
        after: after.unwrap_or_default(),
        limit: asked.limit()? as usize,
    };
    let log = asked.store.log(scope, &query).await?;
    let items = log.entries.iter().map(LogEntry::to_json).collect();
    Ok(page::answer(items, Some(log.next.to_string())))
}

/// An id is taken as it is: entries outlive their connection.
async fn connection(asked: &Asked<'_>, scope: &TenantScope) -> Result<Option<String>, AdminError> {
    let Some(named) = asked.query("connection") else {
        return Ok(None);
    };
    match find_connection(asked.store, scope, named).await {
        Ok(found) => Ok(Some(found.id)),
        Err(error) => match TenantScope::parse(named) {
            Some(id) => Ok(Some(id.to_string())),
            None => Err(error),
        },
    }
}
