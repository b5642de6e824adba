//! Options of `serve`.

use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    str::FromStr,
    thread::available_parallelism,
};

use clap::{Args, ValueEnum};
use tracing_subscriber::{EnvFilter, filter::ParseError};
use uuid::Uuid;

use super::{ByteSize, Secret};

/// How a server runs.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// Address and port to answer on; port 0 takes a free one
    #[arg(long, env = "LAUREL_LISTEN", default_value = "127.0.0.1:8787", value_name = "ADDRESS")]
    pub listen: SocketAddr,

    /// Folder of the stored data; made when it is missing
    #[arg(long, env = "LAUREL_DATA", default_value = "./laurel-data", value_name = "FOLDER")]
    pub data: PathBuf,

    /// The retailer's id, for the first start only; later starts may repeat it but not change it [default: a new one]
    #[arg(long, env = "LAUREL_RETAILER_ID", value_name = "UUID")]
    pub retailer_id: Option<Uuid>,

    /// File that the API keys are written to at the first start, readable by the owner alone [default: keys.json in the
    /// data folder]
    #[arg(long, env = "LAUREL_KEYS_FILE", value_name = "FILE")]
    pub keys_file: Option<PathBuf>,

    /// Folder below which backups may be made (`laurel backup`); not inside the data folder, better not on its disk;
    /// made when it is missing [default: none, and backups are refused]
    #[arg(long, env = "LAUREL_BACKUP_FOLDER", value_name = "FOLDER")]
    pub backup_folder: Option<PathBuf>,

    /// Key of the admin interface; better set in the environment, where other users cannot read it [default: made at
    /// the first start]
    #[arg(long, env = "LAUREL_ADMIN_KEY", value_name = "KEY", hide_env_values = true)]
    pub admin_key: Option<Secret>,

    /// Run on a clock that starts here and moves only when the admin interface moves it; for tests.
    /// Example: 2017-02-01T00:00:00Z
    #[arg(long, env = "LAUREL_TEST_CLOCK", value_name = "TIME")]
    pub test_clock: Option<jiff::Timestamp>,

    /// Form of the log, which goes to standard error
    #[arg(long, env = "LAUREL_LOG", default_value = "text", value_name = "FORM")]
    pub log: LogFormat,

    /// What is logged: error, warn, info, debug or trace; per module as in `info,laurel_store=debug`
    #[arg(long, env = "LAUREL_LOG_LEVEL", default_value = "info", value_name = "LEVEL")]
    pub log_level: LogLevel,

    /// Threads that run customers and sales [default: number of cores]
    #[arg(long, env = "LAUREL_SHARDS", value_name = "N")]
    shards: Option<NonZeroUsize>,

    /// Threads that speak HTTP [default: number of cores]
    #[arg(long, env = "LAUREL_HTTP_WORKERS", value_name = "N")]
    http_workers: Option<NonZeroUsize>,

    /// Customers kept in memory, over all shards; about 1 kB each and their state. Those used least recently go first
    #[arg(long, env = "LAUREL_RESIDENT_LIMIT", default_value = "200000", value_name = "N")]
    pub resident_limit: usize,

    /// Memory for what is durable but in no checkpoint yet, in bytes or as 512MiB; when it is full, sales are refused
    /// until a checkpoint is done
    #[arg(long, env = "LAUREL_TAIL_BYTES_MAX", default_value = "1GiB", value_name = "SIZE")]
    pub tail_bytes_max: ByteSize,

    /// Memory for what waits to become durable; when it is full, requests are refused with 503
    #[arg(long, env = "LAUREL_QUEUE_BYTES_MAX", default_value = "64MiB", value_name = "SIZE")]
    pub queue_bytes_max: ByteSize,

    /// Start a checkpoint when this many records are in none
    #[arg(long, env = "LAUREL_CHECKPOINT_RECORDS", default_value = "1000000", value_name = "N")]
    pub checkpoint_records: u64,

    /// Memory for pages of the state file
    #[arg(long, env = "LAUREL_STATE_CACHE_BYTES", default_value = "256MiB", value_name = "SIZE")]
    pub state_cache_bytes: ByteSize,

    /// Connections open at a time; more wait
    #[arg(long, env = "LAUREL_MAX_CONNECTIONS", default_value = "25000", value_name = "N")]
    pub max_connections: usize,

    /// Add `POST /bench/parse`, which reads a sale and does nothing with it.
    #[arg(long, env = "LAUREL_BENCH_ENDPOINT", hide = true)]
    pub bench_endpoint: bool,
}

/// What is logged, in the words of `tracing`'s filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(Box<str>);

impl LogLevel {
    /// A filter that is known to be one.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogLevel {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        EnvFilter::try_new(text)?;
        Ok(Self(text.into()))
    }
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A readable line an event.
    Text,
    /// A JSON object an event.
    Json,
}

impl ServeOptions {
    /// Threads that run entities.
    pub fn shards(&self) -> NonZeroUsize {
        self.shards.unwrap_or_else(cores)
    }

    /// Threads that speak HTTP.
    pub fn http_workers(&self) -> NonZeroUsize {
        self.http_workers.unwrap_or_else(cores)
    }

    /// Where the API keys are kept.
    pub fn keys_file(&self) -> PathBuf {
        self.keys_file.clone().unwrap_or_else(|| keys_file_in(&self.data))
    }
}

/// Where the API keys are kept when nobody says otherwise.
pub(super) fn keys_file_in(data: &Path) -> PathBuf {
    data.join("keys.json")
}

fn cores() -> NonZeroUsize {
    available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
