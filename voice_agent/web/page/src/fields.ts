/** One field of a server's form: how it is shown, and the value in it, or what is wrong with that. */

import { make } from "./dom";
import type { Field } from "./lines";

export type Reading = { value: unknown } | { problem: string } | { left: true };

/** More characters than this are written on several lines. */
const LONG = 120;
/** Options that are all shown at once. */
const FEW = 6;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const URI = /^[a-z][a-z0-9+.-]*:\S+$/i;
const TYPES = { email: "email", uri: "url", date: "date", "date-time": "datetime-local" } as const;

export interface Control {
  readonly element: HTMLElement;
  readonly field: Field;
  /** Whether the person has changed it here; what is said aloud then leaves it alone. */
  isTouched: boolean;
  set(value: unknown): void;
  read(): Reading;
  mark(problem: string): void;
  focus(): void;
}

let count = 0;

/** A field as it is filled in here. */
export function control(field: Field): Control {
  const id = `field-${++count}`;
  const inner = inputs(field, id);
  const problem = make("p", { class: "problem", id: `${id}-problem` });
  const told = make("p", { class: "told", id: `${id}-told` }, [field.description, bounds(field)].filter(Boolean).join(" "));
  const title = field.is_required ? field.title : `${field.title} (optional)`;
  const element =
    inner.parts === null
      ? make("div", { class: "field" }, make("label", { for: id }, title), told, inner.element, problem)
      : make("fieldset", { class: "field" }, make("legend", {}, title), told, ...inner.parts, problem);
  const described = inner.parts === null ? inner.element : element;
  described.setAttribute("aria-describedby", `${told.id} ${problem.id}`);
  const made: Control = {
    element,
    field,
    isTouched: false,
    set: inner.set,
    read: () => checked(field, inner.get()),
    mark(text) {
      problem.textContent = text;
      for (const one of inner.all) one.setAttribute("aria-invalid", String(text !== ""));
    },
    focus: () => inner.all[0]?.focus(),
  };
  element.addEventListener("input", () => {
    made.isTouched = true;
    made.mark("");
  });
  if (field.default !== null && field.default !== undefined) inner.set(field.default);
  return made;
}

interface Inputs {
  element: HTMLElement;
  /** Of what is no single control: each with a label of its own. */
  parts: HTMLElement[] | null;
  all: HTMLElement[];
  get(): string | string[];
  set(value: unknown): void;
}

function inputs(field: Field, id: string): Inputs {
  if (field.kind === "boolean") return several(id, "radio", [["true", "Yes"], ["false", "No"]]);
  const options = field.choices.map(({ value, title }): [string, string] => [value, title]);
  if (field.kind === "choices") return several(id, "checkbox", options);
  if (field.kind === "choice") return options.length <= FEW ? several(id, "radio", options) : list(id, options);
  return line(field, id);
}

function several(id: string, type: "radio" | "checkbox", options: [string, string][]): Inputs {
  const boxes = options.map(([value]) => make("input", { type, name: id, value }));
  const labels = options.map(([, title], place) => make("label", { class: "option" }, boxes[place] ?? "", title));
  const group = make("div", { class: "options" }, ...labels);
  return {
    element: group,
    parts: [group],
    all: boxes,
    get: () => boxes.filter((box) => box.checked).map((box) => box.value),
    set(value) {
      const picked = (Array.isArray(value) ? value : [value]).map(String);
      for (const box of boxes) box.checked = picked.includes(box.value);
    },
  };
}

function list(id: string, options: [string, string][]): Inputs {
  const select = make("select", { id }, make("option", { value: "" }, "Choose…"));
  select.append(...options.map(([value, title]) => make("option", { value }, title)));
  return single(select, (value) => (select.value = String(value)));
}

function line(field: Field, id: string): Inputs {
  if (field.kind === "text" && (field.most ?? 0) > LONG) {
    const area = make("textarea", { id, rows: "3" });
    return single(area, (value) => (area.value = String(value)));
  }
  const type = field.kind in TYPES ? TYPES[field.kind as keyof typeof TYPES] : "text";
  const input = make("input", { id, type, autocomplete: "off" });
  if (field.kind === "number") input.inputMode = "decimal";
  if (field.kind === "integer") input.inputMode = "numeric";
  return single(input, (value) => {
    input.value = field.kind === "date-time" ? here(String(value)) : String(value);
  });
}

function single(input: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement, set: (value: unknown) => void): Inputs {
  return { element: input, parts: null, all: [input], get: () => input.value.trim(), set };
}

/** Read what is there as the server wants it. */
function checked(field: Field, raw: string | string[]): Reading {
  if (raw.length === 0) return field.is_required ? { problem: "That one is needed." } : { left: true };
  if (Array.isArray(raw)) return ofChoices(field, raw);
  if (field.kind === "number" || field.kind === "integer") return ofNumber(field, raw);
  if (field.least !== null && raw.length < field.least) return { problem: `It takes at least ${field.least} letters.` };
  if (field.most !== null && raw.length > field.most) return { problem: `It takes at most ${field.most} letters.` };
  if (field.kind === "email" && !EMAIL.test(raw)) return { problem: "It takes an e-mail address, like ada@example.com." };
  if (field.kind === "uri" && !URI.test(raw)) return { problem: "It takes a web address, like https://example.com." };
  if (field.kind !== "date-time") return { value: raw };
  const moment = new Date(raw);
  return Number.isNaN(moment.getTime()) ? { problem: "It takes a day and a time." } : { value: moment.toISOString() };
}

function ofChoices(field: Field, picked: string[]): Reading {
  if (field.kind === "boolean") return { value: picked[0] === "true" };
  if (field.kind === "choice") return { value: picked[0] };
  if (field.least !== null && picked.length < field.least) return { problem: `Choose at least ${field.least}.` };
  if (field.most !== null && picked.length > field.most) return { problem: `Choose at most ${field.most}.` };
  return { value: picked };
}

function ofNumber(field: Field, raw: string): Reading {
  const value = Number(raw.replace(",", "."));
  if (!Number.isFinite(value)) return { problem: "It takes a number." };
  if (field.kind === "integer" && !Number.isInteger(value)) return { problem: "It takes a whole number." };
  if (field.least !== null && value < field.least) return { problem: `It takes at least ${field.least}.` };
  if (field.most !== null && value > field.most) return { problem: `It takes at most ${field.most}.` };
  return { value };
}

function bounds({ kind, least, most }: Field): string {
  if (kind === "choices" || (least === null && most === null)) return "";
  const what = kind === "number" || kind === "integer" ? "" : " letters";
  if (least !== null && most !== null) return `${least} to ${most}${what}.`;
  if (least !== null) return what !== "" && least <= 1 ? "" : `At least ${least}${what}.`;
  return `At most ${most ?? ""}${what}.`;
}

/** A moment as this machine's clock shows it, for a control that knows no zones. */
function here(moment: string): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
