/*
 * FDK's arithmetic on WebAssembly, made the same as on x86-64 to the bit.
 *
 * FDK chooses its tables and a few functions by architecture (libFDK/include/FDK_archdef.h, clz.h, fixpoint_math.h), and
 * leaves out its own where the macros below are defined before those headers; the compiler is told to include this one
 * first. On a target that it does not know it counts leading zeros in a loop, which costs a third of the encoder's time,
 * takes square roots from tables, and keeps tables of twice the size. With this header the sandboxed encoder writes the very
 * bytes that the native one writes, so each can be tested against the other.
 */
#ifndef XG2G_ARITHMETIC_H
#define XG2G_ARITHMETIC_H

/* Tables of 16 bits, as on x86 and ARM. */
#define ARCH_PREFER_MULT_32x16
#define SINETABLE_16BIT
#define WINDOWTABLE_16BIT
#define POW2COEFF_16BIT
#define LDCOEFF_16BIT

#ifdef __cplusplus

/* `long` is FDK's 32-bit fixed-point type on this target; another would make calls ambiguous. */

#define FUNCTION_fixnormz_D
#define FUNCTION_fixnorm_D

/* Leading zeros of a; 32 for 0. */
static inline int fixnormz_D(long a) { return a == 0 ? 32 : __builtin_clzl((unsigned long)a); }

/* Bits by which v can be shifted left without changing its sign; 0 for 0. */
static inline int fixnorm_D(long v) { return v == 0 ? 0 : fixnormz_D(v ^ (v >> 31)) - 1; }

#define FUNCTION_sqrtFixp
#define FUNCTION_invSqrtNorm2
#define FUNCTION_invFixp
#define FUNCTION_schur_div

#define XG2G_MAX 0x7fffffffL

/* Splits x, positive and normal, into m / 2^31 * 2^exponent with 0.5 <= m / 2^31 < 1; returns m. */
static inline long xg2g_split(float x, int *exponent) {
  union { float value; unsigned bits; } f = {x};
  *exponent = (int)(f.bits >> 23) - 126;
  f.bits = (f.bits & 0x007fffffu) | (126u << 23);
  return (long)(f.value * 2147483648.0f);
}

/* The square root of op / 2^31, times 2^31: op's own root times the root of 2^31, in single precision. */
static inline long sqrtFixp(long op) { return (long)(__builtin_sqrtf((float)op) * 46340.9492f); }

/* 1 / sqrt(op / 2^31) as mantissa and exponent. */
static inline long invSqrtNorm2(long op, int *exponent) {
  if (op == 0) {
    *exponent = 16;
    return XG2G_MAX;
  }
  long mantissa = xg2g_split((float)(1.0 / __builtin_sqrtf(0.5f * (float)op)), exponent);
  *exponent += 15;
  return mantissa;
}

/* 1 / op, times 2^31. */
static inline long invFixp(long op) {
  return op == 0 || op == 1 ? XG2G_MAX : (long)((float)(1.0 / (float)op) * 2147483648.0f);
}

/* 1 / (mantissa * 2^exponent) as mantissa and exponent. */
static inline long invFixp(long mantissa, int *exponent) {
  if (mantissa == 0 || mantissa == 1) {
    *exponent = 31 - *exponent;
    return XG2G_MAX;
  }
  int inverse_exponent;
  long inverse = xg2g_split((float)(1.0 / (float)mantissa), &inverse_exponent);
  *exponent = inverse_exponent - *exponent + 31;
  return inverse;
}

/* num / denum, times 2^31; num <= denum. */
static inline long schur_div(long num, long denum, int count) {
  (void)count;
  return num == denum ? XG2G_MAX : (long)(((long long)num << 31) / denum);
}

#endif
#endif
