/** Puts the page together: buttons to link, link to model, model to view. */

import { Link, type Phase } from "./link";
import { Meter } from "./meter";
import { Model } from "./model";
import { View } from "./view";

const model = new Model();
const view = new View({
  cancel: (call) => void link.command("va.cancel", { call }),
  more: (call) => void link.command("va.result", { call }),
});
const meter = new Meter(view.orb);
let phase: Phase = "idle";
let isMuted = false;
let unsent: string[] = [];

const link = new Link({
  phase(next) {
    phase = next;
    if (next === "idle") {
      meter.stop();
      view.caption("");
    }
    if (next === "talking") {
      view.notice(link.trouble);
      for (const text of unsent.splice(0)) void link.say(text);
    }
    view.show(model, phase);
  },
  incoming(incoming) {
    model.take(incoming);
    if (incoming.event === "user" || incoming.event === "agent") view.caption("");
    view.show(model, phase);
    if (model.end !== null) {
      link.forget();
      void link.close();
    }
  },
  whole(call, structured) {
    model.complete(call, structured);
    view.show(model, phase);
  },
  caption(text) {
    view.caption(text);
  },
  sound(isAllowed) {
    view.sound.hidden = isAllowed;
  },
  track(track, speaker) {
    meter.follow(track, speaker);
  },
  notice(text) {
    view.notice(text);
  },
  microphone(isOn) {
    isMuted = !isOn;
    view.setMuted(isMuted);
  },
});

async function begin(withMicrophone: boolean): Promise<void> {
  view.notice("");
  if (!link.canReturn) model.take({ event: "snapshot", lines: [] });
  try {
    await link.open(withMicrophone);
  } catch (error) {
    await link.close();
    view.notice(error instanceof Error ? error.message : "The conversation could not begin.");
  }
}

view.talk.addEventListener("click", () => void begin(true));
view.end.addEventListener("click", () => {
  void link.end();
});
view.mute.addEventListener("click", () => {
  void link.setMicrophone(isMuted);
});
view.yes.addEventListener("click", () => answer(true));
view.no.addEventListener("click", () => answer(false));
view.sound.addEventListener("click", () => void link.allowSound());
view.compose.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = view.message.value.trim();
  if (text === "") return;
  view.message.value = "";
  if (phase === "talking") void link.say(text);
  else unsent.push(text);
});

function answer(yes: boolean): void {
  const call = model.asked;
  if (call !== null) void link.command("va.confirm", { call: call.id, yes });
}

view.show(model, phase);
if (link.canReturn) void begin(true);
