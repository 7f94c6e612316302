//! `man`: the manual pages.

use std::path::PathBuf;

use crate::context::Context;
use crate::error::Result;
use crate::files::{make_folder, write_public};

/// Print this program's manual page, or write the pages of all commands into a folder
///
/// Argument is a folder such as ~/.local/share/man/man1; without one the page of the program is printed.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Where the pages go.
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// A page of the manual.
#[derive(Debug)]
pub(crate) struct Page {
    /// `docker-machine-create.1`.
    pub(crate) file: String,
    /// In roff.
    pub(crate) text: String,
}

/// Prints the program's page, or writes all of them: `docker-machine.1`, `docker-machine-create.1` and so on.
///
/// # Errors
/// A file cannot be written.
pub(crate) fn write(cx: &Context, args: &Args, pages: &[Page]) -> Result<()> {
    let Some(folder) = &args.folder else {
        cx.console.data(&pages[0].text);
        return Ok(());
    };
    let folder = cx.env.cwd.join(folder);
    make_folder(&folder)?;
    for page in pages {
        write_public(&folder.join(&page.file), page.text.as_bytes())?;
    }
    Ok(())
}
