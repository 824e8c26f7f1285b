//! Transport streams: ISO/IEC 13818-1. Nothing in here knows of codecs.

mod clock;
pub mod descriptor;
mod packet;
mod pes;
mod pes_writer;
pub mod psi;
mod sync;

pub use clock::{Pcr, Pts};
pub use packet::{AdaptationField, PACKET_BYTES, Packet, Pid, SYNC_BYTE};
pub use pes::{PesHeader, PesReader, PesScan};
pub use pes_writer::{PesWriter, adaptation_only};
pub use sync::PacketSync;
