import { inject } from "vitest";
import { describeDeleted } from "../deleted.ts";

const skip = process.platform === "linux" ? undefined : "it needs Linux";
describeDeleted({ driver: "process", machine: inject("machine") }, { skip });
