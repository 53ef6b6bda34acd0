/** A tool call as a card, changed in place: what is open stays open, and a screen reader is not told twice. */

import { media, pairs, structured, words } from "./content";
import { make } from "./dom";
import type { Call, CallStatus } from "./model";

const WORDS: Record<CallStatus, string> = {
  confirm: "Waits for your yes",
  declined: "Declined",
  dropped: "Not done",
  running: "Running",
  ok: "Done",
  error: "Failed",
  denied: "Not allowed",
  cancelled: "Cancelled",
  unknown: "Outcome unknown",
};
/** Characters of a result that are shown without being asked for. */
const SHORT = 160;

export interface CardActions {
  cancel(call: string): void;
  more(call: string): void;
}

export class Card {
  readonly element: HTMLElement;
  private readonly chip = make("span", { class: "chip" });
  private readonly cancel = make("button", { type: "button", class: "small" }, "Cancel");
  private readonly bar = make("progress", {});
  private readonly told = make("span", { class: "told" });
  private readonly progress = make("div", { class: "progress" }, this.bar, this.told);
  private readonly result = make("div", { class: "result", hidden: true });
  private resultKey = "";

  constructor(call: Call, actions: CardActions) {
    this.element = make("article", { "aria-label": call.name, "data-call": call.id, class: "card" });
    const name = make("h2", {}, make("span", { class: "tool" }, words(call.tool)), " ", make("span", { class: "server" }, call.server));
    this.element.append(make("header", {}, name, this.chip, this.cancel));
    if (Object.keys(call.arguments).length > 0) this.element.append(pairs(call.arguments));
    this.cancel.addEventListener("click", () => actions.cancel(call.id));
    this.element.append(this.progress, this.result);
    this.actions = actions;
    this.show(call);
  }

  private readonly actions: CardActions;

  show(call: Call): void {
    this.element.dataset["status"] = call.status;
    if (this.chip.textContent !== WORDS[call.status]) this.chip.textContent = WORDS[call.status];
    this.cancel.hidden = call.status !== "running";
    this.showProgress(call);
    const key = JSON.stringify([call.status, call.text, call.structured, call.media, call.isCut]);
    if (call.text !== null && call.status !== "running" && key !== this.resultKey) {
      this.resultKey = key;
      this.result.hidden = false;
      this.result.replaceChildren(this.made(call));
    }
  }

  private showProgress(call: Call): void {
    const { progress } = call;
    this.progress.hidden = progress === null || call.status !== "running";
    this.told.textContent = progress?.text ?? "";
    this.bar.setAttribute("aria-label", progress?.text ?? "Progress");
    if (progress !== null && progress.total !== null && progress.total > 0) {
      this.bar.max = progress.total;
      this.bar.value = Math.min(progress.done, progress.total);
    } else {
      this.bar.removeAttribute("value");
    }
  }

  /** Ask for images and sounds once somebody looks. */
  private fetch(call: Call, details: HTMLDetailsElement): void {
    const ask = (): void => {
      if (details.open) this.actions.more(call.id);
    };
    details.addEventListener("toggle", ask, { once: true });
  }

  private made(call: Call): HTMLElement {
    const text = call.text ?? "";
    if (call.status !== "ok" || isShort(call)) return make("p", { class: "text" }, text);
    const wasOpen = this.result.querySelector("details")?.open ?? call.media.length > 0;
    const details = make("details", { open: wasOpen }, make("summary", {}, "Result"));
    details.append(call.structured === null ? make("p", { class: "text" }, text) : structured(call.structured));
    details.append(...call.media.filter((one) => one.data || (one.uri !== null && !one.size)).map(media));
    if (call.media.some((one) => one.size && !one.data)) this.fetch(call, details);
    if (call.isCut) {
      const more = make("button", { type: "button", class: "small" }, "Show everything");
      more.addEventListener("click", () => this.actions.more(call.id));
      details.append(more);
    }
    return details;
  }
}

function isShort(call: Call): boolean {
  return call.structured === null && call.media.length === 0 && !call.isCut && (call.text ?? "").length <= SHORT;
}
