//! Lists, a page at a time: `limit`, `after`, `next`.

use serde_json::Value;

use super::asked::Asked;
use super::{AdminAnswer, AdminError};

/// Items of a page where nothing is said, and at most.
pub(super) const LIMIT: u32 = 100;
pub(super) const LIMIT_MAX: u32 = 1_000;

/// A page; `next` is the cursor of the page after it.
pub(super) fn answer(items: Vec<Value>, next: Option<String>) -> AdminAnswer {
    let page = [("items", Value::from(items)), ("next", Value::from(next))];
    AdminAnswer::ok(page.into_iter().collect())
}

/// A page of a list that was read whole, in the order of `place`: when it was made, and its name.
pub(super) fn of<T>(
    asked: &Asked<'_>,
    list: &[T],
    place: impl Fn(&T) -> (i64, &str),
    show: impl Fn(&T) -> Value,
) -> Result<AdminAnswer, AdminError> {
    let limit = asked.limit()? as usize;
    let after = asked.query("after").map(read).transpose()?;
    let mut left = list
        .iter()
        .filter(|item| after.is_none_or(|after| place(item) > after));
    let page: Vec<&T> = left.by_ref().take(limit).collect();
    let next = page.last().filter(|_| left.next().is_some()).map(|last| {
        let (made, name) = place(last);
        format!("{made}.{name}")
    });
    Ok(answer(page.into_iter().map(show).collect(), next))
}

fn read(cursor: &str) -> Result<(i64, &str), AdminError> {
    let parts = cursor.split_once('.');
    parts
        .and_then(|(made, name)| Some((made.parse().ok()?, name)))
        .ok_or_else(bad_cursor)
}

pub(super) fn bad_cursor() -> AdminError {
    AdminError::invalid("after", "the cursor of an earlier page of this list")
}
