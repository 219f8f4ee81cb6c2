//! What one operation gives up and another takes.

use serde_json::{Value, json};

use super::{Service, patch, statuses, user};

/// Everybody takes the name of the one before, who has a new one by then.
#[tokio::test]
async fn a_chain_of_new_names_comes_through() {
    const USERS: usize = 40;
    let service = Service::start();
    let name = |number: usize| format!("u{number}");
    let made = (0..USERS).map(|number| user(&name(number), &name(number)));
    let made = service.bulk(made.collect()).await;
    let renamed = made.iter().enumerate().map(|(number, result)| {
        let path = format!("/Users/{}", service.id(result).unwrap());
        let name = number.checked_sub(1).map_or_else(|| name(USERS), name);
        let value = format!("{name}@fabrikam.example");
        patch(
            &path,
            &json!({ "op": "replace", "path": "userName", "value": value }),
        )
    });
    let results = service.bulk(renamed.collect::<Value>()).await;
    assert_eq!(statuses(&results), ["200"; USERS]);
}
