/** What the page knows of a conversation; made of its lines alone, so that a reload can make it again. */

import type { Fields, Incoming, Line, ResultStatus, ServerLine } from "./lines";

export type CallStatus = "confirm" | "declined" | "dropped" | "running" | ResultStatus;

export interface Call {
  id: string;
  name: string;
  arguments: Fields;
  status: CallStatus;
  question: string | null;
  progress: { done: number; total: number | null; text: string | null } | null;
  text: string | null;
  structured: Fields | null;
  isCut: boolean;
}

export type Entry =
  | { kind: "said"; speaker: "user" | "agent"; text: string; aside: boolean; interrupted: boolean }
  | { kind: "call"; call: Call }
  | { kind: "trouble"; text: string };

/** Statuses of calls that nothing more will happen to. */
const OVER = { yes: "running", no: "declined", dropped: "dropped" } as const;

export class Model {
  entries: Entry[] = [];
  servers = new Map<string, ServerLine>();
  agent = "initializing";
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
    this.agent = "initializing";
    this.end = null;
    for (const line of incoming.lines) this.apply(line);
  }

  /** The call whose read-back waits for an answer; the newest of several. */
  get asked(): Call | null {
    return [...this.calls.values()].findLast((call) => call.status === "confirm") ?? null;
  }

  /** Take the whole of a result that was cut short. */
  complete(id: string, structured: Fields): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    call.structured = structured;
    call.isCut = false;
  }

  private apply(line: Line): void {
    switch (line.event) {
      case "ready":
        for (const server of line.servers) this.servers.set(server.name, server);
        break;
      case "server":
        this.servers.set(line.name, line);
        break;
      case "user":
        this.entries.push({ kind: "said", speaker: "user", text: line.text, aside: false, interrupted: false });
        break;
      case "agent": {
        const { text, interrupted } = line;
        this.entries.push({ kind: "said", speaker: "agent", text, aside: line.kind === "filler", interrupted });
        break;
      }
      case "confirm":
        this.open(line).status = "confirm";
        this.open(line).question = line.text;
        break;
      case "tool_call":
        this.open(line).status = "running";
        break;
      case "state":
        this.agent = line.agent;
        break;
      case "error":
        this.entries.push({ kind: "trouble", text: line.text });
        break;
      case "end":
        this.end = line.reason;
        break;
      default:
        this.change(line);
    }
  }

  private change(line: Extract<Line, { event: "answered" | "progress" | "tool_result" }>): void {
    const call = this.calls.get(line.call);
    if (call === undefined) return;
    if (line.event === "answered") {
      if (call.status === "confirm") call.status = OVER[line.answer];
    } else if (line.event === "progress") {
      call.progress = { done: line.done, total: line.total, text: line.text };
    } else {
      call.status = line.status;
      call.text = line.text;
      call.structured = line.structured;
      call.isCut = line.is_cut ?? false;
    }
  }

  private open(line: { call: string; server: string; tool: string; arguments: Fields }): Call {
    let call = this.calls.get(line.call);
    if (call === undefined) {
      call = {
        id: line.call,
        name: `${line.server}.${line.tool}`,
        arguments: line.arguments,
        status: "running",
        question: null,
        progress: null,
        text: null,
        structured: null,
        isCut: false,
      };
      this.calls.set(line.call, call);
      this.entries.push({ kind: "call", call });
    }
    return call;
  }
}
