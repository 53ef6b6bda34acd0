/** The settings panel: everything in it holds at once, but for language and profile, which the next conversation has. */

import { find, make } from "./dom";
import type { Preferences } from "./preferences";

export interface Options {
  profiles: string[];
  profile: string;
  languages: string[];
  language: string;
}

export class SettingsView {
  private readonly microphone = find("microphone", HTMLSelectElement);
  private readonly pushToTalk = find("push-to-talk", HTMLInputElement);
  private readonly volume = find("volume", HTMLInputElement);
  private readonly captions = find("captions", HTMLInputElement);
  private readonly tones = find("tones", HTMLInputElement);
  private readonly motion = find("motion", HTMLInputElement);
  private readonly theme = find("theme", HTMLSelectElement);
  private readonly language = find("language", HTMLSelectElement);
  private readonly profile = find("profile", HTMLSelectElement);

  constructor(
    private readonly preferences: Preferences,
    changed: (name: keyof Preferences) => void,
  ) {
    const on = (control: HTMLElement, name: keyof Preferences, take: () => void): void =>
      control.addEventListener("input", () => {
        take();
        changed(name);
      });
    on(this.microphone, "microphone", () => (preferences.microphone = this.microphone.value));
    on(this.pushToTalk, "pushToTalk", () => (preferences.pushToTalk = this.pushToTalk.checked));
    on(this.volume, "volume", () => (preferences.volume = Number(this.volume.value) / 100));
    on(this.captions, "captions", () => (preferences.captions = this.captions.checked));
    on(this.tones, "tones", () => (preferences.tones = this.tones.checked));
    on(this.motion, "motion", () => (preferences.motion = this.motion.checked ? "none" : "system"));
    on(this.theme, "theme", () => (preferences.theme = this.theme.value as Preferences["theme"]));
    on(this.language, "language", () => (preferences.language = this.language.value));
    on(this.profile, "profile", () => (preferences.profile = this.profile.value));
    this.show();
    this.offer(null);
    this.list([]);
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

  private show(): void {
    const { preferences } = this;
    this.pushToTalk.checked = preferences.pushToTalk;
    this.volume.value = String(Math.round(preferences.volume * 100));
    this.captions.checked = preferences.captions;
    this.tones.checked = preferences.tones;
    this.motion.checked = preferences.motion === "none";
    this.theme.value = preferences.theme;
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
