//! Who is served and who may ask: the tenant of a data folder, made at its first start.
//!
//! `tenant.json` holds salted digests only. The keys themselves are written once, to the keys file, readable by the
//! owner alone, and shown once.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use domain::id::RetailerId;
use laurel_http::{Credentials, PlainKeys};
use serde::{Deserialize, Serialize};

use crate::options::ServeOptions;

/// Its file in the data folder.
pub const FILE: &str = "tenant.json";

/// Who is served, and who may ask.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tenant {
    /// Whose data they are.
    pub retailer_id: RetailerId,
    /// Who may ask.
    pub credentials: Credentials,
}

/// The folder's tenant; at a first start a new one, with the keys that its credentials are the digests of.
pub fn load_or_make(options: &ServeOptions) -> anyhow::Result<(Tenant, Option<PlainKeys>)> {
    let path = options.data.join(FILE);
    if path.exists() {
        let text = fs::read(&path).with_context(|| format!("{}", path.display()))?;
        let mut tenant: Tenant =
            serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
        if let Some(asked) = options.retailer_id
            && RetailerId(asked) != tenant.retailer_id
        {
            anyhow::bail!(
                "the data in {} are of retailer {}, not of {asked}",
                options.data.display(),
                tenant.retailer_id
            );
        }
        if let Some(admin_key) = &options.admin_key {
            tenant.credentials.replace_admin_key(admin_key.reveal());
        }
        return Ok((tenant, None));
    }
    let retailer_id = RetailerId(options.retailer_id.unwrap_or_else(uuid::Uuid::now_v7));
    let mut plain = PlainKeys::generate(retailer_id);
    if let Some(admin_key) = &options.admin_key {
        plain.admin_key = admin_key.reveal().to_owned();
    }
    let tenant = Tenant { retailer_id, credentials: Credentials::of(&plain) };
    // The keys first: credentials whose keys nobody knows would open nothing, for ever.
    write_whole(&options.keys_file(), &serde_json::to_vec_pretty(&plain)?)?;
    write_whole(&path, &serde_json::to_vec_pretty(&tenant)?)?;
    Ok((tenant, Some(plain)))
}

/// Shows the keys of a first start, once.
pub fn introduce(options: &ServeOptions, url: &str, plain: &PlainKeys) {
    let PlainKeys { retailer_id, core, connect, pos, admin_key } = plain;
    println!(
        "Retailer {retailer_id}. These keys are shown once; they are also in {}.",
        options.keys_file().display()
    );
    for (surface, pair) in
        [("customers", core), ("incentives, transactions", connect), ("point of sale", pos)]
    {
        println!("  {surface:<25} {}:{}", pair.key, pair.secret);
    }
    println!("  {:<25} {admin_key}", "admin (Bearer)");
    println!("Try it:");
    let user = r#"{"user":{"external_id":"crm-1001","email":"ann@example.com"}}"#;
    println!(
        "  curl -u {key}:{} {url}/priv/v1/apps/{key}/users -H 'Content-Type: application/json' -d '{user}'",
        core.secret,
        key = core.key,
    );
    println!("  {url}/docs in a browser");
}

/// Writes a file whole or not at all, readable by the owner alone.
fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let partial = path.with_extension("partial");
    let write = || -> std::io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)?;
        fs::File::open(
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        )?
        .sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
