//! The program under test: started, killed and looked at from outside.

use std::{
    fs::{self, File},
    io::BufWriter,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use tempfile::TempDir;

/// The retailer of the grocery program.
pub const RETAILER: &str = "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10";
/// The one store.
pub const STORE: &str = "da6b6bc3-cbed-5571-b87a-13e98ad2b3cc";

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/grocery-program.json");
/// Two of the three items of a sale earn more than the base points by the grocery program.
const CATALOG: &str = concat!(
    r#"{"item_id":"1041453","name":"Yogurt","category":"YOGURT","department":"GROCERY","brand":"National"}"#,
    "\n",
    r#"{"item_id":"9878513","name":"Apples","category":"APPLES","department":"PRODUCE","brand":"Private"}"#,
    "\n",
);
const READY_MAX: Duration = Duration::from_secs(600);

/// A key and its secret.
#[derive(Clone, Deserialize)]
pub struct KeyPair {
    pub key: String,
    secret: String,
}

impl KeyPair {
    /// Value of the `Authorization` header.
    pub fn authorization(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.key, self.secret)))
    }
}

/// The keys file.
#[derive(Clone, Deserialize)]
pub struct Keys {
    pub core: KeyPair,
    pub pos: KeyPair,
    pub admin_key: String,
}

/// A server and its folder; both go away with it.
pub struct Program {
    folder: TempDir,
    port: u16,
    flags: Vec<&'static str>,
    child: Option<Child>,
}

impl Program {
    /// Starts a server on a fresh folder, with the grocery program in force.
    pub async fn start(flags: &[&'static str]) -> anyhow::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut program = Self { folder: TempDir::new()?, port, flags: flags.to_vec(), child: None };
        program.launch().await?;
        program.apply()?;
        Ok(program)
    }

    /// Starts the process; answers how long it took until it was ready.
    pub async fn launch(&mut self) -> anyhow::Result<Duration> {
        let log = File::options().create(true).append(true).open(self.path("server.log"))?;
        let begun = Instant::now();
        let child = laurel()
            .args(["serve", "--bench-endpoint", "--log-level", "warn", "--retailer-id", RETAILER])
            .args(["--listen", &self.address().to_string()])
            .arg("--data")
            .arg(self.path("data"))
            .arg("--backup-folder")
            .arg(self.path("backups"))
            .args(&self.flags)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        while !self.is_ready().await {
            if let Some(status) = self.child.as_mut().context("the server was started")?.try_wait()? {
                bail!("the server ended with {status}: {}", fs::read_to_string(self.path("server.log"))?);
            }
            ensure!(begun.elapsed() < READY_MAX, "the server does not become ready");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(begun.elapsed())
    }

    async fn is_ready(&self) -> bool {
        let Ok(mut connection) = crate::connection::Connection::open(self.address()).await else {
            return false;
        };
        let answer = connection.call(b"GET /readyz HTTP/1.1\r\nHost: laurel\r\n\r\n").await;
        answer.is_ok_and(|answer| answer.status == 200)
    }

    fn apply(&self) -> anyhow::Result<()> {
        let stores = format!(r#"[{{"store_id":"{STORE}","number":"1","name":"Store 1","time_zone":"UTC"}}]"#);
        fs::write(self.path("stores.json"), stores)?;
        fs::write(self.path("catalog.ndjson"), CATALOG)?;
        let mut apply = laurel();
        apply.args(["program", "apply", PROGRAM]).arg("--stores").arg(self.path("stores.json"));
        apply.arg("--catalog").arg(self.path("catalog.ndjson"));
        self.finish(apply)
    }

    /// Sends a file of sales as a stream; answers how long it took.
    pub fn replay_bulk(&self, file: &Path) -> anyhow::Result<Duration> {
        let mut replay = laurel();
        replay.args(["replay", "--bulk"]).arg(file);
        let begun = Instant::now();
        self.finish(replay)?;
        Ok(begun.elapsed())
    }

    /// Runs a command that speaks to the server to its end.
    fn finish(&self, mut command: Command) -> anyhow::Result<()> {
        command.args(["--url", &format!("http://{}", self.address())]);
        let output = command.arg("--keys-file").arg(self.path("data/keys.json")).output()?;
        let said = [output.stdout, output.stderr].concat();
        ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&said));
        Ok(())
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new file in its folder.
    pub fn file(&self, name: &str) -> anyhow::Result<(PathBuf, BufWriter<File>)> {
        let path = self.path(name);
        let file = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        Ok((path, file))
    }

    /// Its keys.
    pub fn keys(&self) -> anyhow::Result<Keys> {
        Ok(serde_json::from_slice(&fs::read(self.path("data/keys.json"))?)?)
    }

    /// Memory that it occupies, in bytes.
    pub fn resident_bytes(&self) -> anyhow::Result<u64> {
        let child = self.child.as_ref().context("the server runs")?;
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("the system tells no VmRSS")?;
        let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes * 1024)
    }

    /// Ends it as a power failure would.
    pub fn kill9(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Err(error) = self.kill9() {
            eprintln!("the server under test could not be ended: {error}");
        }
    }
}

fn laurel() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_laurel"));
    command.stdin(Stdio::null());
    command
}
