//! The table itself: its keys, its two indexes, its expiry attribute, and how it is made.

use std::time::Duration;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    PointInTimeRecoverySpecification, Projection, ProjectionType, ScalarAttributeType, TableStatus,
    TimeToLiveSpecification, TimeToLiveStatus,
};
use aws_smithy_types::error::operation::BuildError;

use super::item::{PK, SK};
use super::{DynamoDb, Index};

/// Resources by userName, groups by displayName.
pub const BY_NAME: Index = Index {
    name: "byName",
    pk: "np",
    sk: "ns",
};

/// Resources by externalId.
pub const BY_EXTERNAL_ID: Index = Index {
    name: "byExternalId",
    pk: "xp",
    sk: "xs",
};

/// All indexes of the table.
pub(super) const INDEXES: [Index; 2] = [BY_NAME, BY_EXTERNAL_ID];

/// The attribute, in seconds since 1970, after which DynamoDB may remove an item.
const EXPIRES: &str = "exp";

/// How often, and how many times, the state of a new table is asked for: two minutes.
const POLL: Duration = Duration::from_millis(500);
const POLLS_MAX: u32 = 240;

/// Why the table could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("the table cannot be described: {0}")]
    Definition(#[from] BuildError),
    #[error("{step} failed: {cause}")]
    Refused { step: &'static str, cause: String },
    #[error("the table is not ready after two minutes: look at it in the DynamoDB console")]
    NotReady,
}

/// Makes the table where no template did, and waits until it can be used; a table that is there already stays as it is.
///
/// It sets the expiry attribute and point-in-time recovery, the latter only where the endpoint knows it. It makes no
/// stream: what reads one comes with the template.
pub async fn create_table(db: &DynamoDb) -> Result<(), CreateError> {
    create(db).await?;
    wait_until_active(db).await?;
    expire(db).await?;
    recover(db).await
}

async fn create(db: &DynamoDb) -> Result<(), CreateError> {
    let mut call = db
        .client
        .create_table()
        .table_name(&db.table_name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_schema(PK, SK)?))
        .attribute_definitions(text(PK)?)
        .attribute_definitions(text(SK)?);
    for index in INDEXES {
        call = call
            .attribute_definitions(text(index.pk)?)
            .attribute_definitions(text(index.sk)?)
            .global_secondary_indexes(global(index)?);
    }
    match call.send().await {
        Err(error) if error.code() != Some("ResourceInUseException") => {
            Err(refused("CreateTable", error))
        }
        _ => Ok(()),
    }
}

fn key_schema(pk: &str, sk: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    [(pk, KeyType::Hash), (sk, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
        })
        .collect()
}

fn text(name: &str) -> Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S)
        .build()
}

fn global(index: Index) -> Result<GlobalSecondaryIndex, BuildError> {
    let keys_only = Projection::builder()
        .projection_type(ProjectionType::KeysOnly)
        .build();
    GlobalSecondaryIndex::builder()
        .index_name(index.name)
        .set_key_schema(Some(key_schema(index.pk, index.sk)?))
        .projection(keys_only)
        .build()
}

async fn wait_until_active(db: &DynamoDb) -> Result<(), CreateError> {
    for _ in 0..POLLS_MAX {
        match db
            .client
            .describe_table()
            .table_name(&db.table_name)
            .send()
            .await
        {
            Ok(answer) => match answer.table().and_then(|table| table.table_status()) {
                Some(TableStatus::Active | TableStatus::Updating) => return Ok(()),
                _ => tokio::time::sleep(POLL).await,
            },
            // DescribeTable is eventually consistent: a table just made may not be there yet.
            Err(error) if error.code() == Some("ResourceNotFoundException") => {
                tokio::time::sleep(POLL).await;
            }
            Err(error) => return Err(refused("DescribeTable", error)),
        }
    }
    Err(CreateError::NotReady)
}

async fn expire(db: &DynamoDb) -> Result<(), CreateError> {
    let state = db
        .client
        .describe_time_to_live()
        .table_name(&db.table_name)
        .send()
        .await
        .map_err(|error| refused("DescribeTimeToLive", error))?;
    let status = state
        .time_to_live_description()
        .and_then(|d| d.time_to_live_status());
    if let Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling) = status {
        return Ok(());
    }
    let specification = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name(EXPIRES)
        .build()?;
    db.client
        .update_time_to_live()
        .table_name(&db.table_name)
        .time_to_live_specification(specification)
        .send()
        .await
        .map_err(|error| refused("UpdateTimeToLive", error))?;
    Ok(())
}

async fn recover(db: &DynamoDb) -> Result<(), CreateError> {
    let specification = PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(true)
        .build()?;
    for _ in 0..POLLS_MAX {
        let answer = db
            .client
            .update_continuous_backups()
            .table_name(&db.table_name)
            .point_in_time_recovery_specification(specification.clone())
            .send()
            .await;
        let Err(error) = answer else { return Ok(()) };
        match error.code() {
            Some("UnknownOperationException") => return Ok(()),
            // Backups are still being set up for a table just made.
            Some("ContinuousBackupsUnavailableException") => tokio::time::sleep(POLL).await,
            _ => return Err(refused("UpdateContinuousBackups", error)),
        }
    }
    Err(CreateError::NotReady)
}

fn refused<E>(step: &'static str, error: SdkError<E>) -> CreateError
where
    E: std::error::Error + 'static,
{
    CreateError::Refused {
        step,
        cause: DisplayErrorContext(error).to_string(),
    }
}
