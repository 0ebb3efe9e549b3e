/** Shape says what a point is (visual README, "The thread"). */
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
/** checkpoint: `on` where you stand, `now` in orange. evidence: `bad` when a check turned red. deploy: `live` going up, `old` superseded. */
export type BeadTone = "on" | "now" | "bad" | "live" | "old";
/** The line says what became of it: happened, happening, waits for a person, not yet, undone. */
export type LineKind = "done" | "live" | "held" | "next" | "gone";

/** A point of a lying thread. */
export interface ThreadPoint {
  id: string;
  kind: BeadKind;
  tone?: BeadTone;
  /** As screen readers say it: "checkpoint c13, 11:12". */
  label: string;
  /** The line that leads to this point; default `done`. */
  line?: LineKind;
  gap?: "short" | "long";
}
