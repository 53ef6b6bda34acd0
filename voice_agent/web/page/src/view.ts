/** Shows the model. */

import { card, type CardActions } from "./card";
import { find, make } from "./dom";
import type { Phase } from "./link";
import type { Entry, Model } from "./model";

const AGENT: Record<string, string> = {
  initializing: "Getting ready",
  idle: "Listening",
  listening: "Listening",
  thinking: "Thinking",
  speaking: "Speaking",
};
const PHASES: Record<Exclude<Phase, "talking">, string> = {
  idle: "Ready when you are",
  connecting: "Connecting",
  reconnecting: "Reconnecting",
  waiting: "Waiting for the assistant",
  ending: "Ending",
};

export class View {
  readonly talk = find("talk", HTMLButtonElement);
  readonly end = find("end", HTMLButtonElement);
  readonly mute = find("mute", HTMLButtonElement);
  readonly yes = find("yes", HTMLButtonElement);
  readonly no = find("no", HTMLButtonElement);
  readonly sound = find("sound", HTMLButtonElement);
  readonly message = find("message", HTMLInputElement);
  readonly compose = find("compose", HTMLFormElement);
  readonly orb = find("orb", HTMLElement);
  private readonly app = find("app", HTMLElement);
  private readonly status = find("status", HTMLElement);
  private readonly log = find("log", HTMLElement);
  private readonly talked = find("talked", HTMLElement);
  private readonly captionLine = find("caption", HTMLElement);
  private readonly bottom = find("bottom", HTMLElement);
  private readonly ask = find("ask", HTMLElement);
  private readonly asked = find("asked", HTMLElement);
  private readonly servers = find("servers", HTMLElement);
  private readonly noticeLine = find("notice", HTMLElement);
  private shown: string[] = [];

  constructor(private readonly actions: CardActions) {}

  show(model: Model, phase: Phase): void {
    const isIn = phase !== "idle";
    this.app.dataset["phase"] = phase;
    this.talk.hidden = isIn;
    this.bottom.hidden = !isIn;
    const state = phase === "talking" ? model.agent : phase;
    const words = phase === "talking" ? (AGENT[model.agent] ?? model.agent) : PHASES[phase];
    this.status.dataset["state"] = state;
    const text = phase === "idle" && model.end !== null ? "The conversation has ended" : words;
    if (this.status.textContent !== text) this.status.textContent = text;
    this.showEntries(model.entries);
    const asked = isIn ? model.asked : null;
    this.ask.hidden = asked === null;
    if (asked !== null && this.asked.textContent !== asked.question) this.asked.textContent = asked.question ?? "";
    this.showServers(model);
  }

  caption(text: string): void {
    this.captionLine.textContent = text;
    if (text !== "") this.scroll();
  }

  notice(text: string): void {
    this.noticeLine.hidden = text === "";
    this.noticeLine.textContent = text;
  }

  setMuted(isMuted: boolean): void {
    this.mute.setAttribute("aria-pressed", String(isMuted));
  }

  /** Change only what differs, so that a screen reader hears news and an open card stays open. */
  private showEntries(entries: Entry[]): void {
    const keys = entries.map((entry) => JSON.stringify(entry));
    let isNew = false;
    entries.forEach((entry, place) => {
      if (this.shown[place] === keys[place]) return;
      const element = this.element(entry);
      const old = this.log.children[place];
      if (old === undefined) this.log.append(element);
      else old.replaceWith(element);
      isNew = true;
    });
    while (this.log.children.length > entries.length) this.log.lastElementChild?.remove();
    this.shown = keys;
    if (isNew) this.scroll();
  }

  private element(entry: Entry): HTMLElement {
    if (entry.kind === "call") return card(entry.call, this.actions);
    if (entry.kind === "trouble") return make("p", { class: "trouble" }, entry.text);
    const { speaker, text, aside, interrupted } = entry;
    const element = make("p", { class: "line", "data-speaker": speaker, "data-aside": aside, "data-cut": interrupted });
    element.append(make("span", { class: "who" }, speaker === "user" ? "You: " : "Assistant: "), text);
    return element;
  }

  private showServers(model: Model): void {
    const items = [...model.servers.values()].map((server) =>
      make(
        "li",
        { "data-state": server.state, title: server.reason ?? server.state },
        server.name,
        make("span", { class: "hidden" }, `: ${server.reason ?? server.state}`),
      ),
    );
    this.servers.replaceChildren(...items);
  }

  private scroll(): void {
    this.talked.scrollTop = this.talked.scrollHeight;
  }
}
