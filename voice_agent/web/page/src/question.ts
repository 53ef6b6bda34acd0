/** What a server asks its user while a call waits: a form, or a link that only the user opens. */

import { make } from "./dom";
import { control, type Control } from "./fields";
import type { Fields } from "./lines";
import type { Question } from "./model";

export interface QuestionActions {
  answer(call: string, action: "accept" | "decline", content: Fields): void;
  /** The user is busy with the form. */
  filling(call: string): void;
}

/** Milliseconds between two words that the user is busy. */
const BUSY_EVERY = 20_000;

export class QuestionView {
  private shown: string | null = null;
  private controls: Control[] = [];
  private busyAt = 0;
  /** Names of the fields that have been answered by voice. */
  private readonly heard = new Set<string>();

  constructor(
    private readonly place: HTMLElement,
    private readonly actions: QuestionActions,
  ) {}

  show(question: Question | null): void {
    this.place.hidden = question === null;
    if (question === null) {
      this.shown = null;
      this.controls = [];
      this.place.replaceChildren();
      return;
    }
    const key = JSON.stringify([question.call, question.url, question.form.text, question.form.fields]);
    if (key !== this.shown) {
      this.shown = key;
      this.busyAt = 0;
      this.heard.clear();
      this.place.replaceChildren(question.url === null ? this.form(question) : this.link(question, question.url));
    }
    for (const one of this.controls) {
      const said = question.form.values[one.field.name];
      const isTakenBack = said === undefined && this.heard.has(one.field.name);
      if (said === undefined) this.heard.delete(one.field.name);
      else this.heard.add(one.field.name);
      if ((said !== undefined || isTakenBack) && !one.isTouched) one.set(said ?? one.field.default ?? "");
    }
  }

  private form(question: Question): HTMLElement {
    const { form, call } = question;
    this.controls = form.fields.map(control);
    const send = make("button", { type: "submit", class: "main" }, "Send");
    const element = make(
      "form",
      { novalidate: true, "aria-labelledby": "question-title" },
      ...asks(question),
      make("div", { class: "fields" }, ...this.controls.map((one) => one.element)),
      ...(form.left_out.length > 0 ? [make("p", { class: "told" }, leftOut(form.left_out))] : []),
      make("div", { class: "answers" }, send, this.decline(call)),
    );
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      const content = this.content();
      if (content !== null) this.actions.answer(call, "accept", content);
    });
    element.addEventListener("input", () => {
      if (Date.now() - this.busyAt < BUSY_EVERY) return;
      this.busyAt = Date.now();
      this.actions.filling(call);
    });
    return element;
  }

  /** What has been filled in; null where something is wrong, which is then shown. */
  private content(): Fields | null {
    const content: Fields = {};
    let wrong: Control | null = null;
    for (const one of this.controls) {
      const reading = one.read();
      one.mark("problem" in reading ? reading.problem : "");
      if ("problem" in reading) wrong ??= one;
      if ("value" in reading) content[one.field.name] = reading.value;
    }
    wrong?.focus();
    return wrong === null ? content : null;
  }

  private link(question: Question, url: string): HTMLElement {
    const { form, call } = question;
    this.controls = [];
    const done = make("button", { type: "button", class: "main", hidden: true }, "Done");
    done.addEventListener("click", () => this.actions.answer(call, "accept", {}));
    const answers = make("div", { class: "answers" }, done, this.decline(call));
    const element = make(
      "div",
      { role: "group", "aria-labelledby": "question-title" },
      ...asks(question),
      make("p", { class: "domain" }, "It leads to ", make("strong", {}, form.domain ?? ""), "."),
      make("p", { class: "url" }, url),
      answers,
    );
    if (/^https?:\/\//i.test(url)) {
      const open = make(
        "a",
        { href: url, target: "_blank", rel: "noopener noreferrer", referrerpolicy: "no-referrer", class: "button main" },
        `Open ${form.domain ?? "the page"}`,
      );
      open.addEventListener("click", () => {
        if (form.is_waited_for) done.hidden = false;
        else this.actions.answer(call, "accept", {});
      });
      answers.prepend(open);
    }
    return element;
  }

  private decline(call: string): HTMLElement {
    const button = make("button", { type: "button" }, "Decline");
    button.addEventListener("click", () => this.actions.answer(call, "decline", {}));
    return button;
  }
}

function asks({ form, url }: Question): HTMLElement[] {
  const what = url === null ? "asks" : "asks you to open a page";
  const title = make("h2", { id: "question-title" }, form.is_ours ? "A question" : `${capital(form.say)} ${what}`);
  return [title, make("p", { class: "asked" }, form.text)];
}

function leftOut(titles: string[]): string {
  return `Left out: ${titles.join(", ")}. No passwords or other secrets are taken here.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
