//! Parameters of the wrong shape are named as they are documented. RFC 7644 §3.4.2, §3.4.3, §4.

use serde_json::json;

use crate::support::{Reply, Server};

#[track_caller]
fn refused(reply: &Reply, scim_type: &str, detail: &str) {
    assert_eq!(reply.status, 400, "{}", reply.text);
    assert_eq!(reply.body["scimType"], scim_type, "{}", reply.text);
    let told = reply.body["detail"].as_str().expect("words");
    assert!(told.contains(detail), "{told}");
}

#[tokio::test]
async fn attributes_in_a_search_are_texts() {
    let server = Server::in_memory();
    let client = server.client();
    client.user("ada@fabrikam.example").await;
    for path in ["/Users/.search", "/.search"] {
        for value in [
            json!(7),
            json!(true),
            json!({}),
            json!(["userName", 7]),
            json!([null]),
            json!([["userName"]]),
        ] {
            for (sent, name) in [
                ("attributes", "attributes"),
                ("excludedattributes", "excludedAttributes"),
            ] {
                let reply = client.post(path, &json!({ sent: value })).await;
                refused(&reply, "invalidValue", &format!("{name}: a list"));
            }
        }
        for value in [
            json!("userName,id"),
            json!(["userName"]),
            json!(null),
            json!([]),
        ] {
            let reply = client.post(path, &json!({ "attributes": value })).await;
            assert_eq!(reply.status, 200, "{value}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn what_is_sent_twice_is_named_as_it_is_documented() {
    let server = Server::in_memory();
    let client = server.client();
    for name in ["excludedAttributes", "startIndex", "sortBy", "sortOrder"] {
        let other = name.to_ascii_lowercase();
        let reply = client.get(&format!("/Users?{other}=1&{name}=1")).await;
        refused(&reply, "invalidValue", &format!("{name}: send it once"));
    }
}

/// 403 would stop a whole job of Entra's, which may well ask there.
#[tokio::test]
async fn the_base_url_is_not_the_place_to_search() {
    let server = Server::in_memory();
    let client = server.client();
    let filter = "filter=userName eq \"ada\"";
    for base in ["", "/"] {
        assert_eq!(client.get(base).await.status, 200);
        let reply = client.get(&format!("{base}?{filter}")).await;
        refused(&reply, "invalidFilter", "POST /.search");
    }
    for path in ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes"] {
        let reply = client.get(&format!("{path}?{filter}")).await;
        assert_eq!(reply.status, 403, "{path}: {}", reply.text);
    }
}
