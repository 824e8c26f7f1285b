//! From coefficients to samples: the inverse transform, its window and its overlap (A/52:2018 §7.9.4).
//!
//! The standard's 512-point transform gives 512 samples of which half mirror the other half, so only the 256 distinct
//! ones are worked out: they are a type-IV cosine transform (DCT-IV) of the 256 coefficients. A block that switches to
//! two 256-point transforms is two DCT-IV of 128 whose distinct samples take the same places, so that window and overlap
//! need not know of it. A DCT-IV of `N` is a complex FFT of `N / 2` between two rotations; real and imaginary parts are
//! kept apart and every inner loop runs over neighbours, which lets the compiler use SIMD on any machine.

use std::f64::consts::PI;

/// Points of the complex FFT of a long and of a short transform.
const LONG: usize = 128;
const SHORT: usize = 64;

/// Samples that each block leaves to overlap with the next one, the distinct half of the standard's 256.
pub(crate) type Overlap = [f32; 128];

/// The tables of the transform.
#[derive(Debug, Clone)]
pub(crate) struct Transform {
    /// The rising half of the window's first 128 values, and its last 128 backwards: what meets in one pair of samples.
    /// The factor 2 of the standard's last step is in both.
    window_near: [f32; 128],
    window_far: [f32; 128],
    long: Rotations<LONG>,
    short: Rotations<SHORT>,
    long_stage: Stage<32>,
    second_stage: Stage<8>,
    third_stage: Stage<2>,
    short_stage: Stage<16>,
    short_second_stage: Stage<4>,
}

/// e^(−jπ(8k+1)/(8N)), N being twice the points: before and after the FFT.
#[derive(Debug, Clone)]
struct Rotations<const POINTS: usize> {
    cos: [f32; POINTS],
    sin: [f32; POINTS],
}

impl<const POINTS: usize> Rotations<POINTS> {
    fn new() -> Self {
        let angle = |k: usize| PI * (8 * k + 1) as f64 / (16 * POINTS) as f64;
        Self {
            cos: std::array::from_fn(|k| angle(k).cos() as f32),
            sin: std::array::from_fn(|k| angle(k).sin() as f32),
        }
    }
}

/// The first three powers of e^(−2πjp/(4·BUTTERFLIES)), for the butterflies p of a radix-4 stage.
#[derive(Debug, Clone)]
struct Stage<const BUTTERFLIES: usize> {
    cos: [[f32; BUTTERFLIES]; 3],
    sin: [[f32; BUTTERFLIES]; 3],
}

impl<const BUTTERFLIES: usize> Stage<BUTTERFLIES> {
    fn new() -> Self {
        let angle = |power: usize, p: usize| 2.0 * PI * ((power + 1) * p) as f64 / (4 * BUTTERFLIES) as f64;
        Self {
            cos: std::array::from_fn(|power| std::array::from_fn(|p| angle(power, p).cos() as f32)),
            sin: std::array::from_fn(|power| std::array::from_fn(|p| -angle(power, p).sin() as f32)),
        }
    }
}

/// Complex numbers, real and imaginary parts apart.
struct Complex<const POINTS: usize> {
    re: [f32; POINTS],
    im: [f32; POINTS],
}

impl<const POINTS: usize> Complex<POINTS> {
    const ZERO: Self = Self { re: [0.0; POINTS], im: [0.0; POINTS] };
}

/// The window of A/52:2018 Table 7.33: the Kaiser-Bessel-derived window with alpha 5 over 512 samples, its rising half.
pub(crate) fn window() -> [f64; 256] {
    // The modified Bessel function of order 0 by its series, in terms of the square of half its argument.
    let bessel = |square: f64| {
        let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
        while term > sum * 1e-18 {
            term *= square / (k * k);
            sum += term;
            k += 1.0;
        }
        sum
    };
    // (π α)² (1 − (n/128 − 1)²) / 4, the Kaiser window's argument at n of 256.
    let kaiser: [f64; 257] = std::array::from_fn(|n| bessel((PI * 5.0 / 256.0).powi(2) * (n * (256 - n)) as f64));
    let total: f64 = kaiser.iter().sum();
    let mut sum = 0.0;
    std::array::from_fn(|n| {
        sum += kaiser[n];
        (sum / total).sqrt()
    })
}

impl Transform {
    pub(crate) fn new() -> Self {
        let window = window();
        Self {
            window_near: std::array::from_fn(|n| (2.0 * window[n]) as f32),
            window_far: std::array::from_fn(|n| (2.0 * window[255 - n]) as f32),
            long: Rotations::new(),
            short: Rotations::new(),
            long_stage: Stage::new(),
            second_stage: Stage::new(),
            third_stage: Stage::new(),
            short_stage: Stage::new(),
            short_second_stage: Stage::new(),
        }
    }

    /// Turns a block of coefficients into its samples, in place, with the overlap of the previous block, and leaves its
    /// own. `blksw` says that the block is two short transforms.
    pub(crate) fn inverse(&self, blksw: bool, block: &mut [f32; 256], overlap: &mut Overlap) {
        let mut distinct = [0.0; 256];
        if blksw {
            // A/52:2018 §7.9.4.2: the even coefficients are the first transform, the odd ones the second.
            let even: [f32; 128] = std::array::from_fn(|k| block[2 * k]);
            let odd: [f32; 128] = std::array::from_fn(|k| block[2 * k + 1]);
            let (second, first) = distinct.split_at_mut(128);
            self.short_dct4(&even, first);
            self.short_dct4(&odd, second);
        } else {
            self.long_dct4(block, &mut distinct);
        }
        let (tail, head) = distinct.split_at(128);
        self.overlap_add(head, overlap, block);
        for (kept, &sample) in overlap.iter_mut().zip(tail.iter().rev()) {
            *kept = sample;
        }
    }

    /// The samples that the previous block leaves when none follows it: it fades out under its own window.
    pub(crate) fn fade(&self, overlap: &mut Overlap, block: &mut [f32; 256]) {
        self.overlap_add(&[0.0; 128], overlap, block);
        overlap.fill(0.0);
    }

    /// Windows the distinct samples of this block's rising half and of the previous block's falling half, and adds them.
    /// Both halves are mirrored, this one's with its sign changed, so each pair of samples is made of the same two.
    fn overlap_add(&self, head: &[f32], overlap: &Overlap, block: &mut [f32; 256]) {
        let (front, back) = block.split_at_mut(128);
        let windows = self.window_near.iter().zip(&self.window_far);
        for ((((front, back), &now), &before), (&near, &far)) in
            front.iter_mut().zip(back.iter_mut().rev()).zip(head).zip(overlap).zip(windows)
        {
            *front = before * far - now * near;
            *back = before * near + now * far;
        }
    }

    fn long_dct4(&self, input: &[f32; 256], output: &mut [f32; 256]) {
        let (mut a, mut b) = (Complex::<LONG>::ZERO, Complex::<LONG>::ZERO);
        rotate_in(&self.long, input, &mut a);
        first_stage(&self.long_stage, &a, &mut b);
        stage::<LONG, 4, 8>(&self.second_stage, &b, &mut a);
        stage::<LONG, 16, 2>(&self.third_stage, &a, &mut b);
        // 128 is 4·4·4·2: a last stage of radix 2.
        for k in 0..LONG / 2 {
            let other = k + LONG / 2;
            (a.re[k], a.im[k]) = (b.re[k] + b.re[other], b.im[k] + b.im[other]);
            (a.re[other], a.im[other]) = (b.re[k] - b.re[other], b.im[k] - b.im[other]);
        }
        rotate_out(&self.long, &a, output);
    }

    fn short_dct4(&self, input: &[f32; 128], output: &mut [f32]) {
        let (mut a, mut b) = (Complex::<SHORT>::ZERO, Complex::<SHORT>::ZERO);
        rotate_in(&self.short, input, &mut a);
        first_stage(&self.short_stage, &a, &mut b);
        stage::<SHORT, 4, 4>(&self.short_second_stage, &b, &mut a);
        // The third stage has one butterfly, which needs no rotation.
        stage::<SHORT, 16, 1>(&Stage { cos: [[1.0]; 3], sin: [[0.0]; 3] }, &a, &mut b);
        rotate_out(&self.short, &b, output);
    }
}

/// Pairs coefficient 2k with the one as far from the end, as a complex number, and rotates it.
#[inline(always)]
fn rotate_in<const POINTS: usize>(rotations: &Rotations<POINTS>, input: &[f32], output: &mut Complex<POINTS>) {
    let input = &input[..2 * POINTS];
    for k in 0..POINTS {
        let (re, im) = (input[2 * k], input[2 * POINTS - 1 - 2 * k]);
        let (cos, sin) = (rotations.cos[k], rotations.sin[k]);
        output.re[k] = re * cos + im * sin;
        output.im[k] = im * cos - re * sin;
    }
}

/// Rotates back and takes the pairs apart again.
#[inline(always)]
fn rotate_out<const POINTS: usize>(rotations: &Rotations<POINTS>, input: &Complex<POINTS>, output: &mut [f32]) {
    let output = &mut output[..2 * POINTS];
    for k in 0..POINTS {
        let (re, im) = (input.re[k], input.im[k]);
        let (cos, sin) = (rotations.cos[k], rotations.sin[k]);
        output[2 * k] = re * cos + im * sin;
        output[2 * POINTS - 1 - 2 * k] = re * sin - im * cos;
    }
}

/// Four points of a radix-4 butterfly before their rotation.
#[inline(always)]
fn butterfly(re: [f32; 4], im: [f32; 4]) -> ([f32; 4], [f32; 4]) {
    let (sum_re, sum_im) = (re[0] + re[2], im[0] + im[2]);
    let (difference_re, difference_im) = (re[0] - re[2], im[0] - im[2]);
    let (other_sum_re, other_sum_im) = (re[1] + re[3], im[1] + im[3]);
    let (other_re, other_im) = (re[1] - re[3], im[1] - im[3]);
    (
        [sum_re + other_sum_re, difference_re + other_im, sum_re - other_sum_re, difference_re - other_im],
        [sum_im + other_sum_im, difference_im - other_re, sum_im - other_sum_im, difference_im + other_re],
    )
}

/// The first radix-4 stage (Stockham's order, so that no reordering is left at the end): its butterflies lie side by
/// side.
#[inline(always)]
fn first_stage<const POINTS: usize, const BUTTERFLIES: usize>(
    stage: &Stage<BUTTERFLIES>,
    input: &Complex<POINTS>,
    output: &mut Complex<POINTS>,
) {
    const { assert!(POINTS == 4 * BUTTERFLIES) };
    for p in 0..BUTTERFLIES {
        let (re, im) = butterfly(
            std::array::from_fn(|leg| input.re[p + leg * BUTTERFLIES]),
            std::array::from_fn(|leg| input.im[p + leg * BUTTERFLIES]),
        );
        (output.re[4 * p], output.im[4 * p]) = (re[0], im[0]);
        for power in 0..3 {
            let (cos, sin) = (stage.cos[power][p], stage.sin[power][p]);
            output.re[4 * p + power + 1] = re[power + 1] * cos - im[power + 1] * sin;
            output.im[4 * p + power + 1] = re[power + 1] * sin + im[power + 1] * cos;
        }
    }
}

/// A later radix-4 stage: `BUTTERFLIES` butterflies of `STRIDE` neighbours each.
#[inline(always)]
fn stage<const POINTS: usize, const STRIDE: usize, const BUTTERFLIES: usize>(
    stage: &Stage<BUTTERFLIES>,
    input: &Complex<POINTS>,
    output: &mut Complex<POINTS>,
) {
    const { assert!(POINTS >= 4 * STRIDE * BUTTERFLIES) };
    let quarter = POINTS / 4;
    for p in 0..BUTTERFLIES {
        for q in 0..STRIDE {
            let from = STRIDE * p + q;
            let (re, im) = butterfly(
                std::array::from_fn(|leg| input.re[from + leg * quarter]),
                std::array::from_fn(|leg| input.im[from + leg * quarter]),
            );
            let to = 4 * STRIDE * p + q;
            (output.re[to], output.im[to]) = (re[0], im[0]);
            for power in 0..3 {
                let (cos, sin) = (stage.cos[power][p], stage.sin[power][p]);
                output.re[to + STRIDE * (power + 1)] = re[power + 1] * cos - im[power + 1] * sin;
                output.im[to + STRIDE * (power + 1)] = re[power + 1] * sin + im[power + 1] * cos;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 512 windowed samples of a block by the formula of A/52:2018 §8.2.3.2, inverted: no FFT, no symmetry.
    fn by_formula(blksw: bool, coefficients: &[f32; 256]) -> Vec<f64> {
        let window = window();
        let basis = |points: f64, alpha: f64, n: usize, k: usize| {
            let (n, k) = (n as f64, k as f64);
            (2.0 * PI / (4.0 * points) * (2.0 * n + 1.0) * (2.0 * k + 1.0) + PI / 4.0 * (2.0 * k + 1.0) * (1.0 + alpha))
                .cos()
        };
        (0..512)
            .map(|n| {
                let sum: f64 = (0..256)
                    .map(|k| {
                        let basis = match (blksw, n < 256) {
                            (false, _) => basis(512.0, 0.0, n, k),
                            (true, true) if k % 2 == 0 => basis(256.0, -1.0, n, k / 2),
                            (true, false) if k % 2 == 1 => basis(256.0, 1.0, n - 256, k / 2),
                            _ => 0.0,
                        };
                        -f64::from(coefficients[k]) * basis
                    })
                    .sum();
                sum * 2.0 * if n < 256 { window[n] } else { window[511 - n] }
            })
            .collect()
    }

    #[test]
    fn blocks_are_the_formulas() {
        let transform = Transform::new();
        let mut noise = 1u32;
        let mut overlap = [0.0; 128];
        let mut before = vec![0.0; 512];
        for blksw in [false, false, true, true, false, true, false] {
            let coefficients: [f32; 256] = std::array::from_fn(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                noise.cast_signed() as f32 / 2_147_483_648.0
            });
            let mut block = coefficients;
            transform.inverse(blksw, &mut block, &mut overlap);
            let now = by_formula(blksw, &coefficients);
            let (mut error, mut power) = (0.0, 0.0);
            for n in 0..256 {
                let exact = now[n] + before[256 + n];
                error += (f64::from(block[n]) - exact).powi(2);
                power += exact.powi(2);
            }
            let snr = 10.0 * (power / error).log10();
            assert!(snr > 130.0, "blksw {blksw}: {snr} dB");
            before = now;
        }
        let mut block = [9.0; 256];
        transform.fade(&mut overlap, &mut block);
        assert!((0..256).all(|n| (f64::from(block[n]) - before[256 + n]).abs() < 1e-4));
        assert_eq!(overlap, [0.0; 128]);
    }

    #[test]
    fn window_is_table_7_33() {
        // Some of the table's five-digit values, and what a window must be for the overlap to give the signal back.
        let window = window();
        let table = [
            (0, 0.00014),
            (1, 0.00024),
            (2, 0.00037),
            (7, 0.00130),
            (31, 0.02121),
            (63, 0.13563),
            (127, 0.70269),
            (200, 0.99558),
        ];
        for (n, value) in table {
            assert!((window[n] - value).abs() <= 0.000_005_1, "w[{n}] {} not {value}", window[n]);
        }
        assert!((0..256).all(|n| (window[n].powi(2) + window[255 - n].powi(2) - 1.0).abs() < 1e-12));
    }
}
