/** A tool call as a card. */

import { make } from "./dom";
import type { Fields } from "./lines";
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
const ROWS = 50;

export interface CardActions {
  cancel(call: string): void;
  more(call: string): void;
}

export function card(call: Call, actions: CardActions): HTMLElement {
  const element = make("article", { "aria-label": call.name, "data-status": call.status, "data-call": call.id, class: "card" });
  element.append(
    make("header", {}, make("h3", {}, call.name), make("span", { class: "chip" }, WORDS[call.status])),
  );
  if (Object.keys(call.arguments).length > 0) element.append(pairs(call.arguments));
  if (call.status === "running") element.append(...running(call, actions));
  else if (call.text !== null) element.append(result(call, actions));
  return element;
}

function running(call: Call, actions: CardActions): HTMLElement[] {
  const { progress } = call;
  const parts: HTMLElement[] = [];
  if (progress !== null) {
    const bar = make("progress", { "aria-label": progress.text ?? "Progress" });
    if (progress.total !== null && progress.total > 0) {
      bar.max = progress.total;
      bar.value = Math.min(progress.done, progress.total);
    }
    parts.push(make("div", { class: "progress" }, bar, progress.text ?? ""));
  }
  const button = make("button", { type: "button", class: "cancel" }, "Cancel");
  button.addEventListener("click", () => actions.cancel(call.id));
  parts.push(button);
  return parts;
}

function result(call: Call, actions: CardActions): HTMLElement {
  const details = make("details", { open: call.status !== "ok" }, make("summary", {}, "Result"));
  details.append(call.structured === null ? make("p", { class: "text" }, call.text ?? "") : shown(call.structured));
  if (call.isCut) {
    const button = make("button", { type: "button", class: "quiet" }, "Show everything");
    button.addEventListener("click", () => actions.more(call.id));
    details.append(button);
  }
  return details;
}

/** A table where the content is a list of objects, pairs otherwise. */
function shown(content: Fields): HTMLElement {
  const values = Object.values(content);
  const list = values.length === 1 && Array.isArray(values[0]) ? values[0] : null;
  const rows = list?.filter(isFields) ?? [];
  return list !== null && rows.length > 0 && rows.length === list.length ? table(rows) : pairs(content);
}

function table(rows: Fields[]): HTMLElement {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const head = make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name)));
  const body = rows
    .slice(0, ROWS)
    .map((row) => make("tr", {}, ...columns.map((name) => make("td", {}, plain(row[name])))));
  return make(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)),
  );
}

function pairs(fields: Fields): HTMLElement {
  const list = make("dl", {});
  for (const [name, value] of Object.entries(fields)) {
    list.append(make("dt", {}, name), make("dd", {}, plain(value)));
  }
  return list;
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
