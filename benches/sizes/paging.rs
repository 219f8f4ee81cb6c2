//! The memory of `serve` while the members of a large group are read page by page from its data file.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use serverless_scim::home::Place;
use serverless_scim::store::Id;

use crate::home::{Failed, Home};

/// Users of one page.
const COUNT: u64 = 1_000;

/// Resident memory in MB, and what was read meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    before: f64,
    during: Vec<f64>,
    after: f64,
    members: u64,
    took: Duration,
}

/// A server as users start it; it ends with its owner.
struct Server {
    child: Child,
    url: String,
}

/// Seeds a data file with one group, serves it in a process of its own, and reads the group's members to the end.
pub(crate) async fn measured(members: u64) -> Result<Memory, Failed> {
    let folder = tempfile::tempdir()?;
    let home = Home::open(&Place::Folder(folder.path().to_owned())).await?;
    let tenant = home
        .seed("paging", members, std::slice::from_ref(&(0..members)))
        .await?;
    drop(home);
    let group = *tenant.groups.first().ok_or("no group")?;
    let server = Server::start(folder.path().to_str().ok_or("the path is not UTF-8")?)?;
    read_all(&server, &tenant.token, group).await
}

async fn read_all(server: &Server, token: &str, group: Id) -> Result<Memory, Failed> {
    let client = reqwest::Client::new();
    let path = format!(
        "{}/Users?filter=groups.value%20eq%20%22{group}%22&attributes=userName&count={COUNT}&cursor",
        server.url
    );
    let ask = async |cursor: &str| -> Result<Value, Failed> {
        let request = client.get(format!("{path}={cursor}")).bearer_auth(token);
        Ok(request.send().await?.error_for_status()?.json().await?)
    };
    let mut memory = Memory::default();
    ask("").await?;
    memory.before = server.resident()?;
    let begun = Instant::now();
    let mut cursor = Some(String::new());
    while let Some(at) = cursor {
        let page = ask(&at).await?;
        memory.members += page
            .get("Resources")
            .and_then(Value::as_array)
            .map_or(0, |users| users.len() as u64);
        memory.during.push(server.resident()?);
        cursor = page
            .get("nextCursor")
            .and_then(Value::as_str)
            .map(str::to_owned);
    }
    memory.took = begun.elapsed();
    memory.after = server.resident()?;
    Ok(memory)
}

impl Server {
    fn start(folder: &str) -> Result<Self, Failed> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_serverless-scim"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--json",
                "--data",
                folder,
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line)?;
        let url = told
            .get("tenantUrl")
            .and_then(Value::as_str)
            .ok_or("no Tenant URL")?
            .to_owned();
        Ok(Self { child, url })
    }

    /// Resident memory in MB.
    fn resident(&self) -> Result<f64, Failed> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes: u32 = line
            .ok_or("no VmRSS")?
            .trim()
            .trim_end_matches(" kB")
            .parse()?;
        Ok(f64::from(kilobytes) / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            before,
            during,
            after,
            members,
            took,
        } = self;
        let most = during.iter().copied().fold(0.0, f64::max);
        let pages = during.len();
        let seconds = took.as_secs_f64();
        write!(
            f,
            "memory of `serve` while {members} members were read in {pages} pages ({seconds:.0} s): \
             {before:.0} MB before, at most {most:.0} MB during, {after:.0} MB after"
        )
    }
}
