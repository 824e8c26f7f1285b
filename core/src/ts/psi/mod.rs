//! Programme specific information: sections, PAT, PMT. ISO/IEC 13818-1:2023 §2.4.4.

mod pat;
mod pmt;
mod section;
mod writer;

pub use pat::{Pat, PatEntry};
pub use pmt::{EsRewrite, Pmt, PmtStream};
pub use section::{SectionReader, crc_is_right, crc32};
pub use writer::SectionWriter;
