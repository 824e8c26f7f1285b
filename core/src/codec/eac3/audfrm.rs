//! What a frame says of all its blocks at once: `audfrm` (A/52:2018 §E.1.2.3, §E.2.3.2).

use super::bsi::{Bsi, StreamType};
use super::tables::FRAME_EXPONENT_STRATEGIES;
use crate::codec::FrameError;
use crate::codec::ac3::audblk::{CODED_CHANNELS, CPL, LFE, MAX_FBW};
use crate::codec::ac3::bits::BitReader;
use crate::codec::ac3::exponents::ExponentStrategy;
use crate::codec::ac3::header::BLOCKS;

/// Where a transient's pre-noise is to be replaced (A/52:2018 §E.2.3.2.22, §E.2.3.2.23).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transient {
    /// `transprocloc`, in samples from the frame's first.
    pub(super) location: usize,
    /// `transproclen`, in samples.
    pub(super) length: usize,
}

/// `snroffststr`: how the SNR offsets come (A/52:2018 Table E2.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SnrOffsets {
    /// `frmcsnroffst` and `frmfsnroffst`, for all blocks and channels.
    Frame(u32, u32),
    /// A pair for each block, for all channels.
    Block,
    /// A fine one for each channel in each block.
    Channel,
}

/// The fields of `audfrm` that decoding needs.
#[derive(Debug, Clone)]
pub(super) struct AudioFrame {
    pub(super) snr_offsets: SnrOffsets,
    pub(super) blkswe: bool,
    pub(super) dithflage: bool,
    pub(super) bamode: bool,
    pub(super) frmfgaincode: bool,
    pub(super) dbaflde: bool,
    pub(super) skipflde: bool,
    /// `cplstre` and `cplinu` of each block.
    pub(super) cplstre: [bool; BLOCKS],
    pub(super) cplinu: [bool; BLOCKS],
    /// The exponent strategies of each block's coded channels.
    pub(super) strategies: [[ExponentStrategy; CODED_CHANNELS]; BLOCKS],
    /// Which coded channels use the adaptive hybrid transform.
    pub(super) ahtinu: [bool; CODED_CHANNELS],
    pub(super) transients: [Option<Transient>; MAX_FBW],
    /// `spxattencod` of each channel whose borders are filtered.
    pub(super) spxattencod: [Option<u8>; MAX_FBW],
}

impl AudioFrame {
    /// A frame of nothing.
    pub(super) const fn new() -> Self {
        Self {
            snr_offsets: SnrOffsets::Block,
            blkswe: false,
            dithflage: false,
            bamode: false,
            frmfgaincode: false,
            dbaflde: false,
            skipflde: false,
            cplstre: [false; BLOCKS],
            cplinu: [false; BLOCKS],
            strategies: [[ExponentStrategy::Reuse; CODED_CHANNELS]; BLOCKS],
            ahtinu: [false; CODED_CHANNELS],
            transients: [None; MAX_FBW],
            spxattencod: [None; MAX_FBW],
        }
    }

    /// Reads `audfrm`; the reader then stands at the first audio block.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] when a field is reserved.
    pub(super) fn read(bits: &mut BitReader, bsi: &Bsi) -> Result<Self, FrameError> {
        let mut frame = Self::new();
        let nfchans = bsi.layout.mode.channels();
        // Shorter frames have their exponent strategies in each block, and no hybrid transform.
        let (expstre, ahte) = if bsi.blocks == BLOCKS { (bits.flag(), bits.flag()) } else { (true, false) };
        let snroffststr = bits.take(2);
        let transproce = bits.flag();
        frame.blkswe = bits.flag();
        frame.dithflage = bits.flag();
        frame.bamode = bits.flag();
        frame.frmfgaincode = bits.flag();
        frame.dbaflde = bits.flag();
        frame.skipflde = bits.flag();
        let spxattene = bits.flag();
        if bsi.layout.mode as u8 > 1 {
            frame.read_coupling(bits, bsi.blocks);
        }
        frame.read_strategies(bits, bsi, expstre);
        if ahte {
            frame.read_aht(bits, nfchans, bsi.layout.lfe);
        }
        frame.snr_offsets = match snroffststr {
            0 => SnrOffsets::Frame(bits.take(6), bits.take(4)),
            1 => SnrOffsets::Block,
            2 => SnrOffsets::Channel,
            _ => return Err(FrameError::Malformed("snroffststr is reserved")),
        };
        if transproce {
            for transient in &mut frame.transients[..nfchans] {
                if bits.flag() {
                    let location = 4 * bits.take(10) as usize;
                    *transient = Some(Transient { location, length: bits.take(8) as usize });
                }
            }
        }
        if spxattene {
            for spxattencod in &mut frame.spxattencod[..nfchans] {
                *spxattencod = bits.flag().then(|| bits.take(5) as u8);
            }
        }
        // blkstrtinfoe: where each block begins, which reading tells as well (A/52:2018 §E.2.3.2.27).
        if bsi.blocks > 1 && bits.flag() {
            let word_bits = usize::BITS - (bsi.words - 1).leading_zeros();
            bits.skip((bsi.blocks - 1) * (4 + word_bits as usize));
        }
        Ok(frame)
    }

    fn read_coupling(&mut self, bits: &mut BitReader, blocks: usize) {
        for block in 0..blocks {
            self.cplstre[block] = block == 0 || bits.flag();
            self.cplinu[block] = if self.cplstre[block] { bits.flag() } else { self.cplinu[block - 1] };
        }
    }

    /// `cplexpstr` and `chexpstr` of each block, or `frmcplexpstr` and `frmchexpstr`; then `lfeexpstr` and what only a
    /// converter to AC-3 needs.
    fn read_strategies(&mut self, bits: &mut BitReader, bsi: &Bsi, expstre: bool) {
        let nfchans = bsi.layout.mode.channels();
        if expstre {
            for (strategies, cplinu) in self.strategies[..bsi.blocks].iter_mut().zip(self.cplinu) {
                for index in cplinu.then_some(CPL).into_iter().chain(0..nfchans) {
                    strategies[index] = ExponentStrategy::from_code(bits.take(2));
                }
            }
        } else {
            let coupled = self.cplinu.contains(&true);
            for index in coupled.then_some(CPL).into_iter().chain(0..nfchans) {
                let code = bits.take(5) as usize;
                for (strategies, strategy) in self.strategies.iter_mut().zip(FRAME_EXPONENT_STRATEGIES[code]) {
                    strategies[index] = strategy;
                }
            }
        }
        if bsi.layout.lfe {
            for strategies in &mut self.strategies[..bsi.blocks] {
                strategies[LFE] = ExponentStrategy::from_code(bits.take(1));
            }
        }
        if bsi.strmtyp == StreamType::Independent && (bsi.blocks == BLOCKS || bits.flag()) {
            bits.skip(5 * nfchans); // convexpstr
        }
    }

    /// `cplahtinu` to `lfeahtinu`: there only where a channel has one set of exponents for the whole frame, the coupling
    /// channel also one strategy (A/52:2018 §E.2.2.3).
    fn read_aht(&mut self, bits: &mut BitReader, nfchans: usize, lfe: bool) {
        let one_set = |index: usize| (1..BLOCKS).all(|block| self.strategies[block][index] == ExponentStrategy::Reuse);
        let coupled = self.cplinu == [true; BLOCKS] && !self.cplstre[1..].contains(&true);
        let mut ahtinu = [false; CODED_CHANNELS];
        for index in coupled.then_some(CPL).into_iter().chain(0..nfchans).chain(lfe.then_some(LFE)) {
            ahtinu[index] = one_set(index) && bits.flag();
        }
        self.ahtinu = ahtinu;
    }
}
