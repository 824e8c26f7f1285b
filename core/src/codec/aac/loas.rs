//! LOAS frames, which carry LATM. ISO/IEC 14496-3:2019 §1.7.2.

use crate::codec::FrameError;

/// Length in bytes of the `AudioSyncStream` frame at the start of `bytes`, its three bytes of header included.
///
/// # Errors
/// [`FrameError::Truncated`] below three bytes, [`FrameError::Malformed`] without the syncword 0x2B7.
pub fn loas_frame_bytes(bytes: &[u8]) -> Result<usize, FrameError> {
    let &[a, b, c, ..] = bytes else { return Err(FrameError::Truncated(3)) };
    if a != 0x56 || b & 0xE0 != 0xE0 {
        return Err(FrameError::Malformed("syncword"));
    }
    Ok(3 + (usize::from(b & 0x1F) << 8 | usize::from(c)))
}
