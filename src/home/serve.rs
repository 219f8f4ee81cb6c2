//! The laptop home: the whole service in one process behind a plain HTTP front.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use http::StatusCode;
use http::header::HOST;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::front::Front;
use super::{Error, Place, issuers, timer};
use crate::admin;
use crate::api::{App, Call};
use crate::jose::Issuers;
use crate::store::{AdminSecret, Secret, Store};

/// The tenant that the first start creates.
pub const DEFAULT_TENANT: &str = "default";
/// What the credentials are called that the first start makes.
const FIRST_START: &str = "first start";
/// Bytes of a body on /Groups: 100,000 members with their display names, which no Lambda event would hold.
const GROUP_BODY_MAX: usize = 16 * 1024 * 1024;
/// A body beyond every limit is read this far before the answer, or the client would see a broken connection instead.
const DRAINED_MAX: usize = 2 * GROUP_BODY_MAX;
/// How long open requests may take to end after a signal to stop.
const STOP_TIME: Duration = Duration::from_secs(5);

/// A service that is ready to run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    front: Front,
    store: Store,
    stop: StopSignals,
    /// The token of the tenant that was just created; `None` on a later start.
    pub secret: Option<Secret>,
    /// The admin key that was just made; `None` on a later start.
    pub admin_key: Option<AdminSecret>,
}

/// Caught from the moment the server is ready, so that a signal right after its first line ends it in good order.
#[derive(Debug)]
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

#[derive(Debug, Clone)]
struct Shared {
    front: Front,
    address: SocketAddr,
}

impl Server {
    /// Opens the data and the port; creates the first tenant where there is none.
    ///
    /// Issuers of signed tokens are asked for keys at these hosts; where none are named, at Microsoft's.
    pub async fn bind(
        place: &Place,
        listen: SocketAddr,
        issuer_hosts: &[String],
    ) -> Result<Self, Error> {
        let hosts = issuers::hosts(issuer_hosts.iter().map(String::as_str))?;
        let issuers = Arc::new(Issuers::new(hosts));
        // Credentials are shown once: before they are made, everything else that may fail has not.
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
        let address = listener.local_addr()?;
        let stop = StopSignals::caught()?;
        let store = place.open().await?;
        let (mut secret, mut admin_key) = (None, None);
        if store.find_tenant(DEFAULT_TENANT).await?.is_none() {
            let tenant = store.create_tenant(DEFAULT_TENANT).await?;
            secret = Some(store.connect(&tenant, FIRST_START).await?);
            admin_key = Some(store.create_admin_key(FIRST_START, None).await?.0);
        }
        let scim = App::new(store.clone(), None).with_group_body_max(GROUP_BODY_MAX);
        Ok(Self {
            listener,
            address,
            front: Front::new(store.clone(), issuers, Some(scim)),
            store,
            stop,
            secret,
            admin_key,
        })
    }

    pub fn tenant_url(&self) -> String {
        format!("http://{}/scim/v2", self.address)
    }

    pub fn admin_url(&self) -> String {
        format!("http://{}{}", self.address, admin::BASE)
    }

    /// Serves, and finishes what was left behind, until the process is told to stop.
    pub async fn run(self) -> Result<(), Error> {
        let shared = Shared {
            front: self.front,
            address: self.address,
        };
        let router = Router::new().fallback(answer).with_state(shared);
        let (told, stopping) = tokio::sync::oneshot::channel();
        let mut signals = self.stop;
        let stop = async move {
            signals.received().await;
            let _ = told.send(());
        };
        let serving = axum::serve(self.listener, router).with_graceful_shutdown(stop);
        // A task of its own: its work must not hold up new connections.
        let ticking = tokio::spawn(timer::tick(self.store));
        let ended = tokio::select! {
            served = serving => served,
            () = async { let _ = stopping.await; tokio::time::sleep(STOP_TIME).await } => Ok(()),
        };
        ticking.abort();
        Ok(ended?)
    }
}

async fn answer(State(shared): State<Shared>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let host = parts
        .headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .map(str::to_owned);
    let origin = format!(
        "http://{}",
        host.unwrap_or_else(|| shared.address.to_string())
    );
    let Ok(body) = read(body).await else {
        // Half of what the client meant is not what it meant.
        return plain(StatusCode::BAD_REQUEST, "the body broke off");
    };
    let call = Call {
        parts,
        body,
        origin,
    };
    // A task of its own: what was begun is finished, and told in the log, though the client hangs up.
    match tokio::spawn(async move { shared.front.handle(call).await }).await {
        Ok(response) => response.map(Body::from),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the request failed"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

/// The whole body, or `None` for one beyond every limit.
async fn read(body: Body) -> Result<Option<Bytes>, axum::Error> {
    let mut stream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    let mut length = 0;
    while let Some(chunk) = stream.try_next().await? {
        length += chunk.len();
        if length > DRAINED_MAX {
            break;
        }
        if length <= GROUP_BODY_MAX {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok((length <= GROUP_BODY_MAX).then(|| bytes.freeze()))
}

impl StopSignals {
    fn caught() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
