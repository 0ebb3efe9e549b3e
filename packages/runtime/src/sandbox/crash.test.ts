import { describeCrashes } from "../crashes.ts";
import { unavailableHere } from "./here.ts";

describeCrashes({ driver: "sandbox" }, { skip: await unavailableHere() });
