/** What the topics of the bench share: one running product, made by the first topic that asks for it. */
import { startModelServer } from "@tesslate/testkit";
import { signUp, type Account } from "../e2e/account.ts";
import { startStudio, type RunningStudio } from "../e2e/studio.ts";
import type { Row } from "./report.ts";

export interface Scene {
  studio: RunningStudio;
  model: Awaited<ReturnType<typeof startModelServer>>;
  person: Account;
}
export interface Stage {
  /** The built product on a port of its own, a scripted model behind it and one signed-in person. */
  scene(): Promise<Scene>;
  close(): Promise<void>;
}
/** A topic is a file of bench/topics with a function `measure`; its name is the file's. */
export type Measure = (stage: Stage) => Promise<Row[]>;

export function createStage(): Stage {
  let scene: Promise<Scene> | undefined;
  const raise = async (): Promise<Scene> => {
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
    scene: () => (scene ??= raise()),
    close: async () => {
      const open = await scene?.catch(() => undefined);
      await open?.studio.close();
      await open?.model.close();
    },
  };
}
