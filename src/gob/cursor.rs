//! A place in the messages that have arrived, and the simple encodings.

use super::{Malformed, malformed};

/// Why reading stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The value goes on in a message that is not here yet.
    NeedsMessage,
    /// The bytes make no sense.
    Malformed(Malformed),
}

impl From<Malformed> for Stop {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

/// Where reading stands. Only [`Cursor::next_message`] goes from one message to the next.
pub(super) struct Cursor<'m> {
    messages: &'m [Vec<u8>],
    /// How many messages were begun.
    begun: usize,
    rest: &'m [u8],
}

impl<'m> Cursor<'m> {
    pub(super) fn new(messages: &'m [Vec<u8>]) -> Self {
        Self { messages, begun: 0, rest: &[] }
    }

    /// How many messages were read, the present one included.
    pub(super) fn begun(&self) -> usize {
        self.begun
    }

    pub(super) fn is_at_end_of_message(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn next_message(&mut self) -> Result<(), Stop> {
        self.rest = self.messages.get(self.begun).ok_or(Stop::NeedsMessage)?;
        self.begun += 1;
        Ok(())
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| Malformed("a message ends too early".to_owned()))?;
        self.rest = rest;
        Ok(*first)
    }

    pub(super) fn take(&mut self, count: u64) -> Result<&'m [u8], Malformed> {
        match usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count)) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => malformed(format!("{count} bytes are announced where {} are left", self.rest.len())),
        }
    }

    pub(super) fn uint(&mut self) -> Result<u64, Malformed> {
        match uint(self.rest)? {
            Some((number, width)) => {
                self.rest = &self.rest[width..];
                Ok(number)
            }
            None => malformed("a message ends in the middle of a number"),
        }
    }

    pub(super) fn int(&mut self) -> Result<i64, Malformed> {
        Ok(signed(self.uint()?))
    }

    /// A text or bytes with their length in front.
    pub(super) fn bytes(&mut self) -> Result<&'m [u8], Malformed> {
        let length = self.uint()?;
        self.take(length)
    }

    pub(super) fn float(&mut self) -> Result<f64, Malformed> {
        Ok(f64::from_bits(self.uint()?.swap_bytes()))
    }
}

/// An unsigned number and its width; `None`: its bytes have not all arrived.
pub(super) fn uint(bytes: &[u8]) -> Result<Option<(u64, usize)>, Malformed> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    if first < 0x80 {
        return Ok(Some((first.into(), 1)));
    }
    let width = 256 - usize::from(first);
    if width > 8 {
        return malformed(format!("a number has {width} bytes"));
    }
    let digits = bytes.get(1..=width);
    Ok(digits.map(|digits| (digits.iter().fold(0, |number, digit| number << 8 | u64::from(*digit)), width + 1)))
}

/// The lowest bit tells the sign.
fn signed(number: u64) -> i64 {
    let size = i64::try_from(number >> 1).expect("63 bits");
    if number & 1 == 0 { size } else { !size }
}
