//! Loopback addresses that no other test has, in this checkout or in another one.

use std::net::TcpListener;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

/// What stands for an [`Address`] in expected texts: it is as long as they all are, so that columns stay as they are.
pub const ANY: &str = "127.AA.B.CC";

/// Whoever listens on this port of an address has the address.
const CLAIM: u16 = 2375;

/// An address of 127.0.0.0/8, the test's own until it is dropped.
pub struct Address {
    text: String,
    _claim: TcpListener,
}

impl Address {
    /// One that nobody has.
    pub fn fresh() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Processes begin at different places; what is taken nevertheless costs one more try.
        let begin = std::process::id().wrapping_mul(101);
        for _ in 0..1000 {
            let text = numbered(begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)));
            if let Ok(claim) = TcpListener::bind((text.as_str(), CLAIM)) {
                return Self { text, _claim: claim };
            }
        }
        panic!("a thousand loopback addresses are taken");
    }
}

/// From `127.10.1.10` to `127.99.9.99`: always eleven characters.
fn numbered(number: u32) -> String {
    format!("127.{}.{}.{}", 10 + number / 810 % 90, 1 + number / 90 % 9, 10 + number % 90)
}

impl Deref for Address {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}
