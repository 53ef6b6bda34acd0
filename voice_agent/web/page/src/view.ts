/** Shows the model. */

import { Card, type CardActions } from "./card";
import { find, make, opens, tell } from "./dom";
import type { Phase } from "./link";
import type { Entry, Model } from "./model";
import { QuestionView, type QuestionActions } from "./question";
import { ServersView, type ServerActions } from "./servers";

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
const NAME = "Voice agent";
/** Pixels from the end at which the transcript counts as read to the end. */
const NEAR = 80;

export class View {
  readonly talk = find("talk", HTMLButtonElement);
  readonly end = find("end", HTMLButtonElement);
  readonly mute = find("mute", HTMLButtonElement);
  readonly hold = find("hold", HTMLButtonElement);
  readonly yes = find("yes", HTMLButtonElement);
  readonly no = find("no", HTMLButtonElement);
  readonly sound = find("sound", HTMLButtonElement);
  readonly message = find("message", HTMLInputElement);
  readonly compose = find("compose", HTMLFormElement);
  readonly voices = find("voices", HTMLCanvasElement);
  readonly level = find("level", HTMLElement);
  private readonly app = find("app", HTMLElement);
  private readonly status = find("status", HTMLElement);
  private readonly log = find("log", HTMLElement);
  private readonly talked = find("talked", HTMLElement);
  private readonly live = find("live", HTMLElement);
  private readonly bottom = find("bottom", HTMLElement);
  private readonly ask = find("ask", HTMLElement);
  private readonly asked = find("asked", HTMLElement);
  private readonly noticeLine = find("notice", HTMLElement);
  private readonly question: QuestionView;
  private readonly servers: ServersView;
  private shown: string[] = [];
  private cards = new Map<string, Card>();
  /** Whether what the assistant says can be heard; then a screen reader need not say it once more. */
  isAudible = true;

  constructor(private readonly actions: CardActions & QuestionActions & ServerActions) {
    let isFollowed = true;
    this.talked.addEventListener("scroll", () => (isFollowed = this.isAtEnd()));
    // What comes below it takes room from it.
    new ResizeObserver(() => isFollowed && this.scroll()).observe(this.talked);
    const button = find("show-servers", HTMLButtonElement);
    this.question = new QuestionView(find("question", HTMLElement), actions);
    this.servers = new ServersView(find("servers", HTMLElement), button, actions);
    opens(button, find("servers-panel", HTMLDialogElement), find("close-servers", HTMLButtonElement));
    opens(
      find("show-settings", HTMLButtonElement),
      find("settings-panel", HTMLDialogElement),
      find("close-settings", HTMLButtonElement),
    );
  }

  show(model: Model, phase: Phase): void {
    const isIn = phase !== "idle";
    const focused = document.activeElement;
    const isSeen = focused?.matches(":focus-visible") ?? false;
    this.app.dataset["phase"] = phase;
    this.talk.hidden = isIn;
    this.bottom.hidden = !isIn;
    this.showState(model, phase);
    this.showEntries(model.entries);
    const asked = isIn ? model.asked : null;
    this.ask.hidden = asked === null;
    if (asked !== null) tell(this.asked, asked.question ?? "");
    this.question.show(isIn ? model.question : null);
    this.servers.show(isIn ? [...model.servers.values()] : [], model.approves);
    if (isSeen && focused?.checkVisibility() === false) this.goOn(isIn);
  }

  /** What had the focus is gone: whoever goes by the keyboard goes on from here, not from the top. */
  private goOn(isIn: boolean): void {
    const inside = this.hold.hidden ? this.message : this.hold;
    (isIn ? inside : this.talk).focus();
  }

  /** Show what is being said at this moment. */
  caption(text: string, speaker: "user" | "agent"): void {
    const isAtEnd = this.isAtEnd();
    this.live.dataset["live"] = speaker;
    this.live.textContent = text;
    this.live.hidden = text === "";
    if (isAtEnd) this.scroll();
  }

  notice(text: string): void {
    this.noticeLine.hidden = text === "";
    tell(this.noticeLine, text);
  }

  setMuted(isMuted: boolean): void {
    this.mute.setAttribute("aria-pressed", String(isMuted));
    this.level.dataset["muted"] = String(isMuted);
  }

  private showState(model: Model, phase: Phase): void {
    const state = phase === "talking" ? model.agent : phase;
    const words = phase === "talking" ? (AGENT[model.agent] ?? model.agent) : PHASES[phase];
    this.status.dataset["state"] = state;
    // The turns of a conversation can be heard; what happens to the connection must be told.
    this.status.ariaLive = phase === "talking" && this.isAudible ? "off" : "polite";
    const text = phase === "idle" && model.end !== null ? "The conversation has ended" : words;
    tell(this.status, text);
    document.title = phase === "idle" ? NAME : `${words} – ${NAME}`;
  }

  /** Change only what differs, so that a screen reader hears news and an open card stays open. */
  private showEntries(entries: Entry[]): void {
    if (entries.length < this.shown.length || entries.length === 0) this.clear();
    const isAtEnd = this.isAtEnd();
    let isNew = false;
    let isTurn = false;
    entries.forEach((entry, place) => {
      const key = JSON.stringify(entry);
      if (this.shown[place] === key) return;
      this.shown[place] = key;
      isNew = true;
      isTurn ||= place >= this.log.children.length && entry.kind === "said" && entry.speaker === "user";
      const old = this.log.children[place];
      const element = this.element(entry);
      if (old === undefined) this.log.append(element);
      else if (old !== element) old.replaceWith(element);
    });
    // Whoever says something wants to see what comes of it.
    if (isNew && (isAtEnd || isTurn)) this.scroll();
  }

  private clear(): void {
    this.shown = [];
    this.cards.clear();
    this.log.replaceChildren();
  }

  private element(entry: Entry): HTMLElement {
    if (entry.kind === "call") {
      const known = this.cards.get(entry.call.id);
      known?.show(entry.call);
      const shown = known ?? new Card(entry.call, this.actions);
      this.cards.set(entry.call.id, shown);
      return shown.element;
    }
    if (entry.kind === "trouble") return make("p", { class: "trouble" }, entry.text);
    const { speaker, text, aside, interrupted } = entry;
    const element = make("p", { class: "line", "data-speaker": speaker, "data-aside": aside, "data-cut": interrupted });
    if (speaker === "agent" && this.isAudible) element.ariaLive = "off";
    element.append(make("span", { class: "hidden" }, speaker === "user" ? "You: " : "Assistant: "), text);
    return element;
  }

  private isAtEnd(): boolean {
    return this.talked.scrollHeight - this.talked.scrollTop - this.talked.clientHeight < NEAR;
  }

  private scroll(): void {
    this.talked.scrollTop = this.talked.scrollHeight;
  }
}
