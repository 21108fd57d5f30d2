//! Ports for one switch, safe against other test processes on the machine.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the kernel's ephemeral range, so that no client socket sits there by chance.
const FIRST: u16 = 11_000;
const WIDTH: u16 = 1_000;
const SLOTS: u32 = 20;

/// A block of ports. One of them is held open as the lock of the whole block: the kernel gives it
/// back however this process ends.
pub(crate) struct Ports {
    first: u16,
    _lock: UdpSocket,
}

impl Ports {
    /// Takes a block that nobody has; starts at a place that depends on the process.
    pub(crate) fn take() -> Ports {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let start = std::process::id().wrapping_mul(7) + NEXT.fetch_add(1, Ordering::Relaxed);
        for slot in (0..SLOTS).map(|n| (start.wrapping_add(n)) % SLOTS) {
            let first = FIRST + slot as u16 * WIDTH;
            let Ok(lock) = UdpSocket::bind((Ipv4Addr::LOCALHOST, first + WIDTH - 1)) else {
                continue;
            };
            let ports = Ports { first, _lock: lock };
            let esl_free = TcpListener::bind((Ipv4Addr::LOCALHOST, ports.esl())).is_ok();
            let sip_free = UdpSocket::bind((Ipv4Addr::LOCALHOST, ports.sip())).is_ok();
            if esl_free && sip_free {
                return ports;
            }
        }
        panic!("all {SLOTS} blocks of test ports are taken");
    }

    pub(crate) fn esl(&self) -> u16 {
        self.first
    }

    pub(crate) fn sip(&self) -> u16 {
        self.first + 1
    }

    pub(crate) fn other_sip(&self) -> u16 {
        self.first + 2
    }

    pub(crate) fn tls(&self) -> u16 {
        self.first + 3
    }

    pub(crate) fn web(&self) -> u16 {
        self.first + 7
    }

    /// One more port, 4 to 6, and 8 to 99.
    pub(crate) fn other(&self, number: u16) -> u16 {
        self.first + number
    }

    pub(crate) fn rtp_start(&self) -> u16 {
        self.first + 100
    }

    pub(crate) fn rtp_end(&self) -> u16 {
        self.first + WIDTH - 2
    }
}

/// One port for a server of another kind, below the kernel's ephemeral range and above the blocks of switches. A UDP socket
/// of that number is its lock.
pub(crate) fn one() -> (u16, UdpSocket) {
    for _ in 0..200 {
        let port = fastrand::u16(31_000..32_700);
        let Ok(lock) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)) else { continue };
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return (port, lock);
        }
    }
    panic!("no port is free for a server");
}
