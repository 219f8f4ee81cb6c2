//! The Lambda home: one function per SCIM resource route behind an HTTP API.

use std::sync::Arc;

use bytes::Bytes;
use lambda_http::{Body, Request, Response, service_fn};

use super::{Error, SystemHost, start_log};
use crate::api::{App, Call, Function};
use crate::store::Store;
use crate::table::{DynamoDb, aws_config};

/// Serves the routes of `function` until Lambda ends the process. `TABLE_NAME` names the table.
pub async fn lambda(function: Function) -> Result<(), Error> {
    start_log();
    let name = std::env::var("TABLE_NAME")
        .map_err(|_| "set TABLE_NAME to the name of the DynamoDB table")?;
    let table = DynamoDb::from_config(&aws_config().await, name);
    let app = &App::new(
        Store::new(Arc::new(table), Arc::new(SystemHost)),
        Some(function),
    );
    lambda_http::run(service_fn(|request: Request| async move {
        let response = app.handle(call(request)).await;
        Ok::<_, Error>(answer(response))
    }))
    .await
}

/// The gateway's event as a call; `lambda_http` has decoded base64 and rebuilt the URL.
fn call(request: Request) -> Call {
    let (parts, body) = request.into_parts();
    let scheme = parts.uri.scheme_str().unwrap_or("https");
    let authority = parts
        .uri
        .authority()
        .map_or("localhost", |authority| authority.as_str());
    let origin = format!("{scheme}://{authority}");
    Call {
        origin,
        parts,
        body: Some(Bytes::copy_from_slice(&body)),
    }
}

fn answer(response: http::Response<Bytes>) -> Response<Body> {
    response.map(|body| match String::from_utf8(body.to_vec()) {
        Ok(text) if text.is_empty() => Body::Empty,
        Ok(text) => Body::Text(text),
        Err(error) => Body::Binary(error.into_bytes()),
    })
}
