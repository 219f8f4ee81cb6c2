//! Tenants over a table that makes trouble, and with items that an earlier release left.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use serverless_scim::admin::Admin;
use serverless_scim::api::Call;
use serverless_scim::home::SystemHost;
use serverless_scim::store::{Host, IdentityError, State, Store, StoreError, TenantChange};
use serverless_scim::table::wrappers::{Trouble, Unreliable};
use serverless_scim::table::{Attr, Key, Table, Write, embedded};

use crate::bench::TestHost;

async fn put(table: &dyn Table, pk: String, sk: &str, attrs: &[(&'static str, &str)]) {
    let attrs = attrs.iter();
    let put = Write::Put {
        key: Key {
            pk,
            sk: sk.to_owned(),
        },
        attrs: attrs
            .map(|(name, text)| (*name, Attr::S((*text).to_owned())))
            .collect(),
        condition: None,
    };
    table.write(&put).await.unwrap();
}

#[tokio::test]
async fn a_tenant_that_is_named_like_anothers_id_does_not_take_its_place() {
    let table = Arc::new(embedded::memory().await.unwrap());
    let store = Store::new(table.clone(), Arc::new(SystemHost));
    let victim = store.create_tenant("victim").await.unwrap();
    let other = store.create_tenant("other").await.unwrap();
    let (id, named) = (victim.to_string(), other.to_string());
    put(
        table.as_ref(),
        format!("A#name#{id}"),
        "@",
        &[("t", &named)],
    )
    .await;
    assert_eq!(store.tenant_info(&id).await.unwrap().scope, victim);
    let change = TenantChange {
        suspended: Some(true),
        ..TenantChange::default()
    };
    let changed = store.change_tenant(&victim, &change).await.unwrap();
    assert_eq!((changed.scope, changed.state), (victim, State::Suspended));
    let untouched = store.tenant_info("other").await.unwrap();
    assert_eq!((untouched.scope, untouched.state), (other, State::Active));
}

#[tokio::test]
async fn a_name_is_taken_only_where_somebody_has_it() {
    let trouble = Trouble {
        conflict: 0.3,
        throttle: 0.1,
        lost_before: 0.1,
        lost_after: 0.3,
        ..Trouble::default()
    };
    let reliable: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
    for seed in 0..40 {
        let host = TestHost::new(seed);
        let table = Arc::new(Unreliable::new(reliable.clone(), seed, trouble));
        let name = format!("tenant{seed}");
        let made = Store::new(table, host.clone()).create_tenant(&name).await;
        let store = Store::new(reliable.clone(), host);
        let found = store.find_tenant(&name).await.unwrap();
        match made {
            Ok(scope) => assert_eq!(found, Some(scope), "seed {seed}"),
            Err(IdentityError::Store(StoreError::Busy)) => assert_eq!(found, None, "seed {seed}"),
            Err(IdentityError::Store(StoreError::Unavailable(_))) => {}
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
    let full = Trouble {
        conflict: 1.0,
        ..Trouble::default()
    };
    let table = Arc::new(Unreliable::new(reliable, 1, full));
    let made = Store::new(table, TestHost::new(99))
        .create_tenant("late")
        .await;
    let busy = matches!(made, Err(IdentityError::Store(StoreError::Busy)));
    assert!(busy, "{made:?}");
}

/// Each short sleep takes seven seconds; who sleeps long wakes up when so much time has passed.
#[derive(Debug, Default)]
struct Slow(AtomicI64);

#[async_trait]
impl Host for Slow {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn random(&self, bytes: &mut [u8]) {
        SystemHost.random(bytes);
    }

    async fn sleep_ms(&self, ms: u64) {
        if ms <= 1_000 {
            self.0.fetch_add(7_000, Ordering::SeqCst);
            SystemHost.sleep_ms(20).await;
            return;
        }
        let until = self.now_ms() + i64::try_from(ms).unwrap();
        while self.now_ms() < until {
            SystemHost.sleep_ms(1).await;
        }
    }
}

#[tokio::test]
async fn a_repair_with_both_its_looks_ends_before_the_function_does() {
    let table = Arc::new(embedded::memory().await.unwrap());
    let host = Arc::new(Slow::default());
    let store = Store::new(table.clone(), host.clone());
    let tenant = store.create_tenant("fabrikam").await.unwrap();
    let (key, _) = store.create_admin_key("test", None).await.unwrap();
    // Nobody can mend it; each look looks twice more.
    put(table.as_ref(), format!("T#{tenant}"), "C#x", &[("a", "b")]).await;
    let admin = Admin::new(store);
    let ask = async |method: &str| {
        let before = host.now_ms();
        let parts = http::Request::builder()
            .method(method)
            .uri("/admin/v1/tenants/fabrikam/integrity")
            .header("authorization", format!("Bearer {}", key.reveal()));
        let call = Call {
            parts: parts.body(()).unwrap().into_parts().0,
            body: Some(bytes::Bytes::new()),
            origin: "https://scim.example".to_owned(),
        };
        let status = admin.handle(call).await.status().as_u16();
        (status, host.now_ms() - before)
    };
    assert_eq!(ask("GET").await, (200, 14_000));
    let (status, took) = ask("POST").await;
    assert_eq!(status, 503);
    assert!(took < 29_000, "{took} ms");
}
