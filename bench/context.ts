/** Shared by the topics of the bench: one running server, started by the first topic that needs it. */
import { startModelServer } from "@tesslate/testkit";
import { signUp, type Account } from "../e2e/account.ts";
import { startStudio, type RunningStudio } from "../e2e/studio.ts";
import type { Row } from "./report.ts";

export interface SharedStudio {
  studio: RunningStudio;
  model: Awaited<ReturnType<typeof startModelServer>>;
  person: Account;
}
export interface BenchContext {
  /** The built server on its own port, with a scripted model and one signed-in user. */
  shared(): Promise<SharedStudio>;
  close(): Promise<void>;
}
/** A topic is a file of bench/topics with a function `measure`; named like the file. */
export type Measure = (context: BenchContext) => Promise<Row[]>;

export function createContext(): BenchContext {
  let shared: Promise<SharedStudio> | undefined;
  const start = async (): Promise<SharedStudio> => {
    const model = await startModelServer();
    try {
      const studio = await startStudio({
        OPENAI_API_KEY: "sk-bench",
        OPENAI_BASE_URL: model.openai_base_url,
        DEFAULT_MODELS: "openai/scripted",
        OUTBOUND_ALLOW_HOSTS: "127.0.0.1,localhost",
        LOG_LEVEL: "warn",
        ACCESS_TOKEN_EXPIRE_MINUTES: "600",
      });
      return { studio, model, person: await signUp(studio.url, "Bench") };
    } catch (error) {
      await model.close();
      throw error;
    }
  };
  return {
    shared: () => (shared ??= start()),
    close: async () => {
      const open = await shared?.catch(() => undefined);
      await open?.studio.close();
      await open?.model.close();
    },
  };
}
