/** What a point of a timeline is; each kind has its shape. */
export type BeadKind =
  | "message"
  | "step"
  | "live"
  | "failed"
  | "held"
  | "checkpoint"
  | "snapshot"
  | "evidence"
  | "commit"
  | "deploy"
  | "next";
/**
 * Of a checkpoint: `on` is the current state, `now` the same in orange. Of evidence: `bad` if a check failed. Of a deployment: `live` while it
 * deploys, none for the live one, `old` for the others.
 */
export type BeadTone = "on" | "now" | "bad" | "live" | "old";
/** State of what the line leads to: done, running, waiting for a person, not started, undone. */
export type LineKind = "done" | "live" | "held" | "next" | "gone";

/** A point of a horizontal timeline. */
export interface ThreadPoint {
  id: string;
  kind: BeadKind;
  tone?: BeadTone;
  /** For screen readers: "checkpoint c13, 11:12". */
  label: string;
  /** The line that leads to this point; default `done`. */
  line?: LineKind;
  gap?: "short" | "long";
}
