/** The servers: how each one is, why, and what is held back of it until the user approves. */

import { make, tell } from "./dom";
import { words } from "./content";
import type { Change, ServerLine } from "./lines";

const STATES: Record<string, string> = {
  starting: "Starting",
  ready: "Ready",
  degraded: "Works in part",
  reconnecting: "Reconnecting",
  needs_login: "Needs a login",
  quarantined: "Held back",
  disabled: "Switched off",
  failed: "Failed",
};
const TROUBLE = new Set(["degraded", "reconnecting", "needs_login", "quarantined", "failed"]);

export interface ServerActions {
  approve(server: string, held: Change[]): void;
}

export class ServersView {
  private shown = "";
  private approves = false;

  constructor(
    private readonly list: HTMLElement,
    private readonly button: HTMLButtonElement,
    private readonly actions: ServerActions,
  ) {}

  /** `approves`: whether this person may let changed tools be used. */
  show(servers: ServerLine[], approves: boolean): void {
    const key = JSON.stringify([servers, approves]);
    if (key === this.shown) return;
    this.shown = key;
    this.approves = approves;
    const troubled = servers.filter(({ state }) => TROUBLE.has(state)).length;
    this.button.dataset["state"] = troubled > 0 ? "trouble" : servers.some(({ state }) => state === "starting") ? "starting" : "ready";
    tell(this.button, troubled > 0 ? `Servers: ${troubled} in trouble` : "Servers");
    this.button.hidden = servers.length === 0;
    const focused = document.activeElement?.getAttribute("data-approves");
    this.list.replaceChildren(...servers.map((server) => this.item(server)));
    if (focused) this.list.querySelector<HTMLElement>(`[data-approves="${CSS.escape(focused)}"]`)?.focus();
  }

  private item(server: ServerLine): HTMLElement {
    const { name, state, reason, tools, held } = server;
    const known = STATES[state] ?? state;
    const element = make(
      "li",
      { "data-server": name, "data-state": state },
      make("div", { class: "row" }, make("strong", {}, name), make("span", { class: "chip" }, known)),
    );
    if (reason !== null) element.append(make("p", { class: "told" }, sentence(reason)));
    else if (tools !== undefined && tools > 0) element.append(make("p", { class: "told" }, tools === 1 ? "1 tool" : `${tools} tools`));
    if (held !== undefined && held.length > 0) element.append(this.held(name, held));
    if (server.login) element.append(login(name, server.login));
    return element;
  }

  private held(server: string, held: Change[]): HTMLElement {
    const changes = held.map(({ tool, changes }) =>
      make("li", {}, make("strong", {}, words(tool)), make("ul", {}, ...changes.map((change) => make("li", {}, change)))),
    );
    const who = this.approves ? "you approve" : "whoever runs this assistant has approved it";
    const element = make(
      "div",
      { class: "held" },
      make("p", {}, `Changed since it was first known, and not used until ${who}:`),
      make("ul", { class: "changes" }, ...changes),
    );
    if (this.approves) element.append(this.approve(server, held));
    return element;
  }

  private approve(server: string, held: Change[]): HTMLElement {
    const button = make("button", { type: "button", class: "main small", "data-approves": server }, "Approve");
    button.append(make("span", { class: "hidden" }, ` the changes of ${server}`));
    button.addEventListener("click", () => this.actions.approve(server, held));
    return button;
  }
}

function login(server: string, address: string): HTMLElement {
  if (!/^https?:\/\//i.test(address)) return make("p", { class: "told" }, address);
  const link = make(
    "a",
    { href: address, target: "_blank", rel: "noopener noreferrer", referrerpolicy: "no-referrer", class: "button main small" },
    `Log in to ${server}`,
  );
  return make("p", {}, link, make("span", { class: "told" }, ` at ${new URL(address).host}`));
}

function sentence(reason: string): string {
  const begun = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
