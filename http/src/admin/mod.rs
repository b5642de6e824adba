//! Administration: the program, stores and catalog of the retailer, checkpoints, backups, the test clock. Laurel's own.
//!
//! Opened by the admin key as a bearer token.

mod backup;
mod checkpoint;
mod clock;
mod configure;
mod error;

pub(crate) use backup::{__path_begin_backup, __path_show_backup, begin_backup, show_backup};
pub(crate) use checkpoint::{__path_checkpoint, checkpoint};
pub(crate) use clock::{__path_test_clock, test_clock};
pub(crate) use configure::{
    __path_put_catalog, __path_put_program, __path_put_stores, put_catalog, put_program, put_stores,
};
pub(crate) use error::{AdminCode, AdminError, AdminErrorBody};
