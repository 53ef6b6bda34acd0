/** Both voices to look at: the assistant's as a body of light, the person's as a line around it. */

type Speaker = "user" | "agent";

const POINTS = 72;
const BINS = 20;
/** How much of a change is taken over in one picture. */
const SMOOTH = 0.3;
const LOUD = 90;

export class Voices {
  private readonly inputs = new Map<Speaker, { node: MediaStreamAudioSourceNode; analyser: AnalyserNode }>();
  private readonly shapes: Record<Speaker, Float32Array> = { user: new Float32Array(BINS), agent: new Float32Array(BINS) };
  private readonly samples = new Uint8Array(128);
  private context: AudioContext | null = null;
  private frame = 0;
  private state = "idle";
  private isStill = false;
  private turn = 0;

  /** `level` is shown how loud the person is. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly level: HTMLElement,
  ) {
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  follow(track: MediaStreamTrack, speaker: Speaker): void {
    this.context ??= new AudioContext();
    void this.context.resume();
    this.inputs.get(speaker)?.node.disconnect();
    const node = this.context.createMediaStreamSource(new MediaStream([track]));
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 256;
    analyser.smoothingTimeConstant = 0.6;
    node.connect(analyser);
    this.inputs.set(speaker, { node, analyser });
    this.run();
  }

  /** Show a state; nothing moves by itself where `isStill`. */
  show(state: string, isStill: boolean): void {
    if (state === this.state && isStill === this.isStill) return;
    this.state = state;
    this.isStill = isStill;
    this.draw();
    this.run();
  }

  stop(): void {
    for (const { node } of this.inputs.values()) node.disconnect();
    this.inputs.clear();
    this.shapes.user.fill(0);
    this.shapes.agent.fill(0);
    this.draw();
    this.level.style.setProperty("--level", "0");
  }

  private run(): void {
    if (this.frame !== 0 || this.state === "idle") return;
    const step = (): void => {
      this.frame = 0;
      this.listen("user");
      this.listen("agent");
      this.level.style.setProperty("--level", Math.min(1, 1.6 * mean(this.shapes.user)).toFixed(2));
      this.turn += 1;
      // Half of the pictures will do: this page is left open.
      if (!this.isStill && this.turn % 2 === 0) this.draw();
      this.run();
    };
    // The browser makes no pictures of a page that nobody sees.
    this.frame = requestAnimationFrame(step);
  }

  private listen(speaker: Speaker): void {
    const shape = this.shapes[speaker];
    const analyser = this.inputs.get(speaker)?.analyser;
    if (analyser !== undefined) analyser.getByteFrequencyData(this.samples);
    for (let bin = 0; bin < BINS; bin++) {
      const heard = analyser === undefined ? 0 : Math.max(0, (this.samples[bin + 1] ?? 0) - LOUD) / (255 - LOUD);
      shape[bin] = (shape[bin] ?? 0) + (heard - (shape[bin] ?? 0)) * SMOOTH;
    }
  }

  private draw(): void {
    const { canvas } = this;
    const size = canvas.clientWidth * devicePixelRatio;
    if (size === 0) return;
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const pen = canvas.getContext("2d");
    if (pen === null) return;
    const style = getComputedStyle(canvas);
    pen.clearRect(0, 0, size, size);
    pen.save();
    pen.translate(size / 2, size / 2);
    // Computed colours: what CSS says with variables and light-dark() a canvas cannot read.
    this.body(pen, size, style.accentColor, style.outlineColor);
    this.ring(pen, size, style.color, style.accentColor);
    pen.restore();
  }

  private body(pen: CanvasRenderingContext2D, size: number, accent: string, lit: string): void {
    const isAway = ["reconnecting", "waiting", "connecting", "ending"].includes(this.state);
    const isSpeaking = this.state === "speaking";
    const breath = this.isStill ? 0 : Math.sin(this.turn / (this.state === "thinking" ? 14 : 48));
    const depth = this.state === "thinking" ? 0.022 : 0.008;
    pen.fillStyle = accent;
    pen.globalAlpha = isAway ? 0.06 : isSpeaking ? 0.24 : 0.16;
    outline(pen, size * (0.3 + 2 * depth * breath), size * 0.18, this.shapes.agent, -this.turn / 110);
    pen.fill();
    outline(pen, size * (0.26 + depth * breath), size * 0.11, this.shapes.agent, this.turn / 160);
    const light = pen.createRadialGradient(-size * 0.08, -size * 0.1, 0, 0, 0, size * 0.4);
    light.addColorStop(0, lit);
    light.addColorStop(1, accent);
    pen.globalAlpha = isAway ? 0.35 : this.state === "muted" ? 0.6 : 1;
    pen.fillStyle = light;
    pen.fill();
    pen.globalAlpha = 1;
  }

  private ring(pen: CanvasRenderingContext2D, size: number, ink: string, accent: string): void {
    pen.lineWidth = Math.max(1.5, size * 0.012);
    pen.lineCap = "round";
    if (["thinking", "connecting", "reconnecting", "waiting"].includes(this.state)) {
      const start = this.isStill ? -Math.PI / 2 : this.turn / 22;
      pen.beginPath();
      pen.arc(0, 0, size * 0.38, start, start + Math.PI * 0.6);
      pen.strokeStyle = accent;
      pen.stroke();
    }
    // It is the person's: bright while it is their turn, broken while their microphone is off.
    const isTheirs = this.state === "listening";
    if (this.state === "muted") pen.setLineDash([size * 0.02, size * 0.04]);
    outline(pen, size * 0.38, size * 0.1, this.shapes.user, this.state === "muted" ? 0 : -this.turn / 220);
    pen.globalAlpha = (isTheirs ? 0.55 : 0.25) + 0.45 * Math.min(1, 2 * mean(this.shapes.user));
    pen.strokeStyle = isTheirs ? accent : ink;
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }
}

/** A circle that bulges with the voice, the same on both sides. */
function outline(pen: CanvasRenderingContext2D, radius: number, swell: number, shape: Float32Array, turn: number): void {
  const points = Array.from({ length: POINTS }, (_, place) => {
    const half = POINTS / 2;
    const mirrored = place < half ? place : POINTS - place;
    const at = (mirrored / half) * (BINS - 1);
    const low = Math.floor(at);
    const near = shape[low] ?? 0;
    const heard = near + ((shape[Math.min(BINS - 1, low + 1)] ?? 0) - near) * (at - low);
    const angle = (place / POINTS) * 2 * Math.PI + turn;
    const distance = radius + swell * heard;
    return [Math.cos(angle) * distance, Math.sin(angle) * distance] as const;
  });
  pen.beginPath();
  points.forEach((point, place) => {
    const next = points[(place + 1) % POINTS] ?? point;
    const middle = [(point[0] + next[0]) / 2, (point[1] + next[1]) / 2] as const;
    if (place === 0) pen.moveTo(...middle);
    else pen.quadraticCurveTo(...point, ...middle);
  });
  const [first, second] = [points[0], points[1]];
  if (first !== undefined && second !== undefined) {
    pen.quadraticCurveTo(...first, (first[0] + second[0]) / 2, (first[1] + second[1]) / 2);
  }
  pen.closePath();
}

function mean(shape: Float32Array): number {
  return shape.reduce((sum, one) => sum + one, 0) / shape.length;
}
