//! The yardstick: the same award as one call of a stored function, on a PostgreSQL of its own, 64 clients.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::table::Figure;

const WHAT: &str = "PostgreSQL, the award as one function call, 64 clients";
const CLIENTS: &str = "64";

/// Records the sale once, adds a lot of points to each of two accounts and keeps their balances: what a sale of the
/// grocery program leaves behind. Durable at commit, as PostgreSQL is by default.
const SCHEMA: &str = "
CREATE TABLE balance (customer bigint, account int, available bigint NOT NULL, PRIMARY KEY (customer, account));
CREATE TABLE sale (id text PRIMARY KEY, customer bigint NOT NULL, body text NOT NULL);
CREATE TABLE lot (sale text, account int, customer bigint NOT NULL, points bigint NOT NULL, expires timestamptz,
                  PRIMARY KEY (sale, account));
CREATE FUNCTION award(sale_id text, member bigint, body text, points bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE total bigint;
BEGIN
  INSERT INTO sale VALUES (sale_id, member, body) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN NULL; END IF;
  INSERT INTO lot VALUES (sale_id, 1, member, points, now() + interval '6 months'), (sale_id, 2, member, points, NULL);
  UPDATE balance SET available = available + points WHERE customer = member AND account IN (1, 2);
  SELECT available INTO total FROM balance WHERE customer = member AND account = 1;
  RETURN total;
END $$;
";

/// Measures it; where PostgreSQL is not installed or cannot be started, the row says so.
pub fn measure(time: Duration, customers: u64) -> anyhow::Result<Figure> {
    let skipped = |why: String| Figure { what: WHAT.into(), per_second: None, latency: None, note: why };
    let Some(binaries) = binaries() else {
        return Ok(skipped("skipped: PostgreSQL is not installed".into()));
    };
    let cluster = match Cluster::start(binaries.trim()) {
        Ok(cluster) => cluster,
        Err(error) => return Ok(skipped(format!("skipped: {error:#}").replace(['\n', '|'], " "))),
    };
    let per_second = cluster.run(time, customers)?;
    Ok(Figure {
        what: WHAT.into(),
        per_second: Some(per_second),
        latency: None,
        note: "pgbench, 2 threads".into(),
    })
}

/// The folder of the server's programs, which are seldom in the path.
fn binaries() -> Option<String> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let named = output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let whole = |folder: &str| {
        ["initdb", "pg_ctl", "psql", "pgbench"].iter().all(|name| Path::new(folder).join(name).exists())
    };
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = installed.map(|version| version.path().join("bin").display().to_string());
    named.into_iter().chain(versions).find(|folder| whole(folder))
}

/// A database server on a folder of its own, reached through a socket in it.
struct Cluster {
    binaries: String,
    folder: TempDir,
}

impl Cluster {
    fn start(binaries: &str) -> anyhow::Result<Self> {
        let cluster = Self { binaries: binaries.to_owned(), folder: TempDir::new()? };
        let folder = cluster.folder.path();
        if is_root()? {
            // The server refuses to run as root; its own account has to reach the folder.
            run(Command::new("chown").arg("postgres").arg(folder))?;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        }
        let data = folder.join("data");
        run(cluster.tool("initdb")?.arg("-D").arg(&data).args(["-U", "postgres", "--auth", "trust"]))?;
        let options = format!("-c listen_addresses='' -k {} -c shared_buffers=512MB", folder.display());
        // Its output goes to a file: a pipe would stay open as long as the server runs.
        run(cluster
            .tool("pg_ctl")?
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(folder.join("log"))
            .args(["-w", "-o", &options, "start"]))?;
        Ok(cluster)
    }

    fn run(&self, time: Duration, customers: u64) -> anyhow::Result<u64> {
        let fill = format!(
            "{SCHEMA} INSERT INTO balance SELECT c, a, 0
                      FROM generate_series(0, {customers} - 1) c, generate_series(1, 2) a;
             VACUUM ANALYZE balance;"
        );
        let fill_file = self.folder.path().join("fill.sql");
        fs::write(&fill_file, fill)?;
        run(self.client("psql")?.args(["-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(&fill_file))?;
        let script = self.folder.path().join("award.sql");
        let body = "x".repeat(800);
        fs::write(
            &script,
            format!(
                "\\set customer random(0, {customers} - 1)\n\
                 SELECT award(gen_random_uuid()::text, :customer, '{body}', 19);\n"
            ),
        )?;
        let mut bench = self.client("pgbench")?;
        bench.args([
            "-n",
            "-M",
            "prepared",
            "-c",
            CLIENTS,
            "-j",
            "2",
            "-T",
            &time.as_secs().max(1).to_string(),
            "-f",
        ]);
        let told = run(bench.arg(&script))?;
        let tps =
            told.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench tells no rate")?;
        Ok(tps.split(['.', ' ']).next().unwrap_or_default().parse()?)
    }

    fn client(&self, name: &str) -> anyhow::Result<Command> {
        let mut command = self.tool(name)?;
        command.arg("-h").arg(self.folder.path()).args(["-U", "postgres"]);
        if name == "psql" {
            command.args(["-d", "postgres"]);
        } else {
            command.env("PGDATABASE", "postgres");
        }
        Ok(command)
    }

    fn tool(&self, name: &str) -> anyhow::Result<Command> {
        let path = Path::new(&self.binaries).join(name);
        let mut command = if is_root()? {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.folder.path());
        Ok(command)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stopped = self.tool("pg_ctl").and_then(|mut stop| {
            run(stop.arg("-D").arg(self.folder.path().join("data")).args(["-m", "immediate", "stop"]))
        });
        if let Err(error) = stopped {
            eprintln!("PostgreSQL could not be stopped: {error}");
        }
    }
}

fn is_root() -> anyhow::Result<bool> {
    let output = Command::new("id").arg("-u").output()?;
    Ok(output.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    Ok(said)
}
