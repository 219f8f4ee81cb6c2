//! An identity provider on this machine: discovery, keys, and every way in which one can misbehave.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::keys::Pair;

/// What the issuer does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Good,
    /// Answers after longer than anybody waits.
    Slow,
    /// Begins at once and never ends, a little at a time.
    Drip,
    /// Never ends, as fast as it can.
    Endless,
    /// A discovery document of just this many bytes.
    Sized(usize),
    /// The discovery document, or the keys, are elsewhere.
    Redirect,
    KeysRedirect,
    Fails,
    NoJson,
    /// The discovery document of another.
    Foreign,
    /// The same with a slash at the end.
    Slash,
    /// Keys at a place that is not on the list.
    KeysAt(&'static str),
    /// So many keys.
    Keys(usize),
    NoKeys,
}

#[derive(Debug)]
struct Told {
    manner: Manner,
    keys: Vec<Value>,
}

/// Issuers behind one address, told apart by the first part of the path.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    told: Arc<Mutex<HashMap<String, Told>>>,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            address: listener.local_addr().unwrap(),
            told: Arc::default(),
            asked: Arc::default(),
        };
        let router = Router::new()
            .route(
                "/{name}/.well-known/openid-configuration",
                axum::routing::get(discovery),
            )
            .route("/{name}/keys", axum::routing::get(keys))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    /// The host as it stands on the list.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The issuer of this name, which publishes these keys and behaves so.
    pub(crate) fn issuer(&self, name: &str, manner: Manner, pairs: &[Pair]) -> String {
        let keys = pairs.iter().map(Pair::jwk).collect();
        self.publish(name, manner, keys)
    }

    pub(crate) fn publish(&self, name: &str, manner: Manner, keys: Vec<Value>) -> String {
        let told = Told { manner, keys };
        self.told.lock().unwrap().insert(name.to_owned(), told);
        format!("http://{}/{name}", self.address)
    }

    /// How often it was asked for keys so far.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn told(&self, name: &str) -> (Manner, Vec<Value>) {
        let told = self.told.lock().unwrap();
        let told = &told[name];
        (told.manner, told.keys.clone())
    }
}

async fn discovery(State(provider): State<Provider>, Path(name): Path<String>) -> Response {
    provider.asked.fetch_add(1, Ordering::SeqCst);
    let (manner, _) = provider.told(&name);
    let own = format!("http://{}/{name}", provider.address);
    let mut document = json!({ "issuer": own, "jwks_uri": format!("{own}/keys") });
    match manner {
        Manner::Slow => tokio::time::sleep(Duration::from_mins(1)).await,
        Manner::Drip => return endless(b" ", Duration::from_millis(50)),
        Manner::Endless => return endless(&[b' '; 16_384], Duration::ZERO),
        Manner::Redirect => return moved(&format!("{own}-other/.well-known/openid-configuration")),
        Manner::Fails => return answer(500, "{}"),
        Manner::NoJson => return answer(200, "<html>"),
        Manner::Foreign => document["issuer"] = json!(format!("{own}-other")),
        Manner::Slash => document["issuer"] = json!(format!("{own}/")),
        Manner::KeysAt(place) => document["jwks_uri"] = json!(place),
        Manner::Sized(bytes) => {
            let rest = bytes - document.to_string().len();
            return answer(200, &format!("{document}{}", " ".repeat(rest)));
        }
        _ => {}
    }
    answer(200, &document.to_string())
}

async fn keys(State(provider): State<Provider>, Path(name): Path<String>) -> Response {
    let (manner, mut keys) = provider.told(&name);
    match manner {
        Manner::KeysRedirect => return moved(&format!("http://{}/good/keys", provider.address)),
        Manner::Keys(count) => keys = vec![keys[0].clone(); count],
        Manner::NoKeys => keys.clear(),
        _ => {}
    }
    // Small enough that it is their number that counts.
    for key in keys.iter_mut().skip(1) {
        if matches!(manner, Manner::Keys(10_000)) {
            *key = json!({});
        }
    }
    answer(200, &json!({ "keys": keys }).to_string())
}

fn answer(status: u16, body: &str) -> Response {
    Response::builder()
        .status(status)
        .body(Body::from(body.to_owned()))
        .unwrap()
}

fn moved(place: &str) -> Response {
    let answer = Response::builder().status(302).header("location", place);
    answer.body(Body::empty()).unwrap()
}

fn endless(part: &'static [u8], pause: Duration) -> Response {
    let parts = futures_util::stream::unfold((), move |()| async move {
        tokio::time::sleep(pause).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(part)), ()))
    });
    Response::new(Body::from_stream(parts))
}
