//! An audio block: what it says about the coefficients, and the coefficients (A/52:2018 §5.3.3, §5.4.3).

use super::bit_allocation::{ChannelParameters, DeltaBitAllocation, Leak, Parameters, allocate};
use super::bits::BitReader;
use super::coupling::{CoupledBins, Coupling};
use super::dynamic_range::dynrng_gain;
use super::exponents::{ExponentStrategy, read_channel, read_coupling};
use super::header::BLOCK_SAMPLES;
use super::mantissas::{Dither, Groups, Scales};
use super::rematrix::Rematrix;
use super::tables::BAP;
use crate::codec::{ChannelMode, FrameError, Layout, MAX_CHANNELS, MAX_FRAME_SAMPLES};

/// Most full-bandwidth channels.
pub(crate) const MAX_FBW: usize = 5;
/// Where the low-frequency and the coupling channel stand among the coded channels.
pub(crate) const LFE: usize = MAX_FBW;
pub(crate) const CPL: usize = MAX_FBW + 1;
pub(crate) const CODED_CHANNELS: usize = MAX_FBW + 2;

/// `nlfemant`: bins of the low-frequency channel.
pub(crate) const LFE_BINS: usize = 7;

/// A channel as it is coded: full-bandwidth, low-frequency or coupling. All of it holds from block to block within a
/// frame until a block says something new.
#[derive(Debug, Clone)]
pub(crate) struct CodedChannel {
    pub(crate) strategy: ExponentStrategy,
    /// The coded bins.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) exponents: [u8; 256],
    pub(crate) parameters: ChannelParameters,
    pub(crate) delta: DeltaBitAllocation,
    /// Bit allocation pointers, worked out from all of the above.
    pub(crate) bap: [u8; 256],
    /// Whether something above is newer than `bap`.
    pub(crate) stale: bool,
}

impl CodedChannel {
    pub(crate) const fn new() -> Self {
        Self {
            strategy: ExponentStrategy::Reuse,
            start: 0,
            end: LFE_BINS,
            exponents: [0; 256],
            parameters: ChannelParameters { snroffset: 0, fgain: 0 },
            delta: DeltaBitAllocation::new(),
            bap: [0; 256],
            stale: true,
        }
    }
}

/// The audio blocks of a frame, read one after the other.
#[derive(Debug, Clone)]
pub(super) struct AudioBlocks {
    layout: Layout,
    /// `blksw` of each channel in the block read last.
    blksw: [bool; MAX_FBW],
    dithflag: [bool; MAX_FBW],
    /// Gains of `dynrng` and, in 1+1 mode, of `dynrng2`.
    dynrng: [f32; 2],
    coupling: Coupling,
    rematrix: Rematrix,
    parameters: Parameters,
    channels: [CodedChannel; CODED_CHANNELS],
    /// The coupling channel's coefficients.
    coupled: [f32; 256],
    dither: Dither,
}

impl AudioBlocks {
    pub(super) fn new() -> Self {
        Self {
            layout: Layout { mode: ChannelMode::Stereo, lfe: false },
            blksw: [false; MAX_FBW],
            dithflag: [false; MAX_FBW],
            dynrng: [1.0; 2],
            coupling: Coupling::default(),
            rematrix: Rematrix::default(),
            parameters: Parameters::default(),
            channels: [const { CodedChannel::new() }; CODED_CHANNELS],
            coupled: [0.0; 256],
            dither: Dither::new(),
        }
    }

    /// Forgets the previous frame: every frame can be decoded alone. Only the dither runs on.
    pub(super) fn start_frame(&mut self, layout: Layout, fscod: u8, halvings: u8) {
        self.layout = layout;
        self.dynrng = [1.0; 2];
        self.coupling = Coupling::default();
        self.rematrix = Rematrix::default();
        self.parameters = Parameters::new(fscod, halvings);
        for channel in &mut self.channels {
            channel.delta = DeltaBitAllocation::new();
            channel.stale = true;
        }
    }

    /// `blksw` of each channel of the block read last; the low-frequency channel never switches.
    pub(super) fn blksw(&self) -> [bool; MAX_CHANNELS] {
        let nfchans = self.layout.mode.channels();
        std::array::from_fn(|channel| channel < nfchans && self.blksw[channel])
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
        self.read_side_information(bits, block == 0)?;
        self.read_coefficients(bits, block, gain, planes);
        bits.check()
    }

    /// All of a block's fields before its mantissas, and what follows from them.
    pub(super) fn read_side_information(&mut self, bits: &mut BitReader, first_block: bool) -> Result<(), FrameError> {
        self.read_flags(bits);
        self.read_coupling(bits, first_block)?;
        self.read_exponents(bits, first_block)?;
        self.read_bit_allocation(bits, first_block)?;
        // skiple
        if bits.flag() {
            let skipl = bits.take(9) as usize;
            bits.skip(8 * skipl);
        }
        bits.check()?;
        self.allocate()
    }

    /// Bit allocation pointers of all mantissas of the block read last, in the order of the bitstream.
    #[cfg(test)]
    pub(super) fn mantissas(&self) -> Vec<u8> {
        let mut order: Vec<usize> = (0..self.layout.mode.channels()).collect();
        if let Some(first) = order.iter().position(|&channel| self.coupling.has(channel)) {
            order.insert(first + 1, CPL);
        }
        order.extend(self.layout.lfe.then_some(LFE));
        let bins = |index: usize| &self.channels[index].bap[self.channels[index].start..self.channels[index].end];
        order.into_iter().flat_map(|index| bins(index).to_vec()).collect()
    }

    /// `blksw` to `dynrng2` (A/52:2018 §5.4.3.1 to §5.4.3.6).
    fn read_flags(&mut self, bits: &mut BitReader) {
        let nfchans = self.layout.mode.channels();
        self.blksw[..nfchans].fill_with(|| bits.flag());
        self.dithflag[..nfchans].fill_with(|| bits.flag());
        let programmes = if self.layout.mode == ChannelMode::DualMono { 2 } else { 1 };
        for dynrng in &mut self.dynrng[..programmes] {
            // Without a new word the previous block's gain holds on.
            if bits.flag() {
                *dynrng = dynrng_gain(bits.take(8) as u8);
            }
        }
    }

    /// `cplstre` to `rematflg` (A/52:2018 §5.4.3.7 to §5.4.3.20).
    fn read_coupling(&mut self, bits: &mut BitReader, first_block: bool) -> Result<(), FrameError> {
        let stereo = self.layout.mode == ChannelMode::Stereo;
        let cplstre = bits.flag();
        if cplstre {
            self.coupling.read_strategy(bits, self.layout.mode.channels(), stereo)?;
            if self.coupling.in_use {
                let coupled = &mut self.channels[CPL];
                (coupled.start, coupled.end) = self.coupling.bins();
                coupled.stale = true;
            }
        } else if first_block {
            return Err(FrameError::Malformed("block 0 has no coupling strategy"));
        }
        if self.coupling.in_use {
            self.coupling.read_coordinates(bits, first_block)?;
        }
        if stereo && bits.flag() {
            self.rematrix.read(bits, &self.coupling);
        }
        Ok(())
    }

    /// `cplexpstr` to `lfeexps` (A/52:2018 §5.4.3.21 to §5.4.3.29).
    fn read_exponents(&mut self, bits: &mut BitReader, first_block: bool) -> Result<(), FrameError> {
        let coded = self.coded();
        for index in coded.clone() {
            // lfeexpstr is one bit: reuse or D15.
            let code = bits.take(if index == LFE { 1 } else { 2 });
            let strategy = ExponentStrategy::from_code(code);
            if first_block && strategy == ExponentStrategy::Reuse {
                return Err(FrameError::Malformed("block 0 has no exponents"));
            }
            self.channels[index].strategy = strategy;
        }
        for index in 0..self.layout.mode.channels() {
            if self.channels[index].strategy == ExponentStrategy::Reuse {
                continue;
            }
            self.channels[index].end = if self.coupling.has(index) {
                self.coupling.bins().0
            } else {
                let chbwcod = bits.take(6) as usize;
                if chbwcod > 60 {
                    return Err(FrameError::Malformed("chbwcod is above 60"));
                }
                73 + 3 * chbwcod
            };
        }
        for index in coded {
            let CodedChannel { strategy, start, end, exponents, stale, .. } = &mut self.channels[index];
            if *strategy == ExponentStrategy::Reuse {
                continue;
            }
            *stale = true;
            if index == CPL {
                read_coupling(bits, *strategy, *start, *end, exponents)?;
            } else {
                read_channel(bits, *strategy, *end, exponents)?;
            }
            if index < MAX_FBW {
                // For decoders with fixed-point transforms (A/52:2018 §5.4.3.28).
                let _gainrng = bits.take(2);
            }
        }
        Ok(())
    }

    /// `baie` to `deltba` (A/52:2018 §5.4.3.30 to §5.4.3.57).
    fn read_bit_allocation(&mut self, bits: &mut BitReader, first_block: bool) -> Result<(), FrameError> {
        let coded = self.coded();
        let baie = bits.flag();
        if baie {
            self.parameters.read(bits);
        } else if first_block {
            return Err(FrameError::Malformed("block 0 has no bit allocation parameters"));
        }
        let snroffste = bits.flag();
        if snroffste {
            let csnroffst = bits.take(6);
            for index in coded.clone() {
                self.channels[index].parameters = ChannelParameters::read(bits, csnroffst);
            }
        } else if first_block {
            return Err(FrameError::Malformed("block 0 has no SNR offsets"));
        }
        if self.coupling.in_use {
            let cplleake = bits.flag();
            if cplleake {
                self.coupling.leaks = (bits.take(3) as u8, bits.take(3) as u8);
                self.channels[CPL].stale = true;
            } else if first_block {
                return Err(FrameError::Malformed("block 0 has no coupling leak"));
            }
        }
        let deltbaie = bits.flag();
        if deltbaie {
            self.read_delta(bits)?;
        }
        if baie || snroffste || deltbaie {
            for index in coded {
                self.channels[index].stale = true;
            }
        }
        Ok(())
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

    /// Brings the bit allocation up to date.
    fn allocate(&mut self) -> Result<(), FrameError> {
        // A/52:2018 §7.2.2.1: with every SNR offset at its lowest there are no mantissas at all.
        let silent = self.coded().all(|index| self.channels[index].parameters.is_lowest());
        let (cplfleak, cplsleak) = self.coupling.leaks;
        for index in self.coded() {
            let CodedChannel { start, end, exponents, parameters, delta, bap, stale, .. } = &mut self.channels[index];
            if !*stale {
                continue;
            }
            *stale = false;
            if silent {
                bap.fill(0);
                continue;
            }
            let leak = match index {
                CPL => Leak::Coupling { cplfleak, cplsleak },
                LFE => Leak::LowFrequency,
                _ => Leak::FullBandwidth,
            };
            allocate(&self.parameters, *parameters, leak, delta, (*start, *end), exponents, &BAP, bap)?;
        }
        Ok(())
    }

    /// Reads the mantissas of all channels (A/52:2018 §5.4.3.61), decouples and rematrixes.
    fn read_coefficients(
        &mut self,
        bits: &mut BitReader,
        block: usize,
        gain: impl Fn(usize, f32) -> f32,
        planes: &mut [[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS],
    ) {
        let nfchans = self.layout.mode.channels();
        let gains: [f32; 2] = std::array::from_fn(|programme| gain(programme, self.dynrng[programme]));
        let scales = gains.map(Scales::new);
        let mut groups = Groups::default();
        let mut coupled_read = false;
        for (index, plane) in planes.iter_mut().enumerate().take(nfchans) {
            let programme = usize::from(self.layout.mode == ChannelMode::DualMono && index == 1);
            let CodedChannel { end, exponents, bap, .. } = &self.channels[index];
            let coefficients = coefficients(plane, block);
            let dithflag = self.dithflag[index];
            let (coded, above) = coefficients.split_at_mut(*end);
            groups.read(bits, &scales[programme], dithflag.then_some(&mut self.dither), bap, exponents, coded);
            above.fill(0.0);
            if !self.coupling.has(index) {
                continue;
            }
            let CodedChannel { start, end, exponents, bap, .. } = &self.channels[CPL];
            if !coupled_read {
                // They come once, after those of the first coupled channel.
                let coded = *start..*end;
                let (bap, exponents) = (&bap[coded.clone()], &exponents[coded.clone()]);
                groups.read(bits, &Scales::new(1.0), None, bap, exponents, &mut self.coupled[coded]);
                coupled_read = true;
            }
            let coupled = CoupledBins { bap, exponents, coefficients: &self.coupled };
            self.coupling.decouple(
                index,
                gains[programme],
                &coupled,
                dithflag.then_some(&mut self.dither),
                coefficients,
            );
        }
        if self.layout.lfe {
            let CodedChannel { exponents, bap, .. } = &self.channels[LFE];
            let coefficients = coefficients(&mut planes[nfchans], block);
            let (coded, above) = coefficients.split_at_mut(LFE_BINS);
            groups.read(bits, &scales[0], None, bap, exponents, coded);
            above.fill(0.0);
        }
        if self.layout.mode == ChannelMode::Stereo {
            let end = self.channels[0].end.min(self.channels[1].end);
            let [left, right, ..] = planes;
            self.rematrix.apply(end, coefficients(left, block), coefficients(right, block));
        }
    }
}

/// Where a block's coefficients stand in its channel's plane.
pub(crate) fn coefficients(plane: &mut [f32; MAX_FRAME_SAMPLES], block: usize) -> &mut [f32; BLOCK_SAMPLES] {
    &mut plane.as_chunks_mut().0[block]
}
