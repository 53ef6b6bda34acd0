/** The settings panel: everything in it holds at once, but for the profile, which the next conversation has. */

import { find, make } from "./dom";
import type { Preferences } from "./preferences";

export interface Options {
  profiles: string[];
  profile: string;
  languages: string[];
  language: string;
}

export class SettingsView {
  private readonly microphone: HTMLSelectElement;
  private readonly language: HTMLSelectElement;
  private readonly profile: HTMLSelectElement;

  constructor(
    private readonly preferences: Preferences,
    private readonly changed: (name: keyof Preferences) => void,
  ) {
    const choice = (name: "microphone" | "language" | "profile"): HTMLSelectElement =>
      this.bind(name, HTMLSelectElement, name, () => undefined, (control) => (preferences[name] = control.value));
    const check = (id: string, name: "pushToTalk" | "captions" | "tones"): void => {
      this.bind(id, HTMLInputElement, name, (control) => (control.checked = preferences[name]), (control) => (preferences[name] = control.checked));
    };
    this.microphone = choice("microphone");
    this.language = choice("language");
    this.profile = choice("profile");
    check("push-to-talk", "pushToTalk");
    check("captions", "captions");
    check("tones", "tones");
    this.bind(
      "volume",
      HTMLInputElement,
      "volume",
      (control) => (control.value = String(Math.round(preferences.volume * 100))),
      (control) => (preferences.volume = Number(control.value) / 100),
    );
    this.bind(
      "motion",
      HTMLInputElement,
      "motion",
      (control) => (control.checked = preferences.motion === "none"),
      (control) => (preferences.motion = control.checked ? "none" : "system"),
    );
    this.bind(
      "theme",
      HTMLSelectElement,
      "theme",
      (control) => (control.value = preferences.theme),
      (control) => (preferences.theme = control.value as Preferences["theme"]),
    );
    this.offer(null);
    this.list([]);
  }

  /** Have a control show a preference, and change it. */
  private bind<T extends HTMLElement>(
    id: string,
    kind: new () => T,
    name: keyof Preferences,
    show: (control: T) => void,
    take: (control: T) => void,
  ): T {
    const control = find(id, kind);
    show(control);
    control.addEventListener("input", () => {
      take(control);
      this.changed(name);
    });
    return control;
  }

  /** Offer what a conversation can be held with. */
  offer(options: Options | null): void {
    choose(this.language, options?.languages ?? [], options?.language ?? "", this.preferences.language, tongue);
    choose(this.profile, options?.profiles ?? [], options?.profile ?? "", this.preferences.profile, (name) => name);
  }

  /** Offer the microphones that there are. */
  list(devices: MediaDeviceInfo[]): void {
    const named = devices.filter(({ deviceId }) => deviceId !== "" && deviceId !== "default");
    const options = named.map(({ deviceId, label }, place) => make("option", { value: deviceId }, label || `Microphone ${place + 1}`));
    this.microphone.replaceChildren(make("option", { value: "default" }, "The usual one"), ...options);
    const isThere = named.some(({ deviceId }) => deviceId === this.preferences.microphone);
    this.microphone.value = isThere ? this.preferences.microphone : "default";
  }
}

/** Fill a choice; hidden, with its label, where there is nothing to choose from. */
function choose(select: HTMLSelectElement, names: string[], usual: string, chosen: string, called: (name: string) => string): void {
  const label = select.closest<HTMLElement>(".setting");
  if (label !== null) label.hidden = names.length < 2;
  select.replaceChildren(...names.map((name) => make("option", { value: name }, called(name))));
  select.value = names.includes(chosen) ? chosen : usual;
}

function tongue(language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
  } catch {
    return language;
  }
}
