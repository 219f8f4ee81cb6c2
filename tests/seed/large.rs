//! A group with more members than can be shown, and one whose change another request left open.

use http::header::RETRY_AFTER;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use serverless_scim::api::Call;
use serverless_scim::home::SystemHost;
use serverless_scim::store::seed::user_id;
use serverless_scim::store::{Host as _, Id, MEMBERS_SHOWN_MAX};
use serverless_scim::table::{Attr, Condition, Key, Table as _, Update, Write};

use crate::Home;

const TRUNCATED: &str = "urn:serverless-scim:params:scim:schemas:extension:truncated:2.0:Group";

#[tokio::test]
async fn a_group_is_shown_with_ten_thousand_members_and_not_with_one_more() {
    let most = MEMBERS_SHOWN_MAX as u64;
    let home = Home::seeded_with(1, &[0..most + 1, 0..most]).await;
    let [large, fits] = [home.groups[0], home.groups[1]];
    assert_eq!(home.members(fits).await.len(), MEMBERS_SHOWN_MAX);
    let path = format!("/Groups/{large}");
    let shown = home.get(&path).await;
    assert!(shown.get("members").is_none(), "part of them is nobody");
    let schemas = shown["schemas"].as_array().unwrap();
    assert!(schemas.contains(&json!(TRUNCATED)), "{shown}");
    assert!(shown[TRUNCATED].is_object(), "{shown}");
    // Whether somebody is in it, or anybody, is told of every group.
    for asked in [
        format!("members[value eq \"{}\"]", user_id(0)),
        format!("id eq \"{large}\" or members.value eq \"{}\"", user_id(0)),
        format!(
            "members[value eq \"{}\"]",
            user_id(0).to_string().to_uppercase()
        ),
        "members pr".to_owned(),
    ] {
        let filter = asked.replace('"', "%22").replace(' ', "%20");
        let found = home.get(&format!("/Groups?filter={filter}")).await;
        assert_eq!(found["totalResults"], 2, "{asked}");
    }
    // What is shown of it is sent back: nobody leaves.
    let before = home.edges().await;
    let (status, put) = home.send("PUT", &path, shown.clone()).await;
    assert_eq!(status, StatusCode::OK, "{put}");
    assert_eq!(home.edges().await, before);
    let (status, _) = home.send("PATCH", &path, removal(user_id(most))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(home.members(large).await.len(), MEMBERS_SHOWN_MAX);
}

fn removal(member: Id) -> Value {
    let remove =
        json!({ "op": "remove", "path": "members", "value": [{ "value": member.to_string() }] });
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [remove] })
}

#[tokio::test]
async fn who_meets_an_open_change_waits_three_seconds_and_is_told_to_come_again() {
    let home = Home::seeded().await;
    let group = home.groups[0];
    let lease = SystemHost.now_ms() + 60_000;
    home.open_change(group, lease).await;
    let began = std::time::Instant::now();
    let answer = home.patch(group, removal(user_id(1))).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()[RETRY_AFTER], "1");
    assert!(began.elapsed().as_secs() >= 2, "its maker had no time");
    assert!(home.members(group).await.contains(&user_id(1).to_string()));
    // Once nobody has it to himself, the next request finishes it and goes on.
    home.open_change(group, 1).await;
    let answer = home.patch(group, removal(user_id(1))).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(!home.members(group).await.contains(&user_id(1).to_string()));
    home.is_sound().await;
}

impl Home {
    /// How many edges there are in one direction.
    async fn edges(&self) -> usize {
        let items = self.items().await;
        items
            .iter()
            .filter(|item| item.key.pk.contains("#M#"))
            .count()
    }

    async fn patch(&self, group: Id, body: Value) -> http::Response<bytes::Bytes> {
        let request = Request::builder()
            .method("PATCH")
            .uri(format!("/scim/v2/Groups/{group}"))
            .header("authorization", format!("Bearer {}", self.token));
        let call = Call {
            parts: request.body(()).unwrap().into_parts().0,
            body: Some(body.to_string().into()),
            origin: "http://127.0.0.1".to_owned(),
        };
        self.app.handle(call).await
    }

    /// The group as it is while a big change is open, whose maker has it alone until then (milliseconds since 1970).
    async fn open_change(&self, group: Id, until: i64) {
        let key = group.to_string().replace('-', "");
        let items = self.items().await;
        let head = items
            .iter()
            .find(|item| item.key.sk == key && item.key.pk.contains("#R#"));
        let head = head.unwrap().key.clone();
        let work = Key {
            pk: format!("{}#D", head.pk.split("#R#").next().unwrap()),
            sk: format!("P#{key}#open"),
        };
        let open = [("pend", Attr::S("open".to_owned())), ("pu", Attr::N(until))];
        let open = Write::update(head, Update::set(open)).when(Condition::Exists);
        let row = Write::put(work, [("since", Attr::N(SystemHost.now_ms()))]);
        for write in [open, row] {
            self.table.write(&write).await.unwrap();
        }
    }
}
