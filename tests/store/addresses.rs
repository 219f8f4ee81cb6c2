//! E-mails that differ in case alone: one alias stands for them, as long as one of them is there.

use serde_json::{Value, json};

use crate::hall::Hall;

fn emails(values: &[&str]) -> Value {
    let email = |value: &&str| json!({ "type": "work", "value": value });
    values.iter().map(email).collect()
}

fn user(addresses: &[&str]) -> Value {
    json!({ "userName": "ada", "emails": emails(addresses) })
}

#[tokio::test]
async fn an_address_in_another_case_still_finds_who_has_it() {
    let hall = Hall::new(0, &[]).await;
    let body = user(&["Ada@fabrikam.example", "home@fabrikam.example"]);
    let made = hall.send("POST", "/Users", Some(&body)).await;
    let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
    let found = async |address: &str| {
        let filter = format!("emails.value eq \"{address}\"");
        hall.total(&format!("/Users?filter={filter}")).await
    };
    let request = |op: &str, addresses: &[&str]| {
        let operation = json!({ "op": op, "path": "emails", "value": emails(addresses) });
        ("PATCH", json!({ "Operations": [operation] }))
    };
    let put = |addresses: &[&str]| ("PUT", user(addresses));
    // Another case, both, one of both, and the same by PATCH.
    for (method, body) in [
        put(&["ada@fabrikam.example"]),
        put(&["ADA@fabrikam.example", "ada@Fabrikam.example"]),
        put(&["ADA@fabrikam.example"]),
        request("add", &["ada@FABRIKAM.example"]),
        request("replace", &["Ada@Fabrikam.Example", "ada@fabrikam.example"]),
        request("replace", &["aDA@fabrikam.example"]),
    ] {
        let changed = hall.send(method, &path, Some(&body)).await;
        assert_eq!(changed.status, 200, "{body}: {changed:?}");
        for address in ["Ada@fabrikam.example", "ada@fabrikam.example"] {
            assert_eq!(found(address).await, 1, "{address} after {body}");
        }
        hall.is_sound_in_the_end().await;
    }
    assert_eq!(found("home@fabrikam.example").await, 0);
    let none = json!({ "userName": "ada" });
    assert_eq!(hall.send("PUT", &path, Some(&none)).await.status, 200);
    assert_eq!(found("ada@fabrikam.example").await, 0);
    hall.is_sound_in_the_end().await;
}
