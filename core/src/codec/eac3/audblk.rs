//! Audio blocks in Annex E's syntax: what they say about the coefficients, and the coefficients (A/52:2018 §E.1.2.4,
//! §E.2.3.3).

use super::aht::HybridTransform;
use super::audfrm::{AudioFrame, SnrOffsets};
use super::bsi::{Bsi, StreamType};
use super::enhanced_coupling::EnhancedCoupling;
use super::spectral_extension::SpectralExtension;
use super::tables::{DEFAULT_BIT_ALLOCATION, DEFAULT_CPL_STRUCTURE, DEFAULT_FGAINCOD, HEBAP};
use crate::codec::ac3::audblk::{CODED_CHANNELS, CPL, CodedChannel, LFE, LFE_BINS, MAX_FBW};
use crate::codec::ac3::bit_allocation::{ChannelParameters, DeltaBitAllocation, Leak, Parameters, allocate, snroffset};
use crate::codec::ac3::bits::BitReader;
use crate::codec::ac3::coupling::{CoupledBins, Coupling};
use crate::codec::ac3::dynamic_range::dynrng_gain;
use crate::codec::ac3::exponents::{ExponentStrategy, read_channel, read_coupling};
use crate::codec::ac3::header::BLOCKS;
use crate::codec::ac3::mantissas::{Dither, Groups, Scales};
use crate::codec::ac3::rematrix::Rematrix;
use crate::codec::ac3::tables::{BAP, FAST_GAIN};
use crate::codec::{ChannelMode, FrameError, Layout, MAX_CHANNELS, MAX_FRAME_SAMPLES};

/// Sub-bands of standard coupling end where spectral extension begins: both count 12 bins, from bin 37 and 25 on.
const CPL_FIRST_BIN: usize = 37;
const SUBBAND_BINS: usize = 12;

/// What is left to be done with a block's coefficients once all blocks are read: enhanced coupling looks at the next
/// block, and what comes after it has to wait.
#[derive(Debug, Clone)]
pub(super) struct Rest {
    pub(super) blksw: [bool; MAX_CHANNELS],
    /// Gains of both programmes.
    pub(super) gains: [f32; 2],
    /// The coupled channels and how, where enhanced coupling is in use.
    pub(super) enhanced: Option<(EnhancedCoupling, [bool; MAX_FBW])>,
    pub(super) rematrix: Rematrix,
    /// Where the first of the two rematrixed channels ends.
    pub(super) rematrix_end: usize,
    pub(super) extension: SpectralExtension,
}

impl Rest {
    const fn new() -> Self {
        Self {
            blksw: [false; MAX_CHANNELS],
            gains: [1.0; 2],
            enhanced: None,
            rematrix: Rematrix::new(),
            rematrix_end: 0,
            extension: SpectralExtension::new(),
        }
    }
}

/// The audio blocks of a frame, read one after the other.
#[derive(Debug, Clone)]
pub(super) struct AudioBlocks {
    layout: Layout,
    strmtyp: StreamType,
    pub(super) frame: AudioFrame,
    dithflag: [bool; MAX_FBW],
    /// Gains of `dynrng` and, in 1+1 mode, of `dynrng2`.
    dynrng: [f32; 2],
    extension: SpectralExtension,
    coupling: Coupling,
    /// A bit for each sub-band of coupling that joins the one below: `cplbndstrc`.
    cpl_structure: u32,
    /// `ecplinu`: the coupling in use is the enhanced one.
    ecplinu: bool,
    enhanced: EnhancedCoupling,
    /// `firstcplcos` of each channel and `firstcplleak`: what then follows is not announced.
    firstcplcos: [bool; MAX_FBW],
    firstcplleak: bool,
    rematrix: Rematrix,
    parameters: Parameters,
    channels: [CodedChannel; CODED_CHANNELS],
    hybrid: HybridTransform,
    /// The coupling channel's coefficients in each block.
    pub(super) coupled: [[f32; 256]; BLOCKS],
    pub(super) dither: Dither,
    pub(super) rests: [Rest; BLOCKS],
}

impl AudioBlocks {
    pub(super) fn new() -> Self {
        Self {
            layout: Layout { mode: ChannelMode::Stereo, lfe: false },
            strmtyp: StreamType::Independent,
            frame: AudioFrame::new(),
            dithflag: [true; MAX_FBW],
            dynrng: [1.0; 2],
            extension: SpectralExtension::new(),
            coupling: Coupling::default(),
            cpl_structure: DEFAULT_CPL_STRUCTURE,
            ecplinu: false,
            enhanced: EnhancedCoupling::new(),
            firstcplcos: [true; MAX_FBW],
            firstcplleak: true,
            rematrix: Rematrix::new(),
            parameters: Parameters::default(),
            channels: [const { CodedChannel::new() }; CODED_CHANNELS],
            hybrid: HybridTransform::new(),
            coupled: [[0.0; 256]; BLOCKS],
            dither: Dither::new(),
            rests: [const { Rest::new() }; BLOCKS],
        }
    }

    /// Forgets the previous frame: every frame can be decoded alone. Only the dither runs on.
    pub(super) fn start_frame(&mut self, bsi: &Bsi, frame: AudioFrame) {
        self.layout = bsi.layout;
        self.strmtyp = bsi.strmtyp;
        self.frame = frame;
        self.dithflag = [true; MAX_FBW];
        self.dynrng = [1.0; 2];
        self.extension = SpectralExtension::new();
        self.coupling = Coupling::default();
        self.cpl_structure = DEFAULT_CPL_STRUCTURE;
        self.ecplinu = false;
        self.enhanced = EnhancedCoupling::new();
        self.firstcplcos = [true; MAX_FBW];
        self.firstcplleak = true;
        self.rematrix = Rematrix::new();
        self.parameters = Parameters::new(bsi.fscod, 0);
        self.parameters.set(DEFAULT_BIT_ALLOCATION);
        for channel in &mut self.channels {
            channel.delta = DeltaBitAllocation::new();
            channel.parameters = ChannelParameters::default();
            channel.stale = true;
        }
        self.channels[LFE].end = LFE_BINS;
    }

    /// Coded channels that a block has, in the order of their fields: coupling, full-bandwidth, low-frequency.
    fn coded(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        let (in_use, nfchans, lfe) = (self.coupling.in_use, self.layout.mode.channels(), self.layout.lfe);
        in_use.then_some(CPL).into_iter().chain(0..nfchans).chain(lfe.then_some(LFE))
    }

    /// Reads one block and puts its coefficients into `planes`, the low-frequency channel last, where the block's samples
    /// will be. `gain` makes the gain of a programme (the second of 1+1 mode is 1) from that of its `dynrng`.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] when the block contradicts the standard or the frame ends inside it.
    pub(super) fn read(
        &mut self,
        bits: &mut BitReader,
        block: usize,
        gain: impl Fn(usize, f32) -> f32,
        planes: &mut [[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS],
    ) -> Result<(), FrameError> {
        self.read_flags(bits, block);
        self.extension.read(bits, block == 0, self.layout.mode.channels())?;
        self.read_coupling(bits, block)?;
        self.read_rematrixing(bits, block);
        self.read_exponents(bits, block)?;
        self.read_bit_allocation(bits, block)?;
        // skiple
        if self.frame.skipflde && bits.flag() {
            let skipl = bits.take(9) as usize;
            bits.skip(8 * skipl);
        }
        bits.check()?;
        self.allocate(block)?;

        let rest = &mut self.rests[block];
        rest.gains = std::array::from_fn(|programme| gain(programme, self.dynrng[programme]));
        rest.enhanced = (self.coupling.in_use && self.ecplinu).then(|| (self.enhanced.clone(), self.coupling.channels));
        rest.rematrix = self.rematrix.clone();
        rest.rematrix_end = self.channels[0].end.min(self.channels[1].end);
        rest.extension = self.extension.clone();
        self.read_coefficients(bits, block, planes)?;
        bits.check()
    }

    /// `blksw` to `dynrng2`.
    fn read_flags(&mut self, bits: &mut BitReader, block: usize) {
        let nfchans = self.layout.mode.channels();
        let blksw = &mut self.rests[block].blksw;
        *blksw = [false; MAX_CHANNELS];
        if self.frame.blkswe {
            blksw[..nfchans].fill_with(|| bits.flag());
        }
        if self.frame.dithflage {
            self.dithflag[..nfchans].fill_with(|| bits.flag());
        }
        let programmes = if self.layout.mode == ChannelMode::DualMono { 2 } else { 1 };
        for dynrng in &mut self.dynrng[..programmes] {
            // Without a new word the previous block's gain holds on.
            if bits.flag() {
                *dynrng = dynrng_gain(bits.take(8) as u8);
            }
        }
    }

    /// `ecplinu` to `ecpltrans`; whether there is coupling at all `audfrm` has said.
    fn read_coupling(&mut self, bits: &mut BitReader, block: usize) -> Result<(), FrameError> {
        if self.frame.cplstre[block] {
            self.coupling.in_use = self.frame.cplinu[block];
            if self.coupling.in_use {
                self.read_coupling_strategy(bits)?;
                let coupled = &mut self.channels[CPL];
                (coupled.start, coupled.end) = if self.ecplinu { self.enhanced.bins() } else { self.coupling.bins() };
                coupled.stale = true;
            } else {
                self.firstcplcos = [true; MAX_FBW];
                self.firstcplleak = true;
            }
        }
        if !self.coupling.in_use {
            return Ok(());
        }
        for (first, coupled) in self.firstcplcos.iter_mut().zip(self.coupling.channels) {
            *first |= !coupled;
        }
        if self.ecplinu {
            self.enhanced.read_coordinates(bits, &self.coupling.channels, &mut self.firstcplcos);
            return Ok(());
        }
        let coupled = self.coupling.channels;
        let mut phase_flags_follow = false;
        for channel in (0..MAX_FBW).filter(|&channel| coupled[channel]) {
            if std::mem::take(&mut self.firstcplcos[channel]) || bits.flag() {
                self.coupling.read_channel_coordinates(bits, channel);
                phase_flags_follow = true;
            }
        }
        if phase_flags_follow {
            self.coupling.read_phase_flags(bits);
        }
        Ok(())
    }

    /// `ecplinu` to `ecplbndstrc`.
    fn read_coupling_strategy(&mut self, bits: &mut BitReader) -> Result<(), FrameError> {
        let stereo = self.layout.mode == ChannelMode::Stereo;
        self.ecplinu = bits.flag();
        self.coupling.channels = [false; MAX_FBW];
        for channel in &mut self.coupling.channels[..self.layout.mode.channels()] {
            *channel = stereo || bits.flag();
        }
        let spx_begin = self.extension.in_use.then_some(self.extension.begin);
        if self.ecplinu {
            self.coupling.phsflginu = false;
            return self.enhanced.read_strategy(bits, spx_begin);
        }
        self.coupling.phsflginu = stereo && bits.flag();
        let cplbegf = bits.take(4) as usize;
        let end_subband = match spx_begin {
            Some(begin) => (begin - CPL_FIRST_BIN) / SUBBAND_BINS,
            None => bits.take(4) as usize + 3,
        };
        // cplbndstrce: without one the frame's last structure holds on, its first being the default.
        if bits.flag() {
            self.cpl_structure =
                (cplbegf + 1..end_subband).fold(0, |structure, subband| structure | bits.take(1) << subband);
        }
        let structure = self.cpl_structure;
        self.coupling.set_bands(cplbegf, end_subband, |subband| structure >> subband & 1 == 1)
    }

    /// `rematstr` and `rematflg`: fewer bands where coupling or spectral extension begins low (A/52:2018 §E.3.3.2).
    fn read_rematrixing(&mut self, bits: &mut BitReader, block: usize) {
        if self.layout.mode != ChannelMode::Stereo || !(block == 0 || bits.flag()) {
            return;
        }
        let bands = if self.coupling.in_use {
            match (self.ecplinu, self.enhanced.ecplbegf, self.coupling.cplbegf) {
                (true, begin @ 0..3, _) => begin,
                (true, 3 | 4, _) | (false, _, 1 | 2) => 3,
                (false, _, 0) => 2,
                _ => 4,
            }
        } else if self.extension.in_use && self.extension.begin <= 61 {
            3
        } else {
            4
        };
        self.rematrix.read_bands(bits, bands);
    }

    /// `chbwcod` to `lfeexps`; the strategies `audfrm` has said.
    fn read_exponents(&mut self, bits: &mut BitReader, block: usize) -> Result<(), FrameError> {
        let strategies = self.frame.strategies[block];
        for (index, &strategy) in strategies.iter().enumerate().take(self.layout.mode.channels()) {
            if strategy == ExponentStrategy::Reuse {
                continue;
            }
            self.channels[index].end = if self.coupling.has(index) {
                self.channels[CPL].start
            } else if self.extension.has(index) {
                self.extension.begin
            } else {
                let chbwcod = bits.take(6) as usize;
                if chbwcod > 60 {
                    return Err(FrameError::Malformed("chbwcod is above 60"));
                }
                73 + 3 * chbwcod
            };
        }
        for index in self.coded() {
            let strategy = strategies[index];
            let CodedChannel { start, end, exponents, stale, .. } = &mut self.channels[index];
            if strategy == ExponentStrategy::Reuse {
                if block == 0 {
                    return Err(FrameError::Malformed("block 0 has no exponents"));
                }
                continue;
            }
            *stale = true;
            if index == CPL {
                read_coupling(bits, strategy, *start, *end, exponents)?;
            } else {
                read_channel(bits, strategy, *end, exponents)?;
            }
            if index < MAX_FBW {
                // For decoders with fixed-point transforms (A/52:2018 §5.4.3.28).
                let _gainrng = bits.take(2);
            }
        }
        Ok(())
    }

    /// `baie` to `deltba`, as far as `audfrm` says that they are there.
    fn read_bit_allocation(&mut self, bits: &mut BitReader, block: usize) -> Result<(), FrameError> {
        let coded = self.coded();
        let mut changed = false;
        if self.frame.bamode && bits.flag() {
            self.parameters.read(bits);
            changed = true;
        }
        self.read_snr_offsets(bits, block);
        let fgaincode = self.frame.frmfgaincode && bits.flag();
        for index in coded.clone() {
            // Without new ones the gains do not hold on: Table E1.4 sets them in each block. One decoder in the field keeps
            // the previous block's.
            let fgaincod = if fgaincode { bits.take(3) as usize } else { DEFAULT_FGAINCOD };
            let CodedChannel { parameters, stale, .. } = &mut self.channels[index];
            let fgain = FAST_GAIN[fgaincod];
            *stale |= parameters.fgain != fgain;
            parameters.fgain = fgain;
        }
        if self.strmtyp == StreamType::Independent && bits.flag() {
            let _convsnroffst = bits.take(10);
        }
        if self.coupling.in_use && (std::mem::take(&mut self.firstcplleak) || bits.flag()) {
            self.coupling.leaks = (bits.take(3) as u8, bits.take(3) as u8);
            self.channels[CPL].stale = true;
        }
        if self.frame.dbaflde && bits.flag() {
            self.read_delta(bits)?;
            changed = true;
        }
        for index in coded {
            self.channels[index].stale |= changed;
        }
        Ok(())
    }

    /// `snroffste` to `lfefsnroffst`. In block 0 they come without being announced, as Table E1.4 says and two decoders
    /// read; a third reads an announcement there and none in other blocks. Streams with a pair for the whole frame, all
    /// that were seen on the air, do not tell.
    fn read_snr_offsets(&mut self, bits: &mut BitReader, block: usize) {
        let (csnroffst, shared) = match self.frame.snr_offsets {
            SnrOffsets::Frame(frmcsnroffst, frmfsnroffst) => (frmcsnroffst, Some(frmfsnroffst)),
            _ if block > 0 && !bits.flag() => return,
            SnrOffsets::Block => (bits.take(6), Some(bits.take(4))),
            SnrOffsets::Channel => (bits.take(6), None),
        };
        for index in self.coded() {
            let offset = snroffset(csnroffst, shared.unwrap_or_else(|| bits.take(4)));
            let CodedChannel { parameters, stale, .. } = &mut self.channels[index];
            *stale |= parameters.snroffset != offset;
            parameters.snroffset = offset;
        }
    }

    /// `cpldeltbae` to `deltba`: all strategies first, then the new segments. The low-frequency channel has none.
    fn read_delta(&mut self, bits: &mut BitReader) -> Result<(), FrameError> {
        let coded = self.coded().filter(|&index| index != LFE);
        let mut new = [false; CODED_CHANNELS];
        for index in coded.clone() {
            match bits.take(2) {
                0 => {}
                1 => new[index] = true,
                2 => self.channels[index].delta = DeltaBitAllocation::new(),
                _ => return Err(FrameError::Malformed("deltbae is reserved")),
            }
        }
        for index in coded.filter(|&index| new[index]) {
            self.channels[index].delta.read(bits);
        }
        Ok(())
    }

    /// Brings the bit allocation up to date. A channel of the hybrid transform keeps that of its mantissas, which came
    /// with block 0.
    fn allocate(&mut self, block: usize) -> Result<(), FrameError> {
        // A/52:2018 §7.2.2.1: with every SNR offset at its lowest there are no mantissas at all.
        let silent = self.coded().all(|index| self.channels[index].parameters.is_lowest());
        let (cplfleak, cplsleak) = self.coupling.leaks;
        for index in self.coded() {
            let CodedChannel { start, end, exponents, parameters, delta, bap, stale, .. } = &mut self.channels[index];
            let ahtinu = self.frame.ahtinu[index];
            if !std::mem::take(stale) || (ahtinu && block > 0) {
                continue;
            }
            if silent {
                bap.fill(0);
                continue;
            }
            let leak = match index {
                CPL => Leak::Coupling { cplfleak, cplsleak },
                LFE => Leak::LowFrequency,
                _ => Leak::FullBandwidth,
            };
            let pointers = if ahtinu { &HEBAP } else { &BAP };
            allocate(&self.parameters, *parameters, leak, delta, (*start, *end), exponents, pointers, bap)?;
        }
        Ok(())
    }

    /// Reads the mantissas of all channels, and decouples where coupling is of the standard kind.
    fn read_coefficients(
        &mut self,
        bits: &mut BitReader,
        block: usize,
        planes: &mut [[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS],
    ) -> Result<(), FrameError> {
        let nfchans = self.layout.mode.channels();
        let gains = self.rests[block].gains;
        let mut groups = Groups::default();
        let mut coupled_read = false;
        for (index, plane) in planes.iter_mut().enumerate().take(nfchans) {
            let gain = gains[programme(self.layout.mode, index)];
            let blocks = plane.as_chunks_mut().0;
            self.read_channel(bits, block, index, gain, &mut groups, blocks)?;
            if !self.coupling.has(index) {
                continue;
            }
            if !coupled_read {
                // They come once, after those of the first coupled channel.
                self.read_coupling_channel(bits, block, &mut groups)?;
                coupled_read = true;
            }
            if !self.ecplinu {
                let CodedChannel { exponents, bap, .. } = &self.channels[CPL];
                let coupled = CoupledBins { bap, exponents, coefficients: &self.coupled[block] };
                let dither = self.dithflag[index].then_some(&mut self.dither);
                self.coupling.decouple(index, gain, &coupled, dither, &mut blocks[block]);
            }
        }
        if self.layout.lfe {
            let blocks = planes[nfchans].as_chunks_mut().0;
            self.read_channel(bits, block, LFE, gains[0], &mut groups, blocks)?;
        }
        Ok(())
    }

    /// Reads a full-bandwidth or low-frequency channel's mantissas of a block, or in block 0 those of all blocks.
    fn read_channel(
        &mut self,
        bits: &mut BitReader,
        block: usize,
        index: usize,
        gain: f32,
        groups: &mut Groups,
        blocks: &mut [[f32; 256]],
    ) -> Result<(), FrameError> {
        let CodedChannel { end, exponents, bap, .. } = &self.channels[index];
        let has_dither = index < MAX_FBW && self.dithflag[index];
        let dither = has_dither.then_some(&mut self.dither);
        let scales = Scales::new(gain);
        if !self.frame.ahtinu[index] {
            let (coded, above) = blocks[block].split_at_mut(*end);
            groups.read(bits, &scales, dither, bap, exponents, coded);
            above.fill(0.0);
            return Ok(());
        }
        if block == 0 {
            self.hybrid.read(bits, (0, *end), bap, exponents, blocks)?;
        }
        let (coded, above) = blocks[block].split_at_mut(*end);
        for coefficient in &mut *coded {
            *coefficient *= gain;
        }
        if let Some(dither) = dither {
            for ((coefficient, _), &exponent) in
                coded.iter_mut().zip(bap).zip(exponents).filter(|((_, bap), _)| **bap == 0)
            {
                *coefficient = dither.next() * scales.of(exponent);
            }
        }
        above.fill(0.0);
        Ok(())
    }

    fn read_coupling_channel(
        &mut self,
        bits: &mut BitReader,
        block: usize,
        groups: &mut Groups,
    ) -> Result<(), FrameError> {
        let CodedChannel { start, end, exponents, bap, .. } = &self.channels[CPL];
        if self.frame.ahtinu[CPL] {
            if block == 0 {
                self.coupled = [[0.0; 256]; BLOCKS];
                self.hybrid.read(bits, (*start, *end), bap, exponents, &mut self.coupled)?;
            }
            return Ok(());
        }
        let coded = *start..*end;
        let coupled = &mut self.coupled[block];
        coupled.fill(0.0);
        let (bap, exponents) = (&bap[coded.clone()], &exponents[coded.clone()]);
        groups.read(bits, &Scales::new(1.0), None, bap, exponents, &mut coupled[coded]);
        Ok(())
    }
}

/// Which programme a channel is of.
pub(super) fn programme(mode: ChannelMode, channel: usize) -> usize {
    usize::from(mode == ChannelMode::DualMono && channel == 1)
}
