//! `serverless-scim` as a process of its own: started, asked, signalled, killed.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use super::Client;

/// The command line under test, with no AWS settings of the machine.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_serverless-scim"));
    command
        .args(arguments)
        .env_remove("AWS_ENDPOINT_URL_DYNAMODB")
        .env_remove("SCIM_ADMIN_KEY");
    command
}

/// Runs the command line to its end.
pub fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the command starts")
}

/// A proxy that the environment names: it counts who comes, and answers nobody.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    seen: Arc<AtomicUsize>,
}

impl Proxy {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let seen = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        Self { url, seen }
    }

    /// The command with this proxy in its environment.
    pub fn around(&self, mut command: Command) -> Command {
        for name in ["NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
            command.env_remove(name);
        }
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(name, &self.url);
        }
        command
    }

    /// How many came.
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

/// A new folder for data.
pub fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// Fails unless `check` has nothing to say of the data in this folder, whether or not it is being served.
pub fn sound(data: &Path) {
    let checked = run(&["check", "--data", text(data)]);
    let (report, log) = (&checked.stdout, &checked.stderr);
    let words = [report, log].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(checked.status.success(), "{}{}", words[0], words[1]);
}

/// A running `serve` on a free port; killed when it goes out of scope.
#[derive(Debug)]
pub struct Server {
    child: Child,
    files: TempDir,
    pub tenant_url: String,
    /// `None` on a later start on the same data.
    pub secret: Option<String>,
    pub admin_url: String,
    /// `None` on a later start, too.
    pub admin_key: Option<String>,
    /// What it printed once it was ready.
    pub printed: Vec<String>,
}

impl Server {
    pub fn in_memory() -> Self {
        Self::start(&["--memory", "--json"])
    }

    pub fn on(folder: &Path) -> Self {
        Self::start(&["--json", "--data", text(folder)])
    }

    /// `serve` with further options, ready to answer. Without `--json` its four lines are read.
    pub fn start(options: &[&str]) -> Self {
        Self::start_with(options, |_| ())
    }

    /// The same in an environment of the test's.
    pub fn start_with(options: &[&str], prepare: impl FnOnce(&mut Command)) -> Self {
        let files = TempDir::new().expect("a folder");
        let log = File::create(files.path().join("log")).expect("a log file");
        let json = options.contains(&"--json");
        let mut command = command(&["serve", "--listen", "127.0.0.1:0"]);
        prepare(&mut command);
        let mut child = command
            .args(options)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("serve starts");
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        let printed: Vec<String> = stdout
            .lines()
            .take(if json { 1 } else { 4 })
            .map(|line| line.expect("a line of text"))
            .collect();
        let mut server = Self {
            child,
            files,
            tenant_url: String::new(),
            secret: None,
            admin_url: String::new(),
            admin_key: None,
            printed,
        };
        assert!(!server.printed.is_empty(), "serve ended: {}", server.log());
        if json {
            let line: Value = serde_json::from_str(&server.printed[0]).expect("one line of JSON");
            server.tenant_url = string(&line["tenantUrl"]).expect("tenantUrl");
            server.secret = string(&line["secretToken"]);
            server.admin_url = string(&line["adminUrl"]).expect("adminUrl");
            server.admin_key = string(&line["adminKey"]);
        }
        server
    }

    /// A client with the token that was printed.
    pub fn client(&self) -> Client {
        let token = self
            .secret
            .as_deref()
            .expect("a first start prints a token");
        Client::new(&self.tenant_url, token)
    }

    /// The log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.files.path().join("log")).expect("the log")
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("its end");
    }

    /// Sends a signal by name and waits for the end.
    pub fn stop(mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        self.child.wait().expect("its end")
    }

    pub fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("a shell").success(), "{kill}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that fails because its server is gone should not leave anybody guessing why.
        if std::thread::panicking()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            eprintln!("serve had ended with {status}: {}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
