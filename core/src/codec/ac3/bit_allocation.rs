//! How many bits each mantissa has, worked out from the exponents as the encoder did (A/52:2018 §7.2). Exact integers
//! throughout: one bit of difference and the rest of the frame is noise.

use super::bits::BitReader;
use super::tables::{
    BAND_OF_BIN, BAND_START, BANDS, DB_PER_BIT, FAST_DECAY, FAST_GAIN, FLOOR, HEARING_THRESHOLD, LOG_ADD, SLOW_DECAY,
    SLOW_GAIN,
};
use crate::codec::FrameError;

/// What all channels of a block share: `sdcycod` to `floorcod`, and the rate, which sets the threshold of hearing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parameters {
    sdecay: i32,
    fdecay: i32,
    sgain: i32,
    dbknee: i32,
    floor: i32,
    fscod: u8,
    halvings: u8,
}

impl Parameters {
    /// Nothing yet, for a frame of this `fscod`, its rate halved as often as its `bsid` says.
    pub(crate) fn new(fscod: u8, halvings: u8) -> Self {
        Self { fscod: fscod.min(2), halvings, ..Self::default() }
    }

    /// Reads the fields after `baie` (A/52:2018 §5.4.3.31 to §5.4.3.35). At half rates the bands are half as wide in Hz,
    /// so the decay from one to the next halves with them.
    pub(crate) fn read(&mut self, bits: &mut BitReader) {
        self.set([2, 2, 2, 2, 3].map(|length| bits.take(length) as usize));
    }

    /// Takes `sdcycod`, `fdcycod`, `sgaincod`, `dbpbcod` and `floorcod`.
    pub(crate) fn set(&mut self, [sdcycod, fdcycod, sgaincod, dbpbcod, floorcod]: [usize; 5]) {
        self.sdecay = SLOW_DECAY[sdcycod & 3] >> self.halvings;
        self.fdecay = FAST_DECAY[fdcycod & 3] >> self.halvings;
        self.sgain = SLOW_GAIN[sgaincod & 3];
        self.dbknee = DB_PER_BIT[dbpbcod & 3];
        self.floor = FLOOR[floorcod & 7];
    }

    /// The threshold of hearing in a band.
    fn hearing_threshold(&self, band: usize) -> i32 {
        i32::from(HEARING_THRESHOLD[usize::from(self.fscod)][band >> self.halvings])
    }
}

/// What one channel has of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ChannelParameters {
    /// `csnroffst` and the channel's `fsnroffst` (A/52:2018 §7.2.2.1).
    pub(crate) snroffset: i32,
    /// Fast gain, from `fgaincod`.
    pub(crate) fgain: i32,
}

impl ChannelParameters {
    /// Reads `fsnroffst` and `fgaincod` of a channel (A/52:2018 §5.4.3.39 to §5.4.3.44).
    pub(crate) fn read(bits: &mut BitReader, csnroffst: u32) -> Self {
        let (fsnroffst, fgaincod) = (bits.take(4), bits.take(3));
        Self { snroffset: snroffset(csnroffst, fsnroffst), fgain: FAST_GAIN[fgaincod as usize] }
    }

    /// Whether `csnroffst` and `fsnroffst` are both zero.
    pub(crate) fn is_lowest(&self) -> bool {
        self.snroffset == -15 << 6
    }
}

/// The offset that `csnroffst` and `fsnroffst` make (A/52:2018 §7.2.2.1).
pub(crate) fn snroffset(csnroffst: u32, fsnroffst: u32) -> i32 {
    (((csnroffst as i32 - 15) << 4) + fsnroffst as i32) << 2
}

/// Where the excitation of the first band comes from (A/52:2018 §7.2.2.4).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leak {
    /// From low-frequency compensation: a full-bandwidth channel.
    FullBandwidth,
    /// The same for the low-frequency channel, which has no band above its seventh to compare it with.
    LowFrequency,
    /// From `cplfleak` and `cplsleak`: the coupling channel, which starts where other bands have leaked into it.
    Coupling { cplfleak: u8, cplsleak: u8 },
}

/// Most segments of a delta bit allocation.
const MAX_SEGMENTS: usize = 8;

/// Corrections that the encoder sends because its mask knew better (A/52:2018 §7.2.2.6).
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeltaBitAllocation {
    segments: [Segment; MAX_SEGMENTS],
    count: usize,
}

/// `deltoffst`, `deltlen` and `deltba`.
#[derive(Debug, Clone, Copy)]
struct Segment {
    offset: u8,
    length: u8,
    code: u8,
}

impl DeltaBitAllocation {
    /// No corrections.
    pub(crate) const fn new() -> Self {
        Self { segments: [const { Segment { offset: 0, length: 0, code: 0 } }; MAX_SEGMENTS], count: 0 }
    }

    /// Reads the segments after `deltnseg` (A/52:2018 §5.4.3.50 to §5.4.3.57).
    pub(crate) fn read(&mut self, bits: &mut BitReader) {
        self.count = bits.take(3) as usize + 1;
        for segment in &mut self.segments[..self.count] {
            segment.offset = bits.take(5) as u8;
            segment.length = bits.take(4) as u8;
            segment.code = bits.take(3) as u8;
        }
    }

    /// Corrects the mask. Offsets count from the channel's first band: the standard's text starts them at band 0, which
    /// for the coupling channel no 5-bit offset could reach past; encoders and decoders in the field start at its first.
    fn apply(&self, first_band: usize, mask: &mut [i32; BANDS]) -> Result<(), FrameError> {
        let mut band = first_band;
        for segment in &self.segments[..self.count] {
            let step = i32::from(segment.code) - if segment.code >= 4 { 3 } else { 4 };
            band += usize::from(segment.offset);
            let after = band + usize::from(segment.length);
            let corrected =
                mask.get_mut(band..after).ok_or(FrameError::Malformed("delta bit allocation past the last band"))?;
            for level in corrected {
                *level += step << 7;
            }
            band = after;
        }
        Ok(())
    }
}

/// Works out the bit allocation pointers of the bins `start` to `end` of one channel. `pointers` is `baptab`, or another
/// table with the same address.
///
/// # Errors
/// [`FrameError::Malformed`] when the delta bit allocation does not fit the bands.
#[expect(clippy::too_many_arguments, reason = "so much it is that a channel's bits follow from")]
pub(crate) fn allocate(
    shared: &Parameters,
    channel: ChannelParameters,
    leak: Leak,
    delta: &DeltaBitAllocation,
    (start, end): (usize, usize),
    exponents: &[u8; 256],
    pointers: &[u8; 64],
    bap: &mut [u8; 256],
) -> Result<(), FrameError> {
    let bands = (usize::from(BAND_OF_BIN[start]), usize::from(BAND_OF_BIN[end - 1]) + 1);
    let mut bndpsd = [0; BANDS];
    integrate(exponents, end, start, bands, &mut bndpsd);
    let mut mask = [0; BANDS];
    excite(shared, channel.fgain, leak, bands, &bndpsd, &mut mask);
    for band in bands.0..bands.1 {
        // A/52:2018 §7.2.2.5: quiet bands are heard less, and nothing below the threshold is heard.
        let quiet = (shared.dbknee - bndpsd[band]).max(0) >> 2;
        mask[band] = (mask[band] + quiet).max(shared.hearing_threshold(band));
    }
    delta.apply(bands.0, &mut mask)?;

    // A/52:2018 §7.2.2.7
    for (band, &level) in mask.iter().enumerate().take(bands.1).skip(bands.0) {
        let level = ((level - channel.snroffset - shared.floor).max(0) & 0x1FE0) + shared.floor;
        let bins = usize::from(BAND_START[band]).max(start)..usize::from(BAND_START[band + 1]).min(end);
        for (bap, &exponent) in bap[bins.clone()].iter_mut().zip(&exponents[bins]) {
            let address = (psd(exponent) - level) >> 5;
            *bap = pointers[address.clamp(0, 63) as usize];
        }
    }
    Ok(())
}

/// Power spectral density of a bin: 128 for each 6 dB (A/52:2018 §7.2.2.2).
#[inline(always)]
fn psd(exponent: u8) -> i32 {
    3072 - (i32::from(exponent) << 7)
}

/// Adds up the power of each band's bins (A/52:2018 §7.2.2.3).
fn integrate(exponents: &[u8; 256], end: usize, start: usize, bands: (usize, usize), bndpsd: &mut [i32; BANDS]) {
    for band in bands.0..bands.1 {
        let bins = usize::from(BAND_START[band]).max(start)..usize::from(BAND_START[band + 1]).min(end);
        let Some((&first, others)) = exponents[bins].split_first() else { continue };
        bndpsd[band] = others.iter().fold(psd(first), |sum, &exponent| log_add(sum, psd(exponent)));
    }
}

/// The logarithm of the sum of two powers.
#[inline(always)]
fn log_add(a: i32, b: i32) -> i32 {
    let address = ((a - b).abs() >> 1).min(255);
    a.max(b) + i32::from(LOG_ADD[address as usize])
}

/// What a band's power leaks into the bands above it, quickly and slowly fading.
#[derive(Clone, Copy, Default)]
struct Leaks {
    fast: i32,
    slow: i32,
}

impl Leaks {
    /// Of one band alone.
    fn of(bndpsd: i32, fgain: i32, sgain: i32) -> Self {
        Self { fast: bndpsd - fgain, slow: bndpsd - sgain }
    }

    /// In the next band: faded, unless that band's own are stronger.
    fn next(self, own: Self, shared: &Parameters) -> Self {
        Self { fast: (self.fast - shared.fdecay).max(own.fast), slow: (self.slow - shared.sdecay).max(own.slow) }
    }
}

/// Spreads each band's power over the bands above it (A/52:2018 §7.2.2.4).
fn excite(
    shared: &Parameters,
    fgain: i32,
    leak: Leak,
    bands: (usize, usize),
    bndpsd: &[i32; BANDS],
    excite: &mut [i32; BANDS],
) {
    let own = |band: usize| Leaks::of(bndpsd[band], fgain, shared.sgain);
    let mut leaks = Leaks::default();
    let mut begin = bands.0;
    if let Leak::Coupling { cplfleak, cplsleak } = leak {
        leaks = Leaks { fast: (i32::from(cplfleak) << 8) + 768, slow: (i32::from(cplsleak) << 8) + 768 };
    } else {
        // Low-frequency compensation follows how the next band compares with this one, and fades from band 20 on.
        let has_next = |band: usize| !(matches!(leak, Leak::LowFrequency) && band == 6);
        let mut lowcomp = 0;
        let mut rising = false;
        begin = bands.1.min(22);
        for band in 0..begin {
            if band >= 20 {
                lowcomp = (lowcomp - 128).max(0);
            } else if has_next(band) {
                let boost = if band < 7 { 384 } else { 320 };
                lowcomp = compensate(lowcomp, bndpsd[band], bndpsd[band + 1], boost);
            }
            // Until the power first rises, or band 7 comes, each band stands alone.
            if band < 7 && !rising {
                leaks = own(band);
                excite[band] = leaks.fast - lowcomp;
            } else {
                leaks = leaks.next(own(band), shared);
                excite[band] = (leaks.fast - lowcomp).max(leaks.slow);
            }
            rising |= band >= 2 && has_next(band) && bndpsd[band] <= bndpsd[band + 1];
        }
    }
    for (band, excite) in excite.iter_mut().enumerate().take(bands.1).skip(begin) {
        leaks = leaks.next(own(band), shared);
        *excite = leaks.fast.max(leaks.slow);
    }
}

/// `calc_lowcomp`: a band 12 dB below the next is compensated, one above it takes some of that back.
fn compensate(lowcomp: i32, here: i32, next: i32, boost: i32) -> i32 {
    if here + 256 == next {
        boost
    } else if here > next {
        (lowcomp - 64).max(0)
    } else {
        lowcomp
    }
}
