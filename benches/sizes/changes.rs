//! Many members in one request: how long until the answer, and until every edge is written.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use serverless_scim::store::seed::user_id;

use crate::home::{Failed, Home, patch};

/// One request that adds so many members.
#[derive(Debug)]
pub(crate) struct BigChange {
    method: Method,
    members: u64,
    answered: Duration,
    applied: Duration,
}

/// Adds each number of members to an empty group by PATCH, and the first number of them by POST.
pub(crate) async fn measured(home: &Home, numbers: &[u64]) -> Result<Vec<BigChange>, Failed> {
    let Some(largest) = numbers.iter().max() else {
        return Ok(vec![]);
    };
    let groups: Vec<_> = numbers.iter().map(|_| 0..0).collect();
    let tenant = home.seed("changes", *largest, &groups).await?;
    let mut changes = vec![];
    for (members, group) in numbers.iter().zip(&tenant.groups) {
        let one = format!("/Groups/{group}");
        let add = patch("add", "members", &references(*members));
        let post = json!({ "displayName": format!("Born with {members}"), "members": references(*members) });
        for (method, path, body) in [
            (Method::PATCH, one, add),
            (Method::POST, "/Groups".to_owned(), post),
        ] {
            let begun = Instant::now();
            let (answered, _) = home
                .send(&tenant, method.as_str(), &path, Some(body))
                .await?;
            home.finish().await?;
            changes.push(BigChange {
                method,
                members: *members,
                answered,
                applied: begun.elapsed(),
            });
        }
    }
    Ok(changes)
}

fn references(members: u64) -> Value {
    let reference = |number| json!({ "value": user_id(number).to_string() });
    (0..members).map(reference).collect()
}

impl std::fmt::Display for BigChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            method,
            members,
            answered,
            applied,
        } = self;
        let (answered, applied) = (answered.as_secs_f64(), applied.as_secs_f64());
        write!(
            f,
            "{method} of {members} members: answered after {answered:.2} s, all edges written after {applied:.2} s"
        )
    }
}
