/** What the person has chosen; kept by the browser. */

export interface Preferences {
  microphone: string;
  pushToTalk: boolean;
  volume: number;
  captions: boolean;
  tones: boolean;
  theme: "system" | "light" | "dark";
  motion: "system" | "none";
  language: string;
  profile: string;
}

const KEY = "voice-agent.preferences";
const USUAL: Preferences = {
  microphone: "default",
  pushToTalk: false,
  volume: 1,
  captions: true,
  tones: true,
  theme: "system",
  motion: "system",
  language: "",
  profile: "",
};

export function read(): Preferences {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, unknown>;
    const known = Object.entries(USUAL).filter(([name, usual]) => typeof kept[name] === typeof usual);
    const chosen = { ...USUAL, ...Object.fromEntries(known.map(([name]) => [name, kept[name]])) };
    return { ...chosen, volume: Math.min(1, Math.max(0, chosen.volume)) };
  } catch {
    return { ...USUAL };
  }
}

export function keep(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // A browser that keeps nothing: the choice holds until the page is closed.
  }
}

/** Show the page as chosen. */
export function wear(preferences: Preferences): void {
  const root = document.documentElement;
  root.dataset["theme"] = preferences.theme;
  root.dataset["motion"] = isStill(preferences) ? "none" : "full";
}

/** Whether nothing on the page may move by itself. */
export function isStill(preferences: Preferences): boolean {
  return preferences.motion === "none" || matchMedia("(prefers-reduced-motion: reduce)").matches;
}
