/** How loud both voices are, as CSS sees it: `--level` of one element, 0 to 1. */

export class Meter {
  private readonly inputs = new Map<string, { node: MediaStreamAudioSourceNode; analyser: AnalyserNode }>();
  private context: AudioContext | null = null;
  private frame = 0;

  constructor(private readonly element: HTMLElement) {}

  follow(track: MediaStreamTrack, name: string): void {
    this.context ??= new AudioContext();
    void this.context.resume();
    this.inputs.get(name)?.node.disconnect();
    const node = this.context.createMediaStreamSource(new MediaStream([track]));
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 512;
    node.connect(analyser);
    this.inputs.set(name, { node, analyser });
    if (this.frame === 0) this.draw(new Uint8Array(analyser.fftSize));
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    for (const { node } of this.inputs.values()) node.disconnect();
    this.inputs.clear();
    this.element.style.setProperty("--level", "0");
  }

  private draw(samples: Uint8Array<ArrayBuffer>): void {
    let loudest = 0;
    for (const { analyser } of this.inputs.values()) {
      analyser.getByteTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) sum += (sample - 128) ** 2;
      loudest = Math.max(loudest, Math.sqrt(sum / samples.length) / 40);
    }
    this.element.style.setProperty("--level", Math.min(1, loudest).toFixed(3));
    this.frame = requestAnimationFrame(() => this.draw(samples));
  }
}
