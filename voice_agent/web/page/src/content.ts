/** What a server returned, for people: tables, pairs, images and sounds; all of it as text, never as markup. */

import { make } from "./dom";
import type { Fields, Media } from "./lines";

const ROWS = 50;
/** Characters that stand on one line of a table. */
const SHORT = 12;
const IMAGES = /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/;
const SOUNDS = /^audio\/[a-z0-9.+-]+$/;
/** A day, or a moment with its offset (RFC 3339). */
const WHEN = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** Names and values, one under the other; those without a value are only named. */
export function pairs(fields: Fields): HTMLElement {
  const list = make("dl", {});
  for (const [name, value] of Object.entries(fields)) {
    if (!isEmpty(value)) list.append(make("dt", {}, words(name)), make("dd", {}, ...shown(value)));
  }
  const without = named(Object.keys(fields).filter((name) => isEmpty(fields[name])));
  if (without !== "") list.append(make("dt", {}, "no value"), make("dd", { class: "told" }, without));
  return list;
}

/** A table where the content is a list of objects, pairs otherwise. */
export function structured(content: Fields): HTMLElement {
  const values = Object.values(content);
  const only = values.length === 1 ? values[0] : null;
  return isTable(only) ? table(only) : pairs(content);
}

export function media(one: Media): HTMLElement {
  const { data, mime_type: type } = one;
  if (data && type !== null && IMAGES.test(type)) {
    return make("img", { src: `data:${type};base64,${data}`, alt: "Image from the server", class: "picture" });
  }
  if (data && type !== null && SOUNDS.test(type)) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const source = URL.createObjectURL(new Blob([bytes], { type }));
    return make("audio", { src: source, controls: true, "aria-label": "Sound from the server" });
  }
  return make("p", { class: "text" }, one.uri === null ? `Something of the type ${type ?? "unknown"}` : one.uri);
}

/** An identifier as words: `dueDate`, `due_date` → `due date`. */
export function words(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ").replace(/[_\s]+/g, " ").trim() || name;
}

function shown(value: unknown): (Node | string)[] {
  if (isTable(value)) return [table(value)];
  if (isFields(value) && Object.keys(value).length > 0) return [pairs(value)];
  return [told(value)];
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

function named(names: string[]): string {
  return names.map(words).join(", ");
}

/** A value as text; a time as the calendar and the clock here show it, and as it was sent for who points at it. */
function told(value: unknown): Node | string {
  const parts = typeof value === "string" ? WHEN.exec(value) : null;
  const when = new Date(parts?.[0] ?? NaN);
  if (parts === null || Number.isNaN(when.getTime())) return plain(value);
  const text = parts[1]
    ? when.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })
    : when.toLocaleDateString([], { dateStyle: "medium", timeZone: "UTC" });
  return make("time", { datetime: parts[0], title: parts[0] }, text);
}

function table(rows: Fields[]): HTMLElement {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const without = names.filter((name) => rows.every((row) => isEmpty(row[name])));
  const columns = names.filter((name) => !without.includes(name));
  const head = make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, words(name))));
  const body = make("tbody", {}, ...rows.slice(0, ROWS).map((row) => line(columns, row)));
  const whole = make(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table of ${rows.length} rows` },
    make("table", {}, make("thead", {}, head), body),
  );
  const box = make("div", {}, whole);
  if (without.length > 0) box.append(make("p", { class: "told" }, `No value: ${named(without)}.`));
  if (rows.length <= ROWS) return box;
  const more = make("button", { type: "button", class: "small" }, `Show all ${rows.length} rows`);
  more.addEventListener("click", () => {
    body.append(...rows.slice(ROWS).map((row) => line(columns, row)));
    more.remove();
  });
  whole.after(more);
  return box;
}

function line(columns: string[], row: Fields): HTMLElement {
  return make(
    "tr",
    {},
    ...columns.map((name) => {
      const value = told(row[name]);
      const isShort = typeof value !== "string" || value.length <= SHORT;
      return make("td", { "data-figure": typeof row[name] === "number", "data-short": isShort }, value);
    }),
  );
}

function plain(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.map(String).join(", ") || "–";
  return typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}

function isTable(value: unknown): value is Fields[] {
  return Array.isArray(value) && value.length > 0 && value.every(isFields);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
