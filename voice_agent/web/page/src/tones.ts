/** States that can be heard: a few soft notes, made here, so that nothing is loaded for them. */

export type Tone = "listening" | "thinking" | "lost" | "back";

const NOTES: Record<Tone, number[]> = {
  listening: [523, 784],
  thinking: [440],
  lost: [440, 330],
  back: [330, 440],
};
const APART = 0.11;
const LENGTH = 0.16;
const LOUD = 0.05;

export class Tones {
  private context: AudioContext | null = null;

  play(tone: Tone, volume: number): void {
    if (volume <= 0) return;
    const context = (this.context ??= new AudioContext());
    if (context.state === "suspended") void context.resume();
    NOTES[tone].forEach((pitch, place) => {
      const start = context.currentTime + place * APART;
      const note = context.createOscillator();
      const loudness = context.createGain();
      note.frequency.value = pitch;
      loudness.gain.setValueAtTime(0, start);
      loudness.gain.linearRampToValueAtTime(LOUD * volume, start + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH);
      note.connect(loudness).connect(context.destination);
      note.start(start);
      note.stop(start + LENGTH);
    });
  }
}
