import { inject } from "vitest";
import { describeDeleted } from "../deleted.ts";
import { unavailableHere } from "./availability.ts";

describeDeleted({ driver: "sandbox", machine: inject("machine") }, { skip: unavailableHere() });
