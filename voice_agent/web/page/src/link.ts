/** The connection to a conversation: one LiveKit room, and in it the assistant. */

import {
  DisconnectReason,
  ParticipantKind,
  Room,
  RoomEvent,
  Track,
  setLogLevel,
  type RemoteParticipant,
  type RemoteTrack,
  type TextStreamHandler,
} from "livekit-client";
import type { Fields, Incoming, Whole } from "./lines";

export type Phase = "idle" | "connecting" | "talking" | "reconnecting" | "waiting" | "ending";

export interface Listener {
  phase(phase: Phase): void;
  incoming(incoming: Incoming): void;
  whole(call: string, whole: Whole): void;
  caption(text: string, speaker: "user" | "agent"): void;
  sound(isAllowed: boolean): void;
  track(track: MediaStreamTrack, speaker: "user" | "agent"): void;
  notice(text: string): void;
  microphone(isOn: boolean): void;
  microphones(devices: MediaDeviceInfo[]): void;
}

/** What a conversation is held with; where something is missing, the server decides. */
export interface Wishes {
  profile?: string;
  language?: string;
  microphone: string;
  volume: number;
}

setLogLevel("warn");

const TICKET = "voice-agent.ticket";
const PAUSE = 250;
const CALL_EVERY = 3000;
const ENDS_WITHIN = 5000;

export class Link {
  private room: Room | null = null;
  private agent: RemoteParticipant | null = null;
  private order = Promise.resolve();
  private lonely: number | undefined;
  private volume = 1;
  /** What keeps the microphone from being used; it stays so when all else is well. */
  trouble = "";

  constructor(private readonly listener: Listener) {}

  /** Whether this tab was in a conversation when it was last open. */
  get canReturn(): boolean {
    return sessionStorage.getItem(TICKET) !== null;
  }

  /** Come into a conversation, the one of before if there is one. */
  async open(isMuted: boolean, wishes: Wishes): Promise<void> {
    this.listener.phase("connecting");
    this.volume = wishes.volume;
    const { url, token, ticket } = await askForToken(sessionStorage.getItem(TICKET), wishes);
    sessionStorage.setItem(TICKET, ticket);
    const capture = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const room = new Room({ audioCaptureDefaults: { ...capture, ...device(wishes.microphone) } });
    this.room = room;
    this.follow(room);
    await room.connect(url, token);
    this.listener.sound(room.canPlaybackAudio);
    const agent = [...room.remoteParticipants.values()].find(isAgent);
    if (agent !== undefined) void this.greet(agent);
    else this.wait();
    await this.setMicrophone(true);
    if (isMuted) await this.setMicrophone(false);
    await this.listMicrophones();
  }

  /** Speak into another microphone. */
  async switchMicrophone(id: string): Promise<void> {
    try {
      await this.room?.switchActiveDevice("audioinput", id);
      this.heed();
    } catch {
      this.listener.notice("This microphone cannot be used.");
    }
  }

  /** Go on in another language (BCP 47), also after a reload. */
  async setLanguage(language: string): Promise<void> {
    const before = sessionStorage.getItem(TICKET);
    if (before === null) return;
    try {
      const { ticket } = (await post("/api/language", { ticket: before, language })) as Token;
      if (sessionStorage.getItem(TICKET) === before) sessionStorage.setItem(TICKET, ticket);
    } catch (error) {
      this.listener.notice(error instanceof Error ? error.message : "The language could not be changed.");
    }
  }

  /** 0 to 1. */
  setVolume(volume: number): void {
    this.volume = volume;
    this.agent?.setVolume(volume);
  }

  /** Tell which microphones there are; their names are known once one of them is allowed. */
  async listMicrophones(): Promise<void> {
    this.listener.microphones(await Room.getLocalDevices("audioinput", false).catch(() => []));
  }

  async setMicrophone(isOn: boolean): Promise<void> {
    const local = this.room?.localParticipant;
    if (local === undefined) return;
    const before = this.trouble;
    this.trouble = "";
    try {
      await local.setMicrophoneEnabled(isOn);
    } catch {
      this.trouble = "The microphone cannot be used. Allow it in the browser, or type.";
    }
    if (this.trouble !== before) this.listener.notice(this.trouble);
    this.listener.microphone(local.isMicrophoneEnabled);
    this.heed();
  }

  /** Show the voice that is being sent. */
  private heed(): void {
    const publication = this.room?.localParticipant.getTrackPublication(Track.Source.Microphone);
    const track = publication?.track?.mediaStreamTrack;
    if (track !== undefined) this.listener.track(track, "user");
  }

  async say(text: string): Promise<void> {
    await this.room?.localParticipant.sendText(text, { topic: "lk.chat", ...this.destination() });
  }

  /** Give the assistant a command; a refusal is told to the person. */
  async command(method: string, payload: Fields = {}): Promise<boolean> {
    try {
      await this.call(method, payload);
      return true;
    } catch (error) {
      this.listener.notice(error instanceof Error ? error.message : "That did not work.");
      return false;
    }
  }

  async allowSound(): Promise<void> {
    await this.room?.startAudio();
  }

  /** End the conversation for good: its last line closes it, or our patience. */
  async end(): Promise<void> {
    this.forget();
    this.listener.phase("ending");
    const room = this.room;
    await this.call("va.end", {}).then(() => pause(ENDS_WITHIN)).catch(() => undefined);
    if (room === this.room) await this.close();
  }

  /** Leave the room. */
  async close(): Promise<void> {
    window.clearInterval(this.lonely);
    const room = this.room;
    this.room = null;
    this.agent = null;
    await room?.disconnect();
    this.listener.phase("idle");
  }

  /** Forget the conversation, which is over. */
  forget(): void {
    sessionStorage.removeItem(TICKET);
  }

  private follow(room: Room): void {
    room.registerTextStreamHandler("va.events", this.inOrder((text) => {
      this.listener.incoming(JSON.parse(text) as Incoming);
    }));
    room.registerTextStreamHandler("va.result", this.inOrder((text) => {
      const { call, ...whole } = JSON.parse(text) as { call: string } & Whole;
      this.listener.whole(call, whole);
    }));
    room.registerTextStreamHandler("lk.transcription", (reader, from) => {
      // The room may end in the middle of a sentence.
      void this.caption(reader, from.identity).catch(() => undefined);
    });
    room
      .on(RoomEvent.ParticipantConnected, (participant) => {
        if (isAgent(participant)) void this.greet(participant);
      })
      .on(RoomEvent.ParticipantDisconnected, (participant) => {
        if (participant.identity !== this.agent?.identity) return;
        this.agent = null;
        // Two may be there for a moment, when one takes over from the other.
        const other = [...room.remoteParticipants.values()].find(isAgent);
        if (other !== undefined) {
          void this.greet(other);
          return;
        }
        this.listener.notice("The assistant was lost. Another one is being called.");
        this.wait();
        void this.callAssistant();
      })
      .on(RoomEvent.TrackSubscribed, (track, _publication, participant) => {
        if (isAgent(participant)) this.play(track);
      })
      .on(RoomEvent.TrackUnsubscribed, (track) => track.detach().forEach((element) => element.remove()))
      .on(RoomEvent.Reconnecting, () => this.listener.phase("reconnecting"))
      .on(RoomEvent.SignalReconnecting, () => this.listener.phase("reconnecting"))
      .on(RoomEvent.Reconnected, () => void this.ask())
      .on(RoomEvent.MediaDevicesChanged, () => void this.listMicrophones())
      .on(RoomEvent.AudioPlaybackStatusChanged, () => this.listener.sound(room.canPlaybackAudio))
      .on(RoomEvent.Disconnected, (reason) => this.lose(room, reason));
  }

  private play(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    document.body.append(track.attach());
    this.agent?.setVolume(this.volume);
    this.listener.track(track.mediaStreamTrack, "agent");
  }

  private async greet(agent: RemoteParticipant): Promise<void> {
    window.clearInterval(this.lonely);
    this.agent = agent;
    agent.setVolume(this.volume);
    await this.ask();
  }

  /** Ask for everything so far; the assistant may take a moment to listen. */
  private async ask(): Promise<void> {
    const agent = this.agent;
    while (agent !== null && agent === this.agent) {
      try {
        await this.call("va.snapshot", {});
        this.listener.phase("talking");
        return;
      } catch {
        await pause(PAUSE);
      }
    }
  }

  private wait(): void {
    this.listener.phase("waiting");
    window.clearInterval(this.lonely);
    this.lonely = window.setInterval(() => {
      this.listener.notice("No assistant is free at the moment. Still trying.");
      void this.callAssistant();
    }, CALL_EVERY);
  }

  /** LiveKit asks the workers only once, when a room is made: ask again until one comes. */
  private async callAssistant(): Promise<void> {
    const ticket = sessionStorage.getItem(TICKET);
    if (ticket === null || this.agent !== null) return;
    await post("/api/assistant", { ticket }).catch(() => undefined);
  }

  private lose(room: Room, reason: DisconnectReason | undefined): void {
    if (room !== this.room) return;
    this.room = null;
    this.agent = null;
    if (reason === DisconnectReason.DUPLICATE_IDENTITY) {
      this.listener.notice("This conversation goes on in another window.");
    } else if (reason !== DisconnectReason.ROOM_DELETED && reason !== DisconnectReason.CLIENT_INITIATED) {
      this.listener.notice("The connection was lost. Press Talk to go on.");
    }
    this.listener.phase("idle");
  }

  /** Text streams one after the other: each line counts on those before it. */
  private inOrder(take: (text: string) => void): TextStreamHandler {
    return (reader, from) => {
      if (from.identity !== this.agent?.identity) return;
      const text = reader.readAll();
      this.order = this.order.then(async () => take(await text)).catch(() => undefined);
    };
  }

  /** What is being said at this moment, by either side. */
  private async caption(reader: Parameters<TextStreamHandler>[0], from: string): Promise<void> {
    const isFinal = reader.info.attributes?.["lk.transcription_final"] === "true";
    const speaker = from === this.room?.localParticipant.identity ? "user" : "agent";
    let text = "";
    for await (const piece of reader) {
      text += piece;
      if (!isFinal) this.listener.caption(text, speaker);
    }
  }

  private async call(method: string, payload: Fields): Promise<void> {
    if (this.room === null || this.agent === null) throw new Error("The assistant is not there.");
    const destinationIdentity = this.agent.identity;
    await this.room.localParticipant.performRpc({ destinationIdentity, method, payload: JSON.stringify(payload) });
  }

  private destination(): { destinationIdentities: string[] } | Record<string, never> {
    return this.agent === null ? {} : { destinationIdentities: [this.agent.identity] };
  }
}

interface Token {
  url: string;
  token: string;
  ticket: string;
}

async function askForToken(ticket: string | null, { profile, language }: Wishes): Promise<Token> {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (await post("/api/token", { ticket, zone, profile, language })) as Token;
}

/** Ask for what a conversation can be held with; null where that is not told. */
export async function askForOptions(): Promise<unknown> {
  const response = await fetch("/api/options").catch(() => null);
  return response?.ok ? response.json() : null;
}

function device(id: string): { deviceId?: string } {
  return id === "default" ? {} : { deviceId: id };
}

async function post(path: string, fields: Fields): Promise<unknown> {
  const response = await fetch(path, { method: "POST", body: JSON.stringify(fields) });
  // The login has ended: the server leads to where one logs in.
  if (response.status === 401) location.assign("/");
  const answer = (await response.json()) as { error?: string };
  if (!response.ok) throw new Error(answer.error ?? "The page's server refused.");
  return answer;
}

function isAgent(participant: { kind: ParticipantKind }): boolean {
  return participant.kind === ParticipantKind.AGENT;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, milliseconds));
}
