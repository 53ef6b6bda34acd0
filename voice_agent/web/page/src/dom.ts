/** Elements, made of text only: nothing that comes from a server is ever read as markup. */

type Content = Node | string;
type Attributes = Record<string, string | boolean>;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...content: Content[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...content);
  return element;
}

/** The element of index.html with this id. */
export function find<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`#${id} is not there`);
  return element;
}

/** Change a text only where it differs, so that a screen reader hears news alone. */
export function tell(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Open a dialog by its button, and close it by its own, by Escape, or by a click beside it. */
export function opens(button: HTMLButtonElement, dialog: HTMLDialogElement, close: HTMLButtonElement): void {
  button.addEventListener("click", () => dialog.showModal());
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
