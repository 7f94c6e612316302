//! The user's terminal during a remote shell: raw mode that is always undone, its size, its modes.

use std::sync::{Mutex, Once};

use russh::Pty;
use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr,
    tcgetwinsize, tcsetattr,
};

use crate::error::Result;

/// The settings to go back to, where the panic hook finds them too.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// Raw mode: every key goes to the host as it is. Undone when dropped, and before a panic is printed.
#[derive(Debug)]
pub struct RawMode;

impl RawMode {
    /// Switches it on for standard input.
    ///
    /// # Errors
    /// Standard input is no terminal.
    pub fn enter() -> Result<Self> {
        let stdin = rustix::stdio::stdin();
        let before = tcgetattr(stdin).map_err(std::io::Error::from)?;
        let mut raw = before.clone();
        raw.make_raw();
        remember(Some(before));
        HOOK.call_once(|| {
            let next = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                restore();
                next(info);
            }));
        });
        // From here on the guard puts things back, also if the next call fails half-way.
        let guard = Self;
        tcsetattr(stdin, OptionalActions::Drain, &raw).map_err(std::io::Error::from)?;
        Ok(guard)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

fn remember(settings: Option<Termios>) -> Option<Termios> {
    let mut before = BEFORE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    std::mem::replace(&mut *before, settings)
}

fn restore() {
    if let Some(before) = remember(None) {
        _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &before);
    }
}

/// A terminal's size: columns, rows, and pixels in both directions (0: unknown).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// The size of the terminal at standard input; all 0 if it is none.
pub fn size() -> Size {
    tcgetwinsize(rustix::stdio::stdin()).map_or_else(
        |_| Size::default(),
        |size| Size {
            columns: size.ws_col.into(),
            rows: size.ws_row.into(),
            width: size.ws_xpixel.into(),
            height: size.ws_ypixel.into(),
        },
    )
}

/// The terminal's modes in the encoding of RFC 4254 section 8, for the host's side of the terminal; read before raw
/// mode. Nothing if standard input is no terminal.
pub fn modes() -> Vec<(Pty, u32)> {
    tcgetattr(rustix::stdio::stdin()).map_or_else(|_| Vec::new(), |settings| encode(&settings))
}

/// Keys with a meaning.
const KEYS: &[(Pty, SpecialCodeIndex)] = &[
    (Pty::VINTR, SpecialCodeIndex::VINTR),
    (Pty::VQUIT, SpecialCodeIndex::VQUIT),
    (Pty::VERASE, SpecialCodeIndex::VERASE),
    (Pty::VKILL, SpecialCodeIndex::VKILL),
    (Pty::VEOF, SpecialCodeIndex::VEOF),
    (Pty::VEOL, SpecialCodeIndex::VEOL),
    (Pty::VEOL2, SpecialCodeIndex::VEOL2),
    (Pty::VSTART, SpecialCodeIndex::VSTART),
    (Pty::VSTOP, SpecialCodeIndex::VSTOP),
    (Pty::VSUSP, SpecialCodeIndex::VSUSP),
    (Pty::VREPRINT, SpecialCodeIndex::VREPRINT),
    (Pty::VWERASE, SpecialCodeIndex::VWERASE),
    (Pty::VLNEXT, SpecialCodeIndex::VLNEXT),
    (Pty::VDISCARD, SpecialCodeIndex::VDISCARD),
];

const INPUT: &[(Pty, InputModes)] = &[
    (Pty::IGNPAR, InputModes::IGNPAR),
    (Pty::PARMRK, InputModes::PARMRK),
    (Pty::INPCK, InputModes::INPCK),
    (Pty::ISTRIP, InputModes::ISTRIP),
    (Pty::INLCR, InputModes::INLCR),
    (Pty::IGNCR, InputModes::IGNCR),
    (Pty::ICRNL, InputModes::ICRNL),
    (Pty::IXON, InputModes::IXON),
    (Pty::IXANY, InputModes::IXANY),
    (Pty::IXOFF, InputModes::IXOFF),
    (Pty::IMAXBEL, InputModes::IMAXBEL),
];

const LOCAL: &[(Pty, LocalModes)] = &[
    (Pty::ISIG, LocalModes::ISIG),
    (Pty::ICANON, LocalModes::ICANON),
    (Pty::ECHO, LocalModes::ECHO),
    (Pty::ECHOE, LocalModes::ECHOE),
    (Pty::ECHOK, LocalModes::ECHOK),
    (Pty::ECHONL, LocalModes::ECHONL),
    (Pty::NOFLSH, LocalModes::NOFLSH),
    (Pty::TOSTOP, LocalModes::TOSTOP),
    (Pty::IEXTEN, LocalModes::IEXTEN),
    (Pty::ECHOCTL, LocalModes::ECHOCTL),
    (Pty::ECHOKE, LocalModes::ECHOKE),
];

const OUTPUT: &[(Pty, OutputModes)] = &[
    (Pty::OPOST, OutputModes::OPOST),
    (Pty::ONLCR, OutputModes::ONLCR),
    (Pty::OCRNL, OutputModes::OCRNL),
    (Pty::ONOCR, OutputModes::ONOCR),
    (Pty::ONLRET, OutputModes::ONLRET),
];

const CONTROL: &[(Pty, ControlModes)] = &[
    (Pty::CS7, ControlModes::CS7),
    (Pty::CS8, ControlModes::CS8),
    (Pty::PARENB, ControlModes::PARENB),
    (Pty::PARODD, ControlModes::PARODD),
];

fn encode(settings: &Termios) -> Vec<(Pty, u32)> {
    let mut modes = vec![(Pty::TTY_OP_ISPEED, settings.input_speed()), (Pty::TTY_OP_OSPEED, settings.output_speed())];
    modes.extend(KEYS.iter().map(|(code, key)| (*code, u32::from(settings.special_codes[*key]))));
    modes.extend(INPUT.iter().map(|(code, mode)| (*code, u32::from(settings.input_modes.contains(*mode)))));
    #[cfg(target_os = "linux")]
    modes.push((Pty::IUTF8, u32::from(settings.input_modes.contains(InputModes::IUTF8))));
    modes.extend(LOCAL.iter().map(|(code, mode)| (*code, u32::from(settings.local_modes.contains(*mode)))));
    modes.extend(OUTPUT.iter().map(|(code, mode)| (*code, u32::from(settings.output_modes.contains(*mode)))));
    modes.extend(CONTROL.iter().map(|(code, mode)| (*code, u32::from(settings.control_modes.contains(*mode)))));
    modes
}
