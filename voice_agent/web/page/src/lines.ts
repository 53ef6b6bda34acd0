/** The lines of docs/talk.md as they arrive from the assistant. */

export interface Change {
  tool: string;
  changes: string[];
}

export interface ServerLine {
  name: string;
  state: string;
  reason: string | null;
  tools?: number;
  /** Tools that are held back for having changed; newer lines have it. */
  held?: Change[];
  /** Where the user logs in. */
  login?: string | null;
}

export type Kind =
  | "text"
  | "email"
  | "uri"
  | "date"
  | "date-time"
  | "number"
  | "integer"
  | "boolean"
  | "choice"
  | "choices";

export interface Field {
  name: string;
  title: string;
  kind: Kind;
  is_required: boolean;
  description: string;
  default: unknown;
  choices: { value: string; title: string }[];
  least: number | null;
  most: number | null;
}

export interface Form {
  say: string;
  text: string;
  is_ours: boolean;
  domain: string | null;
  is_waited_for: boolean;
  fields: Field[];
  left_out: string[];
  values: Fields;
}

export interface Media {
  kind: "image" | "audio" | "resource" | "link";
  mime_type: string | null;
  uri: string | null;
  /** Bytes that there are of it; they are sent when asked for. */
  size?: number | null;
  /** In base64. */
  data?: string | null;
}

export type Line =
  | { event: "ready"; profile: string; servers: ServerLine[]; approves?: boolean }
  | { event: "user"; text: string }
  | { event: "agent"; text: string; kind: string; interrupted: boolean }
  | { event: "confirm"; call: string; server: string; tool: string; arguments: Fields; text: string }
  | { event: "answered"; call: string; answer: "yes" | "no" | "dropped" }
  | { event: "tool_call"; call: string; server: string; tool: string; arguments: Fields }
  | { event: "progress"; call: string; done: number; total: number | null; text: string | null }
  | ({ event: "tool_result"; call: string; status: ResultStatus; text: string; is_cut?: boolean } & Whole)
  | { event: "question"; call: string; server: string; url: string | null; field: string | null; form: Form }
  | { event: "question_closed"; call: string; action: string }
  | ({ event: "server" } & ServerLine)
  | { event: "state"; agent: string; user: string }
  | { event: "notice"; text: string }
  | { event: "error"; code: string; text: string }
  | { event: "end"; reason: string };

/** What a result may hold beside its text. */
export interface Whole {
  structured: Fields | null;
  media?: Media[];
}

export type Incoming = Line | { event: "snapshot"; lines: Line[] };
export type Fields = Record<string, unknown>;
export type ResultStatus = "ok" | "error" | "denied" | "cancelled" | "unknown";
