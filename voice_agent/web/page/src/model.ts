/** What the page knows of a conversation; made of its lines alone, so that a reload can make it again. */

import type { Fields, Form, Incoming, Line, Media, ResultStatus, ServerLine, Whole } from "./lines";

export type CallStatus = "confirm" | "declined" | "dropped" | "running" | ResultStatus;

export interface Call {
  id: string;
  name: string;
  server: string;
  tool: string;
  arguments: Fields;
  status: CallStatus;
  question: string | null;
  progress: { done: number; total: number | null; text: string | null } | null;
  text: string | null;
  structured: Fields | null;
  media: Media[];
  isCut: boolean;
}

export interface Question {
  call: string;
  server: string;
  url: string | null;
  form: Form;
}

export type Entry =
  | { kind: "said"; speaker: "user" | "agent"; text: string; aside: boolean; interrupted: boolean }
  | { kind: "call"; call: Call }
  | { kind: "trouble"; text: string };

const ANSWERED = { yes: "running", no: "declined", dropped: "dropped" } as const;

export class Model {
  /** Whether this person may let tools be used that have changed. */
  approves = true;
  entries: Entry[] = [];
  servers = new Map<string, ServerLine>();
  profile: string | null = null;
  agent = "initializing";
  question: Question | null = null;
  end: string | null = null;
  private calls = new Map<string, Call>();

  /** Take a line, or everything anew from a snapshot. */
  take(incoming: Incoming): void {
    if (incoming.event !== "snapshot") {
      this.apply(incoming);
      return;
    }
    this.entries = [];
    this.servers.clear();
    this.calls.clear();
    this.profile = null;
    this.agent = "initializing";
    this.question = null;
    this.end = null;
    for (const line of incoming.lines) this.apply(line);
  }

  /** The call whose read-back waits for an answer; the newest of several. */
  get asked(): Call | null {
    return [...this.calls.values()].findLast((call) => call.status === "confirm") ?? null;
  }

  /** Take the whole of a result that was cut short. */
  complete(id: string, whole: Whole): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    call.structured = whole.structured ?? call.structured;
    call.media = whole.media ?? call.media;
    call.isCut = false;
  }

  private apply(line: Line): void {
    switch (line.event) {
      case "ready":
        // What was recorded before this was told leaves it to the assistant to refuse.
        this.approves = line.approves ?? true;
        this.profile = line.profile;
        for (const server of line.servers) this.servers.set(server.name, server);
        break;
      case "server":
        this.servers.set(line.name, { ...this.servers.get(line.name), ...line });
        break;
      case "user":
        this.entries.push({ kind: "said", speaker: "user", text: line.text, aside: false, interrupted: false });
        break;
      case "agent": {
        const { text, interrupted } = line;
        this.entries.push({ kind: "said", speaker: "agent", text, aside: line.kind === "filler", interrupted });
        break;
      }
      case "state":
        this.agent = line.agent;
        break;
      case "notice":
      case "error":
        this.entries.push({ kind: "trouble", text: line.text });
        break;
      case "end":
        this.end = line.reason;
        this.question = null;
        for (const call of this.calls.values()) {
          if (call.status === "confirm") call.status = "dropped";
          if (call.status === "running") call.status = "unknown";
        }
        break;
      default:
        this.change(line);
    }
  }

  private change(line: Exclude<Line, { event: "ready" | "server" | "user" | "agent" | "state" | "notice" | "error" | "end" }>): void {
    switch (line.event) {
      case "confirm": {
        const call = this.open(line);
        call.status = "confirm";
        call.question = line.text;
        break;
      }
      case "tool_call":
        this.open(line).status = "running";
        break;
      case "question":
        this.question = { call: line.call, server: line.server, url: line.url, form: line.form };
        break;
      case "question_closed":
        if (this.question?.call === line.call) this.question = null;
        break;
      case "answered":
      case "progress":
      case "tool_result": {
        const call = this.calls.get(line.call);
        if (call !== undefined) this.settle(call, line);
        break;
      }
      default:
        // A line of a newer assistant than this page.
        break;
    }
  }

  private settle(call: Call, line: Extract<Line, { event: "answered" | "progress" | "tool_result" }>): void {
    if (line.event === "answered") {
      if (call.status === "confirm") call.status = ANSWERED[line.answer];
    } else if (line.event === "progress") {
      call.progress = { done: line.done, total: line.total, text: line.text };
    } else {
      call.status = line.status;
      call.text = line.text;
      call.structured = line.structured;
      call.media = line.media ?? [];
      call.isCut = line.is_cut ?? false;
    }
  }

  private open(line: { call: string; server: string; tool: string; arguments: Fields }): Call {
    let call = this.calls.get(line.call);
    if (call === undefined) {
      call = {
        id: line.call,
        name: `${line.server}.${line.tool}`,
        server: line.server,
        tool: line.tool,
        arguments: line.arguments,
        status: "running",
        question: null,
        progress: null,
        text: null,
        structured: null,
        media: [],
        isCut: false,
      };
      this.calls.set(line.call, call);
      this.entries.push({ kind: "call", call });
    }
    return call;
  }
}
