import type { Answer, Token } from "../playback.ts";
import type { Fault, FinishReason, ScriptImage, ScriptRequest, Usage } from "../script.ts";

export type Failure = Extract<Fault, { kind: "fail" }>;

export interface Meta {
  /** Unique per request, the same for every chunk of it. */
  id: string;
  model: string;
  /** Seconds. */
  created: number;
  wantsUsage: boolean;
  wantsReasoningState: boolean;
  /** Prompt tokens, for protocols that report them at the start. */
  input: number;
}

/** One provider's protocol: parses requests and encodes responses. */
export interface Wire {
  /** Parses the body. Throws {@link BadRequest} where the real service would reject it. */
  read(body: unknown, model: string | undefined): ScriptRequest;
  /** The provider's own error body and headers. */
  failure(failure: Omit<Failure, "kind" | "times">, requestId: string): { status: number; headers: Record<string, string>; body: unknown };
  /** The response to a missing or wrong key; `key` is what was sent. */
  unauthorised(key: string | undefined, requestId: string): { status: number; body: unknown };
  stream(meta: Meta): WireStream;
  /** The body of a call without streaming. */
  whole(answer: Answer, meta: Meta, reason: FinishReason | undefined, usage: Usage): unknown;
}

/** Encodes one stream piece by piece. Empty strings: nothing to send yet. */
export interface WireStream {
  start(): string;
  token(token: Token): string;
  end(reason: FinishReason | undefined, usage: Usage): string;
  /** An error in the middle of the stream. */
  error(failure: Omit<Failure, "kind" | "times">): string;
}

/** What the real service rejects with 400, with its message. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

export type Json = Record<string, unknown>;
export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
export const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
export const sse = (data: unknown, event?: string): string => `${event ? `event: ${event}\n` : ""}data: ${JSON.stringify(data)}\n\n`;

/** The parsed arguments, or `undefined` when the text is not a JSON object. */
export function objectFrom(json: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Image types that vision models accept. */
const pictures: Record<string, readonly number[]> = {
  "image/png": [0x89, 0x50, 0x4e, 0x47],
  "image/jpeg": [0xff, 0xd8, 0xff],
  "image/gif": [0x47, 0x49, 0x46, 0x38],
  "image/webp": [0x52, 0x49, 0x46, 0x46],
};
/** A base64 image. Throws {@link BadRequest} for what no provider accepts: another type, invalid base64, other content. */
export function pictureOf(mediaType: unknown, base64: unknown): ScriptImage {
  const type = textOf(mediaType);
  const start = pictures[type];
  if (!start) throw new BadRequest(`Unsupported image media type ${JSON.stringify(mediaType)}: use png, jpeg, gif or webp.`);
  const text = textOf(base64);
  if (text === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new BadRequest("The image data is not valid base64.");
  const data = Buffer.from(text, "base64");
  if (start.some((byte, at) => data[at] !== byte)) throw new BadRequest(`The image does not match the media type ${type}.`);
  return { media_type: type, bytes: data.length };
}

/** Tokens of a model's context window: `most` that it supports, `configured` for it, and with which it is `loaded`. */
export interface Windows {
  most: number;
  configured?: number;
  loaded?: number;
}

export interface Listed {
  id: string;
  /** Undefined: the service does not tell. */
  windows: Windows | undefined;
}

export interface Listing {
  body: unknown;
  /** Whose protocol it is, where the provider publishes a specification and wants a key. */
  of?: "openai" | "anthropic" | "google";
}
