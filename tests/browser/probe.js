// Runs beside the sound: tells at which time of the context a click begins. The demo's tones stay far below the threshold.
registerProcessor('clicks', class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.last = -1;
  }

  process([input], [output]) {
    input.forEach((samples, channel) => output[channel]?.set(samples));
    const samples = input[0];
    if (!samples) return true;
    for (let i = 0; i < samples.length; i++) {
      const at = currentTime + i / sampleRate;
      if (Math.abs(samples[i]) > 0.4 && at > this.last + 0.5) {
        this.last = at;
        this.port.postMessage(at);
      }
    }
    return true;
  }
});
