/** The servers that simulated people use. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { startStudio } from "../../e2e/studio.ts";
import type { Load } from "../model-process.ts";
import type { Roots } from "./usage.ts";

export interface Fleet {
  /** One per server. */
  urls: string[];
  roots(): Roots;
  /** Sets how long an answer of the scripted model is, and how fast. */
  setModel(load: Load): Promise<void>;
  close(): Promise<void>;
}

/** The default installation: one server with its own database, which runs the projects itself. */
export async function startFleet(): Promise<Fleet> {
  const model = fork(join(import.meta.dirname, "../model-process.ts"));
  const [{ url }] = (await once(model, "message")) as [{ url: string }];
  const studio = await startStudio({
    OPENAI_API_KEY: "sk-scale",
    OPENAI_BASE_URL: url,
    DEFAULT_MODELS: "openai/scripted",
    OUTBOUND_ALLOW_HOSTS: "127.0.0.1,localhost",
    LOG_LEVEL: "warn",
    ACCESS_TOKEN_EXPIRE_MINUTES: "600",
    TIER_MAX_RUNNING_FREE: "10",
    IDLE_FREEZE_MINUTES: "0",
    IDLE_STOP_MINUTES: "0",
  });
  return {
    urls: [studio.url],
    roots: () => ({ servers: [studio.process.pid ?? 0], runners: [], databases: [] }),
    setModel: async (load) => {
      model.send(load);
      await once(model, "message");
    },
    close: async () => {
      await studio.close();
      model.disconnect();
    },
  };
}
