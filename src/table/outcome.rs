//! What a failed call means: it did not happen, or it may have.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;

use super::{Reason, TableError, item};

/// The first status that says nothing about whether the request was carried out.
const SERVER_ERROR: u16 = 500;

/// Counts the requests of one call that were sent and never answered for certain.
///
/// The SDK retries by itself, and only the last attempt's error comes out: "throttled" after a time-out does not mean
/// that nothing happened.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempts {
    open: Arc<AtomicUsize>,
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let understood = match context.output_or_error() {
            Some(Ok(_)) => true,
            Some(Err(error)) => error.is_operation_error(),
            None => false,
        };
        let certain = context
            .response()
            .is_some_and(|response| response.status().as_u16() < SERVER_ERROR);
        if understood && certain {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Attempts {
    /// What a failure other than a condition's means to the caller.
    pub(super) fn failure<E>(&self, error: SdkError<E>) -> TableError
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        if self.open.load(Ordering::Relaxed) > 0 {
            return TableError::Unknown(error.into());
        }
        match error.code() {
            Some(
                "ProvisionedThroughputExceededException"
                | "ReplicatedWriteConflictException"
                | "RequestLimitExceeded"
                | "ThrottlingException"
                | "TransactionConflictException",
            ) => TableError::Busy,
            // The same token is at work already: only sending it again tells how it ended.
            Some("TransactionInProgressException") => TableError::Unknown(error.into()),
            _ => TableError::Refused(error.into()),
        }
    }

    /// What the cancellation of `writes` writes means; `None` where the reasons are none that a caller could act on.
    pub(super) fn cancelled(
        &self,
        reasons: &[CancellationReason],
        writes: usize,
    ) -> Option<TableError> {
        let reasons: Vec<Reason> = reasons.iter().map(reason).collect::<Option<_>>()?;
        let acts = |reason: &Reason| !matches!(reason, Reason::None);
        if reasons.len() != writes || !reasons.iter().any(acts) {
            return self.settled().then_some(TableError::Busy);
        }
        let final_answer = |r: &Reason| matches!(r, Reason::Condition(_) | Reason::Invalid);
        // A conflict after an unanswered attempt may be one with that very attempt.
        let settled = self.settled() || reasons.iter().any(final_answer);
        settled.then_some(TableError::Cancelled(reasons))
    }

    fn settled(&self) -> bool {
        self.open.load(Ordering::Relaxed) == 0
    }
}

/// The reason at one position; `None` for one that no caller expects (a collection too large, no permission).
fn reason(reason: &CancellationReason) -> Option<Reason> {
    match reason.code() {
        None | Some("None") => Some(Reason::None),
        Some("ConditionalCheckFailed") => {
            let old = reason.item().cloned().map(item::read).transpose().ok()?;
            Some(Reason::Condition(old))
        }
        Some("TransactionConflict") => Some(Reason::Conflict),
        Some("ProvisionedThroughputExceeded" | "ThrottlingError") => Some(Reason::Throttled),
        Some("ValidationError") => Some(Reason::Invalid),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
