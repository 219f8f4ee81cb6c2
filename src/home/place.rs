//! Where the data is: in memory, in a folder, or in a DynamoDB table.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Error, SystemHost};
use crate::store::Store;
use crate::table::{self, DynamoDb, Table, aws_config, embedded};

/// The file in a data folder.
const FILE: &str = "scim.db";

/// Where the data of a local command is.
#[derive(Debug, Clone)]
pub enum Place {
    /// Gone with the process.
    Memory,
    /// The embedded engine's file in this folder.
    Folder(PathBuf),
    /// A DynamoDB table, on AWS or where `AWS_ENDPOINT_URL_DYNAMODB` points.
    Table(String),
}

impl Place {
    /// Opens the store; an embedded one is made if it is not there.
    pub async fn open(&self) -> Result<Store, Error> {
        let table: Arc<dyn Table> = match self {
            Self::Memory => Arc::new(embedded::memory().await?),
            Self::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| {
                    format!("cannot use the folder {}: {error}", folder.display())
                })?;
                Arc::new(embedded::file(&folder.join(FILE)).await?)
            }
            Self::Table(name) => Arc::new(DynamoDb::from_config(&aws_config().await, name.clone())),
        };
        Ok(Store::new(table, Arc::new(SystemHost)))
    }

    /// Opens the store of a place that was used before, and writes nothing by that: expired items are `serve`'s to remove.
    pub async fn open_existing(&self) -> Result<Store, Error> {
        let Self::Folder(folder) = self else {
            return self.open().await;
        };
        let file = folder.join(FILE);
        if !file.exists() {
            let folder = folder.display();
            return Err(format!(
                "there is no data in {folder}; start there first: serverless-scim serve --data {folder}"
            )
            .into());
        }
        let table = embedded::file_as_it_is(&file).await?;
        Ok(Store::new(Arc::new(table), Arc::new(SystemHost)))
    }

    /// The options that name this place on the command line.
    pub fn options(&self) -> String {
        match self {
            Self::Memory => "--memory".to_owned(),
            Self::Folder(folder) => format!("--data {}", folder.display()),
            Self::Table(name) => format!("--table {name}"),
        }
    }
}

/// Makes the table on AWS, or where `AWS_ENDPOINT_URL_DYNAMODB` points; one that is there already is left as it is.
pub async fn create_table(name: &str) -> Result<(), Error> {
    let table = DynamoDb::from_config(&aws_config().await, name.to_owned());
    table::create_table(&table).await?;
    Ok(())
}
