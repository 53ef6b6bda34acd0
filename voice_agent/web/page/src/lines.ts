/** The lines of docs/talk.md as they arrive from the assistant. */

export interface ServerLine {
  name: string;
  state: string;
  reason: string | null;
  tools?: number;
}

export type Line =
  | { event: "ready"; profile: string; servers: ServerLine[] }
  | { event: "user"; text: string }
  | { event: "agent"; text: string; kind: string; interrupted: boolean }
  | { event: "confirm"; call: string; server: string; tool: string; arguments: Fields; text: string }
  | { event: "answered"; call: string; answer: "yes" | "no" | "dropped" }
  | { event: "tool_call"; call: string; server: string; tool: string; arguments: Fields }
  | { event: "progress"; call: string; done: number; total: number | null; text: string | null }
  | { event: "tool_result"; call: string; status: ResultStatus; text: string; structured: Fields | null; is_cut?: boolean }
  | ({ event: "server" } & ServerLine)
  | { event: "state"; agent: string; user: string }
  | { event: "error"; code: string; text: string }
  | { event: "end"; reason: string };

export type Incoming = Line | { event: "snapshot"; lines: Line[] };
export type Fields = Record<string, unknown>;
export type ResultStatus = "ok" | "error" | "denied" | "cancelled" | "unknown";
