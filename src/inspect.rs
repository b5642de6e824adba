//! `laurel inspect`: one customer's state and history, from a folder that no server runs on.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use actors::{CustomerInspection, inspect_customer};
use anyhow::Context;
use clap::Args;
use domain::time::TimeForm;
use store::{Disk, FolderDisk};

/// Whom to look at.
#[derive(Debug, Clone, Args)]
pub struct InspectOptions {
    /// The customer's id, external id or e-mail address
    #[arg(value_name = "CUSTOMER")]
    pub customer: String,

    /// Folder of the stored data
    #[arg(long, env = "LAUREL_DATA", default_value = "./laurel-data", value_name = "FOLDER")]
    pub data: PathBuf,
}

/// Prints a customer's state and every record of its history.
pub fn run(options: &InspectOptions) -> anyhow::Result<ExitCode> {
    let folder = options.data.display();
    let disk: Arc<dyn Disk> =
        Arc::new(FolderDisk::new(&options.data).with_context(|| format!("folder {folder}"))?);
    match inspect_customer(disk, &options.customer)? {
        Some(inspection) => {
            print(&inspection);
            Ok(ExitCode::SUCCESS)
        }
        None => {
            eprintln!("No customer has the id, external id or e-mail address {:?}.", options.customer);
            Ok(ExitCode::FAILURE)
        }
    }
}

fn print(inspection: &CustomerInspection) {
    println!("customer {}", inspection.id);
    println!("{:#?}", inspection.state);
    println!("history, oldest first:");
    for (position, record) in &inspection.history {
        let (at, version) = (record.at.write(TimeForm::Iso), record.program_version);
        println!("  {position} at {at} under program {version}");
        for line in &record.lines {
            println!("    {line}");
        }
    }
}
