//! No tenant can see, change or guess at another: every route, with every credential that is not the tenant's own.

#![cfg(feature = "local")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::home::SystemHost;
use serverless_scim::store::{NewToken, Store, TenantChange, TenantScope};
use serverless_scim::table::wrappers::{Metered, Usage};
use serverless_scim::table::{Item, Table, embedded};

/// Part of every value of fabrikam's; nobody else may ever be shown it.
const MARK: &str = "zqsecretzq";

/// Fabrikam has users and groups; contoso would like to see them.
struct World {
    app: App,
    store: Store,
    meter: Arc<Metered>,
    fabrikam: TenantScope,
    contoso: TenantScope,
    own: String,
    foreign: String,
    user: String,
    group: String,
}

impl World {
    async fn new() -> Self {
        let meter = Arc::new(Metered::new(Arc::new(embedded::memory().await.unwrap())));
        let store = Store::new(meter.clone(), Arc::new(SystemHost));
        let fabrikam = store.create_tenant("fabrikam").await.unwrap();
        let contoso = store.create_tenant("contoso").await.unwrap();
        let own = store.connect(&fabrikam, "own").await.unwrap();
        let foreign = store.connect(&contoso, "foreign").await.unwrap();
        let mut world = Self {
            app: App::new(store.clone(), None),
            store,
            meter,
            fabrikam,
            contoso,
            own: own.reveal().to_owned(),
            foreign: foreign.reveal().to_owned(),
            user: String::new(),
            group: String::new(),
        };
        let user = json!({ "userName": format!("{MARK}@fabrikam.example"), "externalId": MARK,
            "displayName": MARK, "emails": [{ "value": format!("{MARK}@fabrikam.example") }] });
        world.user = world.create("/scim/v2/Users", &user).await;
        let group = json!({ "displayName": MARK, "members": [{ "value": world.user }] });
        world.group = world.create("/scim/v2/Groups", &group).await;
        world
    }

    async fn create(&self, path: &str, body: &Value) -> String {
        let (status, body) = self.ask(&self.own, &Method::POST, path, Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }

    async fn send(
        &self,
        token: &str,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Response<Bytes> {
        Self::send_to(&self.app, token, method, path, body).await
    }

    async fn send_to(
        app: &App,
        token: &str,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Response<Bytes> {
        let request = http::Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {token}"));
        let parts = request.body(()).unwrap().into_parts().0;
        let body = body.map(Value::to_string).unwrap_or_default();
        let call = Call {
            parts,
            body: Some(Bytes::from(body)),
            origin: "https://scim.example".to_owned(),
        };
        app.handle(call).await
    }

    async fn ask(
        &self,
        token: &str,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let answer = self.send(token, method, path, body).await;
        let json = serde_json::from_slice(answer.body()).unwrap_or_default();
        (answer.status(), json)
    }

    /// Every route with every method it takes, aimed at fabrikam's user and group, or at `user` and `group` instead.
    fn routes(base: &str, user: &str, group: &str) -> Vec<(Method, String, Option<Value>)> {
        let patch =
            json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "x" }] });
        let member = json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": user }] }] });
        let search = json!({ "filter": format!("id eq \"{user}\"") });
        let bulk = json!({ "Operations": [
            { "method": "DELETE", "path": format!("/Users/{user}") },
            { "method": "PATCH", "path": format!("/Groups/{group}"), "data": patch },
        ] });
        let named = json!({ "userName": "x@contoso.example", "displayName": "x" });
        let one = [("Users", user), ("Groups", group)];
        let mut routes = vec![
            (Method::POST, "/.search".to_owned(), Some(search.clone())),
            (Method::POST, "/Bulk".to_owned(), Some(bulk)),
        ];
        for (kind, id) in one {
            let single = format!("/{kind}/{id}");
            let filter = |text: &str| format!("/{kind}?filter={}", text.replace(' ', "+"));
            routes.extend([
                (Method::GET, format!("/{kind}"), None),
                (Method::GET, filter(&format!("id eq \"{id}\"")), None),
                (
                    Method::GET,
                    filter(&format!("externalId eq \"{MARK}\"")),
                    None,
                ),
                (
                    Method::GET,
                    filter(&format!("displayName sw \"{MARK}\"")),
                    None,
                ),
                (
                    Method::POST,
                    format!("/{kind}/.search"),
                    Some(search.clone()),
                ),
                (Method::GET, single.clone(), None),
                (Method::PUT, single.clone(), Some(named.clone())),
                (Method::PATCH, single.clone(), Some(patch.clone())),
                (Method::DELETE, single, None),
            ]);
        }
        let group = format!("/Groups/{group}");
        routes.push((Method::PATCH, group, Some(member)));
        for path in [
            "",
            "/ServiceProviderConfig",
            "/Schemas",
            "/ResourceTypes",
            "/Me",
        ] {
            routes.push((Method::GET, path.to_owned(), None));
        }
        let at = |(method, path, body)| (method, format!("{base}{path}").replace('"', "%22"), body);
        routes.into_iter().map(at).collect()
    }

    /// Everything stored of fabrikam's, but for when its credentials were last used, and what was refused to them.
    async fn stored(&self) -> Vec<Item> {
        let (mut items, mut after) = (vec![], None);
        loop {
            let page = self.meter.scan(after.as_ref()).await.unwrap();
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let settings = format!("T#{}", self.fabrikam);
        let resources = format!("{settings}#");
        let refusals = format!("{resources}E");
        items.retain(|item| item.key.pk.starts_with(&resources) && item.key.pk != refusals);
        items.sort_by(|left, right| left.key.cmp(&right.key));
        items
    }

    /// Tokens that let nobody in to fabrikam, with what they are.
    async fn foreign_credentials(&self) -> Vec<(&'static str, String)> {
        let (store, fabrikam) = (&self.store, &self.fabrikam);
        let connection = store.connections(fabrikam).await.unwrap()[0].id.clone();
        let token = NewToken::default();
        let (revoked, listed) = store
            .create_token(fabrikam, &connection, &token)
            .await
            .unwrap();
        store
            .revoke_token(fabrikam, &connection, &listed.id)
            .await
            .unwrap();
        let new = serverless_scim::store::NewClient {
            label: "client".to_owned(),
            method: serverless_scim::store::AuthMethod::Secret,
            scopes: None,
            access_token_life: None,
        };
        let (client, secret) = store
            .create_client(fabrikam, &connection, &new)
            .await
            .unwrap();
        let access = store.issue_access_token(&client, &client.scopes).await;
        let (access, _) = access.unwrap();
        store.delete_client(&client).await.unwrap();
        let (admin, _) = store.create_admin_key("test", None).await.unwrap();
        let nobody = store.create_tenant("nobody").await.unwrap();
        let suspended = store.connect(&nobody, "").await.unwrap();
        let change = TenantChange {
            suspended: Some(true),
            ..TenantChange::default()
        };
        store.change_tenant(&nobody, &change).await.unwrap();
        vec![
            ("revoked", revoked.reveal().to_owned()),
            ("never made, of this tenant", forged(&self.own)),
            ("never made, of another", forged(&self.foreign)),
            ("a client's secret", secret.unwrap().reveal().to_owned()),
            (
                "an access token of a client that is gone",
                access.reveal().to_owned(),
            ),
            ("an admin key", admin.reveal().to_owned()),
            ("of a suspended tenant", suspended.reveal().to_owned()),
            (
                "an unsigned JWT",
                "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.".to_owned(),
            ),
            ("nothing", String::new()),
        ]
    }
}

/// A token of the same tenant with another secret and a good checksum.
fn forged(token: &str) -> String {
    let (start, _) = token.rsplit_once('_').unwrap();
    let swapped: String = start.chars().rev().take(43).collect();
    let kept = &start[..start.len() - 43];
    let body = format!("{kept}{swapped}");
    let sum = crc32fast::hash(body.as_bytes());
    format!("{body}_{sum:08x}")
}

/// An id of the same type and bucket that nothing has.
fn absent(id: &str) -> String {
    let last = if id.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &id[..id.len() - 1])
}

fn silent(answer: &Response<Bytes>, what: &str) {
    let body = String::from_utf8_lossy(answer.body()).to_lowercase();
    assert!(!body.contains(MARK), "{what}: {body}");
    for value in answer.headers().values() {
        assert!(!value.to_str().unwrap().contains(MARK), "{what}");
    }
}

#[tokio::test]
async fn a_credential_that_is_not_the_tenants_opens_no_route() {
    let world = World::new().await;
    let mut credentials = world.foreign_credentials().await;
    let before = world.stored().await;
    credentials.push(("another tenant's", world.foreign.clone()));
    for (what, token) in credentials {
        for base in ["/scim/v2", "/t/fabrikam/scim/v2"] {
            // On the shared URL another tenant's token is a good one, for that tenant.
            if what == "another tenant's" && base == "/scim/v2" {
                continue;
            }
            for (method, path, body) in World::routes(base, &world.user, &world.group) {
                let answer = world.send(&token, &method, &path, body.as_ref()).await;
                let what = format!("{what}: {method} {path}");
                let refused = if what.starts_with("of a suspended") && base == "/scim/v2" {
                    answer.status() == StatusCode::FORBIDDEN
                } else {
                    matches!(
                        answer.status(),
                        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
                    )
                };
                assert!(refused, "{what}: {}", answer.status());
                let body: Value = serde_json::from_slice(answer.body()).unwrap();
                let schemas = &body["schemas"][0];
                assert_eq!(
                    schemas, "urn:ietf:params:scim:api:messages:2.0:Error",
                    "{what}"
                );
                silent(&answer, &what);
            }
        }
    }
    assert_eq!(world.stored().await, before, "nothing changed");
}

#[tokio::test]
async fn another_tenants_ids_are_ids_of_nothing() {
    let world = World::new().await;
    let before = world.stored().await;
    // Contoso is no newcomer: it has people of its own in the same buckets.
    let own = json!({ "userName": "ada@contoso.example" });
    world
        .ask(&world.foreign, &Method::POST, "/scim/v2/Users", Some(&own))
        .await;
    let there = World::routes("/scim/v2", &world.user, &world.group);
    let (user, group) = (absent(&world.user), absent(&world.group));
    let nowhere = World::routes("/scim/v2", &user, &group);
    for ((method, path, body), (_, other, absent_body)) in there.into_iter().zip(nowhere) {
        let (real, real_cost) = world.cost(&method, &path, body.as_ref()).await;
        let (none, none_cost) = world.cost(&method, &other, absent_body.as_ref()).await;
        let what = format!("{method} {path}");
        silent(&real, &what);
        assert_eq!(real.status(), none.status(), "{what}");
        let text = |answer: &Response<Bytes>| String::from_utf8(answer.body().to_vec()).unwrap();
        let same = text(&none)
            .replace(&user, &world.user)
            .replace(&group, &world.group);
        assert_eq!(text(&real), same, "{what}");
        // Of two reads side by side the second may be given up once the first finds nobody, so units are not compared.
        let asked = |usage: Usage| (usage.calls, usage.round_trips, usage.write_units);
        let told = "what it costs would tell";
        assert_eq!(asked(real_cost), asked(none_cost), "{what}: {told}");
    }
    assert_eq!(world.stored().await, before, "nothing changed");
}

impl World {
    /// The answer to contoso, and what the table was asked for it.
    async fn cost(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> (Response<Bytes>, Usage) {
        // An instance of its own, which knows its client just now: what is remembered must end neither between the two
        // that are compared nor with the refusals before them, of which not all in a second are noted.
        let app = App::new(Store::new(self.meter.clone(), Arc::new(SystemHost)), None);
        let me = "/scim/v2/Me";
        let known = Self::send_to(&app, &self.foreign, &Method::GET, me, None).await;
        assert_ne!(known.status(), StatusCode::UNAUTHORIZED);
        let _ = self.meter.reset();
        let answer = Self::send_to(&app, &self.foreign, method, path, body).await;
        (answer, self.meter.reset())
    }
}

#[tokio::test]
async fn a_guess_costs_the_same_whether_or_not_there_is_such_a_tenant() {
    let world = World::new().await;
    let tenants = [&world.fabrikam, &world.contoso];
    let known = forged(&world.own);
    let unknown = known.replace(&world.fabrikam.to_string(), "aaaaaaaaaa");
    assert!(
        tenants
            .iter()
            .all(|tenant| tenant.to_string() != "aaaaaaaaaa")
    );
    let unknown = {
        let (body, _) = unknown.rsplit_once('_').unwrap();
        format!("{body}_{:08x}", crc32fast::hash(body.as_bytes()))
    };
    let mut seen = vec![];
    for token in [known, unknown] {
        let _ = world.meter.reset();
        let (status, body) = world
            .ask(&token, &Method::GET, "/scim/v2/Users", None)
            .await;
        let usage = world.meter.reset();
        seen.push((
            status,
            body,
            usage.calls,
            usage.round_trips,
            usage.read_halves,
        ));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].0, StatusCode::UNAUTHORIZED);
}
