//! The service in this process, without sockets: seeded tenants and the requests sent to them.

use std::error::Error;
use std::ops::Range;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::home::{Place, SystemHost};
use serverless_scim::store::{self, Host as _, Id, Store};

/// More than any work takes.
const TICK_MS: i64 = 3_600_000;

pub(crate) type Failed = Box<dyn Error + Send + Sync>;

pub(crate) struct Home {
    pub(crate) app: App,
    store: Store,
}

/// One customer with its token.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) token: String,
    pub(crate) groups: Vec<Id>,
}

impl Home {
    pub(crate) async fn open(place: &Place) -> Result<Self, Failed> {
        let store = place.open().await?;
        Ok(Self {
            app: App::new(store.clone(), None),
            store,
        })
    }

    /// A new tenant with so many users, and groups of the first of them.
    pub(crate) async fn seed(
        &self,
        name: &str,
        users: u64,
        groups: &[Range<u64>],
    ) -> Result<Tenant, Failed> {
        let bar = ProgressBar::new(
            users * 4 + groups.iter().map(|of| of.end - of.start).sum::<u64>() * 2,
        );
        bar.set_style(ProgressStyle::with_template(
            "{msg:24} {bar:40} {percent:>3} % {per_sec} {eta}",
        )?);
        bar.set_message(format!("{name}: {users} users"));
        let scope = self.store.create_tenant(name).await?;
        let secret = self.store.connect(&scope, "benchmark").await?;
        let credential = self.store.authenticate(&secret).await?;
        let credential = credential.map_err(|_| "the new token is unknown")?;
        let request = store::Request {
            id: "seed".to_owned(),
            started: SystemHost.now_ms(),
        };
        let tenant = self.store.tenant(&credential, request);
        let told = |writes| bar.inc(writes as u64);
        let groups = tenant.seed(users, groups, told).await?;
        bar.finish();
        Ok(Tenant {
            token: secret.reveal().to_owned(),
            groups,
        })
    }

    /// Finishes what requests left behind; work that is somebody's own yet is waited for.
    pub(crate) async fn finish(&self) -> Result<(), Failed> {
        while self
            .store
            .tick(SystemHost.now_ms() + TICK_MS)
            .await?
            .with_work
            > 0
        {
            SystemHost.sleep_ms(100).await;
        }
        Ok(())
    }

    /// Sends one request and says how long the answer took; any but a success is an error.
    pub(crate) async fn send(
        &self,
        tenant: &Tenant,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<(Duration, Response<Bytes>), Failed> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/scim/v2{path}"))
            .header("authorization", format!("Bearer {}", tenant.token))
            .header("content-type", "application/scim+json")
            .body(())?;
        let call = Call {
            parts: request.into_parts().0,
            body: Some(body.map(|body| body.to_string()).unwrap_or_default().into()),
            origin: "http://127.0.0.1".to_owned(),
        };
        let begun = Instant::now();
        let answer = self.app.handle(call).await;
        let took = begun.elapsed();
        if !answer.status().is_success() {
            let text = String::from_utf8_lossy(answer.body());
            return Err(format!("{method} {path}: {} {text}", answer.status()).into());
        }
        Ok((took, answer))
    }
}

/// A PATCH of one operation.
pub(crate) fn patch(op: &str, path: &str, value: &Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": op, "path": path, "value": value }],
    })
}
