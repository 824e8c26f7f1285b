//! Enhanced coupling: channels made of one by turning each band's phase as well as scaling it (A/52:2018 §E.3.5).

use std::f64::consts::PI;

use super::tables::{DEFAULT_ECPL_STRUCTURE, ECPL_AMPLITUDES, ECPL_SUBBAND_START};
use crate::codec::FrameError;
use crate::codec::ac3::audblk::MAX_FBW;
use crate::codec::ac3::bits::BitReader;
use crate::codec::ac3::mantissas::Dither;

/// Sub-bands (A/52:2018 Table E3.7).
const SUBBANDS: usize = 22;

/// What one channel is made with.
#[derive(Debug, Clone, Copy)]
struct Parameters {
    /// `ecplamp`, `ecplangle` in units of π, and `ecplchaos`, of each band.
    amplitudes: [f32; SUBBANDS],
    angles: [f32; SUBBANDS],
    chaos: [f32; SUBBANDS],
    /// `ecpltrans`.
    transient: bool,
}

/// The state of enhanced coupling, which holds from block to block within a frame.
#[derive(Debug, Clone)]
pub(super) struct EnhancedCoupling {
    /// `ecplbegf`.
    pub(super) ecplbegf: usize,
    begin_subband: usize,
    end_subband: usize,
    /// A bit for each sub-band that joins the one below: `ecplbndstrc`.
    structure: u32,
    /// First bin of each band and, last, the bin after them.
    band_start: [u8; SUBBANDS + 1],
    bands: usize,
    /// `ecplangleintrp`.
    interpolate: bool,
    /// The channel whose angles are all 0.
    first_channel: usize,
    channels: [Parameters; MAX_FBW],
}

impl EnhancedCoupling {
    pub(super) const fn new() -> Self {
        const NONE: Parameters = Parameters {
            amplitudes: [0.0; SUBBANDS],
            angles: [0.0; SUBBANDS],
            chaos: [0.0; SUBBANDS],
            transient: false,
        };
        Self {
            ecplbegf: 0,
            begin_subband: 0,
            end_subband: 1,
            structure: DEFAULT_ECPL_STRUCTURE,
            band_start: [0; SUBBANDS + 1],
            bands: 0,
            interpolate: false,
            first_channel: 0,
            channels: [NONE; MAX_FBW],
        }
    }

    /// The coupled bins.
    pub(super) fn bins(&self) -> (usize, usize) {
        (usize::from(ECPL_SUBBAND_START[self.begin_subband]), usize::from(ECPL_SUBBAND_START[self.end_subband]))
    }

    /// `ecplbegf` to `ecplbndstrc` (A/52:2018 §E.2.3.3.16 to §E.2.3.3.19). Where spectral extension is in use it begins
    /// where coupling ends.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] when it ends before it begins.
    pub(super) fn read_strategy(&mut self, bits: &mut BitReader, spx_begin: Option<usize>) -> Result<(), FrameError> {
        self.ecplbegf = bits.take(4) as usize;
        self.begin_subband = match self.ecplbegf {
            0..3 => self.ecplbegf * 2,
            3..13 => self.ecplbegf + 2,
            _ => self.ecplbegf * 2 - 10,
        };
        self.end_subband = match spx_begin {
            Some(begin) => ECPL_SUBBAND_START.iter().position(|&start| usize::from(start) == begin).unwrap_or(0),
            None => bits.take(4) as usize + 7,
        };
        if self.end_subband <= self.begin_subband {
            self.end_subband = self.begin_subband + 1;
            return Err(FrameError::Malformed("enhanced coupling ends below its begin"));
        }
        // Up to sub-band 8 none joins; the first stands alone in any case.
        let joinable = self.begin_subband.max(8) + 1..self.end_subband;
        if bits.flag() {
            self.structure = joinable.clone().fold(0, |structure, subband| structure | bits.take(1) << subband);
        }
        self.bands = 0;
        for (subband, &start) in ECPL_SUBBAND_START.iter().enumerate().take(self.end_subband).skip(self.begin_subband) {
            if !(joinable.contains(&subband) && self.structure >> subband & 1 == 1) {
                self.band_start[self.bands] = start;
                self.bands += 1;
            }
        }
        self.band_start[self.bands] = ECPL_SUBBAND_START[self.end_subband];
        Ok(())
    }

    /// `ecplangleintrp` to `ecpltrans` (A/52:2018 §E.2.3.3.20 to §E.2.3.3.26). `first` is `firstcplcos` of each channel.
    pub(super) fn read_coordinates(
        &mut self,
        bits: &mut BitReader,
        coupled: &[bool; MAX_FBW],
        first: &mut [bool; MAX_FBW],
    ) {
        self.interpolate = bits.flag();
        self.first_channel = coupled.iter().position(|&coupled| coupled).unwrap_or(0);
        for channel in (0..MAX_FBW).filter(|&channel| coupled[channel]) {
            let has_angles = channel > self.first_channel;
            let (ecplparam1e, ecplparam2e) = if std::mem::take(&mut first[channel]) {
                (true, has_angles)
            } else {
                (bits.flag(), has_angles && bits.flag())
            };
            let parameters = &mut self.channels[channel];
            if ecplparam1e {
                parameters.amplitudes[..self.bands].fill_with(|| ECPL_AMPLITUDES[bits.take(5) as usize]);
            }
            if ecplparam2e {
                for (angle, chaos) in parameters.angles.iter_mut().zip(&mut parameters.chaos).take(self.bands) {
                    // A/52:2018 Tables E3.11 and E3.12.
                    *angle = bits.take_signed(6) as f32 / 32.0;
                    *chaos = bits.take(3) as f32 / -7.0;
                }
            }
            parameters.transient = has_angles && bits.flag();
        }
    }

    /// Makes the coupled bins of a channel (A/52:2018 §E.3.5.5.2 to §E.3.5.5.4).
    pub(super) fn decouple(
        &self,
        channel: usize,
        gain: f32,
        carrier: &Carrier,
        dither: &mut Dither,
        coefficients: &mut [f32; 256],
    ) {
        let is_first = channel == self.first_channel;
        let Parameters { amplitudes, angles, chaos, transient } = &self.channels[channel];
        for band in 0..self.bands {
            let bins = usize::from(self.band_start[band])..usize::from(self.band_start[band + 1]);
            let chaos = if is_first { 0.0 } else { chaos[band] };
            let amplitude = amplitudes[band] * if *transient { 1.0 } else { 1.0 + 0.38 * chaos } * gain;
            // A transient keeps its shape: all bins of a band turn by the same angle.
            let shared = dither.next() * std::f32::consts::SQRT_2;
            for bin in bins {
                let angle = match (is_first, self.interpolate) {
                    (true, _) => 0.0,
                    (false, true) => self.interpolated(angles, bin),
                    (false, false) => angles[band],
                };
                let random = if *transient { shared } else { spread(channel, bin) };
                // In 64 bits: rounded to 32 it is the same on every platform.
                let (sin, cos) = (PI * f64::from(angle + chaos * random)).sin_cos();
                let (sin, cos) = (sin as f32, cos as f32);
                coefficients[bin] = amplitude * (carrier.mdct[bin] * cos - carrier.mdst[bin] * sin);
            }
        }
    }

    /// The angle of a bin on the line between the centres of the two bands around it; below the first centre and above
    /// the last the nearest line goes on (A/52:2018 §E.3.5.5.3).
    fn interpolated(&self, angles: &[f32; SUBBANDS], bin: usize) -> f32 {
        let center =
            |band: usize| (f32::from(self.band_start[band]) + f32::from(self.band_start[band + 1]) - 1.0) / 2.0;
        if self.bands < 2 {
            return angles[0];
        }
        let above = (1..self.bands - 1).find(|&band| (bin as f32) < center(band)).unwrap_or(self.bands - 1);
        let (low, mut high) = (angles[above - 1], angles[above]);
        // The shorter way round.
        if high - low > 1.0 {
            high -= 2.0;
        } else if low - high > 1.0 {
            high += 2.0;
        }
        low + (high - low) * (bin as f32 - center(above - 1)) / (center(above) - center(above - 1))
    }
}

/// A number between −1 and 1 for each channel and bin, always the same (A/52:2018 §E.3.5.5.3, `rand_notrans`).
fn spread(channel: usize, bin: usize) -> f32 {
    let mut hash = (channel as u32 + 1).wrapping_mul(0x9E37_79B1) ^ (bin as u32 + 1).wrapping_mul(0x85EB_CA77);
    hash = (hash ^ hash >> 15).wrapping_mul(0x2C1B_3C6D);
    hash = (hash ^ hash >> 12).wrapping_mul(0x297A_2D39);
    (hash ^ hash >> 15).cast_signed() as f32 / 2_147_483_648.0
}

/// The coupling channel of a block without aliasing: the cosine transform of its sound, and the sine transform.
pub(super) struct Carrier {
    pub(super) mdct: [f32; 256],
    pub(super) mdst: [f32; 256],
}

/// Works out carriers: windows 512 samples and transforms them (A/52:2018 §E.3.5.5.1).
#[derive(Debug, Clone)]
pub(super) struct Analysis {
    window: [f32; 256],
    /// e^(−jπn/512), n up to 512: what turns a Fourier transform into an oddly stacked one, and its butterflies.
    cos: [f32; 512],
    sin: [f32; 512],
    /// −2/512 e^(−jθ), θ being π(257/512)(2k + 1)/2: the place of the first sample.
    turn_cos: [f32; 256],
    turn_sin: [f32; 256],
}

impl Analysis {
    pub(super) fn new() -> Self {
        let window = crate::codec::ac3::transform::window();
        let angle = |n: usize| PI * n as f64 / 512.0;
        let turn = |k: usize| PI * 257.0 / 512.0 * (k as f64 + 0.5);
        Self {
            window: std::array::from_fn(|n| window[n] as f32),
            cos: std::array::from_fn(|n| angle(n).cos() as f32),
            sin: std::array::from_fn(|n| -angle(n).sin() as f32),
            turn_cos: std::array::from_fn(|k| (-2.0 / 512.0 * turn(k).cos()) as f32),
            turn_sin: std::array::from_fn(|k| (2.0 / 512.0 * turn(k).sin()) as f32),
        }
    }

    /// The carrier of a block by its samples and those of the block after it.
    pub(super) fn carrier(&self, samples: &[f32; 256], next: &[f32; 256]) -> Carrier {
        let (mut re, mut im) = ([0.0; 512], [0.0; 512]);
        for n in 0..512 {
            let sample = if n < 256 { samples[n] * self.window[n] } else { next[n - 256] * self.window[511 - n] };
            let place = usize::from((n as u16).reverse_bits() >> 7);
            (re[place], im[place]) = (sample * self.cos[n], sample * self.sin[n]);
        }
        let mut half = 1;
        while half < 512 {
            for start in (0..512).step_by(2 * half) {
                for p in 0..half {
                    // e^(−jπp/half) is among those of 512 steps for half a turn.
                    let (cos, sin) = (self.cos[p * (512 / half)], self.sin[p * (512 / half)]);
                    let (a, b) = (start + p, start + p + half);
                    let (turned_re, turned_im) = (re[b] * cos - im[b] * sin, re[b] * sin + im[b] * cos);
                    (re[b], im[b]) = (re[a] - turned_re, im[a] - turned_im);
                    (re[a], im[a]) = (re[a] + turned_re, im[a] + turned_im);
                }
            }
            half *= 2;
        }
        Carrier {
            mdct: std::array::from_fn(|k| re[k] * self.turn_cos[k] - im[k] * self.turn_sin[k]),
            mdst: std::array::from_fn(|k| re[k] * self.turn_sin[k] + im[k] * self.turn_cos[k]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::ac3::transform::Transform;

    fn noise(seed: u32) -> impl FnMut() -> f32 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.cast_signed() as f32 / 2_147_483_648.0
        }
    }

    /// The samples of blocks of coefficients, one after the other.
    fn samples(blocks: &[[f32; 256]]) -> Vec<[f32; 256]> {
        let (transform, mut overlap) = (Transform::new(), [0.0; 128]);
        let decode = |block: &[f32; 256]| {
            let mut block = *block;
            transform.inverse(false, &mut block, &mut overlap);
            block
        };
        blocks.iter().map(decode).collect()
    }

    #[test]
    fn carrier_is_the_transform_by_its_formula() {
        let mut noise = noise(1);
        let (now, next): ([f32; 256], [f32; 256]) =
            (std::array::from_fn(|_| noise()), std::array::from_fn(|_| noise()));
        let window = crate::codec::ac3::transform::window();
        let carrier = Analysis::new().carrier(&now, &next);
        for k in [0, 1, 37, 128, 200, 255] {
            // A/52:2018 §8.2.3.2, and the same with a sine.
            let (mut mdct, mut mdst) = (0.0, 0.0);
            for n in 0..512 {
                let (sample, window) = if n < 256 { (now[n], window[n]) } else { (next[n - 256], window[511 - n]) };
                let angle = std::f64::consts::PI / 1024.0 * ((2 * n + 1 + 256) * (2 * k + 1)) as f64;
                mdct -= 2.0 / 512.0 * f64::from(sample) * window * angle.cos();
                mdst += 2.0 / 512.0 * f64::from(sample) * window * angle.sin();
            }
            assert!((f64::from(carrier.mdct[k]) - mdct).abs() < 1e-6, "bin {k}");
            assert!((f64::from(carrier.mdst[k]) - mdst).abs() < 1e-6, "bin {k}");
        }
    }

    #[test]
    fn without_angles_a_channel_is_the_coupling_channel() {
        // Between its neighbours a block's coefficients come back as they are: the scale is right (the text leaves out the
        // factor 2 of §7.9.4.1's last step, with which it is), and aliasing is gone.
        let mut noise = noise(2);
        let blocks: Vec<[f32; 256]> = (0..3).map(|_| std::array::from_fn(|_| noise())).collect();
        let decoded = samples(&blocks);
        let carrier = Analysis::new().carrier(&decoded[1], &decoded[2]);
        let coupling = mono_band(0.0, 0.0, false);
        let mut own = [9.0; 256];
        coupling.decouple(1, 1.0, &carrier, &mut Dither::new(), &mut own);
        assert!((37..49).all(|bin| (own[bin] - blocks[1][bin]).abs() < 1e-5));
        assert_eq!((own[36], own[49]), (9.0, 9.0));
    }

    #[test]
    fn half_a_turn_is_the_sine_transform() {
        // A tone of the second channel comes out a quarter of its period later.
        let mut noise = noise(3);
        let blocks: Vec<[f32; 256]> = (0..3).map(|_| std::array::from_fn(|_| noise())).collect();
        let decoded = samples(&blocks);
        let carrier = Analysis::new().carrier(&decoded[1], &decoded[2]);
        let mut own = [0.0; 256];
        mono_band(0.5, 0.0, false).decouple(1, 2.0, &carrier, &mut Dither::new(), &mut own);
        assert!((37..49).all(|bin| (own[bin] + 2.0 * carrier.mdst[bin]).abs() < 1e-5));
        mono_band(-1.0, 0.0, false).decouple(1, 1.0, &carrier, &mut Dither::new(), &mut own);
        assert!((37..49).all(|bin| (own[bin] + blocks[1][bin]).abs() < 1e-5));
        // Chaos weakens, but for a transient, where all bins turn alike.
        let power = |own: &[f32; 256]| own[37..49].iter().map(|value| value * value).sum::<f32>();
        mono_band(0.0, -1.0, true).decouple(1, 1.0, &carrier, &mut Dither::new(), &mut own);
        let angle = (37..49).map(|bin| {
            let (cosine, sine) = (carrier.mdct[bin], carrier.mdst[bin]);
            (own[bin] / cosine.hypot(sine)).acos() * (sine.atan2(cosine)).signum()
        });
        assert!(angle.count() == 12 && power(&own) > 0.0);
    }

    /// Two coupled channels, one band of sub-band 4 (bins 37 to 48), the second channel turned.
    fn mono_band(angle: f32, chaos: f32, transient: bool) -> EnhancedCoupling {
        let mut coupling = EnhancedCoupling::new();
        (coupling.begin_subband, coupling.end_subband, coupling.bands) = (4, 5, 1);
        (coupling.band_start[0], coupling.band_start[1]) = (37, 49);
        let second = &mut coupling.channels[1];
        (second.amplitudes[0], second.angles[0], second.chaos[0], second.transient) = (1.0, angle, chaos, transient);
        coupling
    }

    #[test]
    fn angles_between_band_centres_lie_on_lines() {
        let mut coupling = mono_band(0.0, 0.0, false);
        coupling.bands = 3;
        coupling.band_start[..4].copy_from_slice(&[37, 49, 61, 85]);
        let mut angles = [0.0; SUBBANDS];
        angles[..3].copy_from_slice(&[0.75, -0.75, 0.0]);
        let at = |bin| coupling.interpolated(&angles, bin);
        // Centres at 42.5, 54.5 and 72.5; from 0.75 over ±1 to −0.75 it is half a unit.
        assert!((at(42) - (0.75 - 0.5 / 24.0)).abs() < 1e-6 && (at(43) - (0.75 + 0.5 / 24.0)).abs() < 1e-6);
        assert!((at(54) - (1.25 - 0.5 / 24.0)).abs() < 1e-6 && (at(55) - (-0.75 + 0.5 / 24.0)).abs() < 1e-6);
        assert!((at(37) - (0.75 - 5.5 / 24.0)).abs() < 1e-6 && (at(84) - 11.5 / 24.0).abs() < 1e-6);
    }

    #[test]
    fn strategy_and_structure() {
        // ecplbegf 7: sub-band 9, bin 97; ecplendf 3: to sub-band 10, bin 109. Without a structure the default would join
        // sub-band 9, which as the first it cannot.
        let mut bits = BitReader::new();
        bits.load(&[0b0111_0011, 0]);
        let mut coupling = EnhancedCoupling::new();
        coupling.read_strategy(&mut bits, None).unwrap();
        assert_eq!((coupling.bins(), coupling.bands, bits.position()), ((97, 109), 1, 9));
        // From bin 13 to spectral extension at 85, the last sub-bands: none can join up to 8.
        bits.load(&[0b0000_1000]);
        coupling.read_strategy(&mut bits, Some(85)).unwrap();
        assert_eq!((coupling.bins(), coupling.bands, bits.position()), ((13, 85), 8, 5));
        assert_eq!(coupling.band_start[..9], ECPL_SUBBAND_START[..9]);
        bits.load(&[0b1111_0000, 0]);
        assert!(coupling.read_strategy(&mut bits, None).is_err());
    }
}
