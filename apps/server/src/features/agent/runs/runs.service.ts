import type { MessageCheck } from "./message-check.ts";
import type { RunAccess } from "./runs.access.ts";
import type { RunFollowing } from "./runs.follow.ts";
import type { RunStarts } from "./runs.start.ts";
import type { RunStops } from "./runs.stop.ts";

/** Starts, resumes, stops and follows runs. */
export type Runs = RunAccess & RunStarts & RunStops & RunFollowing & Pick<MessageCheck, "resolveAgain">;
