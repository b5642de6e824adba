//! One connection to the server, and what is sent over it. Says whether there was an answer; never repeats by itself.

use std::{io::Read, time::Duration};

use serde_json::{Value, json};
use ureq::Agent;

use super::deed::POINTS;
use crate::server::{RETAILER, STORE, Server, basic};

/// Longer than a process is ever stopped.
const CALL_MAX: Duration = Duration::from_secs(30);

/// Somebody who sends; nothing is shared with others.
pub struct Till {
    agent: Agent,
    url: String,
    core_path: String,
    core: String,
    connect: String,
    pos: String,
    admin: String,
}

/// A request.
pub struct Ask {
    pub surface: Surface,
    pub path: &'static str,
    pub body: String,
}

/// Which keys it is sent with.
#[derive(Clone, Copy)]
pub enum Surface {
    Core,
    Connect,
    Pos,
}

impl Till {
    pub fn new(server: &Server) -> Self {
        let keys = server.keys();
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(CALL_MAX)).build();
        Self {
            agent: config.into(),
            url: server.url(""),
            core_path: format!("/priv/v1/apps/{}", keys.core.key),
            core: basic(&keys.core),
            connect: basic(&keys.connect),
            pos: basic(&keys.pos),
            admin: format!("Bearer {}", keys.admin_key),
        }
    }

    /// Status and body; nothing if the connection broke before the answer was whole.
    pub fn ask(&self, ask: &Ask) -> Option<(u16, String)> {
        let (prefix, authorization) = match ask.surface {
            Surface::Core => (self.core_path.as_str(), &self.core),
            Surface::Connect => ("", &self.connect),
            Surface::Pos => ("", &self.pos),
        };
        let call = self.agent.post(format!("{}{prefix}{}", self.url, ask.path));
        let call = call.header("authorization", authorization).header("content-type", "application/json");
        let mut answer = call.send(ask.body.as_str()).ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.body_mut().read_to_string().ok()?))
    }

    /// The lines of a streamed answer that arrived, also when it broke off. The number of lines that are whole.
    pub fn stream(&self, body: &str) -> Vec<Value> {
        let call = self.agent.post(format!("{}/api/2.0/send_transactions", self.url));
        let call =
            call.header("authorization", &self.pos).header("content-type", "application/x-ndjson").send(body);
        let Ok(mut answer) = call else { return Vec::new() };
        assert_eq!(answer.status(), 200);
        let mut text = Vec::new();
        // What came before an error counts.
        let _broken = answer.body_mut().as_reader().read_to_end(&mut text);
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines = std::str::from_utf8(&text[..whole]).unwrap().lines();
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Points a member can spend; nothing when there is none. The server must be there.
    #[track_caller]
    pub fn points(&self, external_id: &str) -> Option<i64> {
        self.try_points(external_id).unwrap_or_else(|status| panic!("{external_id}: {status}"))
    }

    /// The same, or the status of a refusal.
    pub fn try_points(&self, external_id: &str) -> Result<Option<i64>, u16> {
        let (url, core) = (&self.url, &self.core_path);
        let call = self.agent.get(format!("{url}{core}/external/users/{external_id}?expand_incentives=true"));
        let mut answer = call.header("authorization", &self.core).call().unwrap();
        match answer.status().as_u16() {
            200 => {
                let user: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
                Ok(Some(user["user"]["available_points"].as_i64().unwrap()))
            }
            404 => Ok(None),
            other => Err(other),
        }
    }

    /// Asks for a checkpoint, which the process need not live to answer.
    pub fn checkpoint(&self) {
        let call = self.agent.post(format!("{}/admin/checkpoint", self.url));
        drop(call.header("authorization", &self.admin).send("{}"));
    }

    /// The amounts of all rows of a member's ledger.
    pub fn rows(&self, external_id: &str) -> Vec<i64> {
        let mut rows = Vec::new();
        loop {
            let body = json!({"retailer_id": RETAILER, "user_id": external_id, "point_account_ids": [POINTS],
                              "skip": rows.len(), "take": 1000});
            let path = "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs";
            let page = self.demand(&Ask { surface: Surface::Connect, path, body: body.to_string() });
            let results = page["payload"]["results"].as_array().unwrap();
            if results.is_empty() {
                return rows;
            }
            rows.extend(results.iter().map(|row| row["modification"].as_i64().unwrap()));
        }
    }

    /// How many sales the store has.
    pub fn sales_in_store(&self) -> usize {
        let body = json!({"retailer_id": RETAILER, "store_id": STORE, "take": 1}).to_string();
        let path = "/transactions/api/1.0/transactions/info/get_store_transactions";
        let page = self.demand(&Ask { surface: Surface::Connect, path, body });
        usize::try_from(page["payload"]["total_records"].as_u64().unwrap()).unwrap()
    }

    fn demand(&self, ask: &Ask) -> Value {
        let (status, text) = self.ask(ask).expect("the server is there");
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}
