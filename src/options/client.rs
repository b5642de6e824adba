//! Options of the commands that speak to a server.

use std::{
    num::{NonZeroU16, NonZeroU64},
    path::PathBuf,
    time::Duration,
};

use clap::Args;

use crate::client::Address;

/// Which server, and with which keys.
#[derive(Debug, Clone, Args)]
pub struct ServerChoice {
    /// The server
    #[arg(long, env = "LAUREL_URL", default_value = "http://127.0.0.1:8787", value_name = "URL")]
    pub url: Address,

    /// File with the API keys, as the server wrote it at its first start
    #[arg(long, env = "LAUREL_KEYS_FILE", default_value = "./laurel-data/keys.json", value_name = "FILE")]
    pub keys_file: PathBuf,
}

/// How long a server that does not answer is waited for.
#[derive(Debug, Clone, Args)]
pub struct Patience {
    /// Give up when the server has taken nothing for this many seconds
    #[arg(long = "retry-for", env = "LAUREL_RETRY_FOR", default_value = "120", value_name = "SECONDS")]
    retry_for: NonZeroU64,

    /// Take a connection for broken when an answer is outstanding for this many seconds
    #[arg(long, env = "LAUREL_TIMEOUT", default_value = "30", value_name = "SECONDS")]
    timeout: NonZeroU64,
}

impl Patience {
    /// Time without any success after which the work is given up.
    pub fn retry_for(&self) -> Duration {
        Duration::from_secs(self.retry_for.get())
    }

    /// Time without an answer after which a connection is taken for broken.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.get())
    }
}

/// Options of `replay`.
#[derive(Debug, Clone, Args)]
pub struct ReplayOptions {
    /// Sales, one body of `POST /api/2.0/send_transaction` a line, in the order in which they happened
    #[arg(value_name = "FILE.ndjson")]
    pub file: PathBuf,

    /// Which server.
    #[command(flatten)]
    pub server: ServerChoice,

    /// Stream the sales (`POST /api/2.0/send_transactions`) instead of sending each in a request of its own: many
    /// times faster, less like a till
    #[arg(long, env = "LAUREL_BULK")]
    pub bulk: bool,

    /// Connections at a time [default: 64; with --bulk 4]
    #[arg(long, env = "LAUREL_CONNECTIONS", value_name = "N")]
    connections: Option<NonZeroU16>,

    /// How long to wait.
    #[command(flatten)]
    pub patience: Patience,
}

impl ReplayOptions {
    /// Connections at a time.
    pub fn connections(&self) -> NonZeroU16 {
        const SINGLE: NonZeroU16 = NonZeroU16::new(64).expect("64 is not zero");
        const BULK: NonZeroU16 = NonZeroU16::new(4).expect("4 is not zero");
        self.connections.unwrap_or(if self.bulk { BULK } else { SINGLE })
    }
}

/// Options of `members load`.
#[derive(Debug, Clone, Args)]
pub struct MembersOptions {
    /// Customers, one `user` object of the customer API a line, for example {"external_id":"900","email":"a@b.test"}
    #[arg(value_name = "FILE.ndjson")]
    pub file: PathBuf,

    /// Which server.
    #[command(flatten)]
    pub server: ServerChoice,

    /// Connections at a time
    #[arg(long, env = "LAUREL_CONNECTIONS", default_value = "32", value_name = "N")]
    pub connections: NonZeroU16,

    /// How long to wait.
    #[command(flatten)]
    pub patience: Patience,
}

/// Options of `program check` and `program apply`.
#[derive(Debug, Clone, Args)]
pub struct ProgramOptions {
    /// The texts.
    #[command(flatten)]
    pub texts: ProgramTexts,

    /// Which server.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// The files that make up a loyalty program.
#[derive(Debug, Clone, Args)]
pub struct ProgramTexts {
    /// The program: retailer, point accounts and sources, tier systems, rule trees; a JSON object
    #[arg(value_name = "PROGRAM.json")]
    pub program: PathBuf,

    /// The stores; a JSON array [default: those in force stay]
    #[arg(long, value_name = "STORES.json")]
    pub stores: Option<PathBuf>,

    /// The catalog, one item a line [default: the one in force stays]
    #[arg(long, value_name = "CATALOG.ndjson")]
    pub catalog: Option<PathBuf>,
}
