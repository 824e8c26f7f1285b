//! Transport streams: ISO/IEC 13818-1. Nothing in here knows of codecs.
