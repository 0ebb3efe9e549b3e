import { inject } from "vitest";
import { describeCrashes } from "../crashes.ts";
import { unavailableHere } from "./availability.ts";

describeCrashes({ driver: "sandbox", machine: inject("machine") }, { skip: unavailableHere(), extent: "smoke" });
