import { ModelProvider } from "@tesslate/contract";
import { expect, refuse, sample, screen, test, waitFor } from "../../testing/index.ts";
import { ConnectModelForm } from "./ConnectModelForm.tsx";
import type { ModelSetup } from "./models.queries.ts";

const setup: ModelSetup = {
  configured: false,
  default_model: null,
  can_configure: true,
  demo: false,
  demo_available: false,
  ollama: null,
  providers: [sample(ModelProvider, { provider: "openai", name: "OpenAI" })],
};

test("a key is tested, then the provider is connected with a default model", async ({ api, show, user }) => {
  let done = 0;
  show(<ConnectModelForm setup={setup} onDone={() => (done += 1)} />);
  await user.click(await screen.findByRole("button", { name: "Test key" }));
  expect(screen.getByLabelText("API key")).toHaveAccessibleDescription("Enter an API key.");
  expect(screen.getByLabelText("API key")).toHaveFocus();
  api.answer("models.test", { ok: true, message: "2 models.", models: ["openai/gpt-5.1", "openai/gpt-5.1-mini"] });
  await user.type(screen.getByLabelText("API key"), "sk-1{Enter}");
  expect(await screen.findByText("2 models.")).toHaveAttribute("role", "status");
  api.answer("models.configure", setup);
  await user.click(screen.getByRole("button", { name: "Connect model" }));
  await waitFor(() => expect(done).toBe(1));
  expect(api.asked("models.test").map(({ body }) => body)).toEqual([{ provider: "openai", api_key: "sk-1" }]);
  expect(api.asked("models.configure")[0]?.body).toEqual({
    kind: "provider",
    provider: "openai",
    api_key: "sk-1",
    default_model: "openai/gpt-5.1",
  });
});

test("a key that does not work is named at its field, a URL that is not allowed at its own", async ({ api, show, user }) => {
  show(<ConnectModelForm setup={setup} onDone={() => undefined} />);
  api.answer("models.test", { ok: false, message: "OpenAI rejected the key.", models: [] });
  await user.type(await screen.findByLabelText("API key"), "sk-1{Enter}");
  await waitFor(() => expect(screen.getByLabelText("API key")).toHaveAccessibleDescription("OpenAI rejected the key."));
  api.answer("models.test", refuse("outbound_refused", { detail: "This address is not allowed." }));
  await user.type(screen.getByLabelText("Base URL"), "http://10.0.0.1{Enter}");
  await waitFor(() => expect(screen.getByLabelText("Base URL")).toHaveAccessibleDescription(/This address is not allowed\./));
});

test("a passed test counts for what was tested, and can be repeated", async ({ api, show, user }) => {
  show(<ConnectModelForm setup={setup} onDone={() => undefined} />);
  api.answer("models.test", { ok: true, message: "Works.", models: ["openai/gpt-5.1"] });
  await user.type(await screen.findByLabelText("API key"), "sk-1{Enter}");
  await user.click(await screen.findByRole("button", { name: "Test again" }));
  await waitFor(() => expect(api.asked("models.test")).toHaveLength(2));
  await screen.findByText("Works.");
  await user.type(screen.getByLabelText("API key"), "2");
  expect(screen.queryByText("Works.")).not.toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Test key" })).toBeVisible();
});
