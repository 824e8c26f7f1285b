//! Mixing and levelling of decoded sound.
