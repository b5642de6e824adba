//! The rows of the table, one function each.

use std::{io::Write, path::PathBuf, time::Duration};

use anyhow::ensure;

use crate::{
    Row, backup,
    connection::Connection,
    load::{self, Customers, Load, Refused, Until},
    program::{Keys, Program},
    request::Template,
    table::{Figure, Table},
};

pub const FEW: usize = 64;
const MANY: usize = 256;
/// Before each row, so that connections, caches and branch predictors are as in the middle of a day.
pub const WARM_UP: Duration = Duration::from_secs(1);
/// Sales that each customer has behind it, on average, before anything is measured.
const EARLIER_SALES_EACH: u64 = 4;
/// Sales of the restart row; each leaves two events, its own and the member's.
const RESTART_SALES: u64 = 500_000;
/// Sales of the bulk row for each second that a row lasts; about as many as are taken in that time.
const BULK_SALES_A_SECOND: u64 = 40_000;
/// Numbers of sales that one row may use.
const SALES_A_ROW: u64 = 20_000_000;
/// Bounds under which no checkpoint starts by itself.
const NO_CHECKPOINTS: [&str; 4] = ["--checkpoint-records", "1000000000", "--tail-bytes-max", "8GiB"];

/// A server with customers.
pub struct Bench {
    program: Program,
    keys: Keys,
    customers: u64,
    time: String,
    next_sale: u64,
    single256: Option<u64>,
}

impl Bench {
    /// Starts a server and creates its customers.
    pub async fn prepare(customers: u64) -> anyhow::Result<Self> {
        ensure!(customers > 0, "at least one customer is needed");
        let program = Program::start(&[]).await?;
        let keys = program.keys()?;
        let time = jiff::Timestamp::now().strftime("%FT%T.000Z").to_string();
        let mut bench = Self { program, keys, customers, time, next_sale: 0, single256: None };
        eprintln!("creating {customers} customers ...");
        create_customers(&bench.program, &bench.keys, customers).await?;
        eprintln!("filling their memory ...");
        bench.fill().await?;
        Ok(bench)
    }

    /// Takes the server through a checkpoint with as much behind it as a row leaves, so that customers have bought
    /// before and memory has the size it has in the middle of a day.
    async fn fill(&mut self) -> anyhow::Result<()> {
        let sales = EARLIER_SALES_EACH * self.customers;
        let mut load = self.load(MANY, Customers::Random(self.customers), Duration::ZERO, None);
        load.until = Until::Count(sales);
        load.refused = Refused::Repeat;
        load::run(load, &Template::sale(&self.keys, SEND, &self.time)).await?;
        checkpoint(&self.program, &self.keys).await
    }

    /// Measures a row. Each begins with a fresh checkpoint, so that none pays for the rows before it.
    pub async fn measure(&mut self, row: Row, time: Duration, table: &mut Table) -> anyhow::Result<()> {
        checkpoint(&self.program, &self.keys).await?;
        let spread = Customers::Random(self.customers);
        match row {
            Row::Noop => {
                let figure = self.rate("parsed, nothing stored", "/bench/parse", FEW, spread, time).await?;
                table.add(figure);
            }
            Row::Single64 => table.add(self.rate("single durable sales", SEND, FEW, spread, time).await?),
            Row::Single256 => {
                let figure = self.rate("single durable sales", SEND, MANY, spread, time).await?;
                self.single256 = figure.per_second;
                table.add(figure);
            }
            Row::Open => table.add(self.open(spread, time).await?),
            Row::Hot => {
                let one = Customers::One(0);
                table.add(self.rate("single durable sales of one customer", SEND, FEW, one, time).await?);
            }
            Row::Bulk => table.add(self.bulk(time).await?),
            Row::Memory => table.add(self.memory().await?),
            Row::Restart => restart(&self.time, self.customers, table).await?,
            Row::Backup => backup::measure(&self.time, self.customers, time, table).await?,
        }
        Ok(())
    }

    async fn rate(
        &mut self,
        what: &str,
        path: &str,
        connections: usize,
        customers: Customers,
        time: Duration,
    ) -> anyhow::Result<Figure> {
        let template = Template::sale(&self.keys, path, &self.time);
        let warm_up = self.load(connections, customers, WARM_UP, None);
        load::run(warm_up, &template).await?;
        let load = self.load(connections, customers, time, None);
        let measured = load::run(load, &template).await?;
        Ok(Figure {
            what: format!("{what}, {connections} connections"),
            per_second: Some(measured.per_second()),
            latency: Some(measured.latency),
            note: String::new(),
        })
    }

    /// Half of what the server can do at most, which is where its latency is worth knowing.
    async fn open(&mut self, customers: Customers, time: Duration) -> anyhow::Result<Figure> {
        let most = match self.single256 {
            Some(most) => most,
            None => self.rate("", SEND, MANY, customers, WARM_UP).await?.per_second.unwrap_or_default(),
        };
        let rate = (most / 2).max(1);
        let template = Template::sale(&self.keys, SEND, &self.time);
        let load = self.load(MANY, customers, time, Some(rate));
        let measured = load::run(load, &template).await?;
        Ok(Figure {
            what: format!("single durable sales at a fixed {rate} a second, {MANY} connections"),
            per_second: Some(measured.per_second()),
            latency: Some(measured.latency),
            note: "latency from the time a sale was due; the client's timer adds up to 1 ms".into(),
        })
    }

    fn load(&mut self, connections: usize, customers: Customers, time: Duration, rate: Option<u64>) -> Load {
        let first_sale = self.take_sales();
        let (server, until) = (self.program.address(), Until::Elapsed(time));
        Load { server, connections, customers, until, rate, first_sale, refused: Refused::Fail }
    }

    fn take_sales(&mut self) -> u64 {
        let first = self.next_sale;
        self.next_sale += SALES_A_ROW;
        first
    }

    async fn bulk(&mut self, time: Duration) -> anyhow::Result<Figure> {
        let count = BULK_SALES_A_SECOND * time.as_secs().max(1);
        let first = self.take_sales();
        let file = sales_file(&self.program, &self.keys, &self.time, first..first + count, self.customers)?;
        let elapsed = self.program.replay_bulk(&file)?;
        let rate = u128::from(count) * 1_000_000 / elapsed.as_micros().max(1);
        Ok(Figure {
            what: "streamed durable sales, `replay --bulk`".into(),
            per_second: Some(u64::try_from(rate)?),
            latency: None,
            note: format!("{count} sales in {elapsed:.2?}, start of the client included"),
        })
    }

    /// Reads every customer once on a server that has just started from a checkpoint, and looks what that costs.
    async fn memory(&mut self) -> anyhow::Result<Figure> {
        checkpoint(&self.program, &self.keys).await?;
        self.program.kill9()?;
        self.program.launch().await?;
        let before = self.program.resident_bytes()?;
        let load = Load {
            server: self.program.address(),
            connections: FEW,
            customers: Customers::Sequence,
            until: Until::Count(self.customers),
            rate: None,
            first_sale: 0,
            refused: Refused::Fail,
        };
        load::run(load, &Template::read(&self.keys)).await?;
        let after = self.program.resident_bytes()?;
        let each = after.saturating_sub(before) / self.customers;
        Ok(Figure {
            what: "memory per resident customer".into(),
            per_second: None,
            latency: None,
            note: format!(
                "{each} bytes ({} MiB before, {} MiB after reading {} customers; page cache of the store included)",
                before >> 20,
                after >> 20,
                self.customers
            ),
        })
    }
}

pub const SEND: &str = "/api/2.0/send_transaction";

pub async fn create_customers(program: &Program, keys: &Keys, customers: u64) -> anyhow::Result<()> {
    let load = Load {
        server: program.address(),
        connections: MANY,
        customers: Customers::Sequence,
        until: Until::Count(customers),
        rate: None,
        first_sale: 0,
        refused: Refused::Repeat,
    };
    load::run(load, &Template::create(keys)).await?;
    Ok(())
}

pub fn sales_file(
    program: &Program,
    keys: &Keys,
    time: &str,
    sales: std::ops::Range<u64>,
    customers: u64,
) -> anyhow::Result<PathBuf> {
    let mut template = Template::sale(keys, SEND, time);
    let (path, mut file) = program.file("sales.ndjson")?;
    for sale in sales {
        file.write_all(template.fill_body(sale, fastrand::u64(0..customers)))?;
        file.write_all(b"\n")?;
    }
    // Else the system writes it half a minute later, in the middle of what is measured then.
    file.into_inner()?.sync_data()?;
    Ok(path)
}

pub async fn checkpoint(program: &Program, keys: &Keys) -> anyhow::Result<()> {
    let mut connection = Connection::open(program.address()).await?;
    let answer = connection.call(Template::admin(keys, "/admin/checkpoint").fill(0, 0)).await?;
    ensure!(answer.status == 200, "no checkpoint: {}", String::from_utf8_lossy(answer.body));
    Ok(())
}

/// Fills the tail of a server of its own, kills it, and looks how long it takes until it answers again.
async fn restart(time: &str, customers: u64, table: &mut Table) -> anyhow::Result<()> {
    let mut program = Program::start(&NO_CHECKPOINTS).await?;
    let keys = program.keys()?;
    create_customers(&program, &keys, customers).await?;
    let file = sales_file(&program, &keys, time, 0..RESTART_SALES, customers)?;
    program.replay_bulk(&file)?;
    program.kill9()?;
    let full = program.launch().await?;
    checkpoint(&program, &keys).await?;
    program.kill9()?;
    let empty = program.launch().await?;
    let row = |what: &str, took: Duration| Figure {
        what: format!("ready after kill -9, {what}"),
        per_second: None,
        latency: None,
        note: format!("{took:.2?}"),
    };
    table.add(row(
        &format!("{RESTART_SALES} sales (two events each) and {customers} customers since the checkpoint"),
        full,
    ));
    table.add(row("everything in the checkpoint", empty));
    Ok(())
}
