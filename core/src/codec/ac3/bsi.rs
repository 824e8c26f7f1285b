//! Bit stream information: what a frame says of itself, its mix levels and its gains (A/52:2018 §5.3.2, §5.4.2, and
//! Annex D for `bsid` 6).

use super::bits::BitReader;
use super::header::{channel_mode, has_center_mix, has_surround_mix};
use super::tables::{CENTER_MIX_LEVELS, LORO_CENTER_MIX_LEVELS, LORO_SURROUND_MIX_LEVELS, SURROUND_MIX_LEVELS};
use crate::codec::{ChannelMode, Layout, Mix};

/// `bsid` of Annex D's alternate syntax, which puts mix levels in the place of time codes.
const ALTERNATE_BSID: u32 = 6;

/// What decoding needs of `syncinfo` and `bsi`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bsi {
    pub(super) fscod: u8,
    pub(super) bsid: u8,
    pub(super) layout: Layout,
    pub(super) mix: Mix,
    /// `compr` and, in 1+1 mode, `compr2`, where they exist.
    pub(super) compr: [Option<u8>; 2],
}

impl Bsi {
    /// Reads `syncinfo` and `bsi` of a frame whose header has been checked; the reader stands at its first bit, and then
    /// at its first audio block.
    pub(super) fn read(bits: &mut BitReader) -> Self {
        let _syncword_crc1 = bits.take(32);
        let fscod = bits.take(2) as u8;
        let _frmsizecod = bits.take(6);
        let bsid = bits.take(5);
        let _bsmod = bits.take(3);
        let mode = channel_mode(bits.take(3));
        let mut mix = Mix::default();
        if has_center_mix(mode) {
            mix.center = CENTER_MIX_LEVELS[bits.take(2) as usize];
        }
        if has_surround_mix(mode) {
            mix.surround = SURROUND_MIX_LEVELS[bits.take(2) as usize];
        }
        if mode == ChannelMode::Stereo {
            let _dsurmod = bits.take(2);
        }
        let layout = Layout { mode, lfe: bits.flag() };
        // In 1+1 mode these fields come once for each programme. The first one's dialogue level is reported.
        let mut compr = [None; 2];
        let programmes = if mode == ChannelMode::DualMono { 2 } else { 1 };
        for (programme, compr) in compr[..programmes].iter_mut().enumerate() {
            let dialnorm = bits.take(5) as i8;
            if programme == 0 {
                // 0 is reserved and taken as −31 dB (A/52:2018 §5.4.2.8).
                mix.dialnorm = Some(if dialnorm == 0 { -31 } else { -dialnorm });
            }
            *compr = bits.flag().then(|| bits.take(8) as u8);
            skip_if_present(bits, 8); // langcod
            skip_if_present(bits, 7); // mixlevel, roomtyp
        }
        let _copyrightb_origbs = bits.take(2);
        if bsid == ALTERNATE_BSID {
            if bits.flag() {
                let _dmixmod_ltrt = bits.take(8);
                let (center, surround) = (bits.take(3) as usize, bits.take(3) as usize);
                // Where there is no such channel the levels say nothing; mono keeps its own.
                if has_center_mix(mode) {
                    mix.center = LORO_CENTER_MIX_LEVELS[center];
                }
                if has_surround_mix(mode) {
                    mix.surround = LORO_SURROUND_MIX_LEVELS[surround];
                }
            }
        } else {
            skip_if_present(bits, 14); // timecod1
        }
        skip_if_present(bits, 14); // timecod2, or xbsi2 of Annex D
        if bits.flag() {
            let addbsil = bits.take(6) as usize;
            bits.skip(8 * (addbsil + 1));
        }
        Self { fscod, bsid: bsid as u8, layout, mix, compr }
    }
}

/// Passes over a field that follows only where its flag is set.
fn skip_if_present(bits: &mut BitReader, field_bits: usize) {
    if bits.flag() {
        bits.skip(field_bits);
    }
}
