import { createModelClient, type ModelClient } from "@tesslate/agent";
import { badRequest } from "../../../platform/errors.ts";
import type { ServerSettings } from "../../../platform/server-settings.ts";
import type { DemoModel } from "./demo-model.ts";

const settingKey = "models.demo";
/** The one model of the demo, named as the scripted server names it. */
export const demoModelId = "demo/scripted";

const notInstalled = () => badRequest("The demo is not included in this installation.", "not_supported");

/** Whether the scripted demo is offered, which an administrator switches. */
export type DemoMode = ReturnType<typeof createDemoMode>;
export function createDemoMode({
  scripted,
  settings,
  isOnByDefault,
}: {
  /** Absent where the demo's scripted server is not installed. */
  scripted: DemoModel | undefined;
  settings: ServerSettings;
  isOnByDefault: boolean;
}) {
  return {
    isInstalled: scripted !== undefined,
    isOn: async (): Promise<boolean> => scripted !== undefined && ((await settings.get<boolean>(settingKey)) ?? isOnByDefault),
    /** Starts the scripted server first. Throws `not_supported` where it is not installed. */
    switch: async (isOn: boolean): Promise<void> => {
      if (isOn && !scripted) throw notInstalled();
      if (isOn) await scripted?.url();
      await settings.set(settingKey, isOn);
    },
    /** Starts the scripted server first. Throws `not_supported` where it is not installed. */
    client: async (model: string): Promise<ModelClient> => {
      if (!scripted) throw notInstalled();
      return createModelClient({
        provider: "openai-compatible",
        base_url: await scripted.url(),
        api_key: undefined,
        model,
        headers: {},
        fetch: globalThis.fetch,
      });
    },
  };
}
