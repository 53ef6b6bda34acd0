/** Puts the page together: buttons to link, link to model, model to view. */

import { Link, askForOptions, type Phase } from "./link";
import { Model } from "./model";
import { isStill, keep, read, wear, type Preferences } from "./preferences";
import { SettingsView, type Options } from "./settings";
import { Tones, type Tone } from "./tones";
import { View } from "./view";
import { Voices } from "./voices";

const preferences = read();
const model = new Model();
const tones = new Tones();
const view = new View({
  cancel: (call) => void link.command("va.cancel", { call }),
  more: (call) => void link.command("va.result", { call }),
  answer: (call, action, content) => void link.command("va.answer", { call, action, content }),
  filling: (call) => void link.command("va.filling", { call }),
  approve: (server, held) => void link.command("va.approve", { server, held }),
});
const voices = new Voices(view.voices, view.level);
const settings = new SettingsView(preferences, changed);
let phase: Phase = "idle";
let isMuted = false;
let state = "idle";
let unsent: string[] = [];

const link = new Link({
  phase(next) {
    if (next === "reconnecting" && phase === "talking") sound("lost");
    if (next === "talking" && phase === "reconnecting") sound("back");
    phase = next;
    if (next === "idle") {
      voices.stop();
      view.caption("", "user");
    }
    if (next === "talking") {
      view.notice(link.trouble);
      for (const text of unsent.splice(0)) void link.say(text);
    }
    show();
  },
  incoming(incoming) {
    model.take(incoming);
    if (incoming.event === "user" || incoming.event === "agent") view.caption("", "user");
    show();
    if (model.end !== null) {
      link.forget();
      void link.close();
    }
  },
  whole(call, whole) {
    model.complete(call, whole);
    show();
  },
  caption(text, speaker) {
    if (preferences.captions) view.caption(text, speaker);
  },
  sound(isAllowed) {
    view.sound.hidden = isAllowed;
    hear();
  },
  track(track, speaker) {
    voices.follow(track, speaker);
  },
  notice(text) {
    view.notice(text);
  },
  microphone(isOn) {
    isMuted = !isOn;
    view.setMuted(isMuted);
    show();
  },
  microphones(devices) {
    settings.list(devices);
  },
});

function show(): void {
  view.show(model, phase);
  const next = phase === "talking" ? model.agent : phase;
  if (next !== state && next === "thinking") sound("thinking");
  if (next === "listening" && ["waiting", "connecting", "initializing"].includes(state)) sound("listening");
  state = next;
  voices.show(state === "listening" && isMuted ? "muted" : state, isStill(preferences));
}

function sound(tone: Tone): void {
  if (preferences.tones) tones.play(tone, preferences.volume);
}

function hear(): void {
  view.isAudible = preferences.volume > 0 && Boolean(view.sound.hidden);
}

async function begin(): Promise<void> {
  view.notice("");
  if (!link.canReturn) model.take({ event: "snapshot", lines: [] });
  const { microphone, volume, profile, language } = preferences;
  const wishes = { microphone, volume, ...(profile ? { profile } : {}), ...(language ? { language } : {}) };
  try {
    await link.open(preferences.pushToTalk, wishes);
  } catch (error) {
    await link.close();
    view.notice(error instanceof Error ? error.message : "The conversation could not begin.");
  }
}

function changed(name: keyof Preferences): void {
  keep(preferences);
  wear(preferences);
  if (name === "microphone") void link.switchMicrophone(preferences.microphone);
  if (name === "language" && phase !== "idle") void link.setLanguage(preferences.language);
  if (name === "volume") link.setVolume(preferences.volume);
  if (name === "captions" && !preferences.captions) view.caption("", "user");
  if (name === "pushToTalk") {
    view.hold.hidden = !preferences.pushToTalk;
    if (phase !== "idle") void link.setMicrophone(!preferences.pushToTalk);
  }
  hear();
  show();
}

function answer(yes: boolean): void {
  const call = model.asked;
  if (call !== null) void link.command("va.confirm", { call: call.id, yes });
}

/** While the button, or the space bar, is held, the microphone is on. */
function holdToTalk(isHeld: boolean): void {
  if (!preferences.pushToTalk || phase === "idle" || isHeld === !isMuted) return;
  isMuted = !isHeld;
  view.hold.setAttribute("aria-pressed", String(isHeld));
  void link.setMicrophone(isHeld);
}

function isFree(target: EventTarget | null): boolean {
  return target === view.hold || !(target instanceof Element && target.closest("input, textarea, select, button, a, summary, dialog"));
}

view.talk.addEventListener("click", () => void begin());
view.end.addEventListener("click", () => void link.end());
view.mute.addEventListener("click", () => void link.setMicrophone(isMuted));
view.yes.addEventListener("click", () => answer(true));
view.no.addEventListener("click", () => answer(false));
view.sound.addEventListener("click", () => void link.allowSound());
view.hold.addEventListener("pointerdown", (event) => {
  view.hold.setPointerCapture(event.pointerId);
  holdToTalk(true);
});
for (const end of ["pointerup", "pointercancel"]) view.hold.addEventListener(end, () => holdToTalk(false));
// Pressed without a pointer (Enter, or by a screen reader) it cannot be held: it turns the microphone on, and off.
view.hold.addEventListener("click", (event) => {
  if (event.detail === 0) holdToTalk(isMuted);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !preferences.pushToTalk || phase === "idle" || !isFree(event.target)) return;
  event.preventDefault();
  if (!event.repeat) holdToTalk(true);
});
document.addEventListener("keyup", (event) => {
  if (event.key === " " && preferences.pushToTalk && isFree(event.target)) holdToTalk(false);
});
window.addEventListener("blur", () => holdToTalk(false));
view.compose.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = view.message.value.trim();
  if (text === "") return;
  view.message.value = "";
  if (phase === "talking") void link.say(text);
  else unsent.push(text);
});

wear(preferences);
matchMedia("(prefers-reduced-motion: reduce)").addEventListener("change", () => changed("motion"));
view.hold.hidden = !preferences.pushToTalk;
hear();
show();
void askForOptions().then((options) => settings.offer(options as Options | null));
void link.listMicrophones();
if (link.canReturn) void begin();
