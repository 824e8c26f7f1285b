//! Bit stream information in Annex E's syntax (A/52:2018 §E.1.2.2, §E.2.3.1).

use crate::codec::ac3::bits::BitReader;
use crate::codec::ac3::header::{BLOCKS, channel_mode, has_center_mix, has_surround_mix};
use crate::codec::ac3::tables::{LORO_CENTER_MIX_LEVELS, LORO_SURROUND_MIX_LEVELS};
use crate::codec::{ChannelMode, FrameError, Layout, Mix};

/// `strmtyp`: what a frame is to its programme (A/52:2018 Table E2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamType {
    /// A programme of its own, or the base of one.
    Independent,
    /// Channels that replace some of an independent substream's, or that come on top.
    Dependent,
    /// An independent substream that was once AC-3.
    Converted,
}

/// What decoding needs of `syncinfo` and `bsi`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bsi {
    pub(super) strmtyp: StreamType,
    /// Length of the frame in words.
    pub(super) words: usize,
    /// Which column of the bit allocation's tables counts. The reduced rates of `fscod2` have that of twice their rate.
    pub(super) fscod: u8,
    /// Audio blocks in the frame.
    pub(super) blocks: usize,
    pub(super) layout: Layout,
    pub(super) mix: Mix,
    /// `compr` and, in 1+1 mode, `compr2`, where they exist. In a dependent substream the word has another meaning.
    pub(super) compr: [Option<u8>; 2],
    /// `chanmap` of a dependent substream.
    pub(super) chanmap: Option<u16>,
}

impl Bsi {
    /// Reads `syncinfo` and `bsi` of a frame whose header has been checked; the reader stands at its first bit, and then
    /// at `audfrm`.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] when a field is reserved.
    pub(super) fn read(bits: &mut BitReader) -> Result<Self, FrameError> {
        let _syncword = bits.take(16);
        let strmtyp = match bits.take(2) {
            0 => StreamType::Independent,
            1 => StreamType::Dependent,
            2 => StreamType::Converted,
            _ => return Err(FrameError::Malformed("strmtyp is reserved")),
        };
        let _substreamid = bits.take(3);
        let words = bits.take(11) as usize + 1;
        let (fscod, second) = (bits.take(2), bits.take(2));
        let (fscod, blocks, reduced) = match fscod {
            3 => (second, BLOCKS, true),
            _ => (fscod, [1, 2, 3, BLOCKS][second as usize], false),
        };
        let mode = channel_mode(bits.take(3));
        let layout = Layout { mode, lfe: bits.flag() };
        let _bsid = bits.take(5);
        let mut bsi = Self {
            strmtyp,
            words,
            fscod: fscod as u8,
            blocks,
            layout,
            mix: Mix::default(),
            compr: [None; 2],
            chanmap: None,
        };
        for programme in 0..bsi.programmes() {
            let dialnorm = bits.take(5) as i8;
            if programme == 0 {
                // 0 is reserved and taken as −31 dB (A/52:2018 §5.4.2.8).
                bsi.mix.dialnorm = Some(if dialnorm == 0 { -31 } else { -dialnorm });
            }
            bsi.compr[programme] = bits.flag().then(|| bits.take(8) as u8);
        }
        if strmtyp == StreamType::Dependent {
            // There it says which dependent substream is the last (A/52:2018 §E.3.8.5).
            bsi.compr = [None; 2];
            bsi.chanmap = bits.flag().then(|| bits.take(16) as u16);
        }
        if bits.flag() {
            bsi.read_mixing_metadata(bits);
        }
        if bits.flag() {
            bsi.skip_informational_metadata(bits, reduced);
        }
        if strmtyp == StreamType::Independent && blocks != BLOCKS {
            let _convsync = bits.flag();
        }
        // blkid is implied where the frame has all six blocks.
        if strmtyp == StreamType::Converted && (blocks == BLOCKS || bits.flag()) {
            let _frmsizecod = bits.take(6);
        }
        // addbsie
        if bits.flag() {
            let addbsil = bits.take(6) as usize;
            bits.skip(8 * (addbsil + 1));
        }
        Ok(bsi)
    }

    /// Programmes in the frame: fields that come once for each of them come twice in 1+1 mode.
    fn programmes(&self) -> usize {
        if self.layout.mode == ChannelMode::DualMono { 2 } else { 1 }
    }

    /// The fields after `mixmdate` (A/52:2018 Table E1.2). Only the Lo/Ro mix levels are kept.
    fn read_mixing_metadata(&mut self, bits: &mut BitReader) {
        let Layout { mode, lfe } = self.layout;
        if mode as u8 > ChannelMode::Stereo as u8 {
            let _dmixmod = bits.take(2);
        }
        if has_center_mix(mode) {
            let _ltrtcmixlev = bits.take(3);
            self.mix.center = LORO_CENTER_MIX_LEVELS[bits.take(3) as usize];
        }
        if has_surround_mix(mode) {
            let _ltrtsurmixlev = bits.take(3);
            self.mix.surround = LORO_SURROUND_MIX_LEVELS[bits.take(3) as usize];
        }
        if lfe {
            skip_if_present(bits, 5); // lfemixlevcod
        }
        if self.strmtyp == StreamType::Independent {
            for _ in 0..self.programmes() {
                skip_if_present(bits, 6); // pgmscl
            }
            skip_if_present(bits, 6); // extpgmscl
            match bits.take(2) {
                0 => {}
                1 => bits.skip(5),
                2 => bits.skip(12),
                _ => {
                    let mixdeflen = bits.take(5) as usize;
                    bits.skip(8 * (mixdeflen + 2));
                }
            }
            if matches!(mode, ChannelMode::Mono | ChannelMode::DualMono) {
                for _ in 0..self.programmes() {
                    skip_if_present(bits, 8 + 6); // panmean, paninfo
                }
            }
            // frmmixcfginfoe
            if bits.flag() {
                if self.blocks == 1 {
                    bits.skip(5);
                } else {
                    for _ in 0..self.blocks {
                        skip_if_present(bits, 5); // blkmixcfginfo
                    }
                }
            }
        }
    }

    /// The fields after `infomdate` (A/52:2018 Table E1.2).
    fn skip_informational_metadata(&self, bits: &mut BitReader, reduced: bool) {
        let _bsmod_copyrightb_origbs = bits.take(3 + 1 + 1);
        let mode = self.layout.mode;
        if mode == ChannelMode::Stereo {
            let _dsurmod_dheadphonmod = bits.take(4);
        }
        if matches!(mode, ChannelMode::Front2Rear2 | ChannelMode::Front3Rear2) {
            let _dsurexmod = bits.take(2);
        }
        for _ in 0..self.programmes() {
            skip_if_present(bits, 8); // mixlevel, roomtyp, adconvtyp
        }
        if !reduced {
            let _sourcefscod = bits.flag();
        }
    }
}

/// Passes over a field that follows only where its flag is set.
fn skip_if_present(bits: &mut BitReader, field_bits: usize) {
    if bits.flag() {
        bits.skip(field_bits);
    }
}
