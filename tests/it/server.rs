//! A running server of the real program, on a port and a folder of its own.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::{Agent, http::Request};

/// The retailer of the grocery program.
pub const RETAILER: &str = "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10";
/// The store that [`Server::apply_grocery`] opens.
pub const STORE: &str = "da6b6bc3-cbed-5571-b87a-13e98ad2b3cc";

const READY_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(60);
const CALL_MAX: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);
const LOG_LINES_SHOWN: usize = 60;

/// A key and its secret.
#[derive(Deserialize)]
pub struct KeyPair {
    pub key: String,
    pub secret: String,
}

/// The keys file.
#[derive(Deserialize)]
pub struct Keys {
    pub core: KeyPair,
    pub connect: KeyPair,
    pub pos: KeyPair,
    pub admin_key: String,
}

/// What a call brought.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, self.text))
    }

    /// The body as JSON of an answer that has to be 200.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }
}

/// A server; it is killed and its folder removed when this goes. When a test fails, the end of its log is shown.
pub struct Server {
    folder: TempDir,
    data: PathBuf,
    /// What the program is started by, if not by itself.
    starter: Vec<String>,
    port: u16,
    flags: Vec<String>,
    child: Option<Child>,
    agent: Agent,
    keys: OnceLock<Keys>,
}

impl Server {
    /// Starts the server of the grocery's retailer, with more flags of `laurel serve`; returns when it is ready.
    pub fn start(flags: &[&str]) -> Self {
        let mut server = Self::prepare(flags);
        server.launch();
        server
    }

    /// The same, not started yet; [`restart`](Self::restart) starts it.
    pub fn prepare(flags: &[&str]) -> Self {
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(CALL_MAX)).build();
        let folder = TempDir::new().unwrap();
        Self {
            data: folder.path().join("data"),
            folder,
            starter: Vec::new(),
            port: free_port(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            child: None,
            agent: config.into(),
            keys: OnceLock::new(),
        }
    }

    /// Keeps the data elsewhere.
    pub fn with_data(mut self, data: PathBuf) -> Self {
        self.data = data;
        self
    }

    /// Has the program started by another one, such as `["nice"]`.
    pub fn started_by(mut self, starter: &[&str]) -> Self {
        self.starter = starter.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Uses other flags from the next start on.
    pub fn set_flags(&mut self, flags: &[&str]) {
        self.flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
    }

    fn serve(&self) -> Command {
        let mut command = program_by(&self.starter);
        command
            .args(["serve", "--retailer-id", RETAILER, "--listen", &format!("127.0.0.1:{}", self.port)])
            .arg("--data")
            .arg(self.data())
            .arg("--keys-file")
            .arg(self.keys_file())
            .args(&self.flags);
        command
    }

    /// Starts it and does not wait until it is ready.
    pub fn spawn(&mut self) {
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = self.serve();
        self.child = Some(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
    }

    /// Expects that it ends by itself without having served; answers what it said.
    #[track_caller]
    pub fn refuses_to_start(&self) -> String {
        let output = self.serve().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "it ended well: {said}");
        said
    }

    /// Whether the process has ended by itself, and well; nothing while it runs.
    pub fn ended(&mut self) -> Option<bool> {
        let child = self.child.as_mut().expect("the server was started");
        child.try_wait().unwrap().map(|status| status.success())
    }

    /// Starts it; returns when it is ready.
    pub fn launch(&mut self) {
        self.spawn();
        let deadline = Instant::now() + READY_MAX;
        while !self.is_ready() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert_eq!(ended, None, "the server ended while it started:\n{}", self.log());
            assert!(Instant::now() < deadline, "the server does not become ready:\n{}", self.log());
            thread::sleep(POLL);
        }
    }

    fn is_ready(&self) -> bool {
        self.agent.get(self.url("/readyz")).call().is_ok_and(|answer| answer.status() == 200)
    }

    /// Address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Folder of the stored data.
    pub fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// The folder that everything of this server is in, unless its data are elsewhere.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file with the API keys.
    pub fn keys_file(&self) -> PathBuf {
        self.folder.path().join("keys.json")
    }

    /// The API keys.
    pub fn keys(&self) -> &Keys {
        self.keys.get_or_init(|| serde_json::from_slice(&fs::read(self.keys_file()).unwrap()).unwrap())
    }

    /// Writes a file beside the data, for commands that read one.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// A command of the program that speaks to this server, such as `["members", "load"]`.
    pub fn client(&self, command: &[&str], file: &Path) -> Command {
        let mut client = program();
        client
            .args(command)
            .arg(file)
            .args(["--url", &self.url("")])
            .arg("--keys-file")
            .arg(self.keys_file());
        client
    }

    /// Any call; `authorization` is the value of that header.
    pub fn call(&self, method: &str, path: &str, authorization: &str, body: Option<&str>) -> Answer {
        let request =
            Request::builder().method(method).uri(self.url(path)).header("authorization", authorization);
        let answer = match body {
            Some(body) => {
                let request =
                    request.header("content-type", "application/json").body(body.to_owned()).unwrap();
                self.agent.run(request)
            }
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.log()));
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.body_mut().read_to_string().unwrap(),
        }
    }

    /// A call of the customer API; `path` begins after `/priv/v1/apps/:api_key`.
    pub fn core(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let pair = &self.keys().core;
        let path = format!("/priv/v1/apps/{}{path}", pair.key);
        self.call(method, &path, &basic(pair), body.map(Value::to_string).as_deref())
    }

    /// A call of the domain services (incentives, transactions).
    pub fn connect(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &basic(&self.keys().connect), Some(&body.to_string()))
    }

    /// A till's call; `verb` such as `send_transaction`.
    pub fn pos(&self, verb: &str, body: &Value) -> Answer {
        self.call("POST", &format!("/api/2.0/{verb}"), &basic(&self.keys().pos), Some(&body.to_string()))
    }

    /// A call of the admin interface.
    pub fn admin(&self, method: &str, path: &str, text: &str) -> Answer {
        let authorization = format!("Bearer {}", self.keys().admin_key);
        self.call(method, path, &authorization, Some(text))
    }

    /// Puts the grocery program into force, with one store and an empty catalog.
    pub fn apply_grocery(&self) {
        self.apply_grocery_with(|_| {});
    }

    /// The same with a changed program.
    pub fn apply_grocery_with(&self, change: impl FnOnce(&mut Value)) {
        let stores = json!([{"store_id": STORE, "number": "1", "name": "Store 1", "time_zone": "UTC"}]);
        let mut program = serde_json::from_str(include_str!("../../demo/grocery-program.json")).unwrap();
        change(&mut program);
        self.admin("PUT", "/admin/program", &program.to_string()).ok();
        self.admin("PUT", "/admin/stores", &stores.to_string()).ok();
    }

    /// Creates a customer; answers its id.
    pub fn create_customer(&self, external_id: &str) -> String {
        let email = format!("household-{external_id}@example.test");
        let user = json!({"user": {"external_id": external_id, "email": email}});
        self.core("POST", "/users", Some(&user)).ok()["user"]["id"].as_str().unwrap().to_owned()
    }

    /// Points a customer can spend; nothing when there is no such customer.
    pub fn available_points(&self, external_id: &str) -> Option<i64> {
        let path = format!("/external/users/{external_id}?expand_incentives=true");
        let answer = self.core("GET", &path, None);
        (answer.status != 404).then(|| answer.ok()["user"]["available_points"].as_i64().unwrap())
    }

    /// Ends the server as a power failure would, as far as the program can tell.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts the server again on the same port and folder; returns when it is ready.
    pub fn restart(&mut self) {
        self.kill9();
        self.launch();
    }

    /// Sends the process a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("the server runs");
        let told = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
        assert!(told.unwrap().success());
    }

    /// Expects that `laurel verify` finds nothing. The server must not run.
    #[track_caller]
    pub fn verify(&self) {
        let output = program().arg("verify").arg("--data").arg(self.data()).output().unwrap();
        let (said, error) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}{error}");
    }

    /// Asks the server to end (SIGTERM) and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        let mut child = self.child.take().expect("the server runs");
        let deadline = Instant::now() + STOP_MAX;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop:\n{}", self.log());
            thread::sleep(POLL);
        }
    }

    /// All that the server has logged and printed so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill9();
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!(
                "end of the server's log:\n{}",
                lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
            );
        }
    }
}

/// The program, without options from the environment of whoever runs the tests.
pub fn program() -> Command {
    program_by(&[])
}

fn program_by(starter: &[String]) -> Command {
    let program = env!("CARGO_BIN_EXE_laurel");
    let mut command = match starter {
        [] => Command::new(program),
        [first, others @ ..] => {
            let mut command = Command::new(first);
            command.args(others).arg(program);
            command
        }
    };
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LAUREL_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// A port that nobody listens on. Taken from the system and given back, because a server that is started again has to
/// come back on the same one.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks again until there is an answer.
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + CALL_MAX;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {} s: {what}", CALL_MAX.as_secs());
        thread::sleep(POLL);
    }
}

/// The `Authorization` header of a key pair.
pub fn basic(pair: &KeyPair) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(format!("{}:{}", pair.key, pair.secret)))
}
